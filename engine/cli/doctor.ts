/**
 * `doctor`: what this machine can do, what it lacks, and how to mend it.
 */
import {freeSpace, lookAt} from '../base/files.ts';
import {ok} from '../base/result.ts';
import {loadProject} from '../load/project.ts';
import {probeMachine, type Probe} from '../sandbox/probes.ts';
import {loadRequest} from './open.ts';
import type {Answer, World} from './world.ts';

const CANNOT = 5;
const GIB = 1024 ** 3;
/** Below this a build of a compiler ends in a full disk. */
const LITTLE_SPACE = 10 * GIB;

export async function doctor(world: World): Answer {
  const probes = [...(await probeMachine(world.host)), ...storeProbes(world)];
  const good = probes.every((probe) => probe.state !== 'missing');
  if (world.call.globals.json === true) world.print(JSON.stringify({ok: good, probes}));
  else for (const probe of probes) world.print(line(probe));
  return ok(good ? 0 : CANNOT);
}

function line(probe: Probe): string {
  const hint = probe.hint === undefined || probe.state === 'ok' ? '' : `\n         ${probe.hint}`;
  return `${probe.state.padEnd(8)} ${probe.name}: ${probe.message}${hint}`;
}

/** Free space where the store is or will be; outside a project there is nothing to say. */
function storeProbes(world: World): readonly Probe[] {
  const loaded = loadProject(loadRequest(world));
  if (!loaded.ok) return [];
  const {root, config} = loaded.value.project;
  const at = lookAt(config.storePath) === undefined ? root : config.storePath;
  const {bytes, inodes} = freeSpace(at);
  const enough = bytes >= LITTLE_SPACE;
  return [
    {
      name: 'store',
      state: enough ? 'ok' : 'limited',
      message: `${(bytes / GIB).toFixed(1)} GiB and ${inodes} inodes free at ${at}`,
      hint: enough ? undefined : 'large builds need 10 GiB: set store.path to a larger disk',
    },
  ];
}
