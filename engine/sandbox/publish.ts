/**
 * Stores what builds have left, several at once. Everything of a build is dead by then, so its
 * inodes become the pool's. Knows nothing of how it was captured.
 */
import type {TreeDigest} from '../base/hash.ts';
import type {Store} from '../../store/layout.ts';
import {protectLater} from '../../store/protect.ts';
import {storeTrees, type NewTree} from '../../store/store-trees.ts';
import type {Capture} from './capture.ts';

export interface Publication {
  /** The run that names the tree before gc may look again. */
  readonly run: string;
  readonly captured: Capture;
}

/** Throws system errors and `StoreFault`. */
export function publish(
  store: Store,
  publications: readonly Publication[],
): Promise<readonly TreeDigest[]> {
  return protectLater(store, async (name) => {
    const trees = await storeTrees(
      store,
      publications.map((one) => newTree(one.captured)),
    );
    trees.forEach((tree, at) => name(publications[at]?.run ?? '', [`tree ${tree}`]));
    return trees;
  });
}

function newTree({entries, files}: Capture): NewTree {
  const adoptions = files.map(({entry, file}) => ({
    path: file,
    digest: entry.digest,
    mode: entry.mode,
    xattrs: entry.xattrs.length > 0,
  }));
  return {entries, adoptions};
}
