/** A plan holds only when all it relies on is there after it was named: gc may have been first. */
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {ok} from '../../../engine/base/result.ts';
import {closureOf, makePlan} from '../../../engine/run/plan.ts';
import type {Plan} from '../../../engine/run/plan-nodes.ts';
import {settlePlan} from '../../../engine/run/settle.ts';
import {recordIn, treeIn} from '../../../store/layout.ts';
import {label} from '../graph/values.ts';
import {must} from '../store/rig.ts';
import {bedOf, contextFor, runOf, type Bed} from './rig.ts';

interface Settled {
  readonly verdict: string | undefined;
  /** How often it was planned again. */
  readonly rounds: number;
}

/** Plans x/a, which was built, has gc come first, and settles. */
function settled(t: ExecutionContext, gc: (bed: Bed) => void): Settled {
  const bed = bedOf(t, {'x/a': {}});
  bed.done(['x/a']);
  const wanted = closureOf(bed.graph, [label('x/a')]);
  const plan = (): Plan => makePlan(bed.graph, bed.resolver, wanted, new Set());
  const first = plan();
  t.is(first.nodes.get(label('x/a'))?.verdict, 'fresh');
  gc(bed);
  let rounds = 0;
  const context = contextFor(bed, {run: runOf(t, bed.store)});
  const last = settlePlan(context, first, () => {
    rounds += 1;
    bed.resolver.forget();
    return ok(plan());
  });
  return {verdict: must(last).nodes.get(label('x/a'))?.verdict, rounds};
}

test('nobody was at work: the plan is taken as it is', (t) => {
  t.deepEqual(
    settled(t, () => undefined),
    {verdict: 'fresh', rounds: 0},
  );
});

test('a tree has gone: it is made again', (t) => {
  const gone = settled(t, ({store, resolver}) => {
    const tree = resolver.treeOf(label('x/a'));
    if (tree !== undefined) fs.unlinkSync(treeIn(store, tree));
  });
  t.deepEqual(gone, {verdict: 'run', rounds: 1});
});

test('a record has gone, which gc takes first: its tree would be next', (t) => {
  const gone = settled(t, ({store, known}) => {
    fs.unlinkSync(recordIn(store, known('x/a').key));
  });
  t.deepEqual(gone, {verdict: 'run', rounds: 1});
});
