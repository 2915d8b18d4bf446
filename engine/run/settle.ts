/**
 * From a plan to one that holds: plans are made from what the store has, and a gc may have been
 * at work meanwhile. So all the plan relies on is named first and then looked for once more; what
 * has gone is planned anew. Knows nothing of how plans are made.
 */
import type {Checked} from '../base/diagnostic.ts';
import {freeSpace} from '../base/files.ts';
import {actionKey, blobDigest, treeDigest} from '../base/hash.ts';
import {ok} from '../base/result.ts';
import type {Store} from '../../store/layout.ts';
import {hasBlob} from '../../store/pool.ts';
import type {TemporaryRoot} from '../../store/protect.ts';
import {hasRecord} from '../../store/records.ts';
import {hasTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import {fetchesOf, type Plan} from './plan.ts';
import {relyOn, rootOfSource, rootsOfResult} from './reliance.ts';

/** Every round names more, so there are few; a local folder that changes all the time ends here. */
const MOST_ROUNDS = 10;

/** `replan` forgets what it knew of the store. */
export function settlePlan(
  context: RunContext,
  plan: Plan,
  replan: () => Checked<Plan>,
): Checked<Plan> {
  let current = plan;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const roots = rootsOfPlan(context, current);
    const isThere = (): boolean => roots.every((root) => isHere(context.store, root));
    const holds = guard(context.store.root, () => relyOn(context, roots, isThere));
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

/** What is fresh, and the sources at hand of what is not. */
function rootsOfPlan({graph, resolver}: RunContext, {nodes}: Plan): TemporaryRoot[] {
  const roots = new Set<TemporaryRoot>();
  for (const {label, kind, verdict, key} of nodes.values()) {
    if (kind === 'fetch') continue;
    if (verdict === 'fresh') {
      if (key === null) continue;
      for (const root of rootsOfResult(key, resolver.treeOf(label))) roots.add(root);
      continue;
    }
    for (const fetch of fetchesOf(graph, label)) {
      const content = nodes.has(fetch.label) ? undefined : resolver.contentOf(fetch.label);
      if (content !== undefined) roots.add(rootOfSource(content));
    }
  }
  return [...roots];
}

/** A record that has gone keeps its tree no longer, even where the log has a row of it. */
function isHere(store: Store, root: TemporaryRoot): boolean {
  const digest = root.slice(root.indexOf(' ') + 1);
  if (root.startsWith('key ')) return hasRecord(store, actionKey(digest));
  if (root.startsWith('tree ')) return hasTree(store, treeDigest(digest));
  return !root.startsWith('blob ') || hasBlob(store, blobDigest(digest)) !== undefined;
}
