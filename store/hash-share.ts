/**
 * One thread's share of hash-many.ts: takes the next files of the list until there are none.
 * Also the program of the second thread.
 */
import {parentPort, workerData} from 'node:worker_threads';
import * as files from '../engine/base/files.ts';
import {hashFile} from './inspect.ts';

/** A pool file and what its bytes have to come to. */
export interface Hashable {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
}

/** Files taken at once: fewer means more contention, more means waiting for the last. */
const STEP = 16;

export function compareShare(list: readonly Hashable[], next: SharedArrayBuffer): number[] {
  const counter = new Int32Array(next);
  const found: number[] = [];
  for (;;) {
    const from = Atomics.add(counter, 0, STEP);
    if (from >= list.length) return found;
    for (let at = from; at < Math.min(from + STEP, list.length); at += 1) {
      const one = list[at];
      if (one !== undefined && !isSame(one)) found.push(at);
    }
  }
}

/** What vanished, or cannot be read for an error of the disk, is not what it was. */
function isSame({file, digest, size}: Hashable): boolean {
  const codes = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO', 'ENXIO'];
  return files.unless(codes, () => hashFile(file, size)) === digest;
}

if (parentPort !== null && isShare(workerData)) {
  parentPort.postMessage(compareShare(workerData.list, workerData.next));
}

function isShare(data: unknown): data is {list: readonly Hashable[]; next: SharedArrayBuffer} {
  return typeof data === 'object' && data !== null && 'list' in data && 'next' in data;
}
