/** Edges by number: what they lead to, asked in bits. */
import test from 'ava';
import {
  ALL_KINDS,
  EDGE_KINDS,
  edgeTable,
  endOfEdges,
  everyEdge,
  firstEdge,
  kindMask,
  someEdge,
} from '../../../engine/graph/edge-table.ts';

/** 0 and 1 have no edges, 2 has both below, 3 needs 2 to run and 0 as a source. */
const TABLE = edgeTable([
  [],
  [],
  [
    [0, 'build'],
    [1, 'source'],
  ],
  [
    [2, 'run'],
    [0, 'source'],
  ],
]);

const kinds = kindMask;

test('each node has the edges it was given, in order', (t) => {
  const edgesOf = (at: number): unknown[] => {
    const edges = [];
    for (let edge = firstEdge(TABLE, at); edge < endOfEdges(TABLE, at); edge += 1) {
      edges.push([TABLE.targets[edge], EDGE_KINDS[TABLE.kinds[edge] ?? -1]]);
    }
    return edges;
  };
  t.deepEqual([0, 1, 2, 3, 4, -1].map(edgesOf), [
    [],
    [],
    [
      [0, 'build'],
      [1, 'source'],
    ],
    [
      [2, 'run'],
      [0, 'source'],
    ],
    [],
    [],
  ]);
});

test('some edge of these kinds leads to one of these bits', (t) => {
  const states = Uint8Array.of(1, 2, 4, 0);
  t.true(someEdge(TABLE, 2, ALL_KINDS, states, 1));
  t.true(someEdge(TABLE, 2, ALL_KINDS, states, 2));
  t.false(someEdge(TABLE, 2, ALL_KINDS, states, 4));
  t.false(someEdge(TABLE, 2, kinds(['source']), states, 1));
  t.true(someEdge(TABLE, 3, kinds(['run', 'both']), states, 4 | 8));
  t.false(someEdge(TABLE, 0, ALL_KINDS, states, 255));
  t.false(someEdge(TABLE, -1, ALL_KINDS, states, 255));
});

test('every edge of these kinds leads to one of these bits', (t) => {
  const states = Uint8Array.of(1, 2, 4, 0);
  t.true(everyEdge(TABLE, 2, ALL_KINDS, states, 1 | 2));
  t.false(everyEdge(TABLE, 2, ALL_KINDS, states, 1));
  t.true(everyEdge(TABLE, 2, kinds(['build']), states, 1));
  t.true(everyEdge(TABLE, 3, kinds(['test', 'subject']), states, 0));
  t.true(everyEdge(TABLE, 0, ALL_KINDS, states, 0));
  t.true(everyEdge(TABLE, -1, ALL_KINDS, states, 0));
});
