/**
 * Runs one build or test in the sandbox and records how it ended.
 * Order and tokens are the scheduler's business, keys the resolver's.
 */
import {fail, problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import type {Failure} from '../base/event.ts';
import {exists, readFile, unless} from '../base/files.ts';
import type {ActionKey, TreeDigest} from '../base/hash.ts';
import {err, ok, type Result} from '../base/result.ts';
import {timed} from '../base/span.ts';
import type {BuildNode, TestNode} from '../graph/model.ts';
import type {RootChange} from '../graph/root-parts.ts';
import type {BuildRequest, IdMode, JobResult, JobSpec} from '../sandbox/protocol.ts';
import type {JobReply, Worker} from '../sandbox/worker-process.ts';
import {formatOf} from '../source/archive-check.ts';
import {checkStoredArchive} from '../source/archive-verdict.ts';
import {keptIn, logIn} from '../../store/layout.ts';
import {putBytes} from '../../store/pool.ts';
import {readTree} from '../../store/trees.ts';
import {guard, guardLater} from '../../store/trouble.ts';
import {addMarks, checkBlobs, checkTrees, describeDamage, trustTree} from '../../store/verified.ts';
import {findConflicts, type LayerTree} from './conflicts.ts';
import type {RunContext} from './context.ts';
import {buildSpec, testSpec, triggerSpec} from './job-spec.ts';
import {lastLines, newLogName} from './logs.ts';
import {record, type Ran} from './record.ts';
import type {Resolution} from './resolve.ts';
import {forgetRoot, rememberRoot, sparedTrees} from './root-memory.ts';
import {layRoot, withChanges, writeLog, type LaidRoot} from './root-work.ts';
import {undeclaredNeeds} from './undeclared.ts';

type Known = Extract<Resolution, {type: 'known'}>;

/** A build or test that is about to run. */
export interface Job {
  readonly node: BuildNode | TestNode;
  /** The build itself, or the one the test checks. */
  readonly build: BuildNode;
  readonly known: Known;
  readonly jobs: number;
  /** Whether much else is ready to run. */
  readonly isPatient: () => boolean;
  /** Its test runs later in this run: keep /build for it. */
  readonly keepBuild: boolean;
  /** The job is under way: tokens and kill go by this. */
  readonly onStart: (worker: Worker, id: number, log: string) => void;
  readonly onReply: (reply: JobReply) => void;
}

/** The tree of a good end (none for a test), or why it failed. */
export type WorkEnd = Result<TreeDigest | undefined, Failure>;

export async function work(context: RunContext, job: Job): Promise<WorkEnd> {
  const watch = context.watch.of(job.node.label);
  if (job.build.build.root !== undefined) return workRoot(context, job);
  const stored = timed(watch, 'prepare', 'store patches', () => storePatches(context, job));
  if (!stored.ok) return failure(stored.error, {machine: false});
  const refused = await timed(watch, 'prepare', 'check inputs', () => inputTrouble(context, job));
  if (refused.length > 0) return failure(refused, {machine: false});
  const worker = await timed(watch, 'wait', 'wait for the worker', () => context.worker.get());
  if (!worker.ok) return failure(worker.error, {machine: true});
  const request = requestFor(context, job);
  const ended = await timed(watch, 'prepare', 'in the worker', () =>
    runIn(worker.value, job, request),
  );
  if (!ended.ok) return failure(ended.error, {machine: true, logFile: logFileOf(context, request)});
  context.watch.used(job.node.label, ended.value.usage);
  return finish(context, job, request, ended.value, worker.value.idMode);
}

function runIn(worker: Worker, job: Job, request: Requested): Promise<Checked<JobResult>> {
  const {id, result} = worker.build(request, job.onReply);
  job.onStart(worker, id, logNameOf(request));
  return result;
}

/**
 * Layers may be spared a look where the root is only laid together. Where something runs in it at
 * once, or where it could not be laid together, all are looked at.
 */
function layLookedAt(context: RunContext, job: Job): Checked<LaidRoot> {
  const watch = context.watch.of(job.node.label);
  const isSpared = sparedTrees(context.store, job.build, job.known.key);
  const damaged = timed(watch, 'prepare', 'check inputs', () =>
    damagedLayers(context, job, isSpared),
  );
  if (damaged.length > 0) return err(damaged);
  const laid = timed(watch, 'run', 'lay layers', () =>
    layRoot(context, job.build, job.known.inputs),
  );
  const isOnlyLaid = laid.ok && laid.value.triggers.length === 0;
  const unseen = isOnlyLaid ? [] : damagedLayers(context, job);
  return unseen.length > 0 ? err(unseen) : laid;
}

/** A root is laid together here; only its triggers need a sandbox. */
async function workRoot(context: RunContext, job: Job): Promise<WorkEnd> {
  const watch = context.watch.of(job.node.label);
  const since = context.host.tick();
  const laid = layLookedAt(context, job);
  if (!laid.ok) return failure(laid.error, {machine: false});
  const {tree, triggers, said} = laid.value;
  const request = requestFor(context, job, laid.value);
  if (triggers.length === 0) {
    const written = writeLog(context, logNameOf(request), said);
    if (!written.ok) return failure(written.error, {machine: true});
    const milliseconds = context.host.tick() - since;
    const usage = {milliseconds, cpuMilliseconds: milliseconds, peakBytes: 0};
    const result = {outcome: 'ok', tree, warnings: [], usage, copiedRoot: false} as const;
    return finish(context, job, request, result, 'range', laid.value);
  }
  const worker = await timed(watch, 'wait', 'wait for the worker', () => context.worker.get());
  if (!worker.ok) return failure(worker.error, {machine: true});
  const ended = await runIn(worker.value, job, request);
  if (!ended.ok) return failure(ended.error, {machine: true, logFile: logFileOf(context, request)});
  context.watch.used(job.node.label, ended.value.usage);
  const result = ended.value;
  if (result.outcome === 'failed' || result.tree === undefined) {
    return finish(context, job, request, result, worker.value.idMode);
  }
  const whole = withChanges(context, job.build, tree, result.tree);
  if (!whole.ok) return failure(whole.error, {machine: true});
  const ran = {...result, tree: whole.value};
  return finish(context, job, request, ran, worker.value.idMode, laid.value);
}

/** Patches lie in the store like sources: what is applied is what the key says. */
function storePatches(context: RunContext, {build, known}: Job): Checked<undefined> {
  for (const [at, patch] of build.build.patches.entries()) {
    const digest = known.inputs.patches[at];
    const bytes = unless(['ENOENT', 'EISDIR', 'EACCES'], () => readFile(patch.file));
    if (bytes === undefined) {
      return fail('source/changed', `${patch.file} cannot be read any more`, {at: patch.at});
    }
    const stored = guard(patch.file, () => {
      // A damaged copy is set aside, and another one takes its place.
      if (digest !== undefined) checkBlobs(context.store, [digest], 'mend');
      return putBytes(context.store, bytes, 0o644);
    });
    if (!stored.ok) return stored;
    if (stored.value !== digest) {
      return fail('source/changed', `${patch.file} changed while it was used`, {at: patch.at});
    }
  }
  return ok(undefined);
}

/** What can be seen wrong before the sandbox is entered: hostile archives, layers that clash. */
async function inputTrouble(context: RunContext, job: Job): Promise<readonly Diagnostic[]> {
  const {build, known} = job;
  const found: Diagnostic[] = [...layerTrouble(context, job)];
  for (const [at, source] of build.build.sources.entries()) {
    const content = known.inputs.sources[at];
    const {name, unpack} = source.placement;
    const format = formatOf(name);
    if (content?.type !== 'file' || unpack === false || format === undefined) continue;
    const checked = await checkStoredArchive(context.store, content.blob, format, name);
    if (!checked.ok) found.push(...checked.error.map((one) => ({...one, at: one.at ?? source.at})));
  }
  return found;
}

function layerTrouble(context: RunContext, job: Job): readonly Diagnostic[] {
  const {layers, baseLayers} = job.known.inputs;
  const damaged = damagedLayers(context, job);
  if (damaged.length > 0) return damaged;
  const trees: LayerTree[] = [];
  for (const {owner, tree} of layers) {
    const entries = readTree(context.store, tree);
    if (!entries.ok) return entries.error;
    const node = context.graph.nodes.get(owner);
    const replaces = node?.kind === 'build' ? node.replaces : [];
    trees.push({owner, entries: entries.value, replaces});
  }
  return findConflicts(job.node.label, trees, baseLayers).map((one) => ({
    ...one,
    at: job.build.build.at,
  }));
}

/**
 * The plan has looked at what was fresh; this finds what was `maybe` and turned out to be. It is
 * set aside, so that it is stale the next time.
 */
function damagedLayers(
  {store}: RunContext,
  {known}: Job,
  isSpared: (tree: TreeDigest) => boolean = () => false,
): readonly Diagnostic[] {
  const {layers} = known.inputs;
  const trees = layers.map((one) => one.tree).filter((tree) => !isSpared(tree));
  const damaged = guard(store.root, () => checkTrees(store, trees, 'mend'));
  if (!damaged.ok) return damaged.error;
  return layers.flatMap(({owner, tree}) => {
    const damage = damaged.value.get(tree);
    if (damage === undefined) return [];
    const hint = `repeat the command: ${owner} is built again`;
    return [problem('store/damaged', describeDamage(owner, damage), {hint})];
  });
}

let serial = 0;

type Requested = Omit<BuildRequest, 'type' | 'id'>;

/** `laid`: for a root, what its triggers run in. */
function requestFor(context: RunContext, job: Job, laid?: LaidRoot): Requested {
  const {node, build, known, jobs} = job;
  const kept = `kept/${context.resolver.keyOf(build.label) ?? ''}`;
  // A test that was killed has taken it and left the empty folder.
  const resumed = node.kind === 'test' && exists(`${context.store.root}/${kept}/build`);
  const spec = specOf(context, job, resumed, laid);
  return {
    spec,
    scratch: `scratch/${context.run.id}/${(serial += 1)}`,
    log: `logs/${newLogName(context.store, node.label, known.key)}`,
    tokens: jobs - 1,
    jobs,
    keep: keepFor(job),
    resume: resumed ? kept : undefined,
    patient: job.isPatient(),
    timed: context.watch.of(node.label).on,
  };
}

function specOf(context: RunContext, job: Job, resumed: boolean, laid?: LaidRoot): JobSpec {
  const {node, build, known} = job;
  const {label} = node;
  if (node.kind === 'test') return testSpec(label, build.build, known.inputs, resumed);
  if (laid !== undefined) return triggerSpec(label, build.build, laid.tree, laid.triggers);
  return buildSpec(label, build.build, known.inputs, build.replaces, context.graph.generated);
}

function keepFor({node, known, keepBuild}: Job): BuildRequest['keep'] {
  if (node.kind === 'build' && keepBuild) return {always: true, folder: `kept/${known.key}`};
  return {always: false, folder: `failed/${known.key}`};
}

async function finish(
  context: RunContext,
  job: Job,
  request: Requested,
  result: JobResult,
  idMode: IdMode,
  laid?: LaidRoot,
): Promise<WorkEnd> {
  const log = logNameOf(request);
  const logFile = logFileOf(context, request);
  const ran: Ran = {
    node: job.node,
    build: job.build,
    known: job.known,
    log,
    logFile,
    result,
    idMode,
  };
  const watch = context.watch.of(job.node.label);
  const stored = await timed(watch, 'store', 'record', () =>
    guardLater(context.store.root, () => record(context, ran)),
  );
  if (!stored.ok) return failure(stored.error, {machine: true, logFile});
  const warnings = timed(watch, 'capture', 'judge', () =>
    warningsOf(context, job, result, laid?.changed),
  );
  if (laid !== undefined) {
    const lacksNothing = warnings.length === 0;
    if (laid.memory === undefined) forgetRoot(context.store, job.build);
    else rememberRoot(context.store, job.build, {...laid.memory, lacksNothing});
  }
  for (const diagnostic of warnings) context.listener({type: 'diagnostic', diagnostic});
  if (result.outcome === 'ok' && result.tree !== undefined) {
    // Of a root, layers may have been spared a look: whoever uses it takes that look.
    if (job.build.build.root !== undefined) addMarks(context.store, [`tree ${result.tree}`]);
    else trustTree(context.store, result.tree);
  }
  if (result.outcome === 'ok' || stored.value === 'ok')
    return ok(result.outcome === 'ok' ? result.tree : undefined);
  return failure(result.diagnostics, {
    machine: result.machine,
    logFile,
    tail: lastLines(logFile, 20),
    step: result.step,
    exit: result.exit,
    signal: result.signal,
  });
}

/** What a good end leaves to say: of the sandbox, and of what was built. */
function warningsOf(
  context: RunContext,
  {node, known}: Job,
  result: JobResult,
  changed: RootChange | undefined,
): readonly Diagnostic[] {
  if (result.outcome !== 'ok') return [];
  if (node.kind === 'test' || result.tree === undefined) return result.warnings;
  const {tree, warnings} = result;
  return [...warnings, ...undeclaredNeeds(context, node, known.inputs, {tree, changed})];
}

type Named = Pick<BuildRequest, 'log'>;

function logNameOf({log}: Named): string {
  return log.slice('logs/'.length);
}

function logFileOf({store}: RunContext, request: Named): string {
  return logIn(store, logNameOf(request));
}

function failure(
  diagnostics: readonly Diagnostic[],
  more: Partial<Failure> & {machine: boolean},
): {ok: false; error: Failure} {
  return {ok: false, error: {diagnostics, tail: [], ...more}};
}

/** Removes what was kept for tests; the worker does it, the ids may not be ours. */
export async function dropKept(context: RunContext, key: ActionKey): Promise<void> {
  if (!exists(keptIn(context.store, key))) return;
  const worker = await context.worker.get();
  if (worker.ok) await worker.value.remove([`kept/${key}`]);
}
