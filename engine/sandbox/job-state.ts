/**
 * What a job is while it runs: its folders, its log, its make tokens, what is to be told of it.
 * Opens and closes these; knows nothing of phases.
 */
import * as files from '../base/files.ts';
import {timed, type Watch} from '../base/span.ts';
import {fault} from '../../store/trouble.ts';
import {provideEtc} from './etc.ts';
import type {Guest, Reason} from './guest.ts';
import {openJobserver, type Jobserver} from './jobserver.ts';
import type {Scratch} from './places.ts';
import type {BuildRequest} from './protocol.ts';
import type {Shop} from './shop.ts';
import type {Slot} from './slots.ts';
import {makeScratch} from './staging.ts';
import {removeAll} from './tidy.ts';

/** What a job knows while it runs. */
export interface Job {
  readonly shop: Shop;
  readonly request: BuildRequest;
  readonly scratch: Scratch;
  readonly logFd: number;
  readonly slot: Slot;
  readonly server: Jobserver;
  readonly since: number;
  readonly watch: Watch;
  guest: Guest | undefined;
  killed: Reason | undefined;
  /** Whether it has left little in its scratch folder; undefined: nobody has looked. */
  leavesLittle: boolean | undefined;
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
  await shop.etc;
  await timed(watch, 'prepare', 'make folders', async () => {
    if (!makeScratch(scratch)) {
      await removeAll(shop.starters, [scratch.root]);
      if (!makeScratch(scratch)) fault('store/unusable', `cannot remove ${scratch.root}`);
    }
    provideEtc(shop.shape, since);
  });
  const slot = await timed(watch, 'prepare', 'make fifos', () => shop.slots.take());
  const server = openJobserver(slot.tokens, request.tokens);
  const logFd = files.openAppend(request.log);
  const idle = {guest: undefined, killed: undefined, leavesLittle: undefined};
  const usage = {cpuMilliseconds: 0, peakBytes: 0};
  return {shop, request, scratch, logFd, slot, server, since, watch, ...idle, ...usage};
}

/** When all of its processes are gone. */
export function closeJob(job: Job): void {
  job.server.close();
  job.shop.slots.give(job.slot);
  files.closeFile(job.logFd);
}
