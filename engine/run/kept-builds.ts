/**
 * The build folders that are kept for tests (kept/): removes them when no test needs them.
 * How a test takes one is work-task.ts's business.
 */
import type {Label} from '../base/label.ts';
import {mayBeClaimed} from '../../store/claims.ts';
import type {RunContext} from './context.ts';
import type {IsKept} from './handover.ts';
import {type Plan, visit} from './plan-nodes.ts';
import {buildOf} from './tasks.ts';
import {dropKept} from './work-task.ts';

/** Of all tests of a run that has ended, also of those that were fresh: who ran them may have been killed. */
export async function dropAfterTests(context: RunContext, plan: Plan): Promise<void> {
  const {graph} = context;
  const tests: [Label, boolean][] = [];
  visit(graph, plan, (at, verdict) => {
    const label = graph.order[at];
    if (label !== undefined && graph.kindAt(at) === 'test')
      tests.push([label, verdict === 'fresh']);
  });
  for (const [label, wasFresh] of tests) await dropAfterTest(context, label, wasFresh);
}

async function dropAfterTest(context: RunContext, test: Label, wasFresh: boolean): Promise<void> {
  const {graph, resolver, store} = context;
  const build = buildOf(graph, test);
  const key = build === undefined ? undefined : resolver.keyOf(build.label);
  if (key === undefined) return;
  const own = resolver.keyOf(test);
  // Somebody else has it built or tested again.
  const isInUse = mayBeClaimed(store, key) || (own !== undefined && mayBeClaimed(store, own));
  if (!wasFresh || !isInUse) await dropKept(context, key);
}

/** Of a run that makes way: what the next one has no use for. */
export async function dropOutdated(
  context: RunContext,
  {nodes}: Plan,
  isWanted: IsKept,
): Promise<void> {
  for (const {label, kind} of nodes.values()) {
    const build = kind === 'test' ? buildOf(context.graph, label) : undefined;
    const key = build === undefined ? undefined : context.resolver.keyOf(build.label);
    if (build === undefined || key === undefined || isWanted(build.label, key)) continue;
    await dropKept(context, key);
  }
}
