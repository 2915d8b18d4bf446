/** `extends:`: merging, names and files of the base, chains, circles. */
import path from 'node:path';
import test from 'ava';
import type {Recipe} from '../../../engine/load/model.ts';
import {DIGEST, recipeText, Space} from './space.ts';

const BASE = `package: zlib
version: 1.3
summary: Compression library
license: Zlib
vars: {series: 1, kept: base}
sources: [{url: "gnu:zlib-\${version}.tar.gz", sha256: ${DIGEST}}]
patches: [{file: zlib/fix.patch}]
builds:
  main:
    in: host
    needs: [cc, {build: other/make, for: build}, nowhere]
    uses: make
    with: {flags: [A], folder: x}
    env: {CFLAGS: -O2, X: base}
    steps: {compile: "make base"}
    outputs: {expect: [usr/lib/libz.so], replaces: [cc]}
`;

const FILES = {
  'recipes/lfs/zlib.yaml': BASE,
  'recipes/lfs/zlib/fix.patch': '',
  'recipes/lfs/cc.yaml': recipeText('cc'),
  'recipes/local/cc.yaml': recipeText('cc'),
  'recipes/local/zlib.yaml': `package: zlib
extends: lfs/zlib
version: 1.3.1
vars: {series: 2}
builds:
  main:
    needs: [cc]
    env: {X: mine}
  static: {in: root, needs: [cc]}
`,
};

function local(space: Space): Recipe | undefined {
  const {recipes} = space.load().project;
  return recipes.find((one) => one.collection === 'local' && one.package === 'zlib');
}

test('maps merge, lists and single values are replaced', (t) => {
  using space = Space.with(FILES);
  const recipe = local(space);
  t.is(recipe?.version, '1.3.1');
  t.is(recipe?.summary, 'Compression library');
  t.is(recipe?.license, 'Zlib');
  t.is(recipe?.extends, 'lfs/zlib');
  t.is(recipe?.builds.length, 2);
});

test('the builds of both are merged, fields by field', (t) => {
  using space = Space.with(FILES);
  const [main, statical] = local(space)?.builds ?? [];
  if (main === undefined || statical === undefined) return t.fail();
  t.deepEqual(main.env, {CPPFLAGS: '-I/sysroot/usr/include', CFLAGS: '-O2', X: 'mine'});
  t.deepEqual(main.variables['with_flags'], ['A']);
  t.deepEqual(
    main.needs.map(({name}) => name),
    ['cc'],
  );
  t.is(main.steps[0]?.text, 'make base');
  t.deepEqual([main.variables['series'], main.variables['kept']], ['2', 'base']);
  t.is(statical.in.type, 'root');
  const source = main.sources[0];
  t.is(source?.type === 'remote' ? source.places[0]?.url : '', 'gnu:zlib-1.3.1.tar.gz');
});

test('what is inherited means what it means where it stands', (t) => {
  using space = Space.with({
    ...FILES,
    'recipes/local/zlib.yaml': 'package: zlib\nextends: lfs/zlib\nversion: "2"\n',
  });
  const recipe = local(space);
  const build = recipe?.builds[0];
  t.deepEqual(
    build?.needs.map(({name}) => name),
    ['lfs/cc', 'other/make', 'nowhere'],
  );
  t.deepEqual(
    build?.outputs.replaces.map(({name}) => name),
    ['lfs/cc'],
  );
  t.is(build?.patches[0]?.file, path.join(space.root, 'recipes/lfs/zlib/fix.patch'));
  t.is(build?.needs[0]?.at.file, 'recipes/lfs/zlib.yaml');
});

test('a bare name is found in the own collection, else in the only other', (t) => {
  using space = Space.with({
    'recipes/a/x.yaml': recipeText('x', 'license: MIT\n'),
    'recipes/b/y.yaml': 'package: y\nextends: x\nversion: 2\n',
  });
  t.is(space.recipe('y').license, 'MIT');
  space.write({
    'recipes/c/x.yaml': recipeText('x'),
    'recipes/b/z.yaml': 'package: z\nextends: a/xx\n',
  });
  t.deepEqual(space.lines(), [
    'b/y.yaml:2:10 recipe/bad-extends: several collections have a recipe x: a/x, c/x (write the collection before it)',
    'b/z.yaml:2:10 recipe/bad-extends: there is no recipe a/xx to extend (did you mean a/x?)',
  ]);
});

test('chains are followed to their end', (t) => {
  const files = Object.fromEntries(
    Array.from({length: 200}, (_, i) => [
      `recipes/a/x${i}.yaml`,
      i === 0 ? recipeText('x0', 'license: MIT\n') : `package: x${i}\nextends: x${i - 1}\n`,
    ]),
  );
  using space = Space.with(files);
  t.is(space.recipe('x199').license, 'MIT');
});

test('circles are told once, edge by edge', (t) => {
  using space = Space.with({
    'recipes/a/p.yaml': 'package: p\nextends: q\n',
    'recipes/a/q.yaml': 'package: q\nextends: b/r\n',
    'recipes/b/r.yaml': '# first line\npackage: r\nextends: a/p\n',
    'recipes/b/own.yaml': 'package: own\nextends: own\n',
    'recipes/b/outside.yaml': 'package: outside\nextends: r\n',
  });
  const problems = space.problems();
  t.deepEqual(
    problems.map(({message}) => message),
    [
      'recipes extend each other in a circle: a/p → a/q → b/r → a/p',
      'recipes extend each other in a circle: b/own → b/own',
    ],
  );
  t.deepEqual(
    problems[0]?.notes?.map(({message, at}) => `${at?.file ?? ''}:${at?.line ?? 0} ${message}`),
    ['recipes/a/q.yaml:2 a/q extends b/r', 'recipes/b/r.yaml:3 b/r extends a/p'],
  );
});

test('mistakes of a base are told once, in the base', (t) => {
  using space = Space.with({
    'recipes/a/x.yaml': recipeText('x', 'license: nonsense\nvars: {a: "${b}"}\nhomepge: x\n'),
    'recipes/a/y.yaml': 'package: y\nextends: x\n',
    'recipes/a/z.yaml': 'package: z\nextends: y\n',
  });
  t.deepEqual(
    space.lines().map((line) => line.split(' ', 2).join(' ')),
    [
      'a/x.yaml:5:10 recipe/bad-license:',
      'a/x.yaml:6:12 recipe/unknown-variable:',
      'a/x.yaml:7:1 schema/unknown-field:',
    ],
  );
});

test('a build that neither a recipe nor its base gives an environment lacks one', (t) => {
  using space = Space.with({
    'recipes/a/x.yaml': recipeText('x'),
    'recipes/a/y.yaml': 'package: y\nextends: x\nbuilds: {more: {uses: make}}\n',
  });
  t.deepEqual(space.lines(), [
    'a/y.yaml:3:10 schema/missing-field: the field `in` is missing (for example `in: host`)',
  ]);
});
