/**
 * How whoever brings something into the store, or relies on it, waits for gc.
 */
import type {Patience} from '../../store/protect.ts';
import type {Transport} from './attempt.ts';

/** It says whom it waits for. */
export function patienceOf({
  listener,
  wait = true,
}: Pick<Transport, 'listener'> & {readonly wait?: boolean}): Patience {
  const tell = (holder: string): void => {
    listener({type: 'waiting', forWhat: 'the store', holder});
  };
  return {wait, tell};
}
