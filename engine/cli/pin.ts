/**
 * Finds the digest behind a URL for commands that write recipes.
 * Reads the configuration only: the recipe that is being written may not load yet.
 */
import {err, ok} from '../base/result.ts';
import type {Checked} from '../base/diagnostic.ts';
import {configOf, notFound, settingsRequest} from '../load/config.ts';
import type {Config} from '../load/model.ts';
import {findRoot} from '../load/root.ts';
import {readSettings} from '../load/settings.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {computePin, type Pin} from '../source/pin.ts';
import {openRun} from '../../store/claims.ts';
import {openStore} from '../../store/layout.ts';
import {guard} from '../../store/trouble.ts';
import {loadRequest} from './open.ts';
import {isSet, type World} from './world.ts';

export interface OpenConfig {
  /** The folder of the project. */
  readonly root: string;
  readonly config: Config;
}

export function openConfig(world: World): Checked<OpenConfig> {
  const root = findRoot(world.cwd);
  if (root === undefined) return notFound(world.cwd);
  const {settings, problems} = readSettings(settingsRequest(loadRequest(world), root));
  return problems.length > 0 ? err(problems) : ok({root, config: configOf(settings)});
}

/** The bytes stay in the store: the first build downloads nothing. */
export async function pinUrl(world: World, config: Config, url: string): Promise<Checked<Pin>> {
  const store = openStore(config.storePath, ownerFor(world.host.uid));
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
      config,
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
