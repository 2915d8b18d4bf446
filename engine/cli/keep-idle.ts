/**
 * Keeps the answer of a build that found nothing to do, for the short way: idle.ts.
 * Only what has been as it is since before this process began: else what was looked at might be
 * older than what is kept of it.
 */
import type {Checked} from '../base/diagnostic.ts';
import {latest, settledWitness} from '../base/witness.ts';
import {namesIn} from '../base/files.ts';
import {everyEdge, SOURCES} from '../graph/edge-table.ts';
import {idleInputs} from '../run/idle-inputs.ts';
import {everyNode, type Plan} from '../run/plan-nodes.ts';
import {fittingKind} from '../ui/reporter.ts';
import {tellingPaths, workFolders} from '../../store/quiet.ts';
import {guard} from '../../store/trouble.ts';
import {keepIdle} from './idle.ts';
import type {OpenWork} from './open.ts';
import type {Outcomes} from './outcome-table.ts';
import type {World} from './world.ts';

/**
 * After a run; kept is the answer of one that ended well and had nothing to do. `kept`: what its
 * nodes came to, where that was kept.
 */
export function rememberIdle(
  world: World,
  work: OpenWork,
  plan: Plan,
  status: Checked<number>,
  kept: Outcomes | undefined,
): void {
  const {graph} = work;
  const isIdle = everyNode(
    graph,
    plan,
    (at, verdict) => verdict === 'fresh' && graph.kindAt(at) === 'build',
  );
  const wentWell = status.ok && status.value === 0 && !world.hasShown();
  if (world.memo === undefined || !isIdle || !wentWell || !isPlainCall(world)) return;
  // What cannot be looked at any more is somebody else's to report.
  guard(work.store.root, () => {
    const relied = kept === undefined ? 'unknown' : inputsKept(work, kept);
    if (relied === 'too young') return;
    const inputs = relied === 'unknown' ? idleInputs(work) : relied;
    keep(world, work, inputs, {fresh: plan.nodes.size, memo: world.memo ?? ''});
  });
}

/**
 * What such an answer relies on as it was just kept, which spares reading every node; the sources
 * of what is not wanted are among it. A source of which nothing but its content was kept cannot be
 * relied upon yet.
 */
function inputsKept(
  {graph, wanted, inputs}: OpenWork,
  {table, paths, ground}: Outcomes,
): readonly string[] | 'too young' | 'unknown' {
  const asWritten = table.samePrints(graph.prints());
  const edges = graph.edges();
  const isKnown = table.contentsAmong(new Uint8Array(asWritten.length).fill(1));
  const areAll = (states: Uint8Array): boolean =>
    wanted.where((at) => !everyEdge(edges, at, SOURCES, states, 1)).length === 0;
  if (!areAll(isKnown)) return 'unknown';
  return areAll(asWritten)
    ? [...new Set([...inputs, ...paths.paths, ...ground.paths])]
    : 'too young';
}

/** Whoever has edited a file will edit it again. */
const LOOKED_AT_FIRST = 16;

interface Kept {
  readonly fresh: number;
  readonly memo: string;
}

function keep(world: World, work: OpenWork, inputs: readonly string[], {fresh, memo}: Kept): void {
  const paths = [...inputs, ...tellingPaths(work.store)];
  const begun = world.host.now() - world.host.tick();
  const witness = settledWitness(paths, begun);
  const empty = workFolders(work.store);
  const isQuiet = empty.every((folder) => namesIn(folder).length === 0);
  if (!isQuiet || witness === undefined) return;
  const told = world.call.globals.quiet !== true && kindOf(world) !== 'quiet';
  const first = latest(witness, inputs.length, LOOKED_AT_FIRST);
  keepIdle(memo, {fresh, told, empty, store: work.store.root, first}, witness);
}

/** What changes nothing where nothing is to be done. */
const HARMLESS = new Set(['jobs', 'keepGoing', 'onError', 'offline', 'wait']);

/** Whether the one line is all that is wanted, and nothing is to be done whatever is there. */
function isPlainCall(world: World): boolean {
  const {json, verbose} = world.call.globals;
  const others = Object.entries(world.call.options).filter(
    ([name, value]) => !HARMLESS.has(name) && value !== undefined && value !== false,
  );
  const isPlainBuild = others.every(([name, value]) => name === 'tests' && value === 'none');
  return json !== true && verbose !== true && kindOf(world) !== 'json' && isPlainBuild;
}

function kindOf({call, host}: World): string {
  const {progress} = call.globals;
  return progress === 'auto' ? fittingKind(host) : progress;
}
