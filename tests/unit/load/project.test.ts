/** A whole project: which files count, every mistake in one run, inputs, speed. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import {loadProject} from '../../../engine/load/project.ts';
import {DIGEST, recipeText, Space} from './space.ts';

const ROOT = new URL('../../../../', import.meta.url).pathname;

/** Compares with a golden file; UPDATE_GOLDEN=1 writes it. */
function golden(name: string, text: string): string {
  const file = path.join(ROOT, 'tests/golden/diagnostics', name);
  if (realHost().env['UPDATE_GOLDEN'] === '1') fs.writeFileSync(file, text);
  return fs.readFileSync(file, 'utf8');
}

const TWELVE: Readonly<Record<string, string>> = {
  'recipes.config.yaml': 'aliases: {gnu: https://gnu.example/}\njobs: four\n',
  'recipes/base/zlib.yaml': `# yaml-language-server: $schema=../../schemas/recipe.schema.json
package: zlib
version: 1.3.1
sumary: Compression library
license: zlib License
vars: {tag: "\${series}", series: "\${tag}"}
sources:
  - url: gnuu:zlib-\${version}.tar.gz
    sha256: 9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df2
builds:
  main:
    in: host
    uses: mak
`,
  'recipes/base/hello.yaml': `package: hello
version: 1.10
summary: Greeting
builds:
  main:
    in: host
    uses: make
    with: {flag: [V=1]}
    needs: [{build: zlib, when: "options.nls &&"}]
    steps: {compile: make, instal: make install}
    resources: {time: 20 minutes}
`,
  'recipes/base/curl.yaml': `package: curl
version: 8
summary: Transfers
builds: {main: {in: host}}
version: 9
`,
};

test('twelve mistakes in four files are twelve diagnostics in one run', (t) => {
  using space = Space.with(TWELVE);
  const problems = space.problems();
  t.is(problems.length, 12);
  t.is(new Set(problems.map(({at}) => at?.file)).size, 4);
  const text = space.text(problems);
  t.is(text, golden('twelve-mistakes.txt', text));
});

test('which files count', (t) => {
  using space = Space.with({
    'recipes/a/x.yaml': recipeText('x'),
    'recipes/a/x/notes.yaml': 'not: a recipe\n',
    'recipes/a/README.md': 'text',
    'recipes/a/.hidden.yaml': 'not: a recipe\n',
    'recipes/.git/y.yaml': 'not: a recipe\n',
    'recipes/generated.yaml':
      'generated: [{globs: [etc/ld.so.cache, "**/*.cache"], trigger: ldconfig, summary: x}, {globs: [x], summary: x}]\n',
  });
  const {project, inputs, warnings} = space.load();
  t.deepEqual(
    project.recipes.map((one) => `${one.collection}/${one.package}`),
    ['a/x'],
  );
  t.deepEqual(project.generated, [
    {glob: 'etc/ld.so.cache', trigger: 'ldconfig', program: undefined},
    {glob: '**/*.cache', trigger: 'ldconfig', program: undefined},
    {glob: 'x', trigger: undefined, program: undefined},
  ]);
  t.deepEqual(warnings, []);
  const below = inputs.map((file) => path.relative(space.root, file)).sort();
  t.deepEqual(below, [
    'etc/config.yaml',
    'home/.config/recipes/config.yaml',
    'recipes',
    'recipes.config.json',
    'recipes.config.yaml',
    'recipes/a',
    'recipes/a/x.yaml',
    'recipes/generated.yaml',
    'recipes/kinds',
    'recipes/kinds/make.yaml',
    'recipes/kinds/script.yaml',
  ]);
});

test('what lies at the wrong place or has the wrong name', (t) => {
  using space = Space.with({
    'recipes/stray.yaml': recipeText('stray'),
    'recipes/a/y.yml': recipeText('y'),
    'recipes/a/Big.yaml': recipeText('big'),
    'recipes/Upper/z.yaml': recipeText('z'),
    'recipes/a/other.yaml': recipeText('othr'),
    'recipes/a/host.yaml': recipeText('host'),
    'recipes/kinds/k.yaml': 'kind: kk\nsummary: x\nsteps: any\n',
    'recipes/generated.yaml': 'generated: [{globs: [/x], summary: x}]\n',
  });
  const names = 'names start with a small letter or digit and have only a-z 0-9 + . _ -';
  t.deepEqual(space.lines(), [
    `Upper:1:1 recipe/bad-name: Upper is no name of a collection (${names})`,
    `a/Big.yaml:1:1 recipe/bad-name: Big is no name of a package (${names})`,
    'a/host.yaml:1:1 recipe/bad-name: `host` is an environment (`in:`) and cannot be a package',
    'a/other.yaml:1:10 recipe/bad-name: the package is named othr, its file other.yaml (rename one of them)',
    `a/y.yml:1:1 recipe/bad-name: the file must be named y.yaml (${names})`,
    'generated.yaml:1:22 recipe/bad-glob: the glob is absolute: /x',
    'kinds/k.yaml:1:7 recipe/bad-name: the kind is named kk, its file k.yaml (rename one of them)',
    `stray.yaml:1:1 recipe/bad-name: a recipe lies in a folder, its collection (${names})`,
  ]);
});

test('an empty project is a project', (t) => {
  using space = new Space();
  space.write({'recipes.config.yaml': ''});
  t.deepEqual(space.load().project.recipes, []);
});

test('a package may have a name or version that looks like a number', (t) => {
  using space = Space.with({
    'recipes/a/7.yaml':
      'package: 7\nversion: 1.10\nsummary: x\nbuilds: {main: {in: host, needs: [7zip]}}\n',
    'recipes/a/7zip.yaml': 'package: 7zip\nversion: 0755\nsummary: x\nbuilds: {main: {in: root}}\n',
  });
  const versions = space.load().project.recipes.map((one) => `${one.package} ${one.version}`);
  t.deepEqual(versions, ['7 1.10', '7zip 0755']);
});

test('hostile names do nothing', (t) => {
  using space = Space.with({
    'recipes/a/constructor.yaml': recipeText(
      'constructor',
      'vars: {tostring: x, valueof: "${tostring}"}\n',
    ),
    'recipes/a/x.yaml': recipeText(
      'x',
      'vars: {__proto__: x}\noptions: {constructor: {type: bool}}\nbuilds: {__proto__: {}}\n',
    ),
    'recipes/a/y.yaml': recipeText(
      'y',
      'builds: {main: {in: host, uses: tostring, with: {hasownproperty: x}}}\n',
    ),
  });
  t.deepEqual(
    space.problems().map(({code}) => code),
    [
      'yaml/forbidden',
      'yaml/forbidden',
      'schema/wrong-value',
      'yaml/forbidden',
      'recipe/unknown-kind',
    ],
  );
  t.is(({} as Record<string, unknown>)['type'], undefined);
});

test('300 recipes are read in well below a second', (t) => {
  const text = (name: string): string =>
    recipeText(
      name,
      `license: MIT OR Apache-2.0
sources: [{url: "gnu:\${package}-\${version}.tar.gz", sha256: ${DIGEST}, or: [{url: "debian:x/\${package}", sha256: ${DIGEST}}]}]
builds:
  main:
    in: host
    uses: make
    needs: [a, b, {build: c, for: build}]
    with: {flags: [V=1, "P=\${package}"]}
    steps: {prepare: "true", compile: make}
    outputs: {expect: [usr/bin/x]}
`,
    );
  const names = Array.from({length: 300}, (_, index) => `p${index}`);
  using space = Space.with(
    Object.fromEntries(names.map((name) => [`recipes/a/${name}.yaml`, text(name)])),
  );
  const request = space.request();
  const before = process.cpuUsage();
  const loaded = loadProject(request);
  const {user, system} = process.cpuUsage(before);
  t.true(loaded.ok && loaded.value.project.recipes.length === 300);
  t.log(`${Math.round((user + system) / 1000)} ms of processor time`);
  t.true(user + system < 6_000_000, 'about 400 ms on a quiet machine');
});
