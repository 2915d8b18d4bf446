/** Bad input: one message with place, reason and remedy, its exit code, and an untouched store. */
import fs from 'node:fs';
import test from 'ava';
import {matchesGolden} from '../support/golden.ts';
import {recipe, recipes} from '../support/recipes.ts';
import {storePrint} from '../support/remains.ts';
import {Space} from '../support/space.ts';

const GOOD = recipe('t/good');

/** A recipe with some lines of its own; the build comes last. */
function written(name: string, lines: string, build = ''): string {
  return `package: ${name}
version: '1'
summary: A recipe
${lines}builds:
  main:
    in: host
    uses: script
${build}    steps:
      install: 'true'
`;
}

interface Bad {
  readonly files: Readonly<Record<string, string>>;
  /** Files that differ from those of a good project; '' removes nothing. */
  readonly argv?: readonly string[];
  readonly exit: number;
}

const A = 'recipes/t/a.yaml';

const CASES: Readonly<Record<string, Bad>> = {
  'an unknown field': {
    files: {[A]: written('a', 'sumary: Twice\n')},
    exit: 3,
  },
  'an unknown field of a build': {
    files: {[A]: written('a', '', '    outputs: {expects: [usr/bin/a]}\n')},
    exit: 3,
  },
  'wrong types': {
    files: {
      [A]: written(
        'a',
        'tools: make\n',
        '    resources: {cpu: many, time: soon}\n    needs: good\n',
      ),
    },
    exit: 3,
  },
  'duplicate keys': {
    files: {[A]: written('a', 'vars: {x: 1, y: 2, x: 3}\nsummary: Again\n')},
    exit: 3,
  },
  'anchors, aliases, merge keys and tags': {
    files: {
      [A]: written('a', 'vars: &v {x: 1}\n', '    env: *v\n'),
      'recipes/t/b.yaml': written('b', 'vars: {<<: {x: 1}}\n'),
      'recipes/t/c.yaml': written('c', 'vars: {x: !!str 1}\n'),
    },
    exit: 3,
  },
  'not YAML': {
    files: {[A]: 'package: a\nversion: "1\n'},
    exit: 3,
  },
  'an unknown target': {files: {}, argv: ['build', 'goood'], exit: 2},
  'an unknown set': {
    files: {'recipes.config.yaml': 'sets: {all: [t/good]}\n'},
    argv: ['build', '@al'],
    exit: 2,
  },
  'an unknown need': {
    files: {[A]: written('a', '', '    needs: [goood, {build: nothing-like-it, for: run}]\n')},
    exit: 3,
  },
  'a cycle of four': {
    files: {
      [A]: written('a', '', '    needs: [b]\n'),
      'recipes/t/b.yaml': written('b', '', '    needs:\n      - good\n      - c\n'),
      'recipes/t/c.yaml': written('c', '', '    needs: [{build: d, for: build}]\n'),
      'recipes/t/d.yaml': written('d', '', '    in: a\n').replace('    in: host\n', ''),
    },
    exit: 3,
  },
  'unresolved and circular variables': {
    files: {
      [A]: written(
        'a',
        'vars: {x: "${y}", y: "${x}", z: "${nowhere}"}\n',
        '    env: {A: "${verson}"}\n',
      ),
    },
    exit: 3,
  },
  'a condition that cannot be read': {
    files: {[A]: written('a', '', '    needs: [{build: good, when: "options.nls && ("}]\n')},
    exit: 3,
  },
  'an unknown kind, step and parameter': {
    files: {
      [A]: written('a', '').replace('uses: script', 'uses: skript'),
      'recipes/t/b.yaml': written('b', '', '    with: {configur: [x]}\n')
        .replace('uses: script', 'uses: autotools')
        .replace('install:', 'instal:'),
    },
    exit: 3,
  },
  'a source without a digest, a digest that is none, an unknown alias': {
    files: {
      [A]: written('a', 'sources: [{url: "https://a.example/a.tar.gz"}]\n'),
      'recipes/t/b.yaml': written(
        'b',
        'sources: [{url: "https://a.example/a.tar.gz", sha256: abc}]\n',
      ),
      'recipes/t/c.yaml': written(
        'c',
        `sources: [{url: "nowhere:c.tar.gz", sha256: ${'ab'.repeat(32)}}]\n`,
      ),
    },
    exit: 3,
  },
  'a patch that is not there': {
    files: {[A]: written('a', 'patches: [{file: a/missing.patch}]\n')},
    exit: 3,
  },
  'a file that is not named like its package': {
    files: {'recipes/t/other.yaml': written('a', '')},
    exit: 3,
  },
  'a wrong configuration': {
    files: {
      'recipes.config.yaml':
        'jobs: 0\nalias: {gnu: https://gnu.example/}\nsets: {all: [nothing]}\n',
    },
    exit: 3,
  },
  'an option nobody declares': {
    files: {},
    argv: ['build', '-o', 't/good.fast=true', '-o', 'nothing.x=1'],
    exit: 2,
  },
  'a wrong value of an option': {
    files: {
      [A]: written(
        'a',
        'options: {tls: {type: enum, values: [openssl, gnutls], default: openssl, summary: Which}}\n',
      ),
    },
    argv: ['build', '-o', 't/a.tls=opensl'],
    exit: 2,
  },
};

for (const [name, {files, argv = ['build'], exit}] of Object.entries(CASES)) {
  test.serial(name, async (t) => {
    await using space = Space.create({'recipes/t/good.yaml': GOOD});
    await space.expect(0, ['build']);
    const before = storePrint(space);
    for (const [file, text] of Object.entries(files)) space.write(file, text);
    const {stdout, stderr} = await space.expect(exit, argv);
    t.is(stdout, '');
    matchesGolden(
      t,
      `diagnostics/e2e/${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.txt`,
      stderr,
    );
    t.is(storePrint(space), before, 'the store is untouched');
    if (exit === 3) t.is((await space.expect(3, ['validate'])).stderr, stderr);
  });
}

test.serial('local sources that are not there, and one that leads out of itself', async (t) => {
  await using space = Space.create({
    'recipes/t/a.yaml': written('a', 'sources: [{path: ./a/missing}]\n'),
    'recipes/t/b.yaml': written('b', 'sources: [{path: ./b/src}]\n'),
    'recipes/t/b/src/file': 'x\n',
  });
  fs.symlinkSync('../../../../outside', space.at('recipes/t/b/src/link'));
  const {stderr} = await space.expect(3, ['build']);
  matchesGolden(t, 'diagnostics/e2e/local-sources.txt', stderr.replaceAll(space.root, '/project'));
});

test.serial('a name that only a broken file could explain is no mistake', async (t) => {
  await using space = Space.create({
    'recipes/t/a.yaml': written('a', '', '    needs: [broken, "broken:lib", good]\n'),
    'recipes/t/broken.yaml': 'package: broken\nbuilds: [\n',
    'recipes/t/good.yaml': GOOD,
  });
  const {stderr} = await space.expect(3, ['validate']);
  t.notRegex(stderr, /unknown-need/);
  t.regex(stderr, /^recipes\/t\/broken\.yaml/);
});

test.serial('twelve mistakes in four files, all in one run', async (t) => {
  await using space = Space.create({
    'recipes/t/good.yaml': GOOD,
    'recipes.config.yaml': 'aliases: {gnu: https://gnu.example/}\njobs: four\n',
    'recipes/t/one.yaml': `package: one
version: 1.0
sumary: One
sources:
  - {url: "gnoo:one-\${verson}.tar.gz", sha256: ABC}
builds:
  main:
    in: host
    uses: autotool
`,
    'recipes/t/two.yaml': written(
      'two',
      'license: Free\n',
      '    needs: [goood]\n    env: {A: "${B}"}\n',
    ),
    'recipes/t/three.yaml': written(
      'three',
      'version: 2\n',
      '    resources: {time: soon}\n    outputs: {expect: [/usr/bin/x]}\n',
    ),
  });
  const {stderr} = await space.expect(3, ['validate']);
  matchesGolden(t, 'diagnostics/e2e/twelve-mistakes.txt', stderr);
  t.regex(stderr, /^12 errors in 4 files$/m);
  t.is((await space.expect(3, ['build'])).stderr, stderr);
  t.false(space.exists('.recipes'), 'nothing was started');
});

test.serial('a project that is not there', async (t) => {
  await using space = Space.create();
  const {stderr} = await space.expect(3, ['build', '-C', '/']);
  t.regex(stderr, /recipes\.config\.yaml/);
  t.regex(stderr, /recipes init/);
});

test.serial('many recipes are read, one bad one is found', async (t) => {
  const names = Array.from({length: 50}, (_, at) => `t/p${String(at)}`);
  await using space = Space.create({
    ...recipes(Object.fromEntries(names.map((name) => [name, {}]))),
    'recipes/t/p25.yaml': written('p25', 'colour: red\n'),
  });
  const {stderr} = await space.expect(3, ['build', 't/p1']);
  t.regex(stderr, /^recipes\/t\/p25\.yaml:4:1 {2}error {2}schema\/unknown-field$/m);
});
