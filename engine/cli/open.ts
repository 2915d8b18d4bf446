/**
 * Opens what commands work on, as far as each needs it: project, graph, store.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Label} from '../base/label.ts';
import {lookAt} from '../base/files.ts';
import {ok} from '../base/result.ts';
import {nextTurn} from '../base/turn.ts';
import {timed} from '../base/span.ts';
import type {BuildGraph, Node} from '../graph/model.ts';
import type {LabelSet} from '../graph/label-table.ts';
import {resolveTargets} from '../graph/targets.ts';
import type {Project} from '../load/model.ts';
import type {LoadRequest} from '../load/config.ts';
import {readPrints, type Standing} from '../run/prints.ts';
import {closureOf} from '../run/plan.ts';
import {Recollection} from '../run/recollection.ts';
import type {Knowledge} from '../run/knowledge.ts';
import {Resolver} from '../run/resolve.ts';
import {toolFinder} from '../run/tools.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {ActionLog} from '../../store/action-log.ts';
import type {RunHandle} from '../../store/claims.ts';
import {SourceChoices} from '../../store/choices.ts';
import {actionLogFile, openStore, type Store} from '../../store/layout.ts';
import {reindexLog} from '../../store/reindex.ts';
import {StatCache} from '../../store/stat-cache.ts';
import {guard} from '../../store/trouble.ts';
import {cachePlace} from './cache-place.ts';
import {recallOutcomes, type Recalled} from './outcomes.ts';
import {SHIPPED} from './shipped.ts';
import {
  keepProject,
  projectPlace,
  recallProject,
  takenOver,
  type OpenProject,
} from './project-cache.ts';
import type {World} from './world.ts';

/** A project with its store and all that is known of some labels and what they need. */
export interface OpenWork extends OpenProject {
  readonly store: Store;
  readonly log: ActionLog;
  readonly resolver: Resolver;
  readonly knowledge: Knowledge;
  readonly targets: readonly Label[];
  /** The targets and all they need, downloads left out. */
  readonly wanted: LabelSet;
  /** Where it is kept what nodes came to, and what holds of that. */
  readonly outcomes: Known;
}

interface Known {
  readonly memo: string | undefined;
  readonly recalled: Recalled | undefined;
}

/** What is not as it was, and as whom it is looked at. */
interface Change {
  readonly stale: readonly Label[] | undefined;
  readonly run: RunHandle | undefined;
  /** What of all nodes still holds. */
  readonly recollection: Recollection | undefined;
}

export function loadRequest(world: World): LoadRequest {
  const {globals, options} = world.call;
  const jobs = options['jobs'];
  return {
    cwd: world.cwd,
    host: world.host,
    shipped: SHIPPED,
    flags: {
      ...(globals.store === undefined ? {} : {store: globals.store}),
      ...(typeof jobs === 'number' ? {jobs} : {}),
      options: globals.option ?? {},
    },
  };
}

/**
 * The project as it was read the last time; what has changed since is read again. `onUnknown` is called
 * before all of it is read.
 */
export async function openProject(
  world: World,
  onUnknown?: () => void,
): Promise<Checked<OpenProject>> {
  const {engine} = world.watch;
  const request = loadRequest(world);
  const place = projectPlace(world.host, world.cwd, request.flags);
  const kept = timed(engine, 'engine', 'recall recipes', () =>
    place === undefined ? undefined : recallProject(world.host, place, world.seen),
  );
  if (kept?.changed.length === 0) return ok(kept);
  if (kept === undefined) onUnknown?.();
  const {readWhole} = await import('./read-whole.ts');
  const read = await readWhole(world, request, kept && takenOver(kept));
  const begun = world.host.now() - world.host.tick();
  if (read.ok && place !== undefined && !world.hasShown()) {
    timed(engine, 'engine', 'keep recipes', () => {
      keepProject(place, read.value, begun);
    });
  }
  return read;
}

export function openProjectStore(world: World, project: Project): Checked<Store> {
  if (world.store !== undefined) return ok(world.store);
  return openStore(project.config.storePath, ownerFor(world.host.uid));
}

/** What a caller adds on the way. */
interface Additions {
  /** Called where nothing is known of the project, before it is read. */
  readonly onUnknown?: () => void;
  /** Called as soon as the store is known, where something was seen to have changed or nothing was built yet. */
  readonly onSuspicion?: (store: Store) => void;
  /** The targets, from those the words name. */
  readonly widen?: (graph: BuildGraph, targets: readonly Label[]) => readonly Label[];
  /**
   * Called when it shows that not all is as it was, before it is looked at what has changed: gives
   * the run this process is known as.
   */
  readonly onChange?: (
    store: Store,
    stale: readonly Node[],
  ) => Promise<Checked<RunHandle | undefined>>;
}

/** Opens all that is needed to say of the words' targets whether they are fresh. */
export async function openWork(
  world: World,
  words: readonly string[],
  {widen = (_, named) => named, onUnknown, onChange, onSuspicion}: Additions = {},
): Promise<Checked<OpenWork>> {
  const opened = await openProject(world, onUnknown);
  if (!opened.ok) return opened;
  const {project, graph} = opened.value;
  const {engine} = world.watch;
  const named = timed(engine, 'engine', 'find targets', () => resolveTargets(graph, words));
  if (!named.ok) return named;
  const targets = widen(graph, named.value);
  const store = timed(engine, 'engine', 'open the store', () => openProjectStore(world, project));
  if (!store.ok) return store;
  if (world.seen !== undefined || isUnused(store.value)) onSuspicion?.(store.value);
  const wanted = closureOf(graph, targets);
  const outcomes = timed(engine, 'engine', 'recall outcomes', () =>
    recall(world, graph, store.value),
  );
  // What was begun goes on meanwhile.
  await nextTurn();
  const change = await lookForChange(graph, wanted, outcomes, (stale) =>
    onChange?.(store.value, stale),
  );
  if (!change.ok) return change;
  const known = timed(engine, 'engine', 'read log, caches and sources', () =>
    learn(world, graph, store.value, wanted, {...outcomes, ...change.value}),
  );
  if (!known.ok) return known;
  const {log} = known.value;
  const resolver = new Resolver(known.value);
  // Before anything that is found there is relied upon.
  if (outcomes.memo !== undefined) resolver.lookAgain();
  return ok({
    project,
    graph,
    get inputs() {
      return opened.value.inputs;
    },
    store: store.value,
    log,
    resolver,
    knowledge: known.value,
    targets,
    wanted,
    outcomes,
  });
}

function recall(world: World, graph: BuildGraph, store: Store): Known {
  const {flags} = loadRequest(world);
  const memo = cachePlace(world.host, 'outcomes', [world.cwd, flags, store.root]);
  if (memo === undefined) return {memo, recalled: undefined};
  return {memo, recalled: recallOutcomes(world.host, memo, graph, world.seen, store)};
}

/** What is not as it was, whatever lies below it. */
async function lookForChange(
  graph: BuildGraph,
  wanted: LabelSet,
  {recalled}: Known,
  onChange: (stale: readonly Node[]) => ReturnType<NonNullable<Additions['onChange']>> | undefined,
): Promise<Checked<Change>> {
  if (recalled === undefined) {
    return ok({stale: undefined, run: undefined, recollection: undefined});
  }
  const recollection = new Recollection(graph, recalled.remembered);
  const stale = wanted.where((at) => !recollection.isSettledAt(at));
  const nodes = stale.flatMap((label) => graph.nodes.get(label) ?? []);
  const begun = stale.length === 0 ? undefined : await onChange(nodes);
  return begun?.ok === false ? begun : ok({stale, run: begun?.value, recollection});
}

/** A log without a row is made again from the records, should there be any. */
function openLog(store: Store): ActionLog {
  const log = ActionLog.open(store);
  return log.isEmpty && reindexLog(store) > 0 ? ActionLog.open(store) : log;
}

function learn(
  world: World,
  graph: BuildGraph,
  store: Store,
  wanted: ReadonlySet<Label>,
  {recalled, stale, run, recollection}: Pick<Known, 'recalled'> & Change,
): Checked<Knowledge> {
  const memory = openMemory(store, recalled !== undefined);
  if (!memory.ok || recalled === undefined) {
    return memory.ok ? learnWith(world, graph, memory.value, wanted) : memory;
  }
  const known = learnWith(world, graph, memory.value, new Set(stale), {run});
  if (!known.ok) return known;
  const {paths, patches} = known.value.prints;
  return ok({
    ...known.value,
    ...toolFinder(world.host, memory.value.cache, recalled.outcomes.head.tools),
    recollection,
    prints: {
      paths: {get: (label) => paths.get(label) ?? recalled.prints.paths.get(label)},
      patches: new Map([...recalled.prints.patches, ...patches]),
    },
    importAgain: () => {
      const again = readPrints(graph, wanted, store, memory.value.cache, world.host);
      return again.ok ? ok(undefined) : again;
    },
  });
}

/** What is read of a store once, and kept up from then on. */
export interface StoreMemory {
  readonly store: Store;
  readonly log: ActionLog;
  readonly cache: StatCache;
}

/** `later`: the log is read when it is first asked something, where it seems to be there. */
export function openMemory(store: Store, later = false): Checked<StoreMemory> {
  return guard(store.root, () => {
    const log = later && hasRows(store) ? ActionLog.open(store) : openLog(store);
    return {store, log, cache: StatCache.load(store)};
  });
}

/** Whether nothing was ever built there, as far as one can see. */
function isUnused(store: Store): boolean {
  const used = guard(store.root, () => hasRows(store));
  return used.ok && !used.value;
}

/** Whether the log seems to be there: it says of each build what it came to. */
function hasRows(store: Store): boolean {
  const stat = lookAt(actionLogFile(store));
  return stat?.isFile() === true && stat.size > 0;
}

export function learnWith(
  world: World,
  graph: BuildGraph,
  {store, log, cache}: StoreMemory,
  wanted: ReadonlySet<Label>,
  standing: Standing = {},
): Checked<Knowledge> {
  const chosen = guard(store.root, () => SourceChoices.open(store));
  if (!chosen.ok) return chosen;
  const choices = chosen.value;
  const prints = readPrints(graph, wanted, store, cache, world.host, standing);
  if (!prints.ok) return prints;
  return ok({
    graph,
    prints: prints.value,
    store,
    log,
    choices,
    ...toolFinder(world.host, cache),
    saveCache: () => {
      cache.save();
    },
    importAgain: () => {
      const again = readPrints(graph, wanted, store, cache, world.host);
      return again.ok ? ok(undefined) : again;
    },
  });
}
