/**
 * A plan that trusts nothing unseen: what nodes that run are made from is looked at first, and
 * what is damaged is made or fetched again by the same plan. What is fresh and used by nothing
 * costs nothing. How things are looked at: store/verified.ts.
 */
import {warning, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {layersOf, withRunClosure} from '../graph/closure.ts';
import type {LabelSet} from '../graph/label-table.ts';
import type {BuildGraph, BuildNode, FetchNode} from '../graph/model.ts';
import type {Store} from '../../store/layout.ts';
import {hasTree} from '../../store/trees.ts';
import {guard, StoreFault} from '../../store/trouble.ts';
import {
  checkBlobs,
  checkTrees,
  damageOf,
  describeDamage,
  type Damage,
  type Manner,
} from '../../store/verified.ts';
import type {SourceContent} from './source-content.ts';
import {fetchesOf, fetchesToLookAt, makePlan} from './plan.ts';
import {lookedAt, type Plan} from './plan-nodes.ts';
import {RecalledNode} from './recalled-node.ts';
import {sparedTrees} from './root-memory.ts';
import type {Resolver} from './resolve.ts';

/** What a plan is made from. */
export interface Ground {
  readonly graph: BuildGraph;
  readonly resolver: Resolver;
  readonly store: Store;
  readonly wanted: LabelSet;
}

export interface SoundPlan {
  readonly plan: Plan;
  /** What was found damaged, as warnings. */
  readonly warnings: readonly Diagnostic[];
}

/** With `look` nothing is changed: the plan is what one with `mend` would come to. */
export function makeSoundPlan(
  ground: Ground,
  forced: ReadonlySet<Label>,
  manner: Manner,
): Checked<SoundPlan> {
  return guard(ground.store.root, () => {
    const {graph, resolver, wanted} = ground;
    const damaged = new Set<Label>();
    const warnings: Diagnostic[] = [];
    let imported = false;
    for (;;) {
      const plan = makePlan(graph, resolver, wanted, forced, damaged);
      const lost = lookedAt(plan).filter((one) => one.kind === 'fetch');
      if (!imported && lost.some((one) => resolver.isLocal(one.label))) {
        // They are as they were when they were imported, but the store has lost them.
        imported = true;
        const again = resolver.importAgain();
        if (!again.ok) throw new StoreFault(again.error);
        resolver.forget();
        continue;
      }
      const found = lookAtInputs(ground, plan, damaged, manner);
      warnings.push(...found.warnings);
      if (found.damaged.size === 0) return {plan, warnings};
      for (const label of found.damaged) damaged.add(label);
      // Whatever stands on a damaged thing is open again.
      resolver.forget();
    }
  });
}

/** The trees of some labels, as far as they are known: what is wrong with them, by label. */
export function damagedTrees(
  store: Store,
  resolver: Resolver,
  labels: Iterable<Label>,
  manner: Manner,
): ReadonlyMap<Label, readonly Damage[]> {
  const owners = new Map<Label, TreeDigest>();
  for (const label of labels) {
    const tree = resolver.treeOf(label);
    if (tree !== undefined) owners.set(label, tree);
  }
  const damaged = checkTrees(store, owners.values(), manner);
  const found = new Map<Label, readonly Damage[]>();
  for (const [label, tree] of owners) {
    const damage = damaged.get(tree);
    if (damage !== undefined) found.set(label, damage);
  }
  return found;
}

/** What is to be said of something that is made again, or would be. */
function warn(label: Label, damage: readonly Damage[], manner: Manner): Diagnostic {
  const does = manner === 'mend' ? 'is' : 'will be';
  const {message, notes} = damageOf(label, damage);
  const hint = `${label} ${does} built again`;
  return warning('store/damaged', message, {hint, ...(notes === undefined ? {} : {notes})});
}

interface Found {
  /** What is to be made or fetched again. */
  readonly damaged: ReadonlySet<Label>;
  readonly warnings: readonly Diagnostic[];
}

function layersToLookAt({graph, resolver, store}: Ground, node: BuildNode): readonly Label[] {
  const isSpared = sparedTrees(store, node, resolver.keyOf(node.label));
  return layersOf(graph, node.label).layers.filter((label) => {
    const tree = resolver.treeOf(label);
    return tree !== undefined && !isSpared(tree);
  });
}

/** The damaged ones among what nodes that run, or may, are made from; those known are left out. */
function lookAtInputs(
  ground: Ground,
  plan: Plan,
  known: ReadonlySet<Label>,
  manner: Manner,
): Found {
  const {graph, resolver, store} = ground;
  const below = new Set<Label>();
  const rootLayers: Label[] = [];
  const sources = new Map<Label, FetchNode>();
  for (const planned of lookedAt(plan)) {
    if (planned.verdict === 'fresh' || planned.kind === 'fetch') continue;
    // Few of those that were recalled run, and who runs looks at its layers.
    if (!(planned instanceof RecalledNode)) {
      const node = graph.nodes.get(planned.label);
      if (node?.kind === 'build' && node.root !== undefined) {
        rootLayers.push(...layersToLookAt(ground, node));
      } else for (const one of graph.targetsOf(planned.label)) below.add(one);
    }
    for (const one of fetchesToLookAt(graph, planned)) sources.set(one.label, one);
  }
  const isFresh = (label: Label): boolean => plan.nodes.get(label)?.verdict === 'fresh';
  // With what these need to run, that is every layer of what runs.
  const layers = withRunClosure(graph, [...below].filter(isFresh));
  const fresh = [...new Set([...layers, ...rootLayers])].filter(
    (label) => !known.has(label) && isFresh(label),
  );
  const trees = damagedTrees(store, resolver, fresh, manner);
  const unseen = [...sources.values()].filter((one) => !known.has(one.label));
  const fetched = lookAtSources(ground, unseen, manner);
  return {
    damaged: new Set([...trees.keys(), ...fetched.damaged]),
    warnings: [
      ...[...trees].map(([label, damage]) => warn(label, damage, manner)),
      ...fetched.warnings,
    ],
  };
}

/**
 * The local sources of a node that turns out to run, which the plan did not look at: the warnings
 * of what was damaged and is imported again, as what is missing is.
 */
export function mendLocalSources(
  ground: Pick<Ground, 'graph' | 'resolver' | 'store'>,
  label: Label,
): Checked<readonly Diagnostic[]> {
  const {graph, resolver, store} = ground;
  return guard(store.root, () => {
    const local = fetchesOf(graph, label).filter((one) => resolver.isLocal(one.label));
    const isHere = local.every((one) => resolver.isHere(resolver.contentOf(one.label)));
    if (!isHere) resolver.importAgain();
    return lookAtSources(ground, local, 'mend').warnings;
  });
}

/** A damaged download is fetched again; a local folder is imported again at once. */
type Places = Pick<Ground, 'resolver' | 'store'>;

function lookAtSources(ground: Places, sources: readonly FetchNode[], manner: Manner): Found {
  const damaged = new Set<Label>();
  const warnings: Diagnostic[] = [];
  let local = false;
  for (const {label, source} of sources) {
    const content = ground.resolver.contentOf(label);
    const problem = content && sourceDamage(ground.store, label, content, manner);
    if (problem === undefined) continue;
    const isPath = source.type === 'path';
    if (isPath) local = true;
    else damaged.add(label);
    const does = `it ${manner === 'mend' ? 'is' : 'will be'} ${isPath ? 'imported' : 'fetched'}`;
    warnings.push(warning('store/damaged', problem, {hint: `${does} again`, at: source.at}));
  }
  // Where that fails, the node that needs it says so.
  if (local && manner === 'mend') ground.resolver.importAgain();
  return {damaged, warnings};
}

function sourceDamage(
  store: Store,
  label: Label,
  content: SourceContent,
  manner: Manner,
): string | undefined {
  if (content.type === 'file') {
    if (checkBlobs(store, [content.blob], manner).size === 0) return undefined;
    return describeDamage(label, [{digest: content.blob, path: 'the file', why: 'damaged'}]);
  }
  // What is not here is fetched anyway.
  if (!hasTree(store, content.tree)) return undefined;
  const damage = checkTrees(store, [content.tree], manner).get(content.tree);
  return damage === undefined ? undefined : describeDamage(label, damage);
}
