/**
 * How each build system is called on its project: what it builds with, what takes it back to
 * nothing, where an output is found afterwards. Measures nothing.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {MAIN} from '../../support/space.ts';
import {findProgram, run, type Command} from './command.ts';
import type {Layered} from './layered.ts';
import {bazelFiles, makeFiles, ninjaFiles, nixFiles, type Texts} from './peer-files.ts';
import {recipeFiles} from './recipe-files.ts';
import type {Scenario} from './scenario.ts';

export interface Tool {
  readonly name: string;
  /** Must be installed; undefined for ourselves. */
  readonly program: string | undefined;
  /** What a reader of the figures has to know. */
  readonly note: string;
  /** Whether its processes begin and end with the command, so that their memory is known. */
  readonly alone: boolean;
  takesPart(scenario: Scenario, nodes: number): boolean;
  /** Graphs with more nodes are not asked of it. */
  readonly most: number;
  files(graph: Layered): Texts;
  build(folder: string): Command;
  /** Back to a project that was never built; called before the first build too. */
  clean(folder: string): void;
  /** What a node has made. */
  read(folder: string, node: string): string;
  /** Ends what goes on after a command. */
  close(folder: string): void;
}

const JOBS = String(os.availableParallelism());
const nothing = (): void => undefined;
const always = (): boolean => true;
const readFile = (...parts: string[]): string => fs.readFileSync(path.join(...parts), 'utf8');
const remove = (...parts: string[]): void =>
  fs.rmSync(path.join(...parts), {recursive: true, force: true, maxRetries: 20});

/**
 * Takes what a tool has built out of its way, to be removed with all else in the end: ext4 without
 * a journal passes over each inode that was freed in the last minutes whenever it makes a file, so
 * what was removed for one tool would slow down the next.
 */
function putAside(folder: string, ...names: readonly string[]): void {
  const aside = `${folder}-before`;
  fs.mkdirSync(aside, {recursive: true});
  const place = fs.mkdtempSync(path.join(aside, 'of-'));
  for (const name of names) {
    const from = path.join(folder, name);
    if (fs.existsSync(from)) fs.renameSync(from, path.join(place, name));
  }
}

/** Ourselves. */
export const RECIPES: Tool = {
  name: 'recipes',
  program: undefined,
  note: 'sandboxes, stores durably, knows what came out the same',
  alone: true,
  takesPart: always,
  most: Infinity,
  files: recipeFiles,
  build: (cwd) => ({argv: [process.execPath, MAIN, 'build', `-j${JOBS}`], cwd}),
  clean: (folder) => {
    putAside(folder, '.recipes');
  },
  read: (folder, node) => {
    const out = path.join(folder, 'checked-out');
    remove(out);
    run({argv: [process.execPath, MAIN, 'checkout', node, out], cwd: folder});
    return readFile(out, node);
  },
  close: nothing,
};

const NINJA: Tool = {
  name: 'ninja',
  program: 'ninja',
  note: 'compares times; no sandbox, no store',
  alone: true,
  takesPart: always,
  most: Infinity,
  files: ninjaFiles,
  build: (cwd) => ({argv: ['ninja', '-j', JOBS], cwd}),
  clean: (folder) => {
    putAside(folder, 'out', '.ninja_log', '.ninja_deps');
  },
  read: (folder, node) => readFile(folder, 'out', node),
  close: nothing,
};

const MAKE: Tool = {
  name: 'make',
  program: 'make',
  note: 'compares times; no sandbox, no store',
  alone: true,
  takesPart: always,
  most: Infinity,
  files: makeFiles,
  build: (cwd) => ({argv: ['make', `-j${JOBS}`], cwd}),
  clean: (folder) => {
    putAside(folder, 'out');
    fs.mkdirSync(path.join(folder, 'out'));
  },
  read: NINJA.read,
  close: nothing,
};

const BAZEL: Tool = {
  name: 'bazel',
  program: 'bazel',
  note: 'its server is warm, also before a full build',
  alone: false,
  takesPart: always,
  most: Infinity,
  files: bazelFiles,
  build: (cwd) => bazel(cwd, ['build', `--jobs=${JOBS}`, ':all_nodes']),
  clean: (folder) => void run(bazel(folder, ['clean'])),
  read: (folder, node) => readFile(folder, 'bazel-bin', 'out', node),
  close: (folder) => {
    run(bazel(folder, ['shutdown']));
    makeWritable(`${folder}-server`);
    remove(`${folder}-server`);
  },
};

/**
 * With all it writes outside the project in a folder beside it, and a server that ends by itself
 * when a benchmark was killed.
 */
function bazel(cwd: string, words: readonly string[]): Command {
  return {
    argv: ['bazel', `--output_user_root=${cwd}-server`, '--max_idle_secs=900', ...words],
    cwd,
  };
}

/** After a change it takes as long as for a full build. */
const MOST_OF_NIX = 1000;

/** Nix without its daemon, in a store of its own that `clean` removes. */
function nixTool(name: string, sandbox: boolean): Tool {
  const build = (folder: string, attribute: string): Command => ({
    argv: ['nix-build', '--no-out-link', '-A', attribute],
    cwd: folder,
    env: nixEnv(folder, sandbox),
  });
  return {
    name,
    program: 'nix-build',
    note: sandbox ? 'sandbox = true' : 'sandbox = false',
    alone: true,
    // What a sandbox costs shows in a full build, and that it builds all that is above in small.
    takesPart: (scenario, nodes) =>
      scenario === 'full' || (!sandbox && (scenario === 'noop' || nodes <= MOST_OF_NIX)),
    most: sandbox ? 1000 : Infinity,
    files: nixFiles,
    build: (folder) => build(folder, 'all'),
    clean: (folder) => {
      makeWritable(path.join(folder, 'nix'));
      putAside(folder, 'nix');
    },
    read: (folder, node) => readFile(run(build(folder, node)).stdout.trim()),
    close: nothing,
  };
}

function nixEnv(folder: string, sandbox: boolean): Record<string, string> {
  const settings = [
    'build-users-group =',
    `sandbox = ${String(sandbox)}`,
    'sandbox-fallback = false',
    'sandbox-paths = /bin /lib /lib64 /usr',
    `max-jobs = ${JOBS}`,
    'substitute = false',
  ];
  const at = (name: string): string => path.join(folder, 'nix', name);
  return {
    NIX_CONFIG: settings.join('\n'),
    NIX_STORE_DIR: at('store'),
    NIX_STATE_DIR: at('state'),
    NIX_LOG_DIR: at('log'),
    NIX_CONF_DIR: at('conf'),
    XDG_CACHE_HOME: at('cache'),
  };
}

/** Folders of a store are read-only, which holds back all users but root. */
function makeWritable(folder: string): void {
  if (fs.existsSync(folder)) execFileSync('chmod', ['-R', 'u+w', folder]);
}

const PEERS: readonly Tool[] = [
  NINJA,
  MAKE,
  nixTool('nix', false),
  nixTool('nix-sandbox', true),
  BAZEL,
];

export const PEER_NAMES: readonly string[] = PEERS.map((one) => one.name);

/** The peers of these names, by whether this machine has them. */
export function findPeers(
  names: readonly string[],
  find: (program: string) => string | undefined = findProgram,
): {readonly there: readonly Tool[]; readonly missing: readonly Tool[]} {
  const wanted = PEERS.filter((one) => names.includes(one.name));
  const has = ({program}: Tool): boolean => find(program ?? '') !== undefined;
  return {there: wanted.filter(has), missing: wanted.filter((one) => !has(one))};
}
