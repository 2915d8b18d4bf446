/**
 * flock(2) without native code: flock(1) takes the lock on a descriptor of ours. The lock belongs
 * to the open file, so it stays when the helper ends and goes when we close it or die, however.
 */
import {runSync} from '../engine/base/process.ts';
import {fault} from './trouble.ts';

/** Takes a lock on an open file if nobody holds one against it; blocks for one short process. */
export function tryLock(fd: number, kind: 'exclusive' | 'shared'): boolean {
  const argv = ['flock', '--nonblock', `--${kind}`, '3'];
  const done = runSync(argv, {stdio: ['ignore', 'ignore', 'pipe', fd]});
  if (done.status === 0) return true;
  // 1: somebody holds it, and nothing is said; anything else is said.
  if (done.status === 1 && done.stderr === '') return false;
  if (done.status === 127) {
    fault('store/tool', `cannot run flock (package util-linux): ${done.stderr.trim()}`);
  }
  return fault('store/unusable', `flock failed: ${done.stderr.trim()}`);
}
