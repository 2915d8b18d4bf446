/**
 * Starts the worker in its namespaces: a holder process makes the user namespace, its id maps are
 * written from outside, then the worker's chain enters it. Every link of the chain dies with the
 * one before it. Knows nothing of what the worker does.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {run, runSync, start, type ChildProcess} from '../base/process.ts';
import {err, ok, type Result} from '../base/result.ts';
import {whyNoNamespace} from './machine-trouble.ts';
import {STORE_MOUNT} from './places.ts';
import type {IdMode} from './protocol.ts';

/** First host id and count of the ids that builds use when the engine is root. */
export const ROOT_RANGE = {first: 1_900_000_000, count: 65_536} as const;

export interface WorkerProgram {
  /** Node, as a path that the worker may execute; undefined: descriptor 4 is it. */
  readonly node: string | undefined;
  readonly nodeFd: number | undefined;
  /** worker.js: absolute, or relative to the store. */
  readonly script: string;
  /** Closes what was opened for it, once it is started. */
  close(): void;
}

export interface LaunchPlan {
  readonly host: Host;
  readonly storeRoot: string;
  readonly program: WorkerProgram;
  /** The worker gets the terminal of the engine. */
  readonly terminal: boolean;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly idMode: IdMode;
  /** Ends the holder, whose namespace the worker keeps alive from then on. */
  release(): void;
}

export async function launch(plan: LaunchPlan): Promise<Checked<Launched>> {
  const holder = await startHolder();
  if (!holder.ok) return whyNoNamespace(holder.error);
  const mapped = await mapIds(plan.host, holder.value.pid ?? 0);
  if (!mapped.ok) {
    release(holder.value);
    return fail('machine/user-namespaces', `cannot map ids: ${mapped.error}`);
  }
  const child = startChain(plan, holder.value.pid ?? 0, mapped.value);
  return ok({child, idMode: mapped.value, release: () => release(holder.value)});
}

// --- the user namespace --------------------------------------------------------------------------

/** Says `ready` from inside the new namespace and stays until its input ends. */
const HOLDER = [
  ...['setpriv', '--pdeathsig', 'KILL', 'unshare', '--user', '--'],
  ...['sh', '-c', 'echo ready; exec cat >/dev/null'],
];

async function startHolder(): Promise<Result<ChildProcess, string>> {
  const holder = start(HOLDER);
  let said = '';
  return new Promise((resolve) => {
    holder.stdout?.once('data', () => resolve(ok(holder)));
    holder.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    holder.once('error', (error) => resolve(err(error.message)));
    holder.once('close', () => resolve(err(said.trim())));
    // It may be gone before we let go of it.
    holder.stdin?.on('error', () => undefined);
  });
}

function release(holder: ChildProcess): void {
  holder.stdin?.end();
}

/** A user's own id becomes 0; further ids are those /etc/subuid and /etc/subgid give him. */
async function mapIds(host: Host, pid: number): Promise<Result<IdMode, string>> {
  try {
    if (host.uid === 0) {
      const {first, count} = ROOT_RANGE;
      for (const kind of ['uid', 'gid']) writeProc(pid, `${kind}_map`, `0 ${first} ${count}`);
      return ok('range');
    }
    if (await mapRange(host, pid)) return ok('range');
    writeProc(pid, 'setgroups', 'deny');
    writeProc(pid, 'uid_map', `0 ${host.uid} 1`);
    writeProc(pid, 'gid_map', `0 ${host.gid} 1`);
    return ok('single');
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function writeProc(pid: number, name: string, text: string): void {
  const fd = files.openReadWrite(`/proc/${pid}/${name}`);
  try {
    files.writeAll(fd, text);
  } finally {
    files.closeFile(fd);
  }
}

/** False where the machine gives this user no range, or has no newuidmap (package uidmap). */
async function mapRange(host: Host, pid: number): Promise<boolean> {
  const ranges = subordinateIds(host);
  if (ranges === undefined) return false;
  const {uids, gids} = ranges;
  const arguments_ = (own: number, {first, count}: IdRange): string[] =>
    [pid, 0, own, 1, 1, first, count].map(String);
  const users = await run(['newuidmap', ...arguments_(host.uid, uids)]);
  if (users.status !== 0) return false;
  const groups = await run(['newgidmap', ...arguments_(host.gid, gids)]);
  if (groups.status === 0) return true;
  throw new Error(`newgidmap: ${groups.stderr.trim()}`);
}

export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** The ranges of this user in /etc/subuid and /etc/subgid; undefined where either is missing. */
export function subordinateIds(host: Host): {uids: IdRange; gids: IdRange} | undefined {
  const name = runSync(['id', '-un']).stdout.trim();
  const [uids, gids] = ['/etc/subuid', '/etc/subgid'].map((file) => {
    const text = files.unless(['ENOENT', 'EACCES'], () => files.readText(file)) ?? '';
    return rangeOf(text, name, host.uid);
  });
  return uids === undefined || gids === undefined ? undefined : {uids, gids};
}

/** The largest range of a user, by name or number, cut to what we use (subuid(5)). */
export function rangeOf(text: string, name: string, uid: number): IdRange | undefined {
  const ranges = text.split('\n').flatMap((line) => {
    const [who, first, count] = line.split(':');
    const mine = who === name || who === String(uid);
    return mine && Number(count) > 0 ? [{first: Number(first), count: Number(count)}] : [];
  });
  const largest = ranges.sort((a, b) => b.count - a.count)[0];
  return largest && {first: largest.first, count: Math.min(largest.count, ROOT_RANGE.count - 1)};
}

// --- the chain -----------------------------------------------------------------------------------

/**
 * The store gets a mount of its own, since its parents may be closed to us; /sys is hidden by it,
 * which no build may see anyway. `-c`: mount(8) would resolve `.` through the closed parents.
 * Nested user namespaces are forbidden to all builds, and what descriptors we were started with
 * ends here: all but input, output, errors, the channel and Node.
 */
const ENTER = [
  `for fd in /proc/self/fd/*; do fd=\${fd##*/}; ((fd <= $1)) || eval "exec $fd>&-"; done; shift`,
  `mount -t tmpfs -o mode=755 recipes ${STORE_MOUNT.slice(0, 4)}`,
  `mkdir ${STORE_MOUNT}`,
  `mount -c --bind . ${STORE_MOUNT}`,
  `cd ${STORE_MOUNT}`,
  `echo 0 >/proc/sys/user/max_user_namespaces`,
  `exec "$@"`,
].join(' && ');

const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'];

/** setpriv twice: changing to the namespace's ids makes the kernel forget the first. */
function startChain(plan: LaunchPlan, holder: number, idMode: IdMode): ChildProcess {
  const {program, host} = plan;
  // Without a range there is one id, ours, which is 0 inside already.
  const ids = idMode === 'single' ? ['--preserve-credentials'] : ['--setuid', '0', '--setgid', '0'];
  const argv = [
    ...[...DIE_WITH_PARENT, 'nsenter', '--user', '--target', String(holder), ...ids, '--'],
    ...[...DIE_WITH_PARENT, 'unshare', '--mount', '--pid', '--fork', '--kill-child'],
    ...['--mount-proc', '--', 'bash', '-c', ENTER, 'recipes-worker'],
    program.nodeFd === undefined ? '3' : '4',
    ...[program.node ?? '/proc/self/fd/4', program.script],
  ];
  const own = plan.terminal ? ('inherit' as const) : ('ignore' as const);
  return start(argv, {
    cwd: plan.storeRoot,
    env: workerEnv(host, idMode),
    stdio: [own, own, plan.terminal ? 'inherit' : 'pipe', 'pipe', program.nodeFd ?? 'ignore'],
    detached: !plan.terminal,
  });
}

/** For tests: crash points, copied roots, a small limit for logs, coverage. */
const PASSED = [
  'RECIPES_CRASH_AT',
  'RECIPES_OVERLAY',
  'RECIPES_LOG_LIMIT',
  'NODE_V8_COVERAGE',
  'TERM',
];

function workerEnv(host: Host, idMode: IdMode): Record<string, string> {
  const passed = PASSED.flatMap((name): [string, string][] => {
    const value = host.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const own = {RECIPES_ID_MODE: idMode, RECIPES_ENGINE: String(host.pid)};
  return {PATH, LC_ALL: 'C', ...own, ...Object.fromEntries(passed)};
}
