/**
 * A plan in which one node runs for sure, and all others that may were recalled: one file was
 * edited. Those need not be scheduled unless it comes to something else than before.
 */
import type {Label} from '../base/label.ts';
import type {Plan, PlannedNode} from './plan.ts';
import {RecalledNode} from './recalled-node.ts';

export interface LoneNode {
  readonly label: Label;
  /** The node and its downloads. */
  readonly plan: Plan;
  /** What lies above it, each after what it depends on. */
  readonly above: readonly PlannedNode[];
}

/** Undefined for other plans. */
export function loneNode({nodes}: Plan): LoneNode | undefined {
  const own: PlannedNode[] = [];
  const above: PlannedNode[] = [];
  for (const one of nodes.values()) {
    if (one.verdict === 'fresh') continue;
    if (one instanceof RecalledNode) above.push(one);
    else own.push(one);
  }
  const [lone, ...others] = own.filter((one) => one.kind !== 'fetch');
  if (lone === undefined || others.length > 0 || above.length === 0) return undefined;
  return {label: lone.label, plan: {nodes: new Map(own.map((one) => [one.label, one]))}, above};
}
