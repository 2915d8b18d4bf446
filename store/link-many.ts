/**
 * Links many pool files into a tree with two processors. Also the program of the second thread.
 */
import * as files from '../engine/base/files.ts';
import type {BlobDigest} from '../engine/base/hash.ts';
import {verifyPoolFile} from './inspect.ts';
import {fileIn, type Store} from './layout.ts';
import {reaching} from './reach.ts';
import {joinShare, share} from './share.ts';

export interface Link {
  readonly digest: BlobDigest;
  readonly mode: number;
  readonly size: number;
  /** Where the new name is to be; its folder is there. */
  readonly place: Uint8Array;
}

/** Below this a second thread costs more than it helps. */
const WORTH = 4000;

/** For each whether it was made; false: its pool file is not as it should be, or no link can be. */
export function linkMany(store: Store, links: readonly Link[]): boolean[] {
  const alone = links.length < WORTH;
  const {done, failure} = share(import.meta.url, links, store, linkOne, alone);
  if (failure !== undefined) throw failure;
  const made: boolean[] = [];
  for (const [at, one] of done) made[at] = one;
  return made;
}

function linkOne({digest, mode, size, place}: Link, store: Store): boolean {
  if (verifyPoolFile(store, digest, mode, size) !== undefined) return false;
  // Between threads a Buffer becomes plain bytes.
  const at = Buffer.isBuffer(place)
    ? place
    : Buffer.from(place.buffer, place.byteOffset, place.length);
  return reaching(at, (near) => linked(fileIn(store, digest, mode), near));
}

/** EMLINK: no more links for this inode. EXDEV: another disk. EPERM: not the owner's own file. */
export function linked(pooled: string, place: Buffer): boolean {
  const done = files.unless(['EMLINK', 'EXDEV', 'EPERM'], () => {
    files.link(pooled, place);
    return true;
  });
  return done === true;
}

joinShare(import.meta.url, linkOne);
