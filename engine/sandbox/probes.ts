/**
 * What `doctor` tells of the machine: programs, user namespaces, ids, overlay, and whether a
 * sandbox really comes up. Changes nothing outside a temporary folder.
 */
import type {Diagnostic} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {temporaryFolder, type Host} from '../base/host.ts';
import type {Label} from '../base/label.ts';
import {openStore} from '../../store/layout.ts';
import {ownerFor, ROOT_RANGE, subordinateIds} from './launch.ts';
import {isChroot, SUBIDS_HINT} from './machine-trouble.ts';
import {installHint} from './packages.ts';
import {absentPrograms} from './programs.ts';
import type {JobResult} from './protocol.ts';
import {startWorker, type Worker} from './worker-process.ts';

export interface Probe {
  readonly name: string;
  /** `limited`: builds run, but not all of them or not as well. */
  readonly state: 'ok' | 'limited' | 'missing';
  /** What was found. */
  readonly message: string;
  readonly hint: string | undefined;
}

/** The programs by what is lost without them. */
const NEEDED = [
  ...['bwrap', 'unshare', 'nsenter', 'setpriv', 'prlimit', 'mount', 'umount', 'flock'],
  ...['getfattr', 'setfattr', 'bash', 'tar', 'gzip'],
];
const USEFUL = ['xz', 'zstd', 'bzip2', 'patch', 'script'];

export async function probeMachine(host: Host): Promise<readonly Probe[]> {
  const programs = [probePrograms('programs', NEEDED, 'missing')];
  const useful = [probePrograms('formats', USEFUL, 'limited')];
  return [...programs, ...useful, probeChroot(), probeIds(host), ...(await probeSandbox(host))];
}

function probePrograms(
  name: string,
  wanted: readonly string[],
  without: 'limited' | 'missing',
): Probe {
  const absent = absentPrograms(wanted);
  if (absent.length === 0) {
    return {name, state: 'ok', message: wanted.join(', '), hint: undefined};
  }
  const message = `not installed: ${absent.join(', ')}`;
  return {name, state: without, message, hint: installHint(absent)};
}

function probeChroot(): Probe {
  const inside = isChroot();
  return {
    name: 'chroot',
    state: inside ? 'missing' : 'ok',
    message: inside ? 'user namespaces do not exist inside chroot(2)' : 'not inside chroot(2)',
    hint: inside ? 'run recipes outside the chroot' : undefined,
  };
}

function probeIds(host: Host): Probe {
  const name = 'ids';
  if (host.uid === 0) {
    const last = ROOT_RANGE.first + ROOT_RANGE.count - 1;
    const message = `builds of root use ids ${ROOT_RANGE.first} to ${last}`;
    return {name, state: 'ok', message, hint: undefined};
  }
  const ranges = subordinateIds(host);
  const ready = ranges !== undefined && absentPrograms(['newuidmap', 'newgidmap']).length === 0;
  if (ready) {
    const {first, count} = ranges.uids;
    return {name, state: 'ok', message: `${count} subordinate ids from ${first}`, hint: undefined};
  }
  const message = 'no subordinate ids: builds cannot give files to other users';
  return {name, state: 'limited', message, hint: SUBIDS_HINT};
}

/** Builds nothing, in a store of its own. */
async function probeSandbox(host: Host): Promise<readonly Probe[]> {
  await using folder = files.temporaryDir(temporaryFolder(), 'recipes-probe-');
  const owner = ownerFor(host.uid);
  const store = openStore(`${folder.path}/store`, owner);
  if (!store.ok) return [broken('sandbox', store.error)];
  const storeRoot = store.value.root;
  const worker = await startWorker({storeRoot, host, owner});
  if (!worker.ok) return [broken('user namespace', worker.error)];
  try {
    const result = await worker.value.build(emptyBuild(), () => undefined).result;
    const sandbox: Probe = !result.ok
      ? broken('sandbox', result.error)
      : describeResult(result.value);
    const overlay = await worker.value.overlay();
    return [
      overlay.ok ? describeOverlay(overlay.value) : broken('overlay', overlay.error),
      sandbox,
    ];
  } finally {
    await worker.value.quit();
  }
}

function emptyBuild(): Parameters<Worker['build']>[0] {
  const spec = {
    ...{label: 'recipes/probe' as Label, environment: 'host' as const, tools: {}, layers: []},
    ...{baseLayers: 0, sources: [], patches: [], top: '', env: {}, variables: {}, shell: []},
    ...{steps: [{name: 'probe', text: ':'}], milliseconds: 20_000, capture: undefined},
  };
  const place = {scratch: 'scratch/probe/1', log: 'logs/probe'};
  return {...place, spec, tokens: 0, jobs: 1, keep: undefined, resume: undefined};
}

function describeOverlay(overlay: boolean): Probe {
  const where = `on the file system of ${temporaryFolder()}`;
  return {
    name: 'overlay',
    state: overlay ? 'ok' : 'limited',
    message: overlay ? `works ${where}` : `not to be had ${where}: roots are copied, which is slow`,
    hint: overlay ? undefined : 'Linux 5.11 or later, and a store on ext4, xfs, btrfs or tmpfs',
  };
}

function describeResult(result: JobResult): Probe {
  if (result.outcome === 'failed') return broken('sandbox', result.diagnostics);
  const message = `a build ran in ${result.usage.milliseconds} ms`;
  return {name: 'sandbox', state: 'ok', message, hint: undefined};
}

function broken(name: string, why: readonly Diagnostic[]): Probe {
  const message = why.map((one) => one.message).join('; ');
  return {name, state: 'missing', message, hint: why[0]?.hint};
}
