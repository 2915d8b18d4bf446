/**
 * Who is working, and at what. A run (one process of the engine) holds a flock on its run file;
 * a claim is a further name (link) of that file in claims/, so making it is atomic and it tells
 * whose it is. A claim whose file nobody holds a lock on is stale, however old or new: kill -9,
 * suspended laptops and reused process ids need no guessing.
 * Whoever writes to the store holds a run: what lies in tmp/ while none lives may be removed.
 * Knows nothing of what is claimed.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import type {Listener} from '../engine/base/event.ts';
import * as files from '../engine/base/files.ts';
import type {Host} from '../engine/base/host.ts';
import {assert} from '../engine/base/result.ts';
import {giveToOwner, setAside} from './commit.ts';
import {claimsDir, runFileIn, runsDir, temporaryIn, type Store} from './layout.ts';
import {lockLater, tryLock} from './lock.ts';
import {fault} from './trouble.ts';

export interface RunHandle {
  /** Names the run file and its scratch folder; unique. */
  readonly id: string;
  /** Gives up the run and all its claims; a second call does nothing. */
  release(): void;
}

/** `mine` until released, or who holds it, in words. */
export type Claim = 'mine' | {readonly holder: string};

/** Registers this process as working in the store. Throws system errors and `StoreFault`. */
export function openRun(store: Store, host: Host): RunHandle {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const made = newRun(store, host);
    const run =
      made &&
      orDrop(made, () => {
        assert(tryLock(made.fd, 'exclusive'), 'a new file is locked');
        return giveName(store, made);
      });
    if (run !== undefined) return run;
  }
  return fault('store/unusable', `cannot register in ${runsDir(store)}`);
}

/** A run to be: nobody sees it before it has its name. */
export interface RunAhead {
  /** Registers it, as `openRun` does, and throws what that throws. */
  open(): RunHandle;
  /** For one that was not opened. */
  drop(): void;
}

/** Begins to open a run, for who has other things to do until then. Rejects with system errors. */
export async function runAhead(store: Store, host: Host): Promise<RunAhead> {
  const made = newRun(store, host);
  const isLocked = made !== undefined && (await lockLater(made.fd, 'exclusive').catch(() => false));
  return {
    open: () => {
      const run = made && orDrop(made, () => (isLocked ? giveName(store, made) : undefined));
      return run ?? openRun(store, host);
    },
    drop: () => {
      if (made !== undefined) dropNew(made);
    },
  };
}

function handleOf(store: Store, {id, fd}: NewRun): RunHandle {
  let open = true;
  const release = (): void => {
    if (!open) return;
    open = false;
    dropClaims(store, files.lookAtOpen(fd).ino);
    // While gc is at work, what a run relied on counts until gc is done: see protect.ts.
    if (!isCollected(store)) files.unless(['ENOENT'], () => files.unlink(runFile(store, id)));
    files.closeFile(fd);
  };
  return {id, release};
}

/**
 * Claims a name (of an action, a download, …) for a run. Also refused when this very run has it:
 * two nodes of one run wait for each other as two processes do.
 */
export function claim(store: Store, run: RunHandle, name: string): Claim {
  for (;;) {
    if (take(store, run, name)) return 'mine';
    const holder = holderOf(store, claimFile(store, name));
    if (holder !== undefined) return {holder};
  }
}

/** The claim of whoever collects (collect.ts): at most one process does. */
export const COLLECTING = 'gc';

/** Whether gc may be at work: a claim of a gc that was killed counts until somebody cleans up. */
function isCollected(store: Store): boolean {
  return files.exists(claimFile(store, COLLECTING));
}

/** Who holds a claim, in words; undefined when nobody does, and then nothing of it is left. */
export function holderOfClaim(store: Store, name: string): string | undefined {
  return holderOf(store, claimFile(store, name));
}

/** Whether a claim has a file, be its holder alive or not: one lstat(2). */
export function mayBeClaimed(store: Store, name: string): boolean {
  return files.exists(claimFile(store, name));
}

/** Gives up a claim; somebody else's stays. */
export function releaseClaim(store: Store, run: RunHandle, name: string): void {
  const mine = files.lookAt(runFile(store, run.id))?.ino;
  const file = claimFile(store, name);
  if (mine !== undefined && files.lookAt(file)?.ino === mine) files.unlink(file);
}

export interface Waiting {
  /** What is waited for, in words: `lfs/gcc`. */
  readonly forWhat: string;
  readonly listener: Listener;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks; every tenth look also asks whether the holder lives. */
const POLL = 100;
const LOOKS = 10;

/** Waits until a claim is ours; tells the listener who has it when that takes a second. */
export async function waitForClaim(
  store: Store,
  run: RunHandle,
  name: string,
  waiting: Waiting,
): Promise<'mine' | 'aborted'> {
  for (let look = 0; !waiting.signal.aborted; look += 1) {
    if (look % LOOKS !== 0) {
      if (take(store, run, name)) return 'mine';
    } else {
      const got = claim(store, run, name);
      if (got === 'mine') return 'mine';
      const {forWhat, listener} = waiting;
      if (look === LOOKS) listener({type: 'waiting', forWhat, holder: got.holder});
    }
    await pause(POLL, waiting.signal);
  }
  return 'aborted';
}

export interface Runs {
  /** Ids of runs whose process lives, this one's included. */
  readonly live: readonly string[];
  /** Ids of run files nobody holds. */
  readonly dead: readonly string[];
}

/** Which runs there are; asks the kernel for each but `own`. */
export function listRuns(store: Store, own?: RunHandle): Runs {
  const live: string[] = [];
  const dead: string[] = [];
  for (const id of files.namesIn(runsDir(store))) {
    const held = id === own?.id ? true : isHeld(store, runFile(store, id));
    if (held !== undefined) (held ? live : dead).push(id);
  }
  return {live, dead};
}

/**
 * Removes the claims of dead runs, then their files, but for the files of those that may have
 * died while gc is at work. Their scratch must be gone before.
 */
export function forgetRuns(store: Store, dead: readonly string[]): void {
  for (const name of files.namesIn(claimsDir(store))) holderOf(store, claimFile(store, name));
  if (isCollected(store)) return;
  for (const id of dead) files.unless(['ENOENT'], () => files.unlink(runFile(store, id)));
}

// --- run files -------------------------------------------------------------------------------------

const runFile = runFileIn;

/** Locked before it has its name: a run file without lock is a dead run's. */
interface NewRun {
  readonly id: string;
  readonly temporary: string;
  readonly fd: number;
}

/** Undefined where it has gone: another process that found no run at work has just cleaned tmp/. */
function newRun(store: Store, host: Host): NewRun | undefined {
  const temporary = temporaryIn(store);
  const id = `${host.pid}-${randomBytes(4).toString('hex')}`;
  const made = {id, temporary, fd: files.createFile(temporary, 0o644)};
  return orDrop(made, () => {
    files.writeAll(made.fd, JSON.stringify({pid: host.pid, startedAt: host.now()}));
    return files.unless(['ENOENT'], () => {
      giveToOwner(store, temporary);
      return made;
    });
  });
}

/** Undefined where its file has gone in the same way. */
function giveName(store: Store, made: NewRun): RunHandle | undefined {
  const {id, temporary} = made;
  return files.unless(['ENOENT'], () => {
    files.link(temporary, runFile(store, id));
    files.unless(['ENOENT'], () => files.unlink(temporary));
    return handleOf(store, made);
  });
}

/** What becomes of a new one; nothing of it is left where nothing does. */
function orDrop<T>(made: NewRun, use: () => T | undefined): T | undefined {
  let used: T | undefined;
  try {
    used = use();
  } finally {
    if (used === undefined) dropNew(made);
  }
  return used;
}

function dropNew({temporary, fd}: NewRun): void {
  files.closeFile(fd);
  files.unless(['ENOENT'], () => files.unlink(temporary));
}

/** Undefined when it is gone; what is no file (a fifo would be waited for) goes out of the way. */
function openRunFile(store: Store, file: string): number | undefined {
  const there = files.lookAt(file);
  if (there?.isFile() === false) setAside(store, file);
  if (there?.isFile() !== true) return undefined;
  return files.unless(['ENOENT'], () => files.openRead(file));
}

function dropClaims(store: Store, ino: number): void {
  for (const name of files.namesIn(claimsDir(store))) {
    const file = claimFile(store, name);
    if (files.lookAt(file)?.ino === ino) files.unless(['ENOENT'], () => files.unlink(file));
  }
}

// --- claims ----------------------------------------------------------------------------------------

function claimFile(store: Store, name: string): string {
  assert(/^[a-z0-9][a-z0-9._-]*$/.test(name), `not the name of a claim: ${name}`);
  return path.join(claimsDir(store), name);
}

function take(store: Store, run: RunHandle, name: string): boolean {
  const done = files.unless(['EEXIST'], () => {
    files.link(runFile(store, run.id), claimFile(store, name));
    return true;
  });
  return done === true;
}

/**
 * Who holds a claim; undefined when nobody does, and then it is removed. While we look whether it
 * is still the same stale file, we hold its lock: so no two processes remove it, of which the
 * slower would remove the faster one's new claim.
 */
function holderOf(store: Store, file: string): string | undefined {
  const fd = openRunFile(store, file);
  if (fd === undefined) return undefined;
  try {
    if (!tryLock(fd, 'exclusive')) return describe(fd);
    const same = files.lookAt(file)?.ino === files.lookAtOpen(fd).ino;
    if (same) files.unlink(file);
    return undefined;
  } finally {
    files.closeFile(fd);
  }
}

/** Whether somebody holds the lock of a file; undefined when it is gone. */
function isHeld(store: Store, file: string): boolean | undefined {
  const fd = openRunFile(store, file);
  if (fd === undefined) return undefined;
  try {
    return !tryLock(fd, 'shared');
  } finally {
    files.closeFile(fd);
  }
}

/** The runs that live besides one, in words. */
export function describeRuns(store: Store, except: RunHandle): string {
  const others = listRuns(store).live.filter((id) => id !== except.id);
  const pids = others.flatMap((id) => /^\d+/.exec(id) ?? []);
  const [first = 'unknown'] = pids;
  if (pids.length < 2) return `another run (pid ${first})`;
  return `one of ${pids.length} other runs (pids ${pids.join(', ')})`;
}

function describe(fd: number): string {
  const buffer = Buffer.alloc(4096);
  const text = buffer.toString('utf8', 0, files.readInto(fd, buffer, 0));
  const pid = /"pid":(\d+)/.exec(text)?.[1];
  return pid === undefined ? 'another run' : `another run (pid ${pid})`;
}

/** A pause that ends early when the signal comes. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, {once: true});
  });
}
