/** What names in recipes come to mean, and which nodes and edges there are. */
import test from 'ava';
import fc from 'fast-check';
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
