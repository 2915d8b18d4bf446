/**
 * One running sandbox: starts bwrap, watches time, log and memory, kills, and tells when all of
 * its processes are gone. Knows nothing of what runs inside.
 */
import * as files from '../base/files.ts';
import {killProcess} from '../base/host.ts';
import {start} from '../base/process.ts';
import {lineSplitter} from './lines.ts';
import {isAlive, sampleTree} from './processes.ts';
import type {Starters} from './starters.ts';

/** Why we ended it ourselves. */
export type Reason = 'timeout' | 'flood' | 'cancelled';

export interface GuestEnd {
  /** Exit status of the command; null when bwrap itself did not live to tell. */
  readonly status: number | null;
  readonly killed: Reason | undefined;
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
}

/** Starts bwrap; `take` gets the lines of its status descriptor. */
export type Begin = (take: (line: string) => void) => Begun;

export interface Begun {
  /** bwrap's exit status; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Ends bwrap, where that can be done. */
  kill(): void;
}

export interface GuestPlan {
  readonly begin: Begin;
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
  begun: Begun | undefined;
  /** The first process of its namespace; known once bwrap has said so. */
  first: number | undefined;
  /** The exit status as bwrap itself has told it. */
  told: number | undefined;
  killed: Reason | undefined;
  ticks: number;
  peakBytes: number;
  cpuMilliseconds: number;
}

export function startGuest(plan: GuestPlan): Guest {
  const watched: Watched = {
    ...{plan, begun: undefined, first: undefined, told: undefined, killed: undefined},
    ...{ticks: 0, peakBytes: 0, cpuMilliseconds: 0},
  };
  watched.begun = plan.begin((line) => take(watched, line));
  const ticker = setInterval(() => tick(watched), TICK);
  const timer = setTimeout(() => kill(watched, 'timeout'), Math.min(plan.milliseconds, LONGEST));
  const ended = endOf(watched, watched.begun).finally(() => {
    clearInterval(ticker);
    clearTimeout(timer);
  });
  return {ended, kill: (reason) => kill(watched, reason)};
}

/** As a child of ours, with these descriptors from 0 on; its status is on the one after them. */
export function beginDirectly(argv: readonly string[], fds: readonly number[]): Begin {
  return (take) => {
    const child = start(argv, {stdio: [...fds, 'pipe']});
    const streams: readonly (NodeJS.EventEmitter | null | undefined)[] = child.stdio;
    streams[fds.length]?.on('data', lineSplitter(take));
    const ended = new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('close', (code) => resolve(code));
    });
    return {ended, kill: () => void child.kill('SIGKILL')};
  };
}

/** Through a shell that stays, which runs this line; bwrap comes up or fails within moments. */
export function beginThrough(starters: Starters, line: string): Begin {
  return (take) => ({ended: starters.sandbox(line, take), kill: () => undefined});
}

/** What a timer of Node can wait at most: 24 days. */
const LONGEST = 2 ** 31 - 1;

/** bwrap says `{"child-pid": N …}` as soon as the namespace stands, and `{"exit-code": N}`. */
function take(watched: Watched, line: string): void {
  watched.first ??= numberIn(/"child-pid": (\d+)/, line);
  watched.told ??= numberIn(/"exit-code": (\d+)/, line);
  if (watched.killed !== undefined) strike(watched);
}

function numberIn(pattern: RegExp, line: string): number | undefined {
  const found = pattern.exec(line)?.[1];
  return found === undefined ? undefined : Number(found);
}

function tick(watched: Watched): void {
  const {plan, first} = watched;
  watched.ticks += 1;
  plan.onTick();
  const {log} = plan;
  if (log !== undefined && files.sizeOf(log.fd) > log.limit) kill(watched, 'flood');
  // Short builds are looked at often, long ones once in two seconds.
  if (first !== undefined && (watched.ticks <= FIRST_TICKS || watched.ticks % 10 === 0)) {
    const sample = sampleTree(first);
    watched.peakBytes = Math.max(watched.peakBytes, sample.residentBytes);
    watched.cpuMilliseconds = Math.max(watched.cpuMilliseconds, sample.cpuMilliseconds);
  }
}

function kill(watched: Watched, reason: Reason): void {
  watched.killed ??= reason;
  strike(watched);
}

/** The first process ends the whole namespace, and bwrap stays to tell. Without it, bwrap. */
function strike({first, begun}: Watched): void {
  if (first === undefined) return begun?.kill();
  killProcess(first);
}

async function endOf(watched: Watched, begun: Begun): Promise<GuestEnd> {
  const shown = await begun.ended;
  // bwrap ends after the first process, that one after all others; unless bwrap was killed.
  while (watched.first !== undefined && isAlive(watched.first)) {
    strike(watched);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const {told, killed, cpuMilliseconds, peakBytes} = watched;
  // To a shell the death of bwrap looks like that of the command.
  const status = told ?? (shown !== null && shown > 128 ? null : shown);
  return {status, killed, cpuMilliseconds, peakBytes};
}
