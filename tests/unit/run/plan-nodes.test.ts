/** Nodes of a plan that are bits until somebody asks for them. */
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {
  everyNode,
  isAllFresh,
  lookedAt,
  type PlannedNode,
  PlanNodes,
  type Verdict,
  visit,
} from '../../../engine/run/plan-nodes.ts';
import {RecalledNode} from '../../../engine/run/recalled-node.ts';
import {graphOf, label} from '../graph/values.ts';

const graph = graphOf({'x/a': [], 'x/b': ['a'], 'x/c': ['b'], 'x/d': ['c']});
const [A, B, C, D] = ['x/a', 'x/b', 'x/c', 'x/d'].map((name) => label(name)) as [
  Label,
  Label,
  Label,
  Label,
];
const placeOf = (one: Label): number => graph.numberOf(one) ?? -1;

const ANSWERS = {
  key: () => null,
  recipeKey: (): never => {
    throw new Error('nobody asks');
  },
  reason: () => 'because',
};

function assertNever(): never {
  throw new Error('nobody asks');
}

function planned(one: Label, verdict: Verdict): PlannedNode {
  return {label: one, kind: 'build', verdict, recipeKey: null, key: null, reason: null};
}

/** a runs, b may be recalled with sources of the net, c with local ones, d is fresh. */
function mixed(): {nodes: PlanNodes; recalled: number[]} {
  const recalled: number[] = [];
  const nodes = new PlanNodes(graph, (at, verdict, isLocal) => {
    recalled.push(at);
    const name = graph.order[at] ?? A;
    return new RecalledNode({label: name, at}, 'build', verdict, isLocal, ANSWERS);
  });
  nodes.recallAt(placeOf(D), 'fresh', false);
  nodes.recallAt(placeOf(C), 'maybe', true);
  nodes.recallAt(placeOf(B), 'maybe', false);
  nodes.setAt(placeOf(A), planned(A, 'run'));
  return {nodes, recalled};
}

test('a map in the order of the graph', (t) => {
  const {nodes} = mixed();
  t.is(nodes.size, 4);
  t.deepEqual([...nodes.keys()], [A, B, C, D]);
  t.deepEqual(
    [...nodes.values()].map((one) => one.verdict),
    ['run', 'maybe', 'maybe', 'fresh'],
  );
  t.deepEqual([...nodes], [...nodes.entries()]);
  t.is(nodes.get(C), nodes.get(C), 'each is made once');
  t.like(nodes.get(C), {label: C, isLocal: true, reason: 'because'});
  t.true(nodes.has(D));
  for (const strange of ['x/strange' as Label, ...graph.order.slice(4)]) {
    t.false(nodes.has(strange));
    t.is(nodes.get(strange), undefined);
  }
  const seen: unknown[] = [];
  nodes.forEach((node, name) => seen.push([name, node]));
  t.deepEqual(seen, [...nodes]);
  nodes.setAt(placeOf(D), planned(D, 'run'));
  t.is(nodes.size, 4);
  t.is(nodes.get(D)?.verdict, 'run');
});

test('who asks of each node is not asked on behind the first that says no', (t) => {
  const {nodes} = mixed();
  const asked: Label[] = [];
  const ask = (wanted: Verdict) => (at: number, verdict: Verdict) => {
    asked.push(graph.order[at] ?? A);
    return verdict !== wanted;
  };
  t.false(nodes.every(ask('maybe')));
  t.deepEqual(asked, [A, B]);
  t.true(nodes.every(() => true));
  t.true(everyNode(graph, {nodes: new Map(nodes)}, () => true));
  t.false(everyNode(graph, {nodes: new Map(nodes)}, ask('fresh')));
  t.true(
    new PlanNodes(graph, () => assertNever()).every(() => false),
    'of none',
  );
});

test('what is to be looked at is as it is now, however often it was asked for', (t) => {
  const {nodes} = mixed();
  const names = (): readonly Label[] => nodes.lookedAt.map((one) => one.label);
  t.deepEqual(names(), [A, B]);
  t.is(nodes.lookedAt, nodes.lookedAt);
  nodes.recallAt(placeOf(B), 'maybe', true);
  t.deepEqual(names(), [A]);
  nodes.setAt(placeOf(D), planned(D, 'run'));
  t.deepEqual(names(), [A, D]);
  nodes.recallAt(placeOf(D), 'fresh', false);
  t.is(nodes.get(D)?.verdict, 'fresh', 'what was made of it before is gone');
});

test('what is walked over by place makes nothing, and is the same as of any other map', (t) => {
  const {nodes, recalled} = mixed();
  const seen: unknown[] = [];
  visit(graph, {nodes}, (...all) => seen.push(all));
  t.deepEqual(seen, [
    [placeOf(A), 'run', false],
    [placeOf(B), 'maybe', true],
    [placeOf(C), 'maybe', true],
    [placeOf(D), 'fresh', true],
  ]);
  t.false(isAllFresh(graph, {nodes}));
  t.deepEqual(recalled, []);
  t.deepEqual(
    lookedAt({nodes}).map((one) => one.label),
    [A, B],
  );
  t.deepEqual(recalled, [placeOf(B)]);
  const plain = {nodes: new Map(nodes)};
  const again: unknown[] = [];
  visit(graph, plain, (...all) => again.push(all));
  t.deepEqual(again, seen);
  t.deepEqual(lookedAt(plain), lookedAt({nodes}));
});

test('all fresh', (t) => {
  const {nodes} = mixed();
  for (const one of [A, B, C]) nodes.recallAt(placeOf(one), 'fresh', false);
  t.true(isAllFresh(graph, {nodes}));
  t.deepEqual(lookedAt({nodes}), []);
  t.true(isAllFresh(graph, {nodes: new Map(nodes)}));
});
