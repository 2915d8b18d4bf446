/**
 * All that the files of a tree ask for, and what of it another tree has.
 * Knows nothing of recipes and of what they declare.
 */
import * as files from '../base/files.ts';
import type {BytePath} from '../../store/bytes.ts';
import {fileIn, type Store} from '../../store/layout.ts';
import type {FileEntry, TreeEntry} from '../../store/tree-entry.ts';
import {mayNeed, needsOf, type FileNeed} from './file-needs.ts';

export interface Wanted {
  readonly need: FileNeed;
  /** The first file that wants it, and how many others do. */
  readonly first: BytePath;
  readonly others: number;
}

/** What is not provided yet, by the last part of the path that would. */
export type Missing = Map<BytePath, Wanted[]>;

/** All that the files of a tree ask for. */
export function wantedBy(store: Store, entries: readonly TreeEntry[]): Missing {
  const byName = new Map<BytePath, Wanted>();
  for (const entry of entries) {
    if (entry.type !== 'file' || entry.hardlink !== undefined) continue;
    if (!mayNeed(entry.path, entry.mode)) continue;
    const needs = new Map(needsOfEntry(store, entry).map((need) => [need.name, need]));
    for (const [name, need] of needs) {
      const known = byName.get(name);
      const others = known === undefined ? 0 : known.others + 1;
      byName.set(name, {need, first: known?.first ?? entry.path, others});
    }
  }
  const missing: Missing = new Map();
  for (const wanted of byName.values()) {
    const {file} = wanted.need;
    missing.set(file, [...(missing.get(file) ?? []), wanted]);
  }
  return missing;
}

/** A file its owner may not read, or that was set aside meanwhile, asks for nothing. */
function needsOfEntry(store: Store, {path, mode, digest, size}: FileEntry): readonly FileNeed[] {
  const pooled = fileIn(store, digest, mode);
  const fd = files.unless(['ENOENT', 'EACCES', 'ELOOP'], () => files.openRead(pooled));
  if (fd === undefined) return [];
  try {
    return needsOf(path, mode, (position, length) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - position)));
      return bytes.subarray(0, bytes.length === 0 ? 0 : files.readInto(fd, bytes, position));
    });
  } finally {
    files.closeFile(fd);
  }
}

/** Whether something may be what a file asks for: that is seldom sure. */
export function mayProvide(entry: TreeEntry): boolean {
  return entry.type === 'file' ? mayNeed(entry.path, entry.mode) : isLeaf(entry);
}

function isLeaf({type}: TreeEntry): boolean {
  return type !== 'dir' && type !== 'whiteout';
}

/** The paths that a tree can provide something at. */
export function leavesOf(entries: readonly TreeEntry[]): readonly BytePath[] {
  return entries.filter(isLeaf).map((one) => one.path);
}

/** Takes out, and gives, what is provided at these paths, which are no folders. */
export function takeProvided(missing: Missing, paths: Iterable<BytePath>): readonly Wanted[] {
  const taken: Wanted[] = [];
  for (const path of paths) {
    const file = path.slice(path.lastIndexOf('/') + 1);
    const candidates = missing.get(file);
    if (candidates === undefined) continue;
    taken.push(...candidates.filter(({need}) => need.fits(path)));
    const left = candidates.filter(({need}) => !need.fits(path));
    if (left.length > 0) missing.set(file, left);
    else missing.delete(file);
  }
  return taken;
}
