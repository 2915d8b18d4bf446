/**
 * Stores what was captured: contents durable, then the tree. Everything of the build is dead by
 * now, so its inodes become the pool's. Knows nothing of how it was captured.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import {timed, type Watch} from '../base/span.ts';
import {adoptAll} from '../../store/batch.ts';
import type {RunHandle} from '../../store/claims.ts';
import type {Store} from '../../store/layout.ts';
import {protect} from '../../store/protect.ts';
import {writeTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import type {Capture} from './capture.ts';

/** The run names the tree before gc may look again. */
export function publish(
  store: Store,
  run: Pick<RunHandle, 'id'>,
  captured: Capture,
  watch: Watch,
): Checked<TreeDigest> {
  const locked = watch.begin('wait', 'lock against gc');
  return guard(store.root, () =>
    protect(store, run, [], (name) => {
      locked();
      const tree = storeAll(store, captured, watch);
      name([`tree ${tree}`]);
      return tree;
    }),
  );
}

function storeAll(store: Store, captured: Capture, watch: Watch): TreeDigest {
  adoptAll(
    store,
    captured.files.map(({entry, file}) => ({
      path: file,
      digest: entry.digest,
      mode: entry.mode,
      xattrs: entry.xattrs.length > 0,
    })),
    watch,
  );
  return timed(watch, 'store', 'write the manifest', () => writeTree(store, captured.entries));
}
