/**
 * What turns out to be fresh on the way and is used by what runs: whether it is whole.
 * The plan has looked at what was fresh from the start; this looks at the rest.
 */
import {warning} from '../base/diagnostic.ts';
import type {Label} from '../base/label.ts';
import {guard} from '../../store/trouble.ts';
import {describeDamage} from '../../store/verified.ts';
import type {RunContext} from './context.ts';
import type {Plan} from './plan-nodes.ts';
import {damagedTrees} from './sound-plan.ts';

/** Whether it must be made again, of which people are told. */
export function isDamagedInUse(context: RunContext, plan: Plan, label: Label): boolean {
  return isUsed(context, plan, label) && isDamaged(context, label);
}

/** Whether something runs for sure that stands on this node. */
function isUsed({graph}: RunContext, plan: Plan, label: Label): boolean {
  return graph.dependents(label).some((one) => plan.nodes.get(one)?.verdict === 'run');
}

function isDamaged({store, resolver, listener}: RunContext, label: Label): boolean {
  const looked = guard(store.root, () => damagedTrees(store, resolver, [label], 'mend'));
  // Where nothing can be read, whatever uses it says so.
  const damage = looked.ok ? looked.value.get(label) : undefined;
  if (damage === undefined) return false;
  const warned = warning('store/damaged', describeDamage(label, damage));
  listener({type: 'diagnostic', diagnostic: warned});
  return true;
}
