/**
 * Hashes many pool files with two processors and says which do not have the digest their name
 * says. Changes nothing. Also the program of the second thread.
 */
import * as files from '../engine/base/files.ts';
import {hashFile} from './inspect.ts';
import {joinShare, share} from './share.ts';

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
  const {done, failure} = share(import.meta.url, list, undefined, isSame, alone);
  if (failure !== undefined) throw failure;
  const others = done.filter(([, same]) => !same).map(([at]) => at);
  return others.sort((a, b) => a - b);
}

/** What vanished, or cannot be read for an error of the disk, is not what it was. */
function isSame({file, digest, size}: Hashable): boolean {
  const codes = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO', 'ENXIO'];
  return files.unless(codes, () => hashFile(file, size)) === digest;
}

joinShare(import.meta.url, isSame);
