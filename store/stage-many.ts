/**
 * Copies many files into tmp/ with two processors. Also the program of the second thread.
 */
import type {Store} from './layout.ts';
import {reaching} from './reach.ts';
import {callSecond, joinShare, share} from './share.ts';
import {stageCopy, unstage, type Staged} from './stage.ts';

export interface Copy {
  readonly from: string | Uint8Array;
  readonly mode: number;
  /** Bytes it is likely to have; for deciding about threads. */
  readonly size: number;
}

/** Below this a second thread costs more than it helps. */
const WORTH = {files: 400, bytes: 8 << 20};

/** Each file staged, in order. Throws system errors; then nothing is left in tmp/. */
export function stageCopies(store: Store, copies: readonly Copy[]): Staged[] {
  const bytes = copies.reduce((sum, one) => sum + one.size, 0);
  const alone = copies.length < 2 || (copies.length < WORTH.files && bytes < WORTH.bytes);
  using second = callSecond(import.meta.url, alone);
  const {outs, failure} = share(second, copies, store, stageOne);
  const staged = outs.filter((one) => one !== undefined);
  if (failure === undefined) return staged;
  unstage(staged);
  throw failure;
}

function stageOne({from, mode}: Copy, store: Store): Staged {
  if (typeof from === 'string') return stageCopy(store, from, mode);
  return reaching(asBuffer(from), (near) => stageCopy(store, near, mode));
}

/** Between threads a Buffer becomes plain bytes. */
function asBuffer(from: Uint8Array): Buffer {
  if (Buffer.isBuffer(from)) return from;
  return Buffer.from(from.buffer, from.byteOffset, from.length);
}

joinShare(import.meta.url, stageOne);
