/**
 * From a plan to one that holds: plans are made from what the store has, and a gc may have been
 * at work meanwhile. So all the plan relies on is named first and then looked for once more; what
 * has gone is planned anew. Knows nothing of how plans are made.
 */
import type {Checked} from '../base/diagnostic.ts';
import {freeSpace} from '../base/files.ts';
import {blobDigest} from '../base/hash.ts';
import {ok} from '../base/result.ts';
import type {Store} from '../../store/layout.ts';
import {hasBlob} from '../../store/pool.ts';
import type {Kind, Presence} from '../../store/presence.ts';
import type {TemporaryRoot} from '../../store/protect.ts';
import {guard} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import {fetchesToLookAt} from './plan.ts';
import {lookedAt, type Plan, type PlannedNode} from './plan-nodes.ts';
import {RecalledNode} from './recalled-node.ts';
import {relyOn, rootOfSource, rootsOfResult} from './reliance.ts';

/** Every round names more, so there are few; a local folder that changes all the time ends here. */
const MOST_ROUNDS = 10;

/**
 * `replan` forgets what it knew of the store. `isHeld`: a root holds what was recalled, so that it
 * need not be named.
 */
export function settlePlan(
  context: RunContext,
  plan: Plan,
  replan: () => Checked<Plan>,
  isHeld = false,
): Checked<Plan> {
  let current = plan;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const roots = rootsOfPlan(context, current, isHeld);
    const isThere = (): boolean => {
      const presence = context.resolver.lookAgain();
      return [...roots].every(([root, before]) => isHere(context.store, presence, root, before));
    };
    const names = [...roots.keys()];
    const holds = guard(context.store.root, () => relyOn(context, names, isThere));
    if (!holds.ok) return holds;
    if (holds.value) break;
    const again = replan();
    if (!again.ok) return again;
    current = again.value;
  }
  return ok(current);
}

/** Without a setting: so much of the disk, but not more than so many bytes. */
const SHARE = 0.03;
const MOST = 2 ** 30;

/** Whether so little space is left that a build collects first: low-space.ts. */
export function isSpaceLow({store, config}: RunContext): boolean {
  const {bytes, total} = freeSpace(store.root);
  return bytes < (config.minFreeBytes ?? Math.min(MOST, total * SHARE));
}

/**
 * What is fresh or may be, and the sources at hand of what runs; of each whether it was there when
 * the folders of the store were looked at the last time.
 */
function rootsOfPlan(
  context: RunContext,
  plan: Plan,
  isHeld: boolean,
): ReadonlyMap<TemporaryRoot, boolean> {
  const {nodes} = plan;
  const roots = new Map<TemporaryRoot, boolean>();
  // What was recalled is held by the project's root already.
  for (const planned of isHeld ? lookedAt(plan) : nodes.values()) {
    const isRecalled = planned instanceof RecalledNode;
    if (planned.kind === 'fetch' || (isHeld && isRecalled)) continue;
    for (const root of outcomeOf(context, planned)) roots.set(root, isRecalled);
    if (planned.verdict === 'fresh') continue;
    for (const root of sourcesOf(context, planned, nodes)) roots.set(root, false);
  }
  return roots;
}

/** What a fresh node came to; of one that was recalled also what it will most likely come to. */
function outcomeOf({graph, resolver}: RunContext, planned: PlannedNode): readonly TemporaryRoot[] {
  const {label, verdict, key} = planned;
  if (verdict === 'fresh') return key === null ? [] : rootsOfResult(key, resolver.treeOf(label));
  const row =
    planned instanceof RecalledNode
      ? resolver.settledRowAt(graph.numberOf(label) ?? -1)
      : undefined;
  return row !== undefined && resolver.isThere(row) ? rootsOfResult(row.key, row.tree) : [];
}

function sourcesOf(
  {graph, resolver}: RunContext,
  planned: PlannedNode,
  nodes: Plan['nodes'],
): readonly TemporaryRoot[] {
  return fetchesToLookAt(graph, planned).flatMap(({label}) => {
    const content = nodes.has(label) ? undefined : resolver.contentOf(label);
    return content === undefined ? [] : [rootOfSource(content)];
  });
}

/** A record that has gone keeps its tree no longer, even where the log has a row of it. */
function isHere(store: Store, presence: Presence, root: TemporaryRoot, before: boolean): boolean {
  const digest = root.slice(root.indexOf(' ') + 1);
  const has = (kind: Kind): boolean =>
    before ? presence.hasStill(kind, digest) : presence.has(kind, digest);
  if (root.startsWith('key ')) return has('records');
  if (root.startsWith('tree ')) return has('trees');
  return !root.startsWith('blob ') || hasBlob(store, blobDigest(digest)) !== undefined;
}
