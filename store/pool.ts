/**
 * The blobs of a store: contents by sha256, one file for each set of permission bits they are
 * used with, so that trees can be hard links into the pool.
 * A pool file never has setuid, setgid or sticky, xattrs, or another time than one second past
 * 1970. Knows nothing of trees.
 */
import path from 'node:path';
import type {Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import {blobDigest, sha256, type BlobDigest} from '../engine/base/hash.ts';
import {adoptAll, commitStaged} from './batch.ts';
import {setAside} from './commit.ts';
import {hasDigest, verifyPoolFile} from './inspect.ts';
import {fileIn, type Store} from './layout.ts';
import {openPool} from './open-pool.ts';
import {POOL_TIME, stageBytes, stageCopy, unstage, type Staged} from './stage.ts';
import {fault, guard} from './trouble.ts';

/** Stores bytes; durable on return. Throws system errors. */
export function putBytes(store: Store, bytes: string | Uint8Array, mode = 0o644): BlobDigest {
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const digest = blobDigest(sha256(data));
  if (verifyPoolFile(store, digest, mode, data.length) === undefined) {
    // The one who put it there may not have come to this yet.
    files.syncDir(path.dirname(fileIn(store, digest, mode)));
    return digest;
  }
  const staged = stageBytes(store, data, mode);
  commitStaged(store, [staged]);
  return staged.digest;
}

/**
 * Copies a file into the pool, hashing what it copies; durable on return. With `expected`, other
 * bytes are refused before anything is visible. Follows no link.
 */
export function putFile(
  store: Store,
  file: files.PathLike,
  mode: number,
  expected?: BlobDigest,
): Checked<BlobDigest> {
  return guard(file, () => {
    const staged = stageCopy(store, file, mode);
    refuseOther(staged, file, expected);
    commitStaged(store, [staged]);
    return staged.digest;
  });
}

/**
 * Makes a file of the store's own file system a pool file: by another name for its inode, or by a
 * copy where it carries xattrs (`xattrs`), has all the links it can have or lies elsewhere.
 * Durable on return; nobody may write to the inode from then on. For many files: `adoptAll`.
 */
export function adoptFile(
  store: Store,
  file: Buffer,
  digest: BlobDigest,
  mode: number,
  xattrs = false,
): void {
  adoptAll(store, [{path: file, digest, mode, xattrs}]);
}

/**
 * The permission bits a blob is there with (one of them), undefined when no sound file of it is.
 * What was touched is mended or set aside, as by `blobPath`.
 */
export function hasBlob(store: Store, digest: BlobDigest): number | undefined {
  const usual = USUAL.find((mode) => verifyPoolFile(store, digest, mode) === undefined);
  return usual ?? modesOf(store, digest).find((mode) => isSound(store, digest, mode));
}

const USUAL = [0o644, 0o755, 0o444, 0o555, 0o600];

/**
 * The pool file of a blob with these permission bits; made from another mode's file when missing.
 * A file that was touched is hashed: mended when its bytes are right, else set aside.
 * Throws a `StoreFault` (store/corrupt) when no sound copy is there, and system errors.
 */
export function blobPath(store: Store, digest: BlobDigest, mode: number, size?: number): string {
  const final = fileIn(store, digest, mode);
  if (isSound(store, digest, mode, size)) return final;
  for (const other of modesOf(store, digest)) {
    if (!isSound(store, digest, other, size)) continue;
    const staged = stageCopy(store, fileIn(store, digest, other), mode, openPool);
    if (staged.digest === digest) {
      commitStaged(store, [staged]);
      return final;
    }
    unstage([staged]);
    setAside(store, fileIn(store, digest, other));
  }
  return fault('store/corrupt', `the store has no sound copy of the file ${digest}`);
}

/** Whether a pool file is there and lstat(2) shows nothing wrong with it. */
export function verifyCheaply(store: Store, digest: BlobDigest, mode: number): boolean {
  return verifyPoolFile(store, digest, mode) === undefined;
}

/** Whether a pool file may be used; mends what can be mended and sets aside what cannot. */
export function isSound(store: Store, digest: BlobDigest, mode: number, size?: number): boolean {
  const blemish = verifyPoolFile(store, digest, mode, size);
  if (blemish === undefined) return true;
  if (blemish === 'missing') return false;
  const file = fileIn(store, digest, mode);
  if (blemish === 'content' || !hasDigest(file, digest)) {
    setAside(store, file);
    return false;
  }
  files.chown(file, store.ids.uid, store.ids.gid);
  files.chmod(file, mode & 0o777);
  files.setTimes(file, POOL_TIME);
  return true;
}

/** All permission bits a digest has a pool file for, sound or not. */
export function modesOf(store: Store, digest: BlobDigest): number[] {
  const file = fileIn(store, digest, 0);
  const stem = path.basename(file, '.000');
  return files
    .namesIn(path.dirname(file))
    .filter((name) => name.startsWith(`${stem}.`) && /\.[0-7]{3}$/.test(name))
    .map((name) => parseInt(name.slice(stem.length + 1), 8));
}

function refuseOther(staged: Staged, file: files.PathLike, expected: BlobDigest | undefined): void {
  if (expected === undefined || expected === staged.digest) return;
  unstage([staged]);
  fault('store/corrupt', `${file.toString()} has sha256 ${staged.digest}, not ${expected}`);
}
