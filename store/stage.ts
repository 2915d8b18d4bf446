/**
 * Files on their way into the pool: whole, with the mode, owner and time pool files have, but
 * still under another name. batch.ts makes them durable and gives them their final names.
 */
import * as files from '../engine/base/files.ts';
import {blobDigest, sha256, sha256Stream, type BlobDigest} from '../engine/base/hash.ts';
import {assert} from '../engine/base/result.ts';
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

/** One for all: whoever fills it is done with it before the next call. */
const buffer = Buffer.allocUnsafeSlow(1 << 18);

/** Copies a file into tmp/ and hashes what it writes. `open` follows no link. */
export function stageCopy(
  store: Store,
  from: files.PathLike,
  mode: number,
  open: (file: files.PathLike) => number = files.openRead,
): Staged {
  const source = open(from);
  try {
    const size = fill(source);
    if (size < buffer.length) return stageBytes(store, buffer.subarray(0, size), mode);
    return stage(store, mode, (write) => {
      for (let n = size; n > 0; n = fill(source)) write(buffer.subarray(0, n));
    });
  } finally {
    files.closeFile(source);
  }
}

/** Reads until the buffer is full or the file at its end; read(2) may give less than there is. */
function fill(source: number): number {
  let size = 0;
  while (size < buffer.length) {
    const n = files.readInto(source, size === 0 ? buffer : buffer.subarray(size));
    if (n === 0) break;
    size += n;
  }
  return size;
}

/** The same for bytes at hand. */
export function stageBytes(store: Store, bytes: Uint8Array, mode: number): Staged {
  return stageAs(store, mode, (fd) => {
    files.writeAll(fd, bytes);
    return {hex: sha256(bytes), size: bytes.length};
  });
}

/** The same for bytes that come piece by piece. */
export function stage(
  store: Store,
  mode: number,
  give: (write: (bytes: Uint8Array) => void) => void,
): Staged {
  return stageAs(store, mode, (fd) => {
    const hash = sha256Stream();
    let size = 0;
    give((bytes) => {
      hash.update(bytes);
      size += bytes.length;
      files.writeAll(fd, bytes);
    });
    return {hex: hash.digest('hex'), size};
  });
}

function stageAs(
  store: Store,
  mode: number,
  write: (fd: number) => {readonly hex: string; readonly size: number},
): Staged {
  const file = temporaryIn(store);
  const fd = files.createFile(file);
  try {
    const {hex, size} = write(fd);
    if (store.owner !== undefined) files.chownOpen(fd, store.owner.uid, store.owner.gid);
    files.chmodOpen(fd, mode & 0o777);
    files.setTimesOpen(fd, POOL_TIME);
    return {file, temporary: true, digest: blobDigest(hex), mode: mode & 0o777, size};
  } catch (error) {
    files.unlink(file);
    throw error;
  } finally {
    files.closeFile(fd);
  }
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
