/** Builds: kinds applied, environments, needs, parameters, steps, tests, resources. */
import test from 'ava';
import {recipeText, Space} from './space.ts';

function space(recipe: string, more: Record<string, string> = {}): Space {
  return Space.with({'recipes/a/x.yaml': recipeText('x', recipe), ...more});
}

function refused(recipe: string, more: Record<string, string> = {}): string[] {
  using one = space(recipe, more);
  return one.lines();
}

test('a build that says nothing: the kind script, no steps, usual resources', (t) => {
  using one = space('');
  const build = one.build('x');
  t.deepEqual(build.parts, {collection: 'a', package: 'x', build: 'main', test: false});
  t.is(build.kind, 'script');
  t.deepEqual(build.in, {type: 'host'});
  t.deepEqual(
    [build.needs, build.steps, build.tools, build.sources, build.patches],
    [[], [], [], [], []],
  );
  t.deepEqual(build.env, {});
  t.deepEqual(build.variables, {package: 'x', version: '1.0', arch: 'x86_64'});
  t.deepEqual(build.shell, ['errexit', 'nounset', 'pipefail']);
  t.deepEqual(build.outputs, {expect: [], ignore: [], replaces: [], leaks: []});
  t.deepEqual(build.resources, {cpu: 1, memoryBytes: 2 ** 29, milliseconds: 7_200_000});
  t.is(build.test, undefined);
  t.is(build.top, 'x-1.0');
  t.is(build.at.line, 4);
});

test('the kind gives steps, tools, env, parameters; the recipe goes over them', (t) => {
  using one = space(`vars: {o: "3"}
tools: [sed, cc]
builds:
  main:
    in: host
    uses: make
    with: {flags: ["-O\${o}", 7], quiet: false}
    env: {CFLAGS: "-O\${o}", EXTRA: 1.10}
    steps: {prepare: "echo \${o} $version", compile: ''}
`);
  const build = one.build('x');
  t.deepEqual(build.steps, [
    {name: 'prepare', text: 'echo ${o} $version'},
    {name: 'install', text: 'make install'},
  ]);
  t.deepEqual(build.tools, ['cc', 'make', 'sed']);
  t.deepEqual(build.env, {CPPFLAGS: '-I/sysroot/usr/include', CFLAGS: '-O3', EXTRA: '1.10'});
  t.deepEqual(build.shell, ['errexit']);
  t.deepEqual(build.variables, {
    package: 'x',
    version: '1.0',
    arch: 'x86_64',
    o: '3',
    with_flags: ['-O3', '7'],
    with_folder: 'src-1.0',
    with_quiet: 'false',
  });
});

test('environments: host, root, an artifact; tools only on the host', (t) => {
  using one = space(`tools: [sed]
builds:
  main: {in: host, uses: make}
  rooted: {in: root, uses: make}
  based: {in: lfs/base:full, uses: make}
`);
  t.deepEqual(one.build('x', 'rooted').in, {type: 'root'});
  const based = one.build('x', 'based');
  t.is(based.in.type === 'base' ? based.in.name : '', 'lfs/base:full');
  t.is(based.in.type === 'base' ? based.in.at.line : 0, 8);
  t.deepEqual(based.env, {CFLAGS: '-O1'});
  t.deepEqual([based.tools, one.build('x').tools], [[], ['cc', 'make', 'sed']]);
});

test('needs: for what, under which condition, in the order written', (t) => {
  using one = space(`builds:
  main:
    in: host
    needs:
      - zlib
      - {build: lfs/gcc:pass1, for: build}
      - {build: cron, for: run}
      - {build: dejagnu, for: test}
      - {build: never, when: "arch == 'vax'"}
    test: {needs: [expect], steps: {check: make check}, known: [a, 1.0], critical: true}
`);
  const build = one.build('x');
  t.deepEqual(
    build.needs.map(({name, for: what, at}) => `${name} ${what} ${at.line}`),
    ['zlib both 8', 'lfs/gcc:pass1 build 9', 'cron run 10'],
  );
  t.deepEqual(
    build.test?.needs.map(({name}) => name),
    ['dejagnu', 'expect'],
  );
  t.deepEqual(build.test?.steps, [{name: 'check', text: 'make check'}]);
  t.deepEqual([build.test?.known, build.test?.critical], [['a', '1.0'], true]);
});

test('the test of a kind is used when a build asks for one', (t) => {
  using one = space(`builds:
  main: {in: host, uses: make, test: {}}
  none: {in: host, uses: make}
  own: {in: host, uses: make, test: {steps: {check: make test}}}
`);
  t.is(one.build('x').test?.steps[0]?.text, 'make check');
  t.is(one.build('x', 'none').test, undefined);
  t.is(one.build('x', 'own').test?.steps[0]?.text, 'make test');
});

test('steps of free kinds keep the order of the recipe', (t) => {
  using one = space('builds: {main: {in: host, steps: {z: "1", a: "2", m: "3"}}}\n');
  t.deepEqual(
    one.build('x').steps.map(({name}) => name),
    ['z', 'a', 'm'],
  );
});

test('builds are in the order written, without those whose condition fails', (t) => {
  using one = space(`builds:
  "32": {in: host}
  main: {in: host, when: "arch == 'x86_64'"}
  "4": {in: host, when: "arch != 'x86_64'"}
  10: {in: host}
`);
  t.deepEqual(
    one.recipe('x').builds.map(({parts}) => parts.build),
    ['32', 'main', '10'],
  );
});

test('outputs and resources', (t) => {
  using one = space(`builds:
  main:
    in: host
    outputs: {expect: ["usr/bin/\${package}"], ignore: ["**/*.la"], replaces: [b/y], leaks: ["usr/*"]}
    resources: {cpu: 4, memory: 1.5GiB, time: 1h30min}
`);
  const {outputs, resources} = one.build('x');
  t.deepEqual(outputs.expect, ['usr/bin/x']);
  t.deepEqual(outputs.ignore, ['**/*.la']);
  t.deepEqual(outputs.leaks, ['usr/*']);
  t.deepEqual(
    outputs.replaces.map(({name, at}) => `${name} ${at.line}`),
    ['b/y 7'],
  );
  t.deepEqual(resources, {cpu: 4, memoryBytes: 1.5 * 2 ** 30, milliseconds: 5_400_000});
});

const BUILD = (rest: string): string => `builds:\n  main:\n    in: host\n    ${rest}\n`;

const REFUSED: readonly (readonly [string, readonly string[]])[] = [
  [
    'uses: mkae',
    ['a/x.yaml:7:11 recipe/unknown-kind: there is no kind `mkae` (kinds here: make, script)'],
  ],
  [
    'uses: maker',
    ['a/x.yaml:7:11 recipe/unknown-kind: there is no kind `maker` (did you mean make?)'],
  ],
  [
    'uses: make\n    with: {flag: [], folder: [x], flags: x, quiet: 1}',
    [
      'a/x.yaml:8:12 recipe/bad-parameter: the kind make has no parameter `flag` (did you mean flags?)',
      'a/x.yaml:8:30 recipe/bad-parameter: `folder` must be a text',
      'a/x.yaml:8:42 recipe/bad-parameter: `flags` must be a list of texts (put it in brackets: […])',
      'a/x.yaml:8:52 recipe/bad-parameter: `quiet` must be true or false',
    ],
  ],
  [
    'with: {x: y}',
    ['a/x.yaml:7:12 recipe/bad-parameter: the kind script has no parameter `x` (it has none)'],
  ],
  [
    'uses: make\n    steps: {compil: x, zzz: y}',
    [
      'a/x.yaml:8:13 recipe/unknown-step: the kind make has no step `compil` (did you mean compile?)',
      'a/x.yaml:8:24 recipe/unknown-step: the kind make has no step `zzz` (its steps: prepare, compile, install)',
    ],
  ],
  [
    'uses: make\n    test: {steps: {chek: x}}',
    ['a/x.yaml:8:20 recipe/unknown-step: the kind make has no step `chek` (did you mean check?)'],
  ],
  [
    'test: {}',
    [
      'a/x.yaml:7:5 recipe/unknown-step: the kind script has no test of its own, so `test` needs `steps`',
    ],
  ],
  [
    'needs: [host, {build: a/root}]',
    [
      'a/x.yaml:7:13 recipe/bad-name: `host` is an environment (`in:`), not a package',
      'a/x.yaml:7:27 recipe/bad-name: `root` is an environment (`in:`), not a package',
    ],
  ],
  [
    'outputs: {expect: [/usr/bin/x, "a{b"], ignore: [../x], leaks: ["a["]}',
    [
      'a/x.yaml:7:24 recipe/bad-glob: the glob is absolute: /usr/bin/x',
      'a/x.yaml:7:36 recipe/bad-glob: the glob lacks a `}`: a{b',
      'a/x.yaml:7:53 recipe/bad-glob: the glob leaves its folder with `..`: ../x',
      'a/x.yaml:7:68 recipe/bad-glob: the glob lacks a `]`: a[',
    ],
  ],
  [
    'env: {1X: a, Y: true}',
    [
      'a/x.yaml:7:11 schema/wrong-value: the name of an environment variable has only letters, digits and _: 1X',
      'a/x.yaml:7:21 schema/wrong-type: `Y` must be a text, not true (put quotes around it: "true")',
    ],
  ],
];

test('what is refused', (t) => {
  for (const [text, expected] of REFUSED) t.deepEqual(refused(BUILD(text)), expected, text);
});

test('mistakes of a kind are told in the kind, and spare those who use it', (t) => {
  const kind = `kind: odd
summary: x
with:
  a: {type: list, default: x, summary: x}
  b: {type: lst, summary: x}
steps: {compile: make, Install: x}
host: {env: {X: "\${none}"}}
`;
  t.deepEqual(
    refused(BUILD('uses: odd\n    with: {b: x}\n    steps: {Install: x}'), {
      'recipes/kinds/odd.yaml': kind,
    }),
    [
      'a/x.yaml:9:13 schema/wrong-value: the name of a step starts with a small letter and has only a-z 0-9 _ -: Install',
      'kinds/odd.yaml:4:28 recipe/bad-parameter: the default of `a` must be a list of texts',
      'kinds/odd.yaml:5:13 schema/wrong-value: `type` must be one of list, text, bool, not lst (did you mean list?)',
      'kinds/odd.yaml:6:24 schema/wrong-value: the name of a step starts with a small letter and has only a-z 0-9 _ -: Install',
      'kinds/odd.yaml:7:18 recipe/unknown-variable: there is no variable `none` (known here: package, version, arch)',
    ],
  );
});

test('a kind whose file cannot be read is no unknown kind', (t) => {
  const problems = refused(BUILD('uses: odd'), {'recipes/kinds/odd.yaml': 'kind: [\n'});
  t.deepEqual(
    problems.map((line) => line.split(' ')[1]),
    ['yaml/syntax:'],
  );
});

test('without kinds even a script has none', (t) => {
  using one = new Space();
  one.write({'recipes.config.yaml': '', 'recipes/a/x.yaml': recipeText('x')});
  t.deepEqual(one.lines(), [
    'a/x.yaml:4:10 recipe/unknown-kind: there is no kind `script` (recipes/kinds is empty)',
  ]);
});
