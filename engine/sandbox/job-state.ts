/**
 * What a job is while it runs: its folders, its log, its make tokens, what is to be told of it.
 * Opens and closes these; knows nothing of phases.
 */
import * as files from '../base/files.ts';
import {run} from '../base/process.ts';
import {timed, type Watch} from '../base/span.ts';
import type {Guest, Reason} from './guest.ts';
import {openJobserver, type Jobserver} from './jobserver.ts';
import {PAUSE, type Scratch} from './places.ts';
import type {BuildRequest} from './protocol.ts';
import type {Shop} from './shop.ts';
import {makeScratch} from './staging.ts';

/** What a job knows while it runs. */
export interface Job {
  readonly shop: Shop;
  readonly request: BuildRequest;
  readonly scratch: Scratch;
  readonly logFd: number;
  readonly server: Jobserver;
  readonly since: number;
  readonly watch: Watch;
  guest: Guest | undefined;
  killed: Reason | undefined;
  cpuMilliseconds: number;
  peakBytes: number;
}

export async function openJob(
  shop: Shop,
  request: BuildRequest,
  scratch: Scratch,
  watch: Watch,
): Promise<Job> {
  const since = shop.host.tick();
  if (files.exists(scratch.root)) await removeAll([scratch.root]);
  timed(watch, 'prepare', 'make folders', () => makeScratch(scratch, request.spec));
  const fifos = [scratch.tokens, scratch.output, `${scratch.status}/${PAUSE}`];
  await timed(watch, 'prepare', 'make fifos', () => makeFifos(fifos));
  const server = openJobserver(scratch.tokens, request.tokens);
  const logFd = files.openAppend(request.log);
  const idle = {guest: undefined, killed: undefined, cpuMilliseconds: 0, peakBytes: 0};
  return {shop, request, scratch, logFd, server, since, watch, ...idle};
}

/** All at once: starting a program takes longer than making a fifo. */
async function makeFifos(fifos: readonly string[]): Promise<void> {
  const made = await run(['mkfifo', '-m', '600', ...fifos]);
  if (made.status !== 0) throw new Error(`mkfifo: ${made.stderr.trim()}`);
}

export function closeJob(job: Job): void {
  job.server.close();
  files.closeFile(job.logFd);
}

/** rm(1): its own thread of work, and it knows paths longer than the kernel takes at once. */
export async function removeAll(paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await run(['rm', '-rf', '--', ...paths]);
}
