/**
 * Mends what a survey has found, as far as the store itself or a second one can: sets damaged
 * files aside, then makes good from another mode's file, from the other store, or from nothing at
 * all (times and modes). What is left is made again by whoever knows how; whether that came to
 * the very digests is seen by another survey. Nobody else works in the store meanwhile. Roots
 * stay as they are.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {
  actionKey,
  blobDigest,
  treeDigest,
  type BlobDigest,
  type TreeDigest,
} from '../engine/base/hash.ts';
import {setAside} from './commit.ts';
import {dropFarms, putAway} from './farms.ts';
import {hasDigest, verifyPoolFile} from './inspect.ts';
import {farmIn, fileIn, type Store} from './layout.ts';
import {blobPath, isSound, modesOf, putFile} from './pool.ts';
import {readRecord, writeRecord} from './records.ts';
import {lookAtRoots} from './roots.ts';
import {forgetTree, hasTree, readTree, writeTree} from './trees.ts';
import {filesOf} from './verified.ts';
import type {Finding} from './verify.ts';

/**
 * Sets aside all that is damaged and restores what it can; true where the object is whole again.
 * `other` is a second store, of which only what has the right digest is taken. Throws system
 * errors and `StoreFault`.
 */
export function repairFindings(
  store: Store,
  findings: readonly Finding[],
  other: Store | undefined,
): ReadonlyMap<Finding, boolean> {
  for (const finding of findings) putAsideWhatIsThere(store, finding);
  const mended = new Map<Finding, boolean>();
  // Manifests last: the blobs they name are looked at with them.
  const order = ['other', 'blob', 'tree', 'record'];
  const sorted = [...findings].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const finding of sorted) mended.set(finding, restore(store, finding, other));
  return mended;
}

/** Whether the object of a finding is whole now, by its bytes. */
export function isWholeNow(store: Store, finding: Finding): boolean {
  const {kind, digest} = finding;
  if (digest === undefined) return !isRoot(finding) || isSoundRoot(store, finding.place);
  switch (kind) {
    case 'blob':
      return soundMode(store, blobDigest(digest)) !== undefined;
    case 'tree':
      forgetTree(store, treeDigest(digest));
      return readTree(store, treeDigest(digest), 'leave').ok;
    case 'record': {
      const record = readRecord(store, actionKey(digest), undefined, 'leave');
      return record.ok && record.value !== undefined;
    }
    case 'other':
      return true;
  }
}

function putAsideWhatIsThere(store: Store, finding: Finding): void {
  const {kind, place, digest, severity} = finding;
  if (kind === 'blob' && digest !== undefined) {
    putBlobAside(store, blobDigest(digest), severity === 'damaged');
    return;
  }
  if (severity === 'odd' && kind !== 'other') return;
  if (isRoot(finding) || isMadeAgain(store, finding)) return;
  if (kind === 'tree' && digest !== undefined) {
    forgetTree(store, treeDigest(digest));
    putAway(store, farmIn(store, digest));
  }
  const file = path.join(store.root, place);
  if (files.exists(file)) setAside(store, file);
}

/** Set aside, it would be no reason any more for gc to refuse, and what it kept would go. */
export function isRoot({kind, place}: Finding): boolean {
  return kind === 'other' && place.startsWith('roots/');
}

function isSoundRoot(store: Store, place: string): boolean {
  const found = lookAtRoots(store).find((one) => `roots/${one.place}` === place);
  return found === undefined || found.root !== undefined;
}

/** Whether somebody at work has mended it since it was found: the survey needs no lock. */
function isMadeAgain(store: Store, finding: Finding): boolean {
  if (finding.digest !== undefined) return isWholeNow(store, finding);
  const folder = path.join(store.root, finding.place);
  return finding.severity === 'damaged' && files.lookAt(folder)?.isDirectory() === true;
}

/** What only was touched is mended by the look at it. */
function putBlobAside(store: Store, blob: BlobDigest, damaged: boolean): void {
  for (const mode of modesOf(store, blob)) {
    const file = fileIn(store, blob, mode);
    if (isReadable(() => isSound(store, blob, mode) && hasDigest(file, blob))) continue;
    if (verifyPoolFile(store, blob, mode) !== 'missing') setAside(store, file);
  }
  if (damaged) dropFarms(store, blob);
}

function restore(store: Store, finding: Finding, other: Store | undefined): boolean {
  const {kind, digest, place} = finding;
  if (digest === undefined) return !files.exists(path.join(store.root, place));
  switch (kind) {
    case 'blob':
      return restoreBlob(store, blobDigest(digest), modeOf(place), other);
    case 'tree':
      return restoreTree(store, treeDigest(digest), other);
    case 'record':
      return restoreRecord(store, digest, other);
    case 'other':
      return true;
  }
}

/** From another mode's file of this store, or from the other store. */
function restoreBlob(
  store: Store,
  digest: BlobDigest,
  mode: number | undefined,
  other: Store | undefined,
): boolean {
  const here = soundMode(store, digest);
  if (here !== undefined) {
    blobPath(store, digest, mode ?? here);
    return true;
  }
  const there = other === undefined ? undefined : soundMode(other, digest);
  if (other === undefined || there === undefined) return false;
  return putFile(store, fileIn(other, digest, there), mode ?? there, digest).ok;
}

/** The manifest and all blobs it names. */
function restoreTree(store: Store, digest: TreeDigest, other: Store | undefined): boolean {
  if (!hasTree(store, digest)) {
    const entries = other === undefined ? undefined : readTree(other, digest, 'leave');
    if (entries?.ok !== true) return false;
    const all = filesOf(entries.value).every((one) =>
      restoreBlob(store, one.digest, one.mode & 0o777, other),
    );
    if (!all) return false;
    writeTree(store, entries.value);
  }
  return readTree(store, digest, 'leave').ok;
}

/** A record is a claim: taken from the other store as from an export, where its tree is here. */
function restoreRecord(store: Store, key: string, other: Store | undefined): boolean {
  const record =
    other === undefined ? undefined : readRecord(other, actionKey(key), undefined, 'leave');
  if (record?.ok !== true || record.value === undefined) return false;
  const {tree} = record.value;
  if (tree !== undefined && !restoreTree(store, tree, other)) return false;
  writeRecord(store, record.value);
  return true;
}

/** A mode of which there is a file with the right bytes. */
function soundMode(store: Store, digest: BlobDigest): number | undefined {
  return modesOf(store, digest).find((mode) => {
    const file = fileIn(store, digest, mode);
    return files.lookAt(file)?.isFile() === true && isReadable(() => hasDigest(file, digest));
  });
}

/** A file the disk can no longer read is damaged like any other. */
function isReadable(look: () => boolean): boolean {
  return files.unless(['EIO'], look) === true;
}

function modeOf(place: string): number | undefined {
  const digits = /\.([0-7]{3})$/.exec(place)?.[1];
  return digits === undefined ? undefined : parseInt(digits, 8);
}
