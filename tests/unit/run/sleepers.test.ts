/** What sleeps above the one node that runs: who is woken, when, and who never is. */
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {labelAt} from '../../../engine/graph/label-table.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import type {Plan, PlannedNode} from '../../../engine/run/plan-nodes.ts';
import {RecalledNode} from '../../../engine/run/recalled-node.ts';
import {lonePlan, Sleepers, type Decided} from '../../../engine/run/sleepers.ts';
import {graphOf, label, type Builds} from '../graph/values.ts';

const ANSWERS = {
  key: () => null,
  recipeKey: (): never => {
    throw new Error('nobody asks');
  },
  reason: () => null,
};

/** All builds of a graph: those named run for sure, others are fresh or may run. */
function planOf(graph: BuildGraph, sure: readonly string[], fresh: readonly string[] = []): Plan {
  const nodes = graph.order
    .filter((one) => graph.kindOf(one) === 'build')
    .map((one): [Label, PlannedNode] => {
      if (sure.includes(one)) {
        const asked = {recipeKey: null, key: null, reason: 'edited'};
        return [one, {label: one, kind: 'build', verdict: 'run', ...asked}];
      }
      const verdict = fresh.includes(one) ? 'fresh' : 'maybe';
      const at = graph.numberOf(one) ?? -1;
      return [one, new RecalledNode({label: one, at}, 'build', verdict, true, ANSWERS)];
    });
  return {nodes: new Map(nodes)};
}

const names = (graph: BuildGraph, {same, woken}: Decided): string =>
  [same, woken].map((list) => list.map((at) => labelAt(graph, at)).join(' ')).join(' | ');

/** Ends one node; only those named do not come to what they were. */
function end(
  graph: BuildGraph,
  sleepers: Sleepers,
  one: string,
  others: readonly string[],
): string {
  return names(
    graph,
    sleepers.ended(label(one), (at) => !others.includes(graph.order[at] ?? '')),
  );
}

const LADDER: Builds = {
  ...{'x/a': [], 'x/b': ['a'], 'x/c': ['a'], 'x/d': ['b', 'c'], 'x/e': ['d'], 'x/f': ['c']},
};

test('all is decided at once where the node comes to what it was', (t) => {
  const graph = graphOf(LADDER);
  const sleepers = new Sleepers(graph, planOf(graph, ['x/a']));
  t.true(sleepers.isAsleep(label('x/e')));
  t.is(end(graph, sleepers, 'x/a', []), 'x/b x/c x/d x/f x/e | ');
  t.false(sleepers.isAsleep(label('x/e')));
});

test('a node is woken when all below it is decided, not before', (t) => {
  const graph = graphOf(LADDER);
  const sleepers = new Sleepers(graph, planOf(graph, ['x/a']));
  t.is(end(graph, sleepers, 'x/a', ['x/b', 'x/c']), ' | x/b x/c');
  t.is(end(graph, sleepers, 'x/b', ['x/d']), ' | ', 'd waits for c, which runs');
  t.is(end(graph, sleepers, 'x/c', ['x/d']), 'x/f | x/d');
  t.is(end(graph, sleepers, 'x/d', []), 'x/e | ');
  t.is(end(graph, sleepers, 'x/d', []), ' | ', 'once');
});

test('below what is fresh something may run that it needs to run: who uses it waits', (t) => {
  const graph = graphOf({'x/a': [], 'x/b': ['a'], 'x/lib': ['b run'], 'x/top': ['lib']});
  const sleepers = new Sleepers(graph, planOf(graph, ['x/a'], ['x/lib']));
  t.is(end(graph, sleepers, 'x/a', ['x/b']), ' | x/b');
  t.true(sleepers.isAsleep(label('x/top')));
  t.is(end(graph, sleepers, 'x/b', []), 'x/top | ');
});

test('nobody sleeps where more than one node is sure to run, or none', (t) => {
  const graph = graphOf(LADDER);
  t.is(lonePlan(planOf(graph, ['x/a', 'x/c'])), undefined);
  t.is(lonePlan(planOf(graph, [])), undefined);
  t.deepEqual([...(lonePlan(planOf(graph, ['x/c']))?.nodes.keys() ?? [])], [label('x/c')]);
});
