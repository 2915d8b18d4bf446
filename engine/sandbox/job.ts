/**
 * One build from its request to its result: stage, unpack, run, capture, publish, clean up.
 * Runs in the worker. Decides nothing about when or whether.
 */
import path from 'node:path';
import {exitCodeOf, fail, problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {err, ok} from '../base/result.ts';
import {NO_WATCH, SpanList, timed, type Span} from '../base/span.ts';
import {shareAhead} from '../../store/protect.ts';
import {storeTrouble} from '../../store/trouble.ts';
import type {Reason} from './guest.ts';
import {closeJob, openJob, type Job} from './job-state.ts';
import type {Lowers} from './lowers.ts';
import type {StepFailure} from './outcome.ts';
import {scratchPlaces} from './places.ts';
import type {BuildRequest, JobResult, Usage} from './protocol.ts';
import {buildShell, placeSources, unpackShell} from './job-shells.ts';
import {collect, keepRemains} from './job-end.ts';
import {logTail, runShell, type ShellPlan} from './shell-run.ts';
import type {Shop} from './shop.ts';
import {SUBIDS_HINT} from './machine-trouble.ts';
import * as staging from './staging.ts';
import {isLittle, removeAll} from './tidy.ts';
import {openTree, type BuildTree} from './tree-mount.ts';

export interface RunningJob {
  readonly result: Promise<Checked<JobResult>>;
  kill(reason: Reason): void;
  /** More tokens, or fewer where `count` is negative. */
  adjustTokens(count: number): void;
  /** Where its time went, when that was asked for. */
  spans(): readonly Span[];
}

export function startJob(shop: Shop, request: BuildRequest): RunningJob {
  let job: Job | undefined;
  let early: Reason | undefined;
  const earlyTokens = {given: 0, recalled: 0};
  const measured = request.timed === true ? new SpanList(() => shop.host.clock()) : undefined;
  const watch = measured ?? NO_WATCH;
  const begin = async (): Promise<Checked<JobResult>> => {
    job = await openJob(shop, request, scratchPlaces(request.scratch), watch);
    if (early !== undefined) kill(job, early);
    job.server.give(earlyTokens.given);
    job.server.recall(earlyTokens.recalled);
    try {
      return ownFault(job, await work(job));
    } finally {
      closeJob(job);
    }
  };
  const result = begin()
    .catch((error: unknown) => err(storeTrouble(error, request.scratch)))
    .finally(() => {
      shop.trash.add(request.scratch, job?.leavesLittle ?? isLittle(request.scratch));
    });
  return {
    result,
    spans: () => measured?.spans() ?? [],
    kill: (reason) => {
      early = reason;
      if (job !== undefined) kill(job, reason);
    },
    adjustTokens: (count) => {
      const [given, recalled] = [Math.max(0, count), Math.max(0, -count)];
      earlyTokens.given += given;
      earlyTokens.recalled += recalled;
      job?.server.give(given);
      job?.server.recall(recalled);
    },
  };
}

function kill(job: Job, reason: Reason): void {
  job.killed ??= reason;
  job.guest?.kill(reason);
}

/** What is wrong with the build, not with machine or store, is a result like other failures. */
function ownFault(job: Job, result: Checked<JobResult>): Checked<JobResult> {
  if (result.ok || exitCodeOf(result.error) !== 1) return result;
  const {error: diagnostics} = result;
  const usage = usageOf(job);
  return ok({outcome: 'failed', ...NO_STEP, diagnostics, machine: false, usage, kept: undefined});
}

const NO_STEP = {step: undefined, exit: undefined, signal: undefined, cwd: undefined};

// --- the phases ----------------------------------------------------------------------------------

async function work(job: Job): Promise<Checked<JobResult>> {
  const {watch} = job;
  const {store} = job.shop;
  const {spec} = job.request;
  const lowers = timed(watch, 'prepare', 'read layers', () => staging.readLayers(store, spec));
  if (!lowers.ok) return lowers;
  const {resume} = job.request;
  if (resume !== undefined) takeKept(job, resume);
  const placed = timed(watch, 'prepare', 'stage sources', () =>
    placeSources(job, resume === undefined),
  );
  if (!placed.ok) return placed;
  const tree = await openTree(job.shop, job.scratch, spec, lowers.value, watch);
  if (!tree.ok) return tree;
  const failure = await runPhases(job, placed.value, lowers.value).finally(() =>
    timed(watch, 'clean', 'unmount', tree.value.close),
  );
  if (!failure.ok) return failure;
  if (failure.value !== undefined) return ok(await failed(job, tree.value, failure.value));
  return finish(job, tree.value, lowers.value);
}

/** What an earlier build has left is taken, not copied: a test has it for itself. */
function takeKept(job: Job, kept: string): void {
  files.removeDir(job.scratch.build);
  files.rename(path.join(kept, 'build'), job.scratch.build);
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
  const {running, host, xattrs} = job.shop;
  running.add(job.request.id);
  const end = await runShell(host, {
    ...plan,
    onStart: (guest) => {
      job.guest = guest;
      // What it leaves will be stored.
      void shareAhead(job.shop.store);
      if (job.killed !== undefined) guest.kill(job.killed);
    },
  }).finally(() => {
    running.delete(job.request.id);
    if (running.size === 0) xattrs.hurry();
  });
  job.guest = undefined;
  job.cpuMilliseconds += end.cpuMilliseconds;
  job.peakBytes = Math.max(job.peakBytes, end.peakBytes);
  return end.failure;
}

function cancelled(): StepFailure {
  const {error} = fail('step/cancelled', 'the build was cancelled');
  return {...NO_STEP, diagnostics: error, machine: true};
}

// --- the end -------------------------------------------------------------------------------------

async function finish(job: Job, tree: BuildTree, lowers: Lowers): Promise<Checked<JobResult>> {
  const {watch} = job;
  // What follows may wait for others: that is not this build's time.
  const usage = usageOf(job);
  const collected = await timed(watch, 'capture', 'capture', () => collect(job, tree, lowers));
  if (!collected.ok) return collected;
  const {problems, warnings} = collected.value;
  if (problems.length > 0) {
    return ok(await failed(job, tree, {...NO_STEP, diagnostics: problems, machine: false}));
  }
  await timed(watch, 'clean', 'put /build away', () => putAway(job));
  const published = await timed(watch, 'store', 'publish', () => collected.value.publish());
  const copiedRoot = tree.copied;
  return ok({outcome: 'ok', tree: published, warnings, usage, copiedRoot});
}

async function putAway(job: Job): Promise<void> {
  const {request, scratch} = job;
  if (request.keep?.always === true) await keepBuild(job, request.keep.folder);
  else {
    job.leavesLittle = isLittle(scratch.root);
    if (job.leavesLittle) return;
    // Before anything is synced: what is deleted now never has to reach the disk.
    const large = [scratch.build, scratch.temporary].filter((one) => !isLittle(one));
    await removeAll(job.shop.starters, large);
  }
}

async function keepBuild(job: Job, folder: string): Promise<void> {
  await removeAll(job.shop.starters, [folder]);
  files.makeDirs(folder, 0o755);
  files.rename(job.scratch.build, path.join(folder, 'build'));
}

async function failed(job: Job, tree: BuildTree, failure: StepFailure): Promise<JobResult> {
  const full = fullDisk(job);
  const keep = job.killed === 'cancelled' ? undefined : job.request.keep;
  const kept =
    keep === undefined
      ? undefined
      : await timed(job.watch, 'clean', 'keep what is left', () =>
          keepWhatFits(job, tree, keep.folder),
        );
  return {
    outcome: 'failed',
    step: failure.step,
    exit: failure.exit,
    signal: failure.signal,
    cwd: failure.cwd,
    diagnostics: [...explained(job, failure), ...full],
    machine: failure.machine || full.length > 0,
    usage: usageOf(job),
    kept,
  };
}

/** On a full disk the reason counts, not what it has left. */
async function keepWhatFits(
  job: Job,
  tree: BuildTree,
  folder: string,
): Promise<string | undefined> {
  try {
    return await keepRemains(job, tree, folder);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(files.errorCode(error) ?? '')) throw error;
    return undefined;
  }
}

/** What chown(1), install(1), tar(1) and others say when an id is not to be had. */
const ID_TROUBLE =
  /(changing|chang|set|preserv)\w* (the )?(owner|group)|chown|chgrp|fchown|setgid|setuid|(uid|gid|UID|GID) \d+/;

/** With one id only, a failure that speaks of owners gets the reason and the remedy. */
function explained(job: Job, failure: StepFailure): readonly Diagnostic[] {
  if (job.shop.owners || !ID_TROUBLE.test(logTail(job.logFd))) return failure.diagnostics;
  const message = 'this user has no subordinate ids, so builds cannot give files to other users';
  return failure.diagnostics.map((one) => ({
    ...one,
    notes: [...(one.notes ?? []), {message}],
    hint: one.hint ?? SUBIDS_HINT,
  }));
}

/** Below this much space a failure is put down to the disk. */
const LITTLE_BYTES = 32 << 20;
const FEW_INODES = 1000;

function fullDisk(job: Job): readonly Diagnostic[] {
  const {bytes, inodes} = files.freeSpace(job.scratch.root);
  if (bytes >= LITTLE_BYTES && inodes >= FEW_INODES) return [];
  const what = bytes < LITTLE_BYTES ? 'space' : 'inodes';
  const hint = 'free space: `recipes store gc` removes what nothing needs any more';
  return [problem('store/full', `almost no ${what} is left where the store lies`, {hint})];
}

export function usageOf(job: Job): Usage {
  const {cpuMilliseconds, peakBytes} = job;
  const milliseconds = Math.round(job.shop.host.tick() - job.since);
  return {milliseconds, cpuMilliseconds, peakBytes};
}
