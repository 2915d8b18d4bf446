/**
 * Brings many files into the pool with one durability barrier: all contents durable, then all
 * links, then each touched folder. Gives the same result as one by one.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import type {BlobDigest} from '../engine/base/hash.ts';
import {ensureFolder, setAside, syncContents, syncStoreFolders} from './commit.ts';
import {verifyPoolFile} from './inspect.ts';
import {fileIn, type Store} from './layout.ts';
import {LONGEST, reaching} from './reach.ts';
import {stageCopy, stageInode, unstage, type Staged} from './stage.ts';
import {fault} from './trouble.ts';

/** A file of the store's own file system that is to become the pool's. */
export interface Adoption {
  readonly path: Buffer;
  readonly digest: BlobDigest;
  readonly mode: number;
  /** Pool files carry none, so such a file is copied; as is one too deep to be linked later. */
  readonly xattrs: boolean;
}

/**
 * Takes files into the pool, their inodes where possible; durable on return. The given names stay.
 * Throws system errors and `StoreFault`; then some of the files are in the pool, whole ones only.
 */
export function adoptAll(store: Store, adoptions: readonly Adoption[]): void {
  commitStaged(store, stageNew(store, adoptions));
  syncStoreFolders(store, adoptions.map(folderOf(store)));
}

/** Prepares those files that the pool has not. */
export function stageNew(store: Store, adoptions: readonly Adoption[]): Staged[] {
  const staged: Staged[] = [];
  try {
    for (const one of onlyNew(store, adoptions)) staged.push(stageAdoption(store, one));
  } catch (error) {
    unstage(staged);
    throw error;
  }
  return staged;
}

/**
 * Makes staged files durable, links them into the pool and removes their temporary names.
 * A file the pool has already is kept when it is sound and replaced when it is not.
 */
export function commitStaged(store: Store, staged: readonly Staged[]): void {
  try {
    syncContents(
      store,
      staged.map((one) => one.file),
    );
    linkStaged(store, staged);
  } finally {
    unstage(staged);
  }
}

/** Gives staged files whose contents are durable their names in the pool; durable on return. */
export function linkStaged(store: Store, staged: readonly Staged[]): void {
  linkAll(store, staged);
  // Also for files that were there: whoever linked them may not have come to this line yet.
  syncStoreFolders(store, staged.map(folderOf(store)));
}

type Pooled = Pick<Staged, 'digest' | 'mode'>;
const folderOf =
  (store: Store) =>
  ({digest, mode}: Pooled): string =>
    path.dirname(fileIn(store, digest, mode));

/** As `linkStaged`, but the names are not durable yet. */
export function linkAll(store: Store, staged: readonly Staged[]): void {
  for (const one of staged) linkIn(store, one);
}

/** Each pool file once, and not the ones that are there and look sound. */
function onlyNew(store: Store, adoptions: readonly Adoption[]): Adoption[] {
  const wanted = new Map(adoptions.map((one) => [fileIn(store, one.digest, one.mode), one]));
  return [...wanted.values()].filter(
    (one) => verifyPoolFile(store, one.digest, one.mode) !== undefined,
  );
}

function stageAdoption(store: Store, one: Adoption): Staged {
  const isNear = one.path.length < LONGEST;
  if (!one.xattrs && isNear) return stageInode(store, one.path, one.digest, one.mode);
  return reaching(one.path, (near) => stageAgain(store, near, one.digest, one.mode));
}

/** Copies a file whose digest is known; another digest means it was changed meanwhile. */
function stageAgain(store: Store, file: files.PathLike, digest: BlobDigest, mode: number): Staged {
  const copy = stageCopy(store, file, mode);
  if (copy.digest === digest) return copy;
  unstage([copy]);
  return fault('store/corrupt', `${file.toString()} changed while it was stored`);
}

function linkIn(store: Store, one: Staged): void {
  const final = fileIn(store, one.digest, one.mode);
  ensureFolder(store, path.dirname(final));
  try {
    files.link(one.file, final);
  } catch (error) {
    if (!linkOtherwise(store, one, final, files.errorCode(error))) throw error;
  }
}

/** Deals with a link that did not come about; false: nothing can be done. */
function linkOtherwise(store: Store, one: Staged, final: string, why: string | undefined): boolean {
  if (why === 'EEXIST') {
    if (verifyPoolFile(store, one.digest, one.mode, one.size) === undefined) return true;
    setAside(store, final);
    files.unless(['EEXIST'], () => files.link(one.file, final));
    return true;
  }
  // The inode has all the links it can have, or lies on another file system after all.
  if (one.temporary || (why !== 'EMLINK' && why !== 'EXDEV')) return false;
  commitStaged(store, [stageAgain(store, one.file, one.digest, one.mode)]);
  return true;
}
