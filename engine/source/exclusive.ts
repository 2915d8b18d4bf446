/**
 * One at a time: work that two nodes of a run, or two processes on one store, must not do at once.
 * Within the process a promise is waited for, between processes a claim of the store.
 * Knows nothing of the work; whoever waited has to look whether it is done.
 */
import type {Listener} from '../base/event.ts';
import {releaseClaim, waitForClaim, type RunHandle} from '../../store/claims.ts';
import type {Store} from '../../store/layout.ts';

export interface Turn {
  readonly run: RunHandle;
  readonly listener: Listener;
  readonly signal: AbortSignal;
}

/** What this process is at, by store and name; each settles when it is over, however. */
const active = new Map<string, Promise<void>>();

/**
 * Waits for its turn and does the work; `stopped` when the signal came first. `name` is that of a
 * claim (claims.ts), `forWhat` is for people. Throws what the work and the store throw.
 */
export async function exclusively<T>(
  store: Store,
  name: string,
  forWhat: string,
  turn: Turn,
  work: () => Promise<T>,
): Promise<T | 'stopped'> {
  const key = `${store.root}\0${name}`;
  for (let other = active.get(key); other !== undefined; other = active.get(key)) {
    await either(other, turn.signal);
    if (turn.signal.aborted) return 'stopped';
  }
  const done = claimAndWork(store, name, forWhat, turn, work);
  const over = done.then(
    () => undefined,
    () => undefined,
  );
  active.set(key, over);
  try {
    return await done;
  } finally {
    active.delete(key);
  }
}

async function claimAndWork<T>(
  store: Store,
  name: string,
  forWhat: string,
  {run, listener, signal}: Turn,
  work: () => Promise<T>,
): Promise<T | 'stopped'> {
  const got = await waitForClaim(store, run, name, {forWhat, listener, signal});
  if (got === 'aborted') return 'stopped';
  try {
    return await work();
  } finally {
    releaseClaim(store, run, name);
  }
}

/** Waits for a promise or a signal, whichever comes first. */
function either(other: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    void other.then(end);
  });
}
