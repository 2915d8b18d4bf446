/**
 * One running sandbox: starts bwrap, watches time, log and memory, kills, and tells when all of
 * its processes are gone. Knows nothing of what runs inside.
 */
import * as files from '../base/files.ts';
import {killProcess} from '../base/host.ts';
import {start, type ChildProcess} from '../base/process.ts';
import {isAlive, sampleTree} from './processes.ts';

/** Why we ended it ourselves. */
export type Reason = 'timeout' | 'flood' | 'cancelled';

export interface GuestEnd {
  /** Exit status of the command; null when bwrap itself did not live to tell. */
  readonly status: number | null;
  readonly killed: Reason | undefined;
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
}

export interface GuestPlan {
  readonly argv: readonly string[];
  /** Descriptors 0 to 4: input, output, errors, and make's two. */
  readonly fds: readonly [number, number, number, number, number];
  /** Milliseconds until it is killed. */
  readonly milliseconds: number;
  /** The file whose growth is watched, and up to how many bytes; undefined: none. */
  readonly log: {readonly fd: number; readonly limit: number} | undefined;
  /** Called a few times a second while it runs. */
  onTick(): void;
}

export interface Guest {
  kill(reason: Reason): void;
  readonly ended: Promise<GuestEnd>;
}

const TICK = 200;
const FIRST_TICKS = 4;

interface Watched {
  readonly plan: GuestPlan;
  readonly child: ChildProcess;
  /** The first process of its namespace; known once bwrap has said so. */
  first: number | undefined;
  killed: Reason | undefined;
  ticks: number;
  peakBytes: number;
  cpuMilliseconds: number;
}

export function startGuest(plan: GuestPlan): Guest {
  const child = start(plan.argv, {stdio: [...plan.fds, 'pipe']});
  const watched: Watched = {
    ...{plan, child, first: undefined, killed: undefined},
    ...{ticks: 0, peakBytes: 0, cpuMilliseconds: 0},
  };
  readFirst(watched);
  const ticker = setInterval(() => tick(watched), TICK);
  const timer = setTimeout(() => kill(watched, 'timeout'), Math.min(plan.milliseconds, LONGEST));
  const ended = endOf(watched).finally(() => {
    clearInterval(ticker);
    clearTimeout(timer);
  });
  return {ended, kill: (reason) => kill(watched, reason)};
}

/** What a timer of Node can wait at most: 24 days. */
const LONGEST = 2 ** 31 - 1;

/** bwrap says `{"child-pid": N …}` on its status descriptor as soon as the namespace stands. */
function readFirst(watched: Watched): void {
  let text = '';
  const streams: readonly (NodeJS.EventEmitter | null | undefined)[] = watched.child.stdio;
  const stream = streams[5];
  stream?.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    watched.first ??= firstIn(text);
    if (watched.killed !== undefined) strike(watched);
  });
}

function firstIn(text: string): number | undefined {
  const found = /"child-pid": (\d+)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

function tick(watched: Watched): void {
  const {plan, first} = watched;
  watched.ticks += 1;
  const {log} = plan;
  if (log !== undefined && files.sizeOf(log.fd) > log.limit) kill(watched, 'flood');
  // Short builds are looked at often, long ones once in two seconds.
  if (first !== undefined && (watched.ticks <= FIRST_TICKS || watched.ticks % 10 === 0)) {
    const sample = sampleTree(first);
    watched.peakBytes = Math.max(watched.peakBytes, sample.residentBytes);
    watched.cpuMilliseconds = Math.max(watched.cpuMilliseconds, sample.cpuMilliseconds);
  }
  plan.onTick();
}

function kill(watched: Watched, reason: Reason): void {
  watched.killed ??= reason;
  strike(watched);
}

/** The first process ends the whole namespace, and bwrap stays to tell. Without it, bwrap. */
function strike({first, child}: Watched): void {
  if (first === undefined) return void child.kill('SIGKILL');
  killProcess(first);
}

async function endOf(watched: Watched): Promise<GuestEnd> {
  const {child} = watched;
  const status = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
  // bwrap ends after the first process, that one after all others; unless bwrap was killed.
  while (watched.first !== undefined && isAlive(watched.first)) {
    strike(watched);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const {killed, cpuMilliseconds, peakBytes} = watched;
  return {status, killed, cpuMilliseconds, peakBytes};
}
