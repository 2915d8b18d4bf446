/**
 * Begins the worker of a build before anything is loaded that knows what will be built: it takes as long to come up
 * as all of that. Writes nothing; whoever called ends a worker that nobody took.
 */
import type {Host} from '../base/host.ts';
import {guard} from '../../store/trouble.ts';
import {ownerFor} from './launch.ts';
import {isThere} from './own-code.ts';
import {beginWorker, type BegunWorker} from './worker-process.ts';

/** Undefined where it cannot be begun just so; then whoever needs it is told why. */
export function beginAhead(host: Host, storeRoot: string): BegunWorker | undefined {
  const owner = ownerFor(host.uid);
  const there = guard(storeRoot, () => isThere(storeRoot, owner));
  if (!there.ok || !there.value) return undefined;
  const begun = beginWorker({storeRoot, host, owner});
  return begun.ok ? begun.value : undefined;
}
