/**
 * One builder per action among all processes: claims an action for this run, or waits until
 * whoever has it is done. Knows nothing of what is built.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import type {ActionKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {err, ok} from '../base/result.ts';
import {claim, waitForClaim} from '../../store/claims.ts';
import {guard, storeTrouble} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';

export async function claimAction(
  {store, run, listener, signal, wait}: RunContext,
  key: ActionKey,
  label: Label,
): Promise<Checked<undefined>> {
  const first = guard(store.root, () => claim(store, run, key));
  if (!first.ok) return first;
  if (first.value === 'mine') return ok(undefined);
  if (!wait) return fail('store/locked', `${label} is being built by ${first.value.holder}`);
  try {
    const got = await waitForClaim(store, run, key, {forWhat: label, listener, signal});
    return got === 'mine'
      ? ok(undefined)
      : fail('build/interrupted', `${label} was not waited for`);
  } catch (error) {
    return err(storeTrouble(error, store.root));
  }
}
