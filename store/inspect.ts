/**
 * Looks whether a pool file is what its name says: cheaply by what lstat(2) shows, fully by its
 * bytes. Changes nothing.
 */
import * as files from '../engine/base/files.ts';
import {sha256Stream, type BlobDigest} from '../engine/base/hash.ts';
import {fileIn, type Store} from './layout.ts';
import {POOL_TIME} from './stage.ts';
import {EMPTY_DIGEST} from './tree-rules.ts';

/** What is wrong with a pool file. `missing`; `content`: no longer what it was for certain; `facts`: somebody touched it, the bytes may be right. */
export type Blemish = 'missing' | 'content' | 'facts';

/**
 * The cheap look: kind, size (where known), permission bits, time, owner. Whoever writes to a
 * linked file moves its time, so this finds accidents; only the full hash finds the rest.
 */
export function verifyPoolFile(
  store: Store,
  digest: BlobDigest,
  mode: number,
  size?: number,
): Blemish | undefined {
  const stat = files.lookAt(fileIn(store, digest, mode));
  if (stat === undefined) return 'missing';
  if (!stat.isFile() || (size !== undefined && stat.size !== size)) return 'content';
  if ((stat.size === 0) !== (digest === EMPTY_DIGEST)) return 'content';
  const asMade =
    (stat.mode & 0o7777) === (mode & 0o777) &&
    stat.mtimeMs === POOL_TIME * 1000 &&
    stat.uid === store.ids.uid;
  return asMade ? undefined : 'facts';
}

/** The full look: whether a file's bytes have this digest. Follows no link. */
export function hasDigest(file: files.PathLike, digest: BlobDigest): boolean {
  return hashFile(file) === digest;
}

/** sha256 of a file's bytes, 64 hex digits. Follows no link. */
export function hashFile(file: files.PathLike): string {
  const hash = sha256Stream();
  const buffer = Buffer.allocUnsafe(1 << 18);
  const fd = files.openRead(file);
  try {
    for (let n = files.readInto(fd, buffer); n > 0; n = files.readInto(fd, buffer)) {
      hash.update(buffer.subarray(0, n));
    }
  } finally {
    files.closeFile(fd);
  }
  return hash.digest('hex');
}
