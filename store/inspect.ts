/**
 * Looks whether a pool file is what its name says: cheaply by what lstat(2) shows, fully by its
 * bytes. Changes nothing (open-pool.ts says what it takes to read a file its owner may not).
 */
import * as files from '../engine/base/files.ts';
import {sha256, sha256Stream, type BlobDigest} from '../engine/base/hash.ts';
import {fileIn, type Store} from './layout.ts';
import {openPool} from './open-pool.ts';
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
  return blemishOf(store, files.lookAt(fileIn(store, digest, mode)), digest, mode, size);
}

/** The same for what lstat(2) has said already. */
export function blemishOf(
  store: Store,
  stat: files.Stats | undefined,
  digest: BlobDigest,
  mode: number,
  size?: number,
): Blemish | undefined {
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

/** What files are read into; nothing stays in it from one call to the next. */
const buffer = Buffer.allocUnsafeSlow(1 << 18);

/**
 * sha256 of a file's bytes, 64 hex digits. Follows no link. With its `size` known a small file
 * costs one read(2), and one call of the hash.
 */
export function hashFile(file: files.PathLike, size?: number): string {
  const fd = openPool(file);
  try {
    let n = files.readInto(fd, buffer);
    if (n === size && n < buffer.length) return sha256(buffer.subarray(0, n));
    const hash = sha256Stream();
    for (; n > 0; n = files.readInto(fd, buffer)) hash.update(buffer.subarray(0, n));
    return hash.digest('hex');
  } finally {
    files.closeFile(fd);
  }
}
