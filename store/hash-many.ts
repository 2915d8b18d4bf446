/**
 * Hashes many pool files with two processors and says which do not have the digest their name
 * says. Changes nothing. Also the program of the second thread.
 */
import * as files from '../engine/base/files.ts';
import {hashFile} from './inspect.ts';
import {callSecond, joinShare, share} from './share.ts';

/** A pool file and what its bytes have to come to. */
export interface Hashable {
  readonly file: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

/** Below this a second thread costs more than it helps. */
const WORTH = {files: 1000, bytes: 32 << 20};

/** The places in the list of those that cannot be read or have other bytes, in order. */
export function findOthers(list: readonly Hashable[]): readonly number[] {
  const bytes = list.reduce((sum, one) => sum + one.size, 0);
  const alone = list.length <= WORTH.files && bytes <= WORTH.bytes;
  using second = callSecond(import.meta.url, alone);
  const {outs, failure} = share(second, list, undefined, isSame);
  if (failure !== undefined) throw failure;
  return [...outs.keys()].filter((at) => outs[at] !== true);
}

/** What vanished, or cannot be read for an error of the disk, is not what it was. */
function isSame({file, digest, size}: Hashable): boolean {
  const codes = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO', 'ENXIO'];
  return files.unless(codes, () => hashFile(file, size)) === digest;
}

joinShare(import.meta.url, isSame);
