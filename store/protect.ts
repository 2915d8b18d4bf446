/**
 * Storing beside gc: whatever is stored, and whatever is found in the store to be relied upon, is
 * so under the shared lock of gc.lock, and is named in the run's file (temporary-roots.ts) before
 * the lock is given up. gc deletes under the exclusive lock, after it has read those files.
 *
 * So of any two only one order is left: either gc has deleted the thing, and who looks sees that
 * it is gone, or it is named, and gc sees that. One lock for a batch, since each costs a process;
 * and it is kept for a moment, since the next batch is near.
 */
import * as files from '../engine/base/files.ts';
import {
  claim,
  COLLECTING,
  describeRuns,
  holderOfClaim,
  mayBeClaimed,
  releaseClaim,
  type RunHandle,
} from './claims.ts';
import {gcLockFile, type Store} from './layout.ts';
import {lockLater, tryLock, waitForLock} from './lock.ts';
import {appendRoots, type TemporaryRoot} from './temporary-roots.ts';
import {fault} from './trouble.ts';

export type {TemporaryRoot} from './temporary-roots.ts';

/** What happens when gc does not let go of the lock within a second. */
export interface Patience {
  /** False: that is an error (`store/locked`). */
  readonly wait: boolean;
  /** Says for whom is waited. */
  tell(holder: string): void;
}

/** Names roots in the middle of the work. */
export type Name = (roots: readonly TemporaryRoot[]) => void;

/**
 * Names `roots` as relied upon by a run, then does the work, both while gc deletes nothing.
 * What the work finds or makes it gives to `name`. Throws what the work throws, system errors,
 * and `store/locked`.
 */
export function protect<T>(
  store: Store,
  run: Pick<RunHandle, 'id'>,
  roots: readonly TemporaryRoot[],
  work: (name: Name) => T,
  patience: Patience = SILENT,
): T {
  const shared = share(store, patience);
  shared.users += 1;
  shared.idle = 0;
  try {
    appendRoots(store, run.id, roots);
    return work((more) => {
      appendRoots(store, run.id, more);
    });
  } finally {
    shared.users -= 1;
  }
}

/**
 * The same for work that takes its time; it names what it makes, for whichever run, before it ends.
 */
export async function protectLater<T>(
  store: Store,
  work: (name: (run: string, roots: readonly TemporaryRoot[]) => void) => Promise<T>,
): Promise<T> {
  const shared = share(store, SILENT);
  shared.users += 1;
  try {
    return await work((run, roots) => {
      appendRoots(store, run, roots);
    });
  } finally {
    shared.users -= 1;
    shared.idle = 0;
  }
}

/**
 * The same for what is only relied upon: costs nothing where the run has named all of it before.
 * `isThere` says whether all of it is in the store.
 */
export function rely(
  store: Store,
  run: Pick<RunHandle, 'id'>,
  roots: readonly TemporaryRoot[],
  isThere: () => boolean,
  patience: Patience = SILENT,
): boolean {
  const known = named.get(run) ?? new Set();
  named.set(run, known);
  const fresh = roots.filter((root) => !known.has(root));
  if (fresh.length === 0) return isThere();
  const there = protect(store, run, fresh, isThere, patience);
  for (const root of fresh) known.add(root);
  return there;
}

/**
 * The other side: work that deletes, while nobody stores anything. Whoever waits for it has to
 * wait for those who are storing now, stopped ones included.
 */
export function whileNothingIsStored(
  store: Store,
  run: RunHandle,
  work: () => void,
  patience: Patience,
): void {
  letGo(store);
  const fd = files.openRead(gcLockFile(store));
  try {
    if (!tryLock(fd, 'exclusive')) waitTurn(store, run, fd, patience);
    work();
  } finally {
    files.closeFile(fd);
  }
}

function waitTurn(store: Store, run: RunHandle, fd: number, {wait, tell}: Patience): void {
  claim(store, run, TURN);
  try {
    const told = (): boolean => {
      if (wait) tell(describeRuns(store, run));
      return wait;
    };
    if (!waitForLock(fd, 'exclusive', told)) {
      fault('store/locked', `${describeRuns(store, run)} stores something just now`);
    }
  } finally {
    releaseClaim(store, run, TURN);
  }
}

// --- the shared lock, and how long it is kept ------------------------------------------------------

interface Shared {
  readonly fd: number;
  readonly timer: NodeJS.Timeout;
  /** How many use it just now, one within the other. */
  users: number;
  /** Looks since it was last used. */
  idle: number;
}

/** By the lock's file. */
const kept = new Map<string, Shared>();

/** Milliseconds between two looks whether gc waits for the lock. */
const LOOK = 50;
/** After so many looks without use it is given up. */
const IDLE_LOOKS = 20;

/** The lock that is kept; else a new one, after whoever deletes just now or waits to. */
function share(store: Store, patience: Patience): Shared {
  const file = gcLockFile(store);
  const there = kept.get(file);
  if (there !== undefined && (there.users > 0 || !mayBeClaimed(store, TURN))) return there;
  letGo(store);
  letPass(store);
  return keep(store, lockShared(store, patience));
}

function keep(store: Store, fd: number): Shared {
  const file = gcLockFile(store);
  const timer = setInterval(() => look(store, file), LOOK).unref();
  const shared: Shared = {fd, timer, users: 0, idle: 0};
  kept.set(file, shared);
  return shared;
}

/**
 * Takes the lock in the background, for who will store something soon and has time until then. Where it cannot be had
 * just so, whoever needs it waits for it. Never rejects.
 */
export async function shareAhead(store: Store): Promise<void> {
  const file = gcLockFile(store);
  if (kept.has(file) || ahead.has(file)) return;
  // A gc that waits goes first.
  const isFree = (): boolean => !mayBeClaimed(store, TURN);
  const fd = files.unless(UNREADABLE, () => (isFree() ? files.openRead(file) : undefined));
  if (fd === undefined) return;
  const coming = {fd};
  ahead.set(file, coming);
  const isLocked = await lockLater(fd, 'shared').catch(() => false);
  // Not by its number: the next one may have got that.
  if (ahead.get(file) !== coming) return;
  ahead.delete(file);
  if (isLocked && !kept.has(file)) keep(store, fd);
  else files.closeFile(fd);
}

/** Locks that are on their way, by the lock's file. */
const ahead = new Map<string, {readonly fd: number}>();

/** Whoever needs it says why. */
const UNREADABLE = [
  ...['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'EIO', 'ELOOP', 'EMFILE', 'ENFILE'],
  ...['ENOMEM', 'ENXIO', 'ESTALE'],
];

function lockShared(store: Store, patience: Patience): number {
  const fd = files.openRead(gcLockFile(store));
  try {
    if (waitForLock(fd, 'shared', () => told(store, patience))) return fd;
    return fault('store/locked', `${holderText(store)} removes things from the store`);
  } catch (error) {
    files.closeFile(fd);
    throw error;
  }
}

function look(store: Store, file: string): void {
  const shared = kept.get(file);
  if (shared === undefined || shared.users > 0) return;
  shared.idle += 1;
  const isWanted = files.unless(['EACCES'], () => mayBeClaimed(store, TURN)) !== false;
  if (isWanted || shared.idle >= IDLE_LOOKS) letGo(store);
}

/** Gives up the shared lock of this process, unless it is in use. */
function letGo(store: Store): void {
  const file = gcLockFile(store);
  const coming = ahead.get(file);
  ahead.delete(file);
  if (coming !== undefined) files.closeFile(coming.fd);
  const shared = kept.get(file);
  if (shared === undefined || shared.users > 0) return;
  kept.delete(file);
  clearInterval(shared.timer);
  files.closeFile(shared.fd);
}

/** What this process has named for each of its runs. */
const named = new WeakMap<object, Set<TemporaryRoot>>();

/** For where nobody can be told; a window of gc is short. */
const SILENT: Patience = {wait: true, tell: () => undefined};

/** The claim of a gc that waits for its turn. */
export const TURN = 'gc-turn';
const TURN_POLL = 10;
const TURN_POLLS = 50;

/**
 * flock(2) knows no queue: many that share the lock one after the other would keep gc out for
 * ever. So they let a gc go first that waits, for half a second at most: it may be dead.
 */
function letPass(store: Store): void {
  for (let poll = 0; poll < TURN_POLLS && mayBeClaimed(store, TURN); poll += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TURN_POLL);
  }
}

function told(store: Store, {wait, tell}: Patience): boolean {
  if (wait) tell(holderText(store));
  return wait;
}

function holderText(store: Store): string {
  return holderOfClaim(store, COLLECTING) ?? 'another run';
}
