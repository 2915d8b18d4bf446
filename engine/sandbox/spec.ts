/**
 * What a sandbox is: from what a build asks for to mounts, arguments and environment of bwrap.
 * Pure; starts nothing and looks at nothing. The facts of the machine come in as `HostShape`.
 */
import {assert} from '../base/result.ts';
import {absolute, ETC, INSIDE, TOP, type Scratch} from './places.ts';
import type {Slot} from './slots.ts';

/** Goes into every action key: raised whenever a build can see or do something else. */
export const POLICY_VERSION = 3;

/** What of the machine's own root a host environment is made of. */
export interface HostShape {
  /** /bin, /lib… : the target of the link, or undefined where it is a folder of its own. */
  readonly roots: readonly {readonly path: string; readonly target: string | undefined}[];
  /** Files and folders of /etc that programs in /usr need to work at all. */
  readonly etc: {readonly files: readonly string[]; readonly folders: readonly string[]};
  /** Highest numbers the machine lets us set. */
  readonly limits: {readonly processes: number; readonly files: number};
}

export interface View {
  /** `tools`: the machine's /usr alone, for unpacking. */
  readonly environment: 'host' | 'root' | 'tools';
  readonly shape: HostShape;
  readonly scratch: Scratch;
  readonly slot: Pick<Slot, 'control' | 'status'>;
  /** The folder that is /tools of a host environment. */
  readonly tools: string;
  /** Files that lie read-only in /build: name → path relative to the store. */
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** The folder the command starts in; it must be there. */
  readonly cwd: string;
  /** The command is for people at a terminal of its own (interactive.ts). */
  readonly terminal: boolean;
}

/** The words before a command that bound what builds may use of the machine. */
export function limitWords({limits}: HostShape): string[] {
  const processes = Math.min(limits.processes, PROCESSES);
  return [
    ...['prlimit', '--core=0:0', `--nproc=${processes}:${processes}`],
    ...[`--nofile=${Math.min(limits.files, OPEN_FILES)}:`, '--'],
  ];
}

/**
 * The words before a command that starts sandboxes: it gets a network with nothing but a loopback, which bwrap
 * alone brings up, and of the worker's mounts those that sandboxes are made of. Each sandbox begins with a copy
 * of all mounts, and bwrap reads the list of them again for each that it makes. What the worker mounts later, it
 * finds too (ENTER in launch.ts). /tmp is what the next bwrap begins with.
 */
export function apartWords(shape: HostShape): string[] {
  const devices = DEVICES.map((name) => `/dev/${name}`);
  return [
    ...['bwrap', OWN_NETWORK, '--cap-add', 'ALL', ...systemMounts(shape)],
    ...['--bind', '/proc', '/proc', '--bind', TOP, TOP, '--dir', '/tmp'],
    ...devices.flatMap((one) => ['--dev-bind', one, one]),
    '--',
  ];
}

/** Those that bwrap's `--dev` takes from where it is started. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** The command line, from bwrap to the command inside. */
export function sandboxCommand(view: View): string[] {
  return [
    ...['bwrap', ...NAMESPACES, ...(view.terminal ? [] : ALONE)],
    ...CAPABILITIES.flatMap((name) => ['--cap-add', name]),
    ...mounts(view),
    ...['--clearenv', ...environment(view)],
    ...['--chdir', view.cwd, '--', ...view.command],
  ];
}

const OPEN_FILES = 4096;
/** Counted over all builds of the run: they share one user namespace. */
const PROCESSES = 4096;

/** The word of it that makes a network. */
export const OWN_NETWORK = '--unshare-net';

/** No --unshare-user: the worker's namespace with its ids is the build's; it allows no further. */
const NAMESPACES = [
  ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', OWN_NETWORK],
  ...['--die-with-parent', '--hostname', 'recipes', '--json-status-fd', '5'],
  ...['--cap-drop', 'ALL'],
];

/**
 * No way to the terminal of whoever started us (TIOCSTI), and the step shell as the first process:
 * its end is the end of all. People get bwrap's own first process instead, since a program that
 * is the first one does not feel Ctrl-C.
 */
const ALONE = ['--new-session', '--as-pid-1'];

const CAPABILITIES = [
  ...['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID'],
  ...['CAP_SETUID', 'CAP_SETGID', 'CAP_SETFCAP'],
];

// --- mounts --------------------------------------------------------------------------------------

function mounts(view: View): string[] {
  const {scratch, slot} = view;
  return [
    ...(view.environment === 'root' ? rootMounts(view) : hostMounts(view)),
    // The kernel asks for uid 0 of the machine, not for capabilities, when these are written.
    ...['--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys', '--dev', '/dev'],
    ...['--bind', absolute(scratch.temporary), '/tmp'],
    ...['--bind', absolute(scratch.build), INSIDE.build],
    ...buildFiles(view),
    ...['--ro-bind', slot.control, INSIDE.control],
    ...['--bind', slot.status, INSIDE.status],
    ...(view.environment === 'root' ? [] : ['--remount-ro', '/']),
  ];
}

function rootMounts(view: View): string[] {
  return ['--bind', absolute(view.scratch.merged), '/', '--tmpfs', '/sys', '--tmpfs', '/run'];
}

/** The machine's programs and their libraries. */
function systemMounts({roots}: HostShape): string[] {
  const others = roots.flatMap(({path, target}) =>
    target === undefined ? ['--ro-bind', path, path] : ['--symlink', target, path],
  );
  return ['--ro-bind', '/usr', '/usr', ...others];
}

function hostMounts({environment, shape, scratch, tools}: View): string[] {
  const build = ['--ro-bind', tools, INSIDE.tools];
  return [
    ...systemMounts(shape),
    // With the folders that are mounted there (etc.ts).
    ...['--ro-bind', ETC, '/etc'],
    ...['--dir', '/run', '--dir', '/var', '--symlink', '/tmp', '/var/tmp'],
    ...(environment === 'tools' ? [] : build),
    ...(environment === 'tools' ? [] : ['--bind', absolute(scratch.merged), INSIDE.sysroot]),
  ];
}

function buildFiles(view: View): string[] {
  return Object.entries(view.files).flatMap(([name, from]) => {
    assert(isPlainName(name), `a source named ${JSON.stringify(name)}`);
    return ['--ro-bind', absolute(from), `${INSIDE.build}/${name}`];
  });
}

/** Whether a text can only name something right below /build. */
export function isPlainName(name: string): boolean {
  return /^[^/\0]+$/.test(name) && name !== '.' && name !== '..';
}

// --- environment ---------------------------------------------------------------------------------

function environment(view: View): string[] {
  const all = {...BASE_ENV, ...ENVIRONMENTS[view.environment], ...view.env};
  return Object.entries(all).flatMap(([name, value]) => ['--setenv', name, value]);
}

/** The same in every build. SOURCE_DATE_EPOCH is 1980-01-01, the earliest date a zip can hold. */
const BASE_ENV: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  TZ: 'UTC',
  SOURCE_DATE_EPOCH: '315532800',
  PYTHONDONTWRITEBYTECODE: '1',
  HOME: '/tmp',
  TMPDIR: '/tmp',
  SHELL: '/bin/bash',
  TERM: 'dumb',
};

const SYSTEM_PATH = '/usr/bin:/usr/sbin:/bin:/sbin';

const ENVIRONMENTS: Readonly<Record<View['environment'], Readonly<Record<string, string>>>> = {
  host: {PATH: INSIDE.tools, SYSROOT: INSIDE.sysroot, DESTDIR: INSIDE.sysroot},
  root: {PATH: SYSTEM_PATH, SYSROOT: '', DESTDIR: ''},
  tools: {PATH: SYSTEM_PATH},
};
