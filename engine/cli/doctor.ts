/**
 * `doctor`: what this machine can do, what it lacks, and how to mend it.
 */
import {freeSpace, lookAt} from '../base/files.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import type {Checked} from '../base/diagnostic.ts';
import type {BuildGraph} from '../graph/model.ts';
import {resolveTargets} from '../graph/targets.ts';
import type {Build} from '../load/model.ts';
import {loadProject} from '../load/project.ts';
import {readTools} from '../load/tools.ts';
import {closureOf} from '../run/plan.ts';
import {checkTools, toolFinder, type ToolState} from '../run/tools.ts';
import {installHint} from '../sandbox/packages.ts';
import {probeMachine, type Probe} from '../sandbox/probes.ts';
import {loadRequest, openProject} from './open.ts';
import {textOption, type Answer, type World} from './world.ts';

const CANNOT = 5;
const GIB = 1024 ** 3;
/** Below this a build of a compiler ends in a full disk. */
const LITTLE_SPACE = 10 * GIB;

export async function doctor(world: World): Answer {
  const asked = textOption(world, 'for');
  const tools = asked === undefined ? ok([]) : await toolProbes(world, asked);
  if (!tools.ok) return tools;
  const probes = [...(await probeMachine(world.host)), ...storeProbes(world), ...tools.value];
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
      message: `${(bytes / GIB).toFixed(1)} GiB and ${Number.isFinite(inodes) ? inodes : 'any number of'} inodes free at ${at}`,
      hint: enough ? undefined : 'large builds need 10 GiB: set store.path to a larger disk',
    },
  ];
}

// --- the tools of builds -------------------------------------------------------------------------

/** Every host tool of a target, or of all of a collection, and of what that needs. */
async function toolProbes(world: World, word: string): Promise<Checked<readonly Probe[]>> {
  const opened = await openProject(world);
  if (!opened.ok) return opened;
  const {graph} = opened.value;
  const isCollection = [...graph.nodes.keys()].some((label) => label.startsWith(`${word}/`));
  const named = resolveTargets(graph, [isCollection ? `${word}/*` : word]);
  if (!named.ok) return named;
  const builds = hostBuilds(graph, closureOf(graph, named.value));
  const names = [...new Set(builds.flatMap((build) => build.tools))].sort();
  const forgetful = {get: () => undefined, set: () => undefined};
  const finder = toolFinder(world.host, forgetful);
  return ok(checkTools(names, newestWanted(builds), finder).map(probeOf));
}

function hostBuilds(graph: BuildGraph, labels: Iterable<Label>): readonly Build[] {
  return [...labels].flatMap((label) => {
    const node = graph.nodes.get(label);
    return node?.kind === 'build' && node.build.in.type === 'host' ? [node.build] : [];
  });
}

function newestWanted(builds: readonly Build[]): Record<string, string> {
  const written = builds.flatMap(({toolVersions}) =>
    Object.entries(toolVersions).map(([name, version]) => `${name} >= ${version}`),
  );
  return {...readTools(written).toolVersions};
}

function probeOf({name, place, version, wanted, state}: ToolState): Probe {
  const least = wanted === undefined ? '' : `${wanted} or later`;
  if (state === 'missing') {
    const message = `not installed${least === '' ? '' : `, ${least} is needed`}`;
    return {name: `tool ${name}`, state: 'missing', message, hint: installHint([name])};
  }
  const told = version === undefined ? 'does not tell its version' : `version ${version}`;
  const message = wanted === undefined ? (place ?? '') : `${place ?? ''}, ${told} (${least})`;
  const unknown = wanted !== undefined && version === undefined;
  return {
    name: `tool ${name}`,
    state: state === 'old' ? 'missing' : unknown ? 'limited' : 'ok',
    message,
    hint: state === 'old' ? `install ${least}, in /usr/local where there is no package` : undefined,
  };
}
