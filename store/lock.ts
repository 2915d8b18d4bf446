/**
 * flock(2) without native code: flock(1) takes the lock on a descriptor of ours. The lock belongs
 * to the open file, so it stays when the helper ends and goes when we close it or die, however.
 */
import {ended, runSync, start} from '../engine/base/process.ts';
import {fault} from './trouble.ts';

export type LockKind = 'exclusive' | 'shared';

/** Takes a lock on an open file if nobody holds one against it; blocks for one short process. */
export function tryLock(fd: number, kind: LockKind): boolean {
  return flock(fd, [`--${kind}`, '--nonblock']);
}

/** The same in the background, for a lock that whoever does not get it waits for anyway. */
export async function lockLater(fd: number, kind: LockKind): Promise<boolean> {
  const argv = ['flock', `--${kind}`, '--nonblock', '3'];
  const done = await ended(start(argv, {stdio: ['ignore', 'ignore', 'ignore', fd]}));
  return done.status === 0;
}

/** How long is waited before somebody is told. */
const QUIET_SECONDS = 1;

/**
 * Takes a lock, waiting for it. After a second `told` is asked once: false gives up. Blocks this
 * process; a Ctrl-C at the terminal ends the waiting (`store/locked`).
 */
export function waitForLock(fd: number, kind: LockKind, told: () => boolean): boolean {
  if (flock(fd, [`--${kind}`, '--timeout', String(QUIET_SECONDS)])) return true;
  return told() && flock(fd, [`--${kind}`]);
}

function flock(fd: number, how: readonly string[]): boolean {
  const done = runSync(['flock', ...how, '3'], {stdio: ['ignore', 'ignore', 'pipe', fd]});
  if (done.status === 0) return true;
  if (done.signal !== null) return fault('store/locked', 'the waiting for a lock was ended');
  // 1: somebody holds it, and nothing is said; anything else is said.
  if (done.status === 1 && done.stderr === '') return false;
  if (done.status === 127) {
    fault('store/tool', `cannot run flock (package util-linux): ${done.stderr.trim()}`);
  }
  return fault('store/unusable', `flock failed: ${done.stderr.trim()}`);
}
