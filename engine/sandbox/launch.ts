/**
 * Starts the worker in its namespaces. A holder process makes the user namespace, its id maps are
 * written from outside, then the chain that becomes the worker enters it. Every link of the chain
 * dies with the one before it. Knows nothing of what the worker does.
 */
import * as files from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {runSync, start, type ChildProcess} from '../base/process.ts';
import type {Owner} from '../../store/layout.ts';
import {STORE_MOUNT, TOP} from './places.ts';

/** First host id and count of the ids that builds use when the engine is root. */
export const ROOT_RANGE = {first: 1_900_000_000, count: 65_536} as const;

/** To whom a store belongs: root's builds are mapped to the first id of the range (design §6). */
export function ownerFor(uid: number): Owner | undefined {
  return uid === 0 ? {uid: ROOT_RANGE.first, gid: ROOT_RANGE.first} : undefined;
}

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

/** How the chain ends where it does not come to the worker; what it said tells why. */
export const NO_NAMESPACE = 97;
export const NO_IDS = 98;

const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'];

/** One child, so that nobody has to wait for its steps: what fails on the way is its end. */
export function launch({host, storeRoot, program, terminal}: LaunchPlan): ChildProcess {
  const argv = [
    ...[...DIE_WITH_PARENT, 'bash', '-c', MAKE_NAMESPACE, 'recipes-worker', ...idsFor(host)],
    ...[...DIE_WITH_PARENT, 'unshare', '--mount', '--pid', '--fork', '--kill-child'],
    ...['--mount-proc', '--', 'bash', '-c', ENTER, 'recipes-worker'],
    program.nodeFd === undefined ? '3' : '4',
    ...[program.node ?? '/proc/self/fd/4', program.script],
  ];
  const own = terminal ? ('inherit' as const) : ('ignore' as const);
  return start(argv, {
    cwd: storeRoot,
    env: workerEnv(host),
    stdio: [own, own, terminal ? 'inherit' : 'pipe', 'pipe', program.nodeFd ?? 'ignore'],
    detached: !terminal,
  });
}

// --- the user namespace --------------------------------------------------------------------------

/**
 * Given are the arguments of `idsFor`, then what is run inside. The holder says `ready` from inside
 * the new namespace and keeps it until ENTER, which is inside too, says so on descriptor 9. A range that
 * newuidmap (package uidmap) does not grant is done without. Opened anew, since a copy would be closed
 * by the next program as well. setpriv once more: changing to the namespace's ids makes the kernel forget
 * the first.
 */
const MAKE_NAMESPACE = `
coproc HOLDER {
  exec setpriv --pdeathsig KILL unshare --user -- sh -c 'echo ready; read -r _'
}
{ read -r _ <&"\${HOLDER[0]}"; } 2>/dev/null || exit ${NO_NAMESPACE}
exec 9>"/proc/self/fd/\${HOLDER[1]}"
pid=$HOLDER_PID mode=$1
map() { printf '0 %s %s' "$2" "$3" >"/proc/$pid/$1" || exit ${NO_IDS}; }
if [ "$mode" = range ]; then
  if newuidmap "$pid" 0 "$2" 1 1 "$3" "$4" 2>/dev/null; then
    newgidmap "$pid" 0 "$5" 1 1 "$6" "$7" || exit ${NO_IDS}
  else
    mode=single
  fi
fi
case $mode in
  root)
    map uid_map "$3" "$4"
    map gid_map "$6" "$7"
    ;;
  single)
    echo deny >"/proc/$pid/setgroups" || exit ${NO_IDS}
    map uid_map "$2" 1
    map gid_map "$5" 1
    ;;
esac
ids=(--setuid 0 --setgid 0)
export RECIPES_ID_MODE=range
if [ "$mode" = single ]; then
  ids=(--preserve-credentials)
  RECIPES_ID_MODE=single
fi
shift 7
setpriv --pdeathsig KILL nsenter --user --target "$pid" "\${ids[@]}" -- "$@"
exit $?
`;

/**
 * A user's own id becomes 0; further ids are those /etc/subuid and /etc/subgid give him. Without
 * any there is one id. Root's worker has a range alone.
 */
function idsFor(host: Host): readonly string[] {
  const {first, count} = ROOT_RANGE;
  const ranges = host.uid === 0 ? undefined : subordinateIds(host);
  const mode = host.uid === 0 ? 'root' : ranges === undefined ? 'single' : 'range';
  const {uids, gids} = ranges ?? {uids: {first, count}, gids: {first, count}};
  const numbers = [host.uid, uids.first, uids.count, host.gid, gids.first, gids.count];
  return [mode, ...numbers.map(String)];
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
 * which no build may see anyway. `-c`: mount(8) would resolve `.` through the closed parents. Shared: what is
 * mounted there later shows in the namespaces in which sandboxes are started.
 * Nested user namespaces are forbidden to all builds, and what descriptors we were started with
 * ends here: all but input, output, errors, the channel and Node.
 */
const ENTER = [
  'echo entered >&9',
  `for fd in /proc/self/fd/*; do fd=\${fd##*/}; ((fd <= $1)) || eval "exec $fd>&-"; done; shift`,
  `mount --make-shared -t tmpfs -o mode=755 recipes ${TOP}`,
  `mkdir ${STORE_MOUNT}`,
  `mount -c --bind . ${STORE_MOUNT}`,
  `cd ${STORE_MOUNT}`,
  `echo 0 >/proc/sys/user/max_user_namespaces`,
  `exec "$@"`,
].join(' && ');

/** For tests: crash points, copied roots, a small limit for logs, coverage. */
const PASSED = [
  'RECIPES_CRASH_AT',
  'RECIPES_OVERLAY',
  'RECIPES_LOG_LIMIT',
  'NODE_V8_COVERAGE',
  'TERM',
];

function workerEnv(host: Host): Record<string, string> {
  const passed = PASSED.flatMap((name): [string, string][] => {
    const value = host.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {PATH, LC_ALL: 'C', RECIPES_ENGINE: String(host.pid), ...Object.fromEntries(passed)};
}
