/**
 * One build from its request to its result: stage, unpack, run, capture, publish, clean up.
 * Runs in the worker. Decides nothing about when or whether.
 */
import path from 'node:path';
import {fail, problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {run} from '../base/process.ts';
import {err, ok} from '../base/result.ts';
import {storeTrouble} from '../../store/trouble.ts';
import type {Guest, Reason} from './guest.ts';
import {openJobserver, type Jobserver} from './jobserver.ts';
import type {Lowers} from './lowers.ts';
import type {StepFailure} from './outcome.ts';
import {scratchPlaces, type Scratch} from './places.ts';
import type {BuildRequest, JobResult, Usage} from './protocol.ts';
import {buildShell, unpackShell} from './job-shells.ts';
import {collect, keepRemains, type Collected} from './job-end.ts';
import {runShell, type ShellPlan} from './shell-run.ts';
import type {Shop} from './shop.ts';
import * as staging from './staging.ts';
import {openTree, type BuildTree} from './tree-mount.ts';

export interface RunningJob {
  readonly result: Promise<Checked<JobResult>>;
  kill(reason: Reason): void;
  /** More tokens, or fewer where `count` is negative. */
  adjustTokens(count: number): void;
}

/** What a job knows while it runs. */
export interface Job {
  readonly shop: Shop;
  readonly request: BuildRequest;
  readonly scratch: Scratch;
  readonly logFd: number;
  readonly server: Jobserver;
  readonly since: number;
  guest: Guest | undefined;
  killed: Reason | undefined;
  cpuMilliseconds: number;
  peakBytes: number;
}

export function startJob(shop: Shop, request: BuildRequest): RunningJob {
  let job: Job | undefined;
  let early: Reason | undefined;
  const begin = async (): Promise<Checked<JobResult>> => {
    job = await openJob(shop, request);
    if (early !== undefined) kill(job, early);
    try {
      return await work(job);
    } finally {
      closeJob(job);
    }
  };
  const result = begin()
    .catch((error: unknown) => err(storeTrouble(error, request.scratch)))
    .finally(() => removeAll([request.scratch]));
  return {
    result,
    kill: (reason) => {
      early = reason;
      if (job !== undefined) kill(job, reason);
    },
    adjustTokens: (count) => {
      if (count >= 0) job?.server.give(count);
      else job?.server.recall(-count);
    },
  };
}

async function openJob(shop: Shop, request: BuildRequest): Promise<Job> {
  const scratch = scratchPlaces(request.scratch);
  const since = shop.host.tick();
  await removeAll([scratch.root]);
  staging.makeScratch(scratch, request.spec);
  const server = await openJobserver(scratch.tokens, request.tokens);
  const logFd = files.openAppend(request.log);
  const idle = {guest: undefined, killed: undefined, cpuMilliseconds: 0, peakBytes: 0};
  return {shop, request, scratch, logFd, server, since, ...idle};
}

function closeJob(job: Job): void {
  job.server.close();
  files.closeFile(job.logFd);
}

function kill(job: Job, reason: Reason): void {
  job.killed ??= reason;
  job.guest?.kill(reason);
}

/** rm(1): its own thread of work, and it knows paths longer than the kernel takes at once. */
export async function removeAll(paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await run(['rm', '-rf', '--', ...paths]);
}

// --- the phases ----------------------------------------------------------------------------------

async function work(job: Job): Promise<Checked<JobResult>> {
  const {store} = job.shop;
  const {spec} = job.request;
  const lowers = staging.readLayers(store, spec);
  if (!lowers.ok) return lowers;
  const placed = placeSources(job);
  if (!placed.ok) return placed;
  const tree = await openTree(store, job.shop, job.scratch, spec, lowers.value);
  if (!tree.ok) return tree;
  const failure = await runPhases(job, placed.value, lowers.value).finally(tree.value.close);
  if (!failure.ok) return failure;
  if (failure.value !== undefined) return ok(await failed(job, tree.value, failure.value));
  return finish(job, tree.value, lowers.value);
}

/** Lays sources out, or takes the /build an earlier build has left. */
function placeSources(job: Job): Checked<Record<string, string>> {
  const {store} = job.shop;
  const {spec, resume} = job.request;
  if (resume !== undefined) {
    files.removeDir(job.scratch.build);
    files.rename(`${resume}/build`, job.scratch.build);
    return staging.stageFiles(store, spec);
  }
  const trees = staging.stageTrees(store, job.scratch, spec);
  return trees.ok ? staging.stageFiles(store, spec) : trees;
}

/** Unpacks and runs the steps; the value is why it failed, undefined when it did not. */
async function runPhases(
  job: Job,
  sources: Record<string, string>,
  lowers: Lowers,
): Promise<Checked<StepFailure | undefined>> {
  const unpack = job.request.resume === undefined ? unpackShell(job, sources) : ok(undefined);
  if (!unpack.ok) return unpack;
  if (unpack.value !== undefined) {
    const failure = await runPlan(job, unpack.value);
    if (failure !== undefined) return ok(failure);
  }
  const build = buildShell(job, sources, lowers);
  return build.ok ? ok(await runPlan(job, build.value)) : build;
}

async function runPlan(job: Job, plan: ShellPlan): Promise<StepFailure | undefined> {
  if (job.killed !== undefined) return cancelled();
  const end = await runShell(job.shop.host, {
    ...plan,
    onStart: (guest) => {
      job.guest = guest;
      if (job.killed !== undefined) guest.kill(job.killed);
    },
  });
  job.guest = undefined;
  job.cpuMilliseconds += end.cpuMilliseconds;
  job.peakBytes = Math.max(job.peakBytes, end.peakBytes);
  return end.failure;
}

function cancelled(): StepFailure {
  const {error} = fail('step/cancelled', 'the build was cancelled');
  const nothing = {step: undefined, exit: undefined, signal: undefined, cwd: undefined};
  return {...nothing, diagnostics: error, machine: true};
}

// --- the end -------------------------------------------------------------------------------------

async function finish(job: Job, tree: BuildTree, lowers: Lowers): Promise<Checked<JobResult>> {
  const {request, scratch} = job;
  const collected = await collect(job, tree, lowers);
  if (!collected.ok) return collected;
  const {problems, warnings} = collected.value;
  if (problems.length > 0) {
    const nothing = {step: undefined, exit: undefined, signal: undefined, cwd: undefined};
    return ok(await failed(job, tree, {...nothing, diagnostics: problems, machine: false}));
  }
  if (request.keep?.always === true) await keepBuild(job, request.keep.folder);
  // Before anything is synced: what is deleted now never has to reach the disk.
  else await removeAll([scratch.build, scratch.temporary]);
  const published = publishAll(collected.value);
  if (!published.ok) return published;
  const copiedRoot = tree.copied;
  return ok({outcome: 'ok', tree: published.value, warnings, usage: usageOf(job), copiedRoot});
}

function publishAll(collected: Collected): ReturnType<Collected['publish']> {
  return collected.publish();
}

async function keepBuild(job: Job, folder: string): Promise<void> {
  await removeAll([folder]);
  files.makeDirs(folder, 0o755);
  files.rename(job.scratch.build, path.join(folder, 'build'));
}

async function failed(job: Job, tree: BuildTree, failure: StepFailure): Promise<JobResult> {
  const full = fullDisk(job);
  const keep = job.killed === 'cancelled' ? undefined : job.request.keep;
  const kept = keep === undefined ? undefined : await keepRemains(job, tree, keep.folder);
  return {
    outcome: 'failed',
    step: failure.step,
    exit: failure.exit,
    signal: failure.signal,
    cwd: failure.cwd,
    diagnostics: [...failure.diagnostics, ...full],
    machine: failure.machine || full.length > 0,
    usage: usageOf(job),
    kept,
  };
}

/** Below this much space a failure is put down to the disk. */
const LITTLE_BYTES = 32 << 20;
const FEW_INODES = 1000;

function fullDisk(job: Job): readonly Diagnostic[] {
  const {bytes, inodes} = files.freeSpace(job.scratch.root);
  if (bytes >= LITTLE_BYTES && (inodes >= FEW_INODES || inodes === 0)) return [];
  const what = bytes < LITTLE_BYTES ? 'space' : 'inodes';
  return [problem('store/full', `almost no ${what} is left where the store lies`)];
}

export function usageOf(job: Job): Usage {
  const {cpuMilliseconds, peakBytes} = job;
  const milliseconds = Math.round(job.shop.host.tick() - job.since);
  return {milliseconds, cpuMilliseconds, peakBytes};
}
