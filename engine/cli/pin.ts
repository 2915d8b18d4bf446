/**
 * Finds the digest behind a URL for commands that write recipes.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Project} from '../load/model.ts';
import {computePin, type Pin} from '../source/pin.ts';
import {openRun} from '../../store/claims.ts';
import {guard} from '../../store/trouble.ts';
import {openProjectStore} from './open.ts';
import {isSet, type World} from './world.ts';

/** The bytes stay in the store: the first build downloads nothing. */
export async function pinUrl(world: World, project: Project, url: string): Promise<Checked<Pin>> {
  const store = openProjectStore(world, project);
  if (!store.ok) return store;
  const run = guard(store.value.root, () => openRun(store.value, world.host));
  if (!run.ok) return run;
  const aborter = new AbortController();
  world.onInterrupt(() => {
    aborter.abort();
    return 'taken';
  });
  try {
    return await computePin(store.value, url, {
      config: project.config,
      host: world.host,
      listener: () => undefined,
      run: run.value,
      offline: isSet(world, 'offline'),
      hostsDown: new Set(),
      signal: aborter.signal,
    });
  } finally {
    run.value.release();
  }
}
