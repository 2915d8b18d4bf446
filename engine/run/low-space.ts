/**
 * A gc of its own accord: at the start of a build, when little space is left on the store's disk.
 * Says what it did in one line. Whatever it meets with is no reason not to build.
 */
import {freeSpace} from '../base/files.ts';
import {claim, COLLECTING, releaseClaim} from '../../store/claims.ts';
import {collect} from '../../store/collect.ts';
import {GRACE} from '../../store/gc-policy.ts';
import {sweepScratch} from '../../store/sweep.ts';
import {guard} from '../../store/trouble.ts';
import {patienceOf} from '../source/patience.ts';
import {formatSize} from '../ui/text.ts';
import type {RunContext} from './context.ts';

/** The run has named what it relies on. */
export function collectForSpace(context: RunContext): void {
  const {store, run, host, listener} = context;
  const {bytes: free} = freeSpace(store.root);
  const policy = {now: host.now(), grace: GRACE};
  const patience = patienceOf(context);
  const done = guard(store.root, () => {
    // Somebody else is at it already.
    if (claim(store, run, COLLECTING) !== 'mine') return undefined;
    try {
      return collect(store, {run, policy, dryRun: false, patience});
    } finally {
      releaseClaim(store, run, COLLECTING);
      sweepScratch(store, run);
    }
  });
  const left = `only ${formatSize(free)} are free on the disk of the store`;
  if (done.ok) {
    if (done.value === undefined) return;
    const {removed, bytes} = done.value;
    const freed = `removed ${removed.length} unused things, ${formatSize(bytes)}`;
    listener({type: 'message', text: `${left}: ${freed}`});
    return;
  }
  const why = done.error.map((one) => one.message).join('; ');
  listener({type: 'message', text: `${left}, and nothing was removed: ${why}`});
}
