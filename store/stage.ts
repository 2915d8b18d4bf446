/**
 * Files on their way into the pool: whole, with the mode, owner and time pool files have, but
 * still under another name. batch.ts makes them durable and gives them their final names.
 */
import * as files from '../engine/base/files.ts';
import {blobDigest, sha256Stream, type BlobDigest} from '../engine/base/hash.ts';
import {assert} from '../engine/base/result.ts';
import {giveToOwner} from './commit.ts';
import {temporaryIn, type Store} from './layout.ts';

export interface Staged {
  /** Where the inode has a name now, on the store's own file system. */
  readonly file: files.PathLike;
  /** Whether that name is ours to remove. */
  readonly temporary: boolean;
  readonly digest: BlobDigest;
  readonly mode: number;
  readonly size: number;
}

/** Seconds since 1970 of every pool file: another time betrays that somebody wrote to it. */
export const POOL_TIME = 1;

/** Copies a file into tmp/ and hashes what it writes. `open` follows no link. */
export function stageCopy(
  store: Store,
  from: files.PathLike,
  mode: number,
  open: (file: files.PathLike) => number = files.openRead,
): Staged {
  const source = open(from);
  try {
    return stage(store, mode, (write) => {
      const buffer = Buffer.allocUnsafe(1 << 18);
      for (let n = files.readInto(source, buffer); n > 0; n = files.readInto(source, buffer)) {
        write(buffer.subarray(0, n));
      }
    });
  } finally {
    files.closeFile(source);
  }
}

/** The same for bytes at hand. */
export function stageBytes(store: Store, bytes: Uint8Array, mode: number): Staged {
  return stage(store, mode, (write) => {
    write(bytes);
  });
}

/**
 * Prepares a file that is on the store's file system to become a pool file itself. From here on
 * nobody may write to it: its content is taken for `digest`.
 */
export function stageInode(store: Store, file: Buffer, digest: BlobDigest, mode: number): Staged {
  const stat = files.lookAt(file);
  assert(stat?.isFile() === true, `not a file: ${file.toString()}`);
  if (stat.uid !== store.ids.uid || stat.gid !== store.ids.gid) {
    files.chown(file, store.ids.uid, store.ids.gid);
  }
  // After chown, which may clear bits.
  if ((stat.mode & 0o7777) !== (mode & 0o777)) files.chmod(file, mode & 0o777);
  files.setTimes(file, POOL_TIME);
  return {file, temporary: false, digest, mode: mode & 0o777, size: stat.size};
}

/** Removes the temporary names of staged files. */
export function unstage(staged: readonly Staged[]): void {
  for (const one of staged) {
    if (one.temporary) files.unless(['ENOENT'], () => files.unlink(one.file));
  }
}

function stage(
  store: Store,
  mode: number,
  fill: (write: (bytes: Uint8Array) => void) => void,
): Staged {
  const file = temporaryIn(store);
  const hash = sha256Stream();
  let size = 0;
  const fd = files.createFile(file);
  try {
    fill((bytes) => {
      hash.update(bytes);
      size += bytes.length;
      files.writeAll(fd, bytes);
    });
  } catch (error) {
    files.unlink(file);
    throw error;
  } finally {
    files.closeFile(fd);
  }
  finish(store, file, mode);
  const digest = blobDigest(hash.digest('hex'));
  return {file, temporary: true, digest, mode: mode & 0o777, size};
}

function finish(store: Store, file: string, mode: number): void {
  giveToOwner(store, file);
  files.chmod(file, mode & 0o777);
  files.setTimes(file, POOL_TIME);
}
