/**
 * What a build of some targets will do, node by node, before anything runs: run, maybe, fresh.
 * After the run every `run` ran and nothing `fresh` did; `maybe` lies below one that runs.
 * Starts nothing and writes nothing.
 */
import {buildLabel, type Label} from '../base/label.ts';
import {Bug, unreachable} from '../base/result.ts';
import {endOfEdges, firstEdge, SOURCES} from '../graph/edge-table.ts';
import type {BuildGraph, BuildNode, FetchNode, Node, TestNode} from '../graph/model.ts';
import {labelAt, LabelSet} from '../graph/label-table.ts';
import {PlanNodes, type Plan, type PlannedNode, type Verdict} from './plan-nodes.ts';
import {OpenNodes, RecalledNode, type Answers} from './recalled-node.ts';
import type {Resolution, Resolver} from './resolve.ts';

/** What runs whatever the store seems to have. */
export interface Demands {
  /** Asked for. */
  readonly forced: ReadonlySet<Label>;
  /** What the store has of these, builds and sources, is damaged. */
  readonly damaged: ReadonlySet<Label>;
}

const NONE: ReadonlySet<Label> = new Set();

/** Whether a node is in the plan. */
type IsPlanned = (label: Label) => boolean;

/** Decides for the wanted nodes and all they need; `forced` ones run whatever the store has. */
export function makePlan(
  graph: BuildGraph,
  resolver: Resolver,
  wanted: LabelSet,
  forced: ReadonlySet<Label>,
  damaged: ReadonlySet<Label> = NONE,
): Plan {
  const work: PlanNodes = new PlanNodes(
    graph,
    recaller(graph, resolver, (label) => work.has(label)),
  );
  const demands = {forced, damaged};
  const open = new OpenNodes(graph);
  graph.order.forEach((label, at) => {
    if (!wanted.hasAt(at) || graph.kindAt(at) === 'fetch') return;
    const isAbove = open.isBelow(at);
    if (demand(demands, label) === undefined && isRecalled(resolver, at, isAbove)) {
      const isLocal = isAbove && hasLocalSources(graph, resolver, label, at);
      work.recallAt(at, isAbove ? 'maybe' : 'fresh', isLocal);
      open.note(at, isAbove);
      return;
    }
    const planned = planNode(workNode(graph, label), resolver, work, demands);
    work.setAt(at, planned);
    open.note(at, planned.verdict !== 'fresh');
  });
  for (const fetch of plannedFetches(graph, resolver, work, damaged).values()) {
    work.setAt(graph.numberOf(fetch.label) ?? -1, fetch);
  }
  return {nodes: work};
}

/**
 * The short way to what a node will do: it is written as it was the last time. `isAbove`: something
 * below it is open.
 */
function isRecalled(resolver: Resolver, at: number, isAbove: boolean): boolean {
  return resolver.isSettledAt(at) && (isAbove || resolver.recallDoneAt(at));
}

/** Makes such nodes when they are asked for. */
function recaller(
  graph: BuildGraph,
  resolver: Resolver,
  isPlanned: IsPlanned,
): ConstructorParameters<typeof PlanNodes>[1] {
  const answers: Answers = {
    key: (label) => resolver.keyOf(label) ?? null,
    recipeKey: (label) => resolver.recipeKeyOf(label),
    reason: (label) => {
      const resolution = resolver.resolve(workNode(graph, label));
      return resolution.type === 'open' ? openReason(resolution, isPlanned) : null;
    },
  };
  return (at, verdict, isLocal) => {
    const label = labelAt(graph, at);
    return new RecalledNode({label, at}, graph.kindAt(at), verdict, isLocal, answers);
  };
}

function hasLocalSources(graph: BuildGraph, resolver: Resolver, label: Label, at: number): boolean {
  const build = graph.kindAt(at) === 'build' ? at : graph.numberOf(buildLabel(label));
  return resolver.hasLocalSourcesAt(build ?? at);
}

function workNode(graph: BuildGraph, label: Label): BuildNode | TestNode {
  const node = graph.nodes.get(label);
  if (node === undefined || node.kind === 'fetch') throw new Bug(`${label} is nothing to plan`);
  return node;
}

/** Why a node runs that would be fresh by its key. */
function demand({forced, damaged}: Demands, label: Label): string | undefined {
  if (damaged.has(label)) return 'its output is damaged';
  return forced.has(label) ? 'forced' : undefined;
}

function planNode(
  node: BuildNode | TestNode,
  resolver: Resolver,
  work: ReadonlyMap<Label, PlannedNode>,
  demands: Demands,
): PlannedNode {
  const demanded = demand(demands, node.label);
  const recipeKey = resolver.recipeKeyOf(node.label);
  const base = {label: node.label, kind: node.kind, recipeKey};
  // What is below a node of a long chain need not be listed for each of them.
  if (demanded === undefined && isBelowOpen(node, resolver) && !resolver.wasBuilt(node)) {
    return {...base, key: null, verdict: 'run', reason: resolver.reason(node, undefined)};
  }
  const resolution = resolver.resolve(node);
  if (resolution.type === 'known') {
    if (demanded === undefined && resolver.isDone(node, resolution.key)) {
      return {...base, verdict: 'fresh', key: resolution.key, reason: null};
    }
    // Told when it starts: it takes the log and a record.
    let reason: string | undefined = demanded;
    const {key} = resolution;
    return {
      ...{...base, verdict: 'run', key},
      get reason() {
        return (reason ??= resolver.reason(node, resolution));
      },
    };
  }
  return {...base, key: null, ...openVerdict(node, resolver, resolution, work, demanded)};
}

/** Whether something the node is laid on is not known yet, so that its key is not. */
function isBelowOpen(node: BuildNode | TestNode, resolver: Resolver): boolean {
  if (node.kind !== 'build') return false;
  const laid = node.needs.filter((need) => need.for !== 'run').map(({to}) => to);
  const all = node.base === undefined ? laid : [node.base, ...laid];
  return all.some((label) => resolver.treeOf(label) === undefined);
}

/** A node with unknown inputs surely runs when nothing was ever built from what is written. */
function openVerdict(
  node: BuildNode | TestNode,
  resolver: Resolver,
  resolution: Extract<Resolution, {type: 'open'}>,
  work: ReadonlyMap<Label, PlannedNode>,
  demanded: string | undefined,
): {verdict: Verdict; reason: string} {
  if (demanded !== undefined) return {verdict: 'run', reason: demanded};
  if (!resolver.wasBuilt(node)) return {verdict: 'run', reason: resolver.reason(node, undefined)};
  return {verdict: 'maybe', reason: openReason(resolution, (label) => work.has(label))};
}

function openReason({on}: Extract<Resolution, {type: 'open'}>, isPlanned: IsPlanned): string {
  const below = on.find(isPlanned);
  return below === undefined ? 'its source is not chosen yet' : `below ${below}`;
}

/** Downloads for what runs or may run: as certain as the surest of those that need them. */
function plannedFetches(
  graph: BuildGraph,
  resolver: Resolver,
  work: PlanNodes,
  damaged: ReadonlySet<Label>,
): Map<Label, PlannedNode> {
  const fetches = new Map<Label, PlannedNode>();
  for (const planned of work.lookedAt) {
    if (planned.verdict === 'fresh') continue;
    for (const fetch of fetchesToLookAt(graph, planned)) {
      const isHere = !damaged.has(fetch.label) && resolver.isHere(resolver.contentOf(fetch.label));
      if (isHere || fetches.get(fetch.label)?.verdict === 'run') continue;
      const reason = damaged.has(fetch.label) ? 'it is damaged' : `${planned.label} needs it`;
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

/**
 * The sources of a node that may be missing. Local folders of one that was recalled are looked at
 * when it turns out to run: there are many of these, and few of them run.
 */
export function fetchesToLookAt(graph: BuildGraph, planned: PlannedNode): readonly FetchNode[] {
  const isLeft = planned instanceof RecalledNode && planned.isLocal;
  return isLeft ? [] : fetchesOf(graph, planned.label);
}

/** The downloads a build, or the build a test checks, is made from. */
export function fetchesOf(graph: BuildGraph, label: Label): readonly FetchNode[] {
  const node = graph.nodes.get(buildLabel(label));
  if (node?.kind !== 'build') return [];
  return node.fetches.map((one) => graph.nodes.get(one)).filter((one) => one?.kind === 'fetch');
}

/** The targets and everything they need; fetch nodes are left to the plan. */
export function closureOf(graph: BuildGraph, targets: readonly Label[]): LabelSet {
  const edges = graph.edges();
  const {targets: to, kinds} = edges;
  const isIn = new Uint8Array(graph.order.length);
  for (const label of targets) {
    const at = graph.numberOf(label);
    if (at !== undefined && graph.kindAt(at) !== 'fetch') isIn[at] = 1;
  }
  // From the last on: whoever depends on a node comes after it.
  for (let at = isIn.length - 1; at >= 0; at -= 1) {
    if (isIn[at] === 0) continue;
    const end = endOfEdges(edges, at);
    for (let edge = firstEdge(edges, at); edge < end; edge += 1) {
      if (((SOURCES >> (kinds[edge] ?? 0)) & 1) === 0) isIn[to[edge] ?? 0] = 1;
    }
  }
  return new LabelSet(graph, isIn);
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
