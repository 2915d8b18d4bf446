/**
 * What a build of some targets will do, node by node, before anything runs: run, maybe, fresh.
 * After the run every `run` ran and nothing `fresh` did; `maybe` lies below one that runs.
 * Starts nothing and writes nothing.
 */
import type {NodeKind} from '../base/event.ts';
import type {ActionKey, RecipeKey} from '../base/hash.ts';
import {buildLabel, type Label} from '../base/label.ts';
import {unreachable} from '../base/result.ts';
import type {BuildGraph, BuildNode, FetchNode, Node, TestNode} from '../graph/model.ts';
import type {Resolution, Resolver} from './resolve.ts';

export type Verdict = 'run' | 'maybe' | 'fresh';

export interface PlannedNode {
  readonly label: Label;
  readonly kind: NodeKind;
  readonly verdict: Verdict;
  readonly recipeKey: RecipeKey | null;
  /** Null while an input is not known. */
  readonly key: ActionKey | null;
  /** Why it runs, in a few words; null for a fresh one. */
  readonly reason: string | null;
}

export interface Plan {
  /** Each node after its dependencies; downloads only where something may need them. */
  readonly nodes: ReadonlyMap<Label, PlannedNode>;
}

/** Decides for the wanted nodes and all they need; `forced` ones run whatever the store has. */
export function makePlan(
  graph: BuildGraph,
  resolver: Resolver,
  wanted: ReadonlySet<Label>,
  forced: ReadonlySet<Label>,
): Plan {
  const work = new Map<Label, PlannedNode>();
  for (const label of graph.order) {
    const node = graph.nodes.get(label);
    if (node === undefined || node.kind === 'fetch' || !wanted.has(label)) continue;
    work.set(label, planNode(node, resolver, work, forced));
  }
  const nodes = new Map([...plannedFetches(graph, resolver, work), ...work]);
  return {nodes: inOrder(graph, nodes)};
}

function planNode(
  node: BuildNode | TestNode,
  resolver: Resolver,
  work: ReadonlyMap<Label, PlannedNode>,
  forced: ReadonlySet<Label>,
): PlannedNode {
  const resolution = resolver.resolve(node);
  const recipeKey = resolver.recipeKeyOf(node.label);
  const base = {label: node.label, kind: node.kind, recipeKey};
  if (resolution.type === 'known') {
    if (!forced.has(node.label) && resolver.isDone(node, resolution.key)) {
      return {...base, verdict: 'fresh', key: resolution.key, reason: null};
    }
    const reason = forced.has(node.label) ? 'forced' : resolver.reason(node, resolution);
    return {...base, verdict: 'run', key: resolution.key, reason};
  }
  return {...base, key: null, ...openVerdict(node, resolver, resolution, work, forced)};
}

/** A node with unknown inputs surely runs when nothing was ever built from what is written. */
function openVerdict(
  node: BuildNode | TestNode,
  resolver: Resolver,
  resolution: Extract<Resolution, {type: 'open'}>,
  work: ReadonlyMap<Label, PlannedNode>,
  forced: ReadonlySet<Label>,
): {verdict: Verdict; reason: string} {
  if (forced.has(node.label)) return {verdict: 'run', reason: 'forced'};
  if (!resolver.wasBuilt(node)) return {verdict: 'run', reason: resolver.reason(node, undefined)};
  const below = resolution.on.find((label) => work.get(label) !== undefined);
  const text = below === undefined ? 'its source is not chosen yet' : `below ${below}`;
  return {verdict: 'maybe', reason: text};
}

/** Downloads for what runs or may run: as certain as the surest of those that need them. */
function plannedFetches(
  graph: BuildGraph,
  resolver: Resolver,
  work: ReadonlyMap<Label, PlannedNode>,
): Map<Label, PlannedNode> {
  const fetches = new Map<Label, PlannedNode>();
  for (const planned of work.values()) {
    if (planned.verdict === 'fresh') continue;
    for (const fetch of fetchesOf(graph, planned.label)) {
      if (
        resolver.isHere(resolver.contentOf(fetch.label)) ||
        fetches.get(fetch.label)?.verdict === 'run'
      )
        continue;
      const reason = `${planned.label} needs it`;
      const {verdict} = planned;
      fetches.set(fetch.label, {
        label: fetch.label,
        kind: 'fetch',
        verdict,
        recipeKey: null,
        key: null,
        reason,
      });
    }
  }
  return fetches;
}

/** The downloads a build, or the build a test checks, is made from. */
export function fetchesOf(graph: BuildGraph, label: Label): readonly FetchNode[] {
  const node = graph.nodes.get(buildLabel(label));
  if (node?.kind !== 'build') return [];
  return node.fetches.map((one) => graph.nodes.get(one)).filter((one) => one?.kind === 'fetch');
}

function inOrder(
  graph: BuildGraph,
  nodes: ReadonlyMap<Label, PlannedNode>,
): Map<Label, PlannedNode> {
  const sorted = new Map<Label, PlannedNode>();
  for (const label of graph.order) {
    const planned = nodes.get(label);
    if (planned !== undefined) sorted.set(label, planned);
  }
  return sorted;
}

/** The targets and everything they need; fetch nodes are left to the plan. */
export function closureOf(graph: BuildGraph, targets: readonly Label[]): ReadonlySet<Label> {
  const seen = new Set<Label>();
  const stack = [...targets];
  for (let label = stack.pop(); label !== undefined; label = stack.pop()) {
    const node = graph.nodes.get(label);
    if (node === undefined || seen.has(label) || node.kind === 'fetch') continue;
    seen.add(label);
    stack.push(...node.dependencies.map((edge) => edge.to));
  }
  return seen;
}

/** The labels that must end well before a node can be decided, downloads left out. */
export function needsOf(node: Node): readonly Label[] {
  switch (node.kind) {
    case 'fetch':
      return [];
    case 'build':
    case 'test':
      return node.dependencies.filter((edge) => edge.kind !== 'source').map((edge) => edge.to);
    default:
      return unreachable(node);
  }
}
