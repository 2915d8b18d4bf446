/** What names in recipes come to mean, which nodes and edges there are, and what is refused. */
import test from 'ava';
import fc from 'fast-check';
import {exitCodeOf, type Diagnostic} from '../../../engine/base/diagnostic.ts';
import {linkProject} from '../../../engine/graph/link.ts';
import type {BuildGraph, BuildNode, Edge} from '../../../engine/graph/model.ts';
import type {Config, Source} from '../../../engine/load/model.ts';
import {
  at,
  graphOf,
  label,
  linked,
  local,
  mistakesOf,
  projectFrom,
  projectOf,
  remote,
  type Builds,
} from './values.ts';

function edgesOf(graph: BuildGraph, of: string): readonly string[] {
  const node = graph.nodes.get(label(of));
  return (node?.dependencies ?? []).map((edge: Edge) => `${edge.kind} ${edge.to}`);
}

function buildNode(graph: BuildGraph, of: string): BuildNode {
  const node = graph.nodes.get(label(of));
  if (node?.kind !== 'build') throw new Error(`no build ${of}`);
  return node;
}

function said(problems: readonly Diagnostic[]): readonly string[] {
  return problems.map((one) => {
    const place = one.at === undefined ? '' : `${one.at.file}:${one.at.line} `;
    return `${place}${one.code}: ${one.message}${one.hint === undefined ? '' : ` (${one.hint})`}`;
  });
}

interface NameCase {
  readonly what: string;
  readonly builds: Builds;
  readonly config?: Partial<Config>;
  readonly of: string;
  readonly edges: readonly string[];
}

const names: readonly NameCase[] = [
  {
    what: 'a bare name means its own collection first',
    builds: {'lfs/curl': ['zlib'], 'lfs/zlib': [], 'blfs/zlib': []},
    of: 'lfs/curl',
    edges: ['both lfs/zlib'],
  },
  {
    what: 'else the only collection that has it',
    builds: {'lfs/curl': ['zlib'], 'blfs/zlib': []},
    of: 'lfs/curl',
    edges: ['both blfs/zlib'],
  },
  {
    what: 'a full label means itself',
    builds: {'lfs/curl': ['blfs/zlib'], 'lfs/zlib': [], 'blfs/zlib': []},
    of: 'lfs/curl',
    edges: ['both blfs/zlib'],
  },
  {
    what: 'builds other than main are named',
    builds: {'lfs/curl': ['zlib:lib32 build'], 'lfs/zlib': [], 'lfs/zlib:lib32': []},
    of: 'lfs/curl',
    edges: ['build lfs/zlib:lib32'],
  },
  {
    what: 'base first, needs as written, each target once, for both when needed for both',
    builds: {
      'lfs/curl': {in: 'root-a', needs: ['b build', 'a', 'b run', 'root-a run']},
      'lfs/root-a': [],
      'lfs/a': [],
      'lfs/b': [],
    },
    of: 'lfs/curl',
    edges: ['base lfs/root-a', 'both lfs/b', 'both lfs/a'],
  },
  {
    what: 'an override stands in wherever its label is needed',
    builds: {'lfs/curl': ['zlib', 'lfs/ssl'], 'lfs/zlib': [], 'local/zlib': [], 'lfs/ssl': []},
    config: {overrides: {'lfs/zlib': 'local/zlib', 'lfs/ssl': 'lfs/zlib'}},
    of: 'lfs/curl',
    edges: ['both local/zlib'],
  },
  {
    what: 'overrides make a bare name unambiguous',
    builds: {'own/curl': ['zlib'], 'lfs/zlib': [], 'local/zlib': []},
    config: {overrides: {'lfs/zlib': 'local/zlib'}},
    of: 'own/curl',
    edges: ['both local/zlib'],
  },
  {
    what: 'an override takes the other builds of a package along where it has them',
    builds: {
      'lfs/curl': ['zlib:lib32', 'zlib:static'],
      'lfs/zlib': [],
      'lfs/zlib:lib32': [],
      'lfs/zlib:static': [],
      'local/zlib': [],
      'local/zlib:lib32': [],
    },
    config: {overrides: {'lfs/zlib': 'local/zlib'}},
    of: 'lfs/curl',
    edges: ['both local/zlib:lib32', 'both lfs/zlib:static'],
  },
  {
    what: 'a replacement may be built on what it replaces',
    builds: {'local/gcc': {in: 'lfs/gcc'}, 'lfs/gcc': []},
    config: {overrides: {'lfs/gcc': 'local/gcc'}},
    of: 'local/gcc',
    edges: ['base lfs/gcc'],
  },
];

for (const {what, builds, config, of, edges} of names) {
  test(what, (t) => {
    t.deepEqual(edgesOf(graphOf(builds, config), of), edges);
  });
}

test('inherited needs are looked for where they were written', (t) => {
  const project = projectFrom({
    'local/curl': {extends: 'lfs/curl', builds: {main: {needs: ['zlib', 'ssl']}}},
    'lfs/curl': {builds: {main: {needs: ['zlib', 'ssl']}}},
    'lfs/zlib': {},
    'blfs/zlib': {},
    'lfs/ssl': {},
    'local/ssl': {},
  });
  t.deepEqual(edgesOf(linked(project), 'local/curl'), ['both lfs/zlib', 'both local/ssl']);
});

test('extending by a bare name, and in a circle, ends', (t) => {
  const project = projectFrom({
    'a/tool': {extends: 'tool', builds: {main: {needs: ['lib']}}},
    'b/tool': {extends: 'a/tool'},
    'b/lib': {},
    'c/lib': {},
  });
  t.deepEqual(edgesOf(linked(project), 'a/tool'), ['both b/lib']);
});

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

test('sources are fetched once for all builds of a package', (t) => {
  const hello = remote('hello.tar.gz', '1');
  const graph = graphOf({
    'lfs/hello': {sources: [hello], test: {needs: ['tcl']}},
    'lfs/hello:static': {sources: [{...hello, placement: {...hello.placement, strip: 0}}]},
    'lfs/tcl': {sources: [hello]},
  });
  const fetches = [...graph.nodes.values()].filter((node) => node.kind === 'fetch');
  t.deepEqual(
    fetches.map((node) => node.label),
    [label('lfs/hello@hello.tar.gz'), label('lfs/tcl@hello.tar.gz')],
  );
  t.deepEqual(edgesOf(graph, 'lfs/hello:static'), ['source lfs/hello@hello.tar.gz']);
  t.deepEqual(edgesOf(graph, 'lfs/hello#test'), [
    'subject lfs/hello',
    'source lfs/hello@hello.tar.gz',
    'test lfs/tcl',
  ]);
});

const others: readonly (readonly [string, Source])[] = [
  ['other bytes', remote('data', '2')],
  ['another kind', local('data', '/project/data')],
  [
    'a commit',
    {
      type: 'git',
      at: at('x', 1),
      placement: remote('data', '1').placement,
      url: 'https://x/y',
      rev: 'a'.repeat(40),
    },
  ],
];

for (const [what, other] of others) {
  test(`builds that call different things by one name fetch both: ${what}`, (t) => {
    const graph = graphOf({
      'lfs/a': {sources: [remote('data', '1')]},
      'lfs/a:other': {sources: [other]},
    });
    t.deepEqual(buildNode(graph, 'lfs/a').fetches, [label('lfs/a@data')]);
    t.deepEqual(buildNode(graph, 'lfs/a:other').fetches, [label('lfs/a:other@data')]);
  });
}

test('one build cannot call two sources by one name', (t) => {
  const sources = [remote('data', '1'), remote('data', '2'), remote('data', '3')];
  t.throws(() => graphOf({'lfs/a': {sources}}), {message: /two sources called data/});
});

test('replaced builds are known to the node, and are no dependencies', (t) => {
  const graph = graphOf({'lfs/a': {replaces: ['b']}, 'lfs/b': []});
  t.deepEqual(buildNode(graph, 'lfs/a').replaces, [label('lfs/b')]);
  t.deepEqual(edgesOf(graph, 'lfs/a'), []);
});

test('sets: members, globs, other sets; overrides apply; a glob may match nothing', (t) => {
  const graph = graphOf(
    {'lfs/a': {test: {}}, 'lfs/b': ['a'], 'local/a': {test: {}}, 'blfs/c': ['b']},
    {
      sets: {
        base: ['lfs/a', 'b'],
        all: ['@base', 'blfs/*', 'none/*'],
        below: ['c^'],
        tests: ['lfs/a#test'],
      },
      overrides: {'lfs/a': 'local/a'},
    },
  );
  t.deepEqual(Object.fromEntries(graph.sets), {
    all: ['local/a', 'lfs/b', 'blfs/c'],
    base: ['local/a', 'lfs/b'],
    below: ['local/a', 'lfs/b'],
    tests: ['local/a#test'],
  });
});

test('names of sets are plain names', (t) => {
  const graph = graphOf({'lfs/a': []}, {sets: {constructor: ['a'], x: ['@constructor']}});
  t.deepEqual(graph.sets.get('x'), [label('lfs/a')]);
  t.is(mistakesOf(projectOf({'lfs/a': []}, {sets: {x: ['@toString']}})).length, 1);
});

test('dependents are sorted and direct', (t) => {
  const graph = graphOf({'lfs/a': [], 'lfs/z': ['a'], 'lfs/b': ['a'], 'lfs/c': ['b']});
  t.deepEqual(graph.dependents(label('lfs/a')), [label('lfs/b'), label('lfs/z')]);
});

test('generated globs are sorted, each once', (t) => {
  t.deepEqual(graphOf({'lfs/a': []}).generated, ['**/__pycache__/**', 'usr/share/info/dir']);
});

const PROJECT = projectOf(
  {
    'lfs/a': {sources: [remote('a', '1')], test: {}},
    'lfs/b': ['a'],
    'lfs/b:lib32': ['a', 'c run'],
    'lfs/c': {in: 'a'},
    'blfs/d': ['b', 'c', 'b:lib32'],
    'blfs/e': ['d'],
  },
  {sets: {all: ['**']}},
);

test('equal projects give equal graphs, whatever the order of files and builds', (t) => {
  const expected = linked(PROJECT);
  const shuffled = fc
    .shuffledSubarray([...PROJECT.recipes], {minLength: PROJECT.recipes.length})
    .map((recipes) => ({...PROJECT, recipes}));
  fc.assert(
    fc.property(shuffled, (project) => {
      const graph = linked(project);
      t.deepEqual(graph.order, expected.order);
      t.deepEqual(graph.nodes, expected.nodes);
      t.deepEqual(graph.sets, expected.sets);
    }),
  );
});

test('a chain of 30,000 recipes links', (t) => {
  const builds = Object.fromEntries(
    Array.from({length: 30_000}, (_, place) => [
      `lfs/n${place}`,
      place === 0 ? [] : [`n${place - 1}`],
    ]),
  );
  const graph = linkProject(projectOf(builds));
  t.true(graph.ok);
  if (graph.ok) t.is(graph.value.order.at(-1), label('lfs/n29999'));
});
