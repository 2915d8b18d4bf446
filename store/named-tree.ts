/**
 * Stores a tree that was made here and names all of it in the run, before gc can look: whoever
 * goes on with it has it. Knows nothing of what the tree is.
 */
import type {TreeDigest} from '../engine/base/hash.ts';
import type {RunHandle} from './claims.ts';
import type {Store} from './layout.ts';
import {putBytes} from './pool.ts';
import {protect} from './protect.ts';
import type {TreeEntry} from './tree-entry.ts';
import {writeManifest, writeTree} from './trees.ts';

type Run = Pick<RunHandle, 'id'>;

/** Durable on return. Throws as `protect` does. */
export function writeNamedTree(
  store: Store,
  run: Run,
  entries: readonly TreeEntry[],
  contents: readonly Uint8Array[] = [],
): TreeDigest {
  return named(store, run, contents, () => writeTree(store, entries));
}

/** The same for a tree that is there as its manifest, a good one. */
export function writeNamedManifest(
  store: Store,
  run: Run,
  manifest: Buffer,
  contents: readonly Uint8Array[],
): TreeDigest {
  return named(store, run, contents, () => writeManifest(store, manifest));
}

function named(
  store: Store,
  run: Run,
  contents: readonly Uint8Array[],
  write: () => TreeDigest,
): TreeDigest {
  return protect(store, run, [], (name) => {
    for (const bytes of contents) name([`blob ${putBytes(store, bytes, 0o644)}`]);
    const tree = write();
    name([`tree ${tree}`]);
    return tree;
  });
}
