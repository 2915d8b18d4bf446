/**
 * Gathers what the nodes of a project came to after a good run, for outcomes.ts: what was known
 * before is taken over, of the rest it is found out what it relies on. Only what has been as it is
 * since before this process began is kept of files: else what was looked at might be older.
 */
import type {ActionKey} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import type {Label} from '../base/label.ts';
import {
  isPlain,
  joined,
  rangeOf,
  settledPart,
  settledWitness,
  type Witness,
} from '../base/witness.ts';
import {ALL_KINDS, endOfEdges, firstEdge, RUNS, someEdge} from '../graph/edge-table.ts';
import type {LabelSet} from '../graph/label-table.ts';
import type {BuildGraph, FetchNode} from '../graph/model.ts';
import {guessOf} from '../run/forecast.ts';
import {pathsOf, toolsOf} from '../run/idle-inputs.ts';
import type {SourceContent} from '../run/source-content.ts';
import type {RootMark} from '../run/project-root.ts';
import type {HostTools} from '../run/knowledge.ts';
import {printOfLog} from '../../store/action-log.ts';
import {choicesFile} from '../../store/layout.ts';
import {readRecord} from '../../store/records.ts';
import {guard} from '../../store/trouble.ts';
import type {OpenWork} from './open.ts';
import {OutcomeTable, type Head, type Outcomes} from './outcome-table.ts';
import {keepOutcomes, printOfGlobs, type Recalled} from './outcomes.ts';

/**
 * After a run in which all that is wanted ended well. Gives what is kept from here on; undefined
 * where that may say less than is so.
 */
export function rememberOutcomes(
  host: Host,
  work: OpenWork,
  root: RootMark | undefined,
): Outcomes | undefined {
  const {memo, recalled} = work.outcomes;
  if (memo === undefined) return undefined;
  // What cannot be looked at any more is somebody else's to report.
  const kept = guard(work.store.root, () => {
    const outcomes = gather(host.now() - host.tick(), work, recalled, root);
    if (outcomes !== undefined && outcomes !== recalled?.outcomes) keepOutcomes(memo, outcomes);
    return outcomes;
  });
  return kept.ok ? kept.value : undefined;
}

/** `begun`: when this process began; undefined where nothing can be kept. */
function gather(
  begun: number,
  work: OpenWork,
  recalled: Recalled | undefined,
  root: RootMark | undefined,
): Outcomes | undefined {
  const {graph, knowledge, store, resolver} = work;
  const others = othersOf(work);
  const folders = settledPart(resolver.folders, begun);
  if (recalled !== undefined && isKnown(others, folders, recalled)) return recalled.outcomes;
  const last = recalled?.outcomes;
  const known = root ?? (others.length === 0 ? last?.head.root : undefined);
  const {tools, patches} = usedBy(work, others, last?.head);
  const places = [choicesFile(store), ...patches.keys(), ...knowledge.toolPlaces(tools.keys())];
  const ground = settledWitness(places, begun);
  if (ground === undefined) return undefined;
  const {table, paths} = tableOf(begun, work, others, last);
  return {
    ...{table, paths, ground, folders},
    head: {
      tools: [...tools].filter(isFound),
      patches: [...patches],
      generated: printOfGlobs(graph),
      root: known ?? null,
      log: printOfLog(store),
    },
  };
}

/** The tools and patches of all nodes: those known already, and of some what they use. */
function usedBy(
  {graph, knowledge}: OpenWork,
  others: readonly Label[],
  known: Pick<Head, 'tools' | 'patches'> = {tools: [], patches: []},
): {tools: ReadonlyMap<string, HostTools>; patches: ReadonlyMap<string, string>} {
  const tools = new Map(known.tools);
  for (const name of toolsOf(graph, others)) tools.set(name, knowledge.tools([name]));
  return {tools, patches: new Map([...known.patches, ...knowledge.prints.patches.entries()])};
}

/** One that is missing is looked for again. */
function isFound([, {problems}]: readonly [string, HostTools]): boolean {
  return problems.length === 0;
}

/** What has come to something else than is kept, and what the store has lost. */
function othersOf({graph, wanted, resolver}: OpenWork): readonly Label[] {
  const [isUsed, isSame] = [usedIn(graph, wanted), resolver.asRemembered()];
  return graph.order.filter((_label, at) => {
    if (isUsed[at] === 1) return isSame[at] !== 1;
    const row = resolver.settledRowAt(at);
    return row !== undefined && !resolver.isThere(row);
  });
}

/** What is wanted, and what that is made from, by place: 1 for each. */
function usedIn(graph: BuildGraph, wanted: LabelSet): Uint8Array {
  const edges = graph.edges();
  const used = new Uint8Array(graph.order.length);
  for (let at = 0; at < used.length; at += 1) {
    if (!wanted.hasAt(at)) continue;
    used[at] = 1;
    const end = endOfEdges(edges, at);
    for (let edge = firstEdge(edges, at); edge < end; edge += 1) used[edges.targets[edge] ?? 0] = 1;
  }
  return used;
}

/** Whether what is kept says all this already. */
function isKnown(others: readonly Label[], folders: Witness, {outcomes}: Recalled): boolean {
  return others.length === 0 && folders.paths.length === outcomes.folders.paths.length;
}

type Columns = Pick<Outcomes, 'table' | 'paths'>;

/** What is known already, changed where something is new of some nodes: nobody reads it after that. */
function tableOf(
  begun: number,
  work: OpenWork,
  others: readonly Label[],
  known: Columns | undefined,
): Columns {
  const {graph} = work;
  const table = known?.table ?? OutcomeTable.empty(graph);
  const fresh = new Map<number, Witness>();
  const owned = table.ownedByAll();
  const timeOf = timesIn(work, others.length);
  for (const label of others) {
    const at = graph.numberOf(label) ?? 0;
    if (graph.kindOf(label) !== 'fetch') noteRow(work, label, at, table, timeOf);
    else {
      const paths = noteSource(begun, work, label, at, table);
      if (paths !== undefined) fresh.set(at, paths);
    }
  }
  forgetAbove(work, others, table);
  return {table, paths: pathsOfAll(owned, known, table, fresh)};
}

/**
 * A row is what a node came to with what the rows of its inputs say. Where these are others now, or
 * what they need to run, it holds no longer, unless it was wanted, and so looked at.
 */
function forgetAbove(
  {graph, wanted}: OpenWork,
  others: readonly Label[],
  table: OutcomeTable,
): void {
  // Of these others see something else than before.
  const changed = new Uint8Array(graph.order.length);
  for (const label of others) changed[graph.numberOf(label) ?? -1] = 1;
  const edges = graph.edges();
  for (let at = 0; at < changed.length; at += 1) {
    const isLooked = wanted.hasAt(at);
    if (!someEdge(edges, at, isLooked ? RUNS : ALL_KINDS, changed, 1)) continue;
    changed[at] = 1;
    if (!isLooked) table.clear(at);
  }
}

/** So many records are read sooner than the whole log. */
const FEW = 50;

/** How long nodes took, milliseconds. */
function timesIn(
  {graph, log, project, store}: OpenWork,
  count: number,
): (label: Label, key: ActionKey) => number {
  const forecast = {graph, log, unit: project.config.sbu};
  if (count > FEW) return (label) => guessOf(forecast, label)?.milliseconds ?? 0;
  return (_label, key) => {
    const record = readRecord(store, key);
    return record.ok ? (record.value?.provenance.milliseconds ?? 0) : 0;
  };
}

function noteRow(
  {graph, wanted, resolver}: OpenWork,
  label: Label,
  at: number,
  table: OutcomeTable,
  timeOf: (label: Label, key: ActionKey) => number,
): void {
  const key = wanted.has(label) ? resolver.keyOf(label) : undefined;
  if (key === undefined) table.clear(at);
  else {
    const row = {key, tree: resolver.treeOf(label), milliseconds: timeOf(label, key)};
    table.setRow(at, graph.prints(), row);
  }
}

/** Gives the paths of a local one, where they can be relied upon. */
function noteSource(
  begun: number,
  {graph, resolver}: OpenWork,
  label: Label,
  at: number,
  table: OutcomeTable,
): Witness | undefined {
  table.clear(at);
  const node = graph.nodes.get(label);
  if (node?.kind !== 'fetch' || !resolver.isDecided(label)) return undefined;
  const content = resolver.contentOf(label);
  if (content === undefined) return undefined;
  const paths = witnessOf(node, begun);
  if (paths === undefined) table.setPastContent(at, textOf(content));
  else table.setContent(at, graph.prints(), textOf(content), paths.paths.length);
  return paths;
}

const NO_PATHS: Witness = {paths: [], prints: new Float64Array()};

function witnessOf({source}: FetchNode, begun: number): Witness | undefined {
  if (source.type !== 'path') return NO_PATHS;
  const paths = pathsOf(source);
  return paths.every(isPlain) ? settledWitness(paths, begun) : undefined;
}

function textOf(content: SourceContent): string {
  return content.type === 'file' ? `file ${content.blob}` : `tree ${content.tree}`;
}

/** The paths of all local sources in the order of the table; `owned`: how many each had. */
function pathsOfAll(
  owned: Uint32Array,
  known: Columns | undefined,
  table: OutcomeTable,
  fresh: ReadonlyMap<number, Witness>,
): Witness {
  const now = table.ownedByAll();
  const parts: Witness[] = [];
  // What is as it was is taken over in long pieces: it begins and ends between these paths.
  let [begin, end] = [0, 0];
  const take = (): void => {
    if (known !== undefined && end > begin) parts.push(rangeOf(known.paths, begin, end));
  };
  for (let at = 0; at < owned.length; at += 1) {
    const before = owned[at] ?? 0;
    const one = fresh.get(at);
    if (one !== undefined || now[at] !== before) {
      take();
      begin = end + before;
      if (one !== undefined) parts.push(one);
    }
    end += before;
  }
  take();
  return joined(parts);
}
