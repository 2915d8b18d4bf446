/** What linking refuses, with place, reason and remedy. */
import test from 'ava';
import {exitCodeOf, type Diagnostic} from '../../../engine/base/diagnostic.ts';
import type {Config} from '../../../engine/load/model.ts';
import {at, mistakesOf, projectOf, type Builds} from './values.ts';

function said(problems: readonly Diagnostic[]): readonly string[] {
  return problems.map((one) => {
    const place = one.at === undefined ? '' : `${one.at.file}:${one.at.line} `;
    return `${place}${one.code}: ${one.message}${one.hint === undefined ? '' : ` (${one.hint})`}`;
  });
}

interface RefusalCase {
  readonly what: string;
  readonly builds: Builds;
  readonly config?: Partial<Config>;
  readonly says: readonly string[];
}

const refusals: readonly RefusalCase[] = [
  {
    what: 'unknown names, with proposals',
    builds: {'lfs/curl': ['opennssl', 'lfs/zlibb', 'nowhere'], 'lfs/openssl': [], 'lfs/zlib': []},
    says: [
      'recipes/lfs/curl.yaml:10 graph/unknown-need: there is no recipe named opennssl (did you mean openssl?)',
      'recipes/lfs/curl.yaml:11 graph/unknown-need: there is no recipe named lfs/zlibb (did you mean lfs/zlib?)',
      'recipes/lfs/curl.yaml:12 graph/unknown-need: there is no recipe named nowhere',
    ],
  },
  {
    what: 'the right package in the wrong collection',
    builds: {'lfs/curl': ['blfs/zlib'], 'lfs/zlib': []},
    says: [
      'recipes/lfs/curl.yaml:10 graph/unknown-need: there is no recipe named blfs/zlib (did you mean lfs/zlib?)',
    ],
  },
  {
    what: 'a build the package does not have',
    builds: {'lfs/curl': ['zlib:lib64'], 'lfs/zlib': [], 'lfs/zlib:lib32': []},
    says: [
      "recipes/lfs/curl.yaml:10 graph/unknown-need: lfs/zlib has no build 'lib64' (there is lfs/zlib, lfs/zlib:lib32)",
    ],
  },
  {
    what: 'a name of two collections',
    builds: {'own/curl': ['zlib'], 'lfs/zlib': [], 'blfs/zlib': []},
    says: [
      'recipes/own/curl.yaml:10 graph/ambiguous-name: zlib can mean blfs/zlib or lfs/zlib (write the full label)',
    ],
  },
  {
    what: 'names that are no labels, and tests',
    builds: {'lfs/curl': ['Zlib', 'zlib#test'], 'lfs/zlib': []},
    says: [
      "recipes/lfs/curl.yaml:10 graph/unknown-need: 'Zlib' is no label (a label is [collection/]package[:build], of lower-case letters, digits and + . _ -)",
      'recipes/lfs/curl.yaml:11 graph/unknown-need: a test cannot be needed (need the build: lfs/zlib)',
    ],
  },
  {
    what: 'unknown names of bases, replaced builds and tests',
    builds: {'lfs/curl': {in: 'sys', replaces: ['old'], test: {needs: ['tcl']}}},
    says: [
      'recipes/lfs/curl.yaml:4 graph/unknown-need: there is no recipe named sys',
      'recipes/lfs/curl.yaml:40 graph/unknown-need: there is no recipe named old',
      'recipes/lfs/curl.yaml:60 graph/unknown-need: there is no recipe named tcl',
    ],
  },
  {
    what: 'overrides that lead nowhere or in a circle',
    builds: {'lfs/a': [], 'lfs/b': []},
    config: {overrides: {'lfs/a': 'lfs/b', 'lfs/b': 'lfs/a', 'lfs/x': 'lfs/a', a: 'lfs/b#test'}},
    says: [
      'graph/bad-override: overrides.a: a test cannot be overridden',
      'graph/bad-override: overrides.lfs/x: there is no recipe named lfs/x',
      'graph/bad-override: overrides.lfs/a leads back to itself',
      'graph/bad-override: overrides.lfs/b leads back to itself',
    ],
  },
  {
    what: 'sets that hold unknown names, unknown sets or each other',
    builds: {'lfs/a': []},
    config: {sets: {one: ['b'], two: ['@oone'], x: ['@y'], y: ['@x'], z: ['@x']}},
    says: [
      'graph/bad-set: sets contain each other: @x → @y → @x',
      'graph/bad-set: sets.one: there is no recipe named b',
      'graph/bad-set: sets.two: there is no set @oone (did you mean @one?)',
    ],
  },
  {
    what: 'a build that needs itself',
    builds: {'lfs/a': ['a']},
    says: [
      'recipes/lfs/a.yaml:10 graph/cycle: lfs/a needs itself (take one of these needs away, or split a build into two passes)',
    ],
  },
];

for (const {what, builds, config, says} of refusals) {
  test(`refused: ${what}`, (t) => {
    const problems = mistakesOf(projectOf(builds, config));
    t.deepEqual(said(problems), says);
    t.is(exitCodeOf(problems), 3);
  });
}

test('a mistake two recipes share is said once', (t) => {
  const one = projectOf({'lfs/a': ['x'], 'local/a': ['x']});
  const shared = one.recipes.map((recipe) => ({
    ...recipe,
    builds: recipe.builds.map((build) => ({
      ...build,
      needs: build.needs.map((need) => ({...need, at: at('recipes/lfs/a.yaml', 10)})),
    })),
  }));
  t.is(mistakesOf({...one, recipes: shared}).length, 1);
});

test('a cycle of four: the place of every edge', (t) => {
  const [problem, ...rest] = mistakesOf(
    projectOf({
      'lfs/d': ['x', 'a run'],
      'lfs/b': ['c build'],
      'lfs/c': {in: 'd'},
      'lfs/a': ['x', 'x', 'b'],
      'lfs/x': [],
      'lfs/above': ['a'],
    }),
  );
  t.deepEqual(rest, []);
  t.is(problem?.message, 'a cycle of 4: lfs/a → lfs/b → lfs/c → lfs/d → lfs/a');
  t.deepEqual(
    problem?.notes?.map((note) => `${note.at?.file}:${note.at?.line} ${note.message}`),
    [
      'recipes/lfs/a.yaml:12 lfs/a needs lfs/b',
      'recipes/lfs/b.yaml:10 lfs/b needs lfs/c to build',
      'recipes/lfs/c.yaml:4 lfs/c is built in lfs/d',
      'recipes/lfs/d.yaml:11 lfs/d needs lfs/a to run',
    ],
  );
});

test('unknown names and cycles are reported in one run', (t) => {
  const problems = mistakesOf(projectOf({'lfs/a': ['b', 'nope'], 'lfs/b': ['a']}));
  t.deepEqual(
    problems.map((one) => one.code),
    ['graph/unknown-need', 'graph/cycle'],
  );
});

test('a very long cycle is shortened', (t) => {
  const name = (place: number): string => `n${place % 100}`;
  const builds = Object.fromEntries(
    Array.from({length: 100}, (_, place) => [`lfs/${name(place)}`, [name(place + 1)]]),
  );
  const [problem] = mistakesOf(projectOf(builds));
  t.true(problem?.message.includes('→ … → lfs/n0'));
  t.is(problem?.notes?.at(-1)?.message, '… and 60 more edges');
});
