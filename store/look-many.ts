/**
 * Looks at many pool files with two processors. Also the program of the second thread.
 */
import type {BlobDigest} from '../engine/base/hash.ts';
import {hasDigest, verifyPoolFile} from './inspect.ts';
import {fileIn, type Store} from './layout.ts';
import {callSecond, joinShare, share} from './share.ts';
import type {FileEntry} from './tree-entry.ts';

/** Below this a second thread costs more than it helps; bytes count where they are read. */
const WORTH = {files: 8000, bytes: 16 << 20};

interface Common {
  readonly store: Store;
  /** All bytes, else what lstat(2) shows. */
  readonly fully: boolean;
}

/** For each whether its pool file is there as it was made. Changes nothing; throws system errors. */
export function lookMany(
  store: Store,
  entries: readonly FileEntry[],
  fully: boolean,
): readonly boolean[] {
  const bytes = fully ? entries.reduce((sum, {size}) => sum + size, 0) : 0;
  const alone = entries.length < 2 || (entries.length < WORTH.files && bytes < WORTH.bytes);
  using second = callSecond(import.meta.url, alone);
  const {outs, failure} = share(second, entries, {store, fully}, lookAtOne, pack);
  if (failure !== undefined) throw failure;
  return outs.map((isGood) => isGood === true);
}

type Facts = Pick<FileEntry, 'digest' | 'mode' | 'size'>;

function lookAtOne({digest, mode, size}: Facts, {store, fully}: Common): boolean {
  if (verifyPoolFile(store, digest, mode, size) !== undefined) return false;
  return !fully || hasDigest(fileIn(store, digest, mode), digest);
}

function pack({digest, mode, size}: Facts): string {
  return `${digest}${mode} ${size}`;
}

function lookAtPacked(packed: string, common: Common): boolean {
  const [mode, size] = packed.slice(64).split(' ').map(Number);
  const digest = packed.slice(0, 64) as BlobDigest;
  return lookAtOne({digest, mode: mode ?? 0, size: size ?? 0}, common);
}

joinShare(import.meta.url, lookAtPacked);
