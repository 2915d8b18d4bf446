/**
 * Stores what was captured: contents durable, then the tree. Everything of the build is dead by
 * now, so its inodes become the pool's. Knows nothing of how it was captured.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import {adoptAll} from '../../store/batch.ts';
import type {Store} from '../../store/layout.ts';
import {writeTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import type {Capture} from './capture.ts';

export function publish(store: Store, captured: Capture): Checked<TreeDigest> {
  return guard(store.root, () => {
    adoptAll(
      store,
      captured.files.map(({entry, file}) => ({
        path: file,
        digest: entry.digest,
        mode: entry.mode,
        xattrs: entry.xattrs.length > 0,
      })),
    );
    return writeTree(store, captured.entries);
  });
}
