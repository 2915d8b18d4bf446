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
import {writeTree} from './trees.ts';

/** Durable on return. Throws as `protect` does. */
export function writeNamedTree(
  store: Store,
  run: Pick<RunHandle, 'id'>,
  entries: readonly TreeEntry[],
  contents: readonly Uint8Array[] = [],
): TreeDigest {
  return protect(store, run, [], (name) => {
    for (const bytes of contents) name([`blob ${putBytes(store, bytes, 0o644)}`]);
    const tree = writeTree(store, entries);
    name([`tree ${tree}`]);
    return tree;
  });
}
