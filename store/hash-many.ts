/**
 * Hashes many pool files with two processors: this thread and one more take files in turn from
 * one list. Says which do not have the digest their name says; changes nothing.
 */
import {Worker} from 'node:worker_threads';
import {compareShare, type Hashable} from './hash-share.ts';

/** Below this a second thread costs more than it helps. */
const WORTH = {files: 1000, bytes: 32 << 20};

/** The places in the list of those that cannot be read or have other bytes, in order. */
export async function findOthers(list: readonly Hashable[]): Promise<readonly number[]> {
  const next = new SharedArrayBuffer(4);
  const bytes = list.reduce((sum, one) => sum + one.size, 0);
  const pays = list.length > WORTH.files || bytes > WORTH.bytes;
  const helper = pays ? startHelper(list, next) : Promise.resolve([]);
  const mine = compareShare(list, next);
  return [...mine, ...(await helper)].sort((a, b) => a - b);
}

function startHelper(list: readonly Hashable[], next: SharedArrayBuffer): Promise<number[]> {
  const script = new URL('hash-share.js', import.meta.url);
  const thread = new Worker(script, {workerData: {list, next}});
  return new Promise((resolve, reject) => {
    thread.once('message', (found: number[]) => resolve(found));
    thread.once('error', reject);
    // Without an answer the file it had taken would count as sound.
    thread.once('exit', () => reject(new Error('a thread ended without its answer')));
  });
}
