/**
 * The layers of a build as one tree: what lies at a path, and to whom it belongs.
 * Follows the manifests, not the disk: a layer's farm cannot hold all that its manifest says.
 */
import type {Label} from '../base/label.ts';
import type {SolidEntry, TreeEntry} from '../../store/tree-entry.ts';
import {parentOf, type BytePath} from '../../store/bytes.ts';

export interface LayerEntries {
  readonly owner: Label;
  /** Files of the base may be covered, changed and removed by whoever builds on it. */
  readonly isBase: boolean;
  readonly entries: readonly TreeEntry[];
}

export interface Owned {
  readonly entry: SolidEntry;
  readonly owner: Label;
  readonly isBase: boolean;
}

export interface Lowers {
  /** What a build sees at a path. */
  at(path: BytePath): Owned | undefined;
  /** All below a folder (not itself), each folder before its content. */
  below(path: BytePath): readonly Owned[];
  /** The paths right below a folder; '' is the top. */
  namesIn(path: BytePath): readonly BytePath[];
  /** All, in no order that matters. */
  all(): Iterable<Owned>;
}

/** Lays layers over each other, lowest first, as overlayfs does. */
export function mergeLayers(layers: readonly LayerEntries[]): Lowers {
  const found = new Map<BytePath, Owned>();
  const names = new Map<BytePath, Set<BytePath>>();
  const merged: Merged = {found, names};
  for (const {owner, isBase, entries} of layers) {
    for (const entry of entries) lay(merged, entry, owner, isBase);
  }
  return {
    at: (path) => found.get(path),
    below: (path) => below(merged, path),
    namesIn: (path) => [...(names.get(path) ?? [])],
    all: () => found.values(),
  };
}

interface Merged {
  readonly found: Map<BytePath, Owned>;
  /** The paths right below a folder; '' is the top. */
  readonly names: Map<BytePath, Set<BytePath>>;
}

function lay(merged: Merged, entry: TreeEntry, owner: Label, isBase: boolean): void {
  const {found, names} = merged;
  const old = found.get(entry.path);
  if (old?.entry.type === 'dir' && entry.type !== 'dir') {
    for (const lost of below(merged, entry.path)) drop(merged, lost.entry.path);
  }
  if (entry.type === 'whiteout') return drop(merged, entry.path);
  found.set(entry.path, {entry, owner, isBase});
  if (old !== undefined) return;
  const parent = parentOf(entry.path);
  const siblings = names.get(parent);
  if (siblings === undefined) names.set(parent, new Set([entry.path]));
  else siblings.add(entry.path);
}

function drop({found, names}: Merged, path: BytePath): void {
  found.delete(path);
  names.delete(path);
  names.get(parentOf(path))?.delete(path);
}

function below({found, names}: Merged, top: BytePath): Owned[] {
  const all: Owned[] = [];
  const waiting = [top];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const path of names.get(folder) ?? []) {
      const owned = found.get(path);
      if (owned !== undefined) all.push(owned);
      waiting.push(path);
    }
  }
  return all;
}
