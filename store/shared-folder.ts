/**
 * The folder that all generations of a profile have in common: a tree is added to it, as far as it
 * has nothing of that name. What is there stays, whatever it is, and nothing is ever removed.
 */
import path from 'node:path';
import type {Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import {joinBytes, type BytePath} from './bytes.ts';
import {checkOut} from './checkout.ts';
import {syncFileSystem} from './commit.ts';
import {halfDone, SHARED} from './generations.ts';
import type {Store} from './layout.ts';
import type {TreeEntry} from './tree-entry.ts';
import {guard, StoreFault} from './trouble.ts';

/** `folder`: the profile's. `entries`: relative to the shared folder. Durable on return. */
export function addShared(
  store: Store,
  folder: string,
  entries: readonly TreeEntry[],
): Checked<undefined> {
  const made = halfDone(folder, SHARED);
  const there = path.join(folder, SHARED);
  return guard(folder, () => {
    const isThere = files.exists(there);
    const missing = isThere ? missingIn(there, entries) : [];
    if (isThere && missing.length === 0) return undefined;
    try {
      files.makeDir(made, 0o755);
      const laidOut = checkOut(store, entries, made, {copy: true, owners: false});
      if (!laidOut.ok) throw new StoreFault(laidOut.error);
      syncFileSystem(store, folder);
      if (isThere) move(made, there, missing);
      else files.rename(made, there);
      syncFileSystem(store, folder);
    } finally {
      files.removeTree(made);
    }
    return undefined;
  });
}

/** The topmost paths of which nothing is there. */
function missingIn(there: string, entries: readonly TreeEntry[]): readonly BytePath[] {
  const missing: BytePath[] = [];
  let settled: BytePath | undefined;
  for (const {path: at, type} of entries) {
    if (settled !== undefined && at.startsWith(`${settled}/`)) continue;
    const stat = files.lookAt(joinBytes(there, at));
    if (stat === undefined) missing.push(at);
    if (type !== 'dir' || stat?.isDirectory() !== true) settled = at;
  }
  return missing;
}

/** Each with all that is below it, in one call. */
function move(from: string, to: string, missing: readonly BytePath[]): void {
  for (const at of missing) files.rename(joinBytes(from, at), joinBytes(to, at));
}
