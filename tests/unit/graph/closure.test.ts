/** What a build sees and what is needed to run it, in which order. */
import test from 'ava';
import fc from 'fast-check';
import {layersOf, runClosure, withRunClosure} from '../../../engine/graph/closure.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import {graphOf, label, remote, type Builds} from './values.ts';

interface LayerCase {
  readonly what: string;
  readonly builds: Builds;
  readonly of: string;
  readonly base?: readonly string[];
  readonly layers: readonly string[];
}

const cases: readonly LayerCase[] = [
  {
    what: 'each need after its run closure, in the order written, each once at its first place',
    builds: {
      'l/x': ['curl', 'ssl', 'git'],
      'l/curl': ['ssl', 'zlib'],
      'l/git': ['zlib', 'curl', 'perl'],
      'l/ssl': ['libc'],
      'l/zlib': ['libc'],
      'l/perl': [],
      'l/libc': [],
    },
    of: 'l/x',
    layers: ['l/libc', 'l/ssl', 'l/zlib', 'l/curl', 'l/perl', 'l/git'],
  },
  {
    what: 'what needs need only to build is not laid',
    builds: {'l/x': ['a'], 'l/a': ['gcc build', 'b'], 'l/gcc': [], 'l/b': []},
    of: 'l/x',
    layers: ['l/b', 'l/a'],
  },
  {
    what: 'what a build needs only to run is not laid for itself, but for others',
    builds: {'l/x': ['a build', 'tool run'], 'l/a': ['tool run'], 'l/tool': []},
    of: 'l/x',
    layers: ['l/tool', 'l/a'],
  },
  {
    what: 'its own run needs are not there while it is built',
    builds: {'l/x': ['tool run'], 'l/tool': []},
    of: 'l/x',
    layers: [],
  },
  {
    what: 'the base comes with its run closure, and is not laid a second time',
    builds: {
      'l/x': {in: 'sys', needs: ['zlib', 'make build']},
      'l/sys': ['bash', 'zlib', 'gcc build'],
      'l/bash': ['libc'],
      'l/zlib': ['libc'],
      'l/make': ['libc', 'guile'],
      'l/libc': [],
      'l/guile': [],
      'l/gcc': [],
    },
    of: 'l/x',
    base: ['l/libc', 'l/bash', 'l/zlib', 'l/sys'],
    layers: ['l/guile', 'l/make'],
  },
  {
    what: 'a test sees what its build sees, then its own needs',
    builds: {
      'l/x': {in: 'sys', needs: ['zlib'], test: {needs: ['tcl', 'zlib']}},
      'l/sys': [],
      'l/zlib': [],
      'l/tcl': ['sh'],
      'l/sh': [],
    },
    of: 'l/x#test',
    base: ['l/sys'],
    layers: ['l/zlib', 'l/sh', 'l/tcl'],
  },
  {
    what: 'a download sees nothing',
    builds: {'l/x': {sources: [remote('x.tar', '1')]}},
    of: 'l/x@x.tar',
    layers: [],
  },
];

for (const {what, builds, of, base, layers} of cases) {
  test(what, (t) => {
    const found: {readonly base: readonly string[]; readonly layers: readonly string[]} = layersOf(
      graphOf(builds),
      label(of),
    );
    t.deepEqual(found, {base: base ?? [], layers});
  });
}

test('the run closure of one and of several', (t) => {
  const graph = graphOf({
    'l/a': ['b run', 'c'],
    'l/b': ['c build', 'd'],
    'l/c': [],
    'l/d': [],
    'l/e': ['d'],
  });
  t.deepEqual(runClosure(graph, label('l/a')), ['l/d', 'l/b', 'l/c'].map(label));
  t.deepEqual(runClosure(graph, label('l/c')), []);
  t.deepEqual(
    withRunClosure(graph, [label('l/e'), label('l/a'), label('l/e')]),
    ['l/d', 'l/e', 'l/b', 'l/c', 'l/a'].map(label),
  );
});

test('an unknown label is a bug of the caller', (t) => {
  const graph = graphOf({'l/a': []});
  t.throws(() => runClosure(graph, label('l/b')), {message: /no build l\/b/});
  t.throws(() => layersOf(graph, label('l/b')), {message: /no node l\/b/});
});

/** The definition, word by word: join the closures, keep first places. Recursive and slow. */
function slowClosure(graph: BuildGraph, of: string): readonly string[] {
  const node = graph.nodes.get(label(of));
  if (node?.kind !== 'build') throw new Error(of);
  const needs = node.needs.filter((need) => need.for !== 'build');
  return [...new Set(needs.flatMap((need) => [...slowClosure(graph, need.to), need.to]))];
}

const randomBuilds = fc
  .array(fc.array(fc.tuple(fc.nat(), fc.constantFrom('', ' run', ' build')), {maxLength: 4}), {
    minLength: 2,
    maxLength: 14,
  })
  .map((all): Builds =>
    Object.fromEntries(
      all.map((needs, place) => [
        `l/n${place}`,
        place === 0 ? [] : needs.map(([to, when]) => `n${to % place}${when}`),
      ]),
    ),
  );

test('random graphs: layers are the joined closures with first places kept', (t) => {
  fc.assert(
    fc.property(randomBuilds, (builds) => {
      const graph = graphOf(builds);
      for (const of of graph.order) {
        const closure: readonly string[] = runClosure(graph, of);
        t.deepEqual(closure, slowClosure(graph, of));
        const node = graph.nodes.get(of);
        if (node?.kind !== 'build') throw new Error(of);
        const needs = node.needs.filter((need) => need.for !== 'run');
        const slow = needs.flatMap((need) => [...slowClosure(graph, need.to), need.to as string]);
        const {layers}: {readonly layers: readonly string[]} = layersOf(graph, of);
        t.deepEqual(layers, [...new Set(slow)]);
      }
    }),
    {numRuns: 60},
  );
});

test('a chain of 30,000 run needs: any list can be had', (t) => {
  const builds = Object.fromEntries(
    Array.from({length: 30_000}, (_, place) => [
      `l/n${place}`,
      place === 0 ? [] : [`n${place - 1}`],
    ]),
  );
  const graph = graphOf(builds);
  t.is(runClosure(graph, label('l/n29999')).length, 29_999);
  t.is(layersOf(graph, label('l/n15000')).layers.at(0), label('l/n0'));
});
