/**
 * Stores in temporary folders for the tests of store/, and child processes that work in them.
 * Knows nothing of projects and recipes.
 */
import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import {removeTree} from '../../../engine/base/files.ts';
import {blobDigest, sha256, type BlobDigest} from '../../../engine/base/hash.ts';
import {openStore, type Owner, type Store} from '../../../store/layout.ts';
import type {FileEntry, FolderEntry, LinkEntry} from '../../../store/tree-entry.ts';

export const isRoot: boolean = process.getuid?.() === 0;

/** Whom files belong to when the engine runs as root. */
export const WORKER_OWNER: Owner = {uid: 1_900_000_000, gid: 1_900_000_000};

/** A folder that is removed at the end of the test. */
export function folder(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-store-'));
  t.teardown(() => {
    removeTree(made);
  });
  return made;
}

/** An empty store that is removed at the end of the test. */
export function emptyStore(t: ExecutionContext, owner?: Owner): Store {
  return must(openStore(path.join(folder(t), 'store'), owner));
}

/** The value of a result that has to be one. */
export function must<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  throw new Error(checked.error.map((one) => `${one.code}: ${one.message}`).join('\n'));
}

/** The codes of a result that has to be a failure. */
export function codesOf(checked: Checked<unknown>): string[] {
  return checked.ok ? ['no failure'] : checked.error.map((one) => one.code);
}

/** Ends a test that this machine cannot run, visibly. */
export function skip(t: ExecutionContext, missing: string): void {
  t.log(`SKIPPED: ${missing}`);
  t.pass();
}

export function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Files below a folder with their inode, sorted; for looking at what is really there. */
export function filesBelow(at: string): string[] {
  return fs
    .readdirSync(at, {withFileTypes: true, recursive: true})
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(at, path.join(entry.parentPath, entry.name)))
    .sort();
}

export function replaceByFolder(at: string): void {
  fs.unlinkSync(at);
  fs.mkdirSync(at);
}

export function replaceByLink(at: string, target: string): void {
  fs.unlinkSync(at);
  fs.symlinkSync(target, at);
}

// --- entries -------------------------------------------------------------------------------------

const common = {uid: 0, gid: 0, xattrs: []} as const;

export function dir(at: string, extra: Partial<FolderEntry> = {}): FolderEntry {
  return {type: 'dir', path: at, mode: 0o755, ...common, ...extra};
}

export function file(at: string, content: string, extra: Partial<FileEntry> = {}): FileEntry {
  const facts = {size: Buffer.byteLength(content), digest: digestOfText(content)};
  return {type: 'file', path: at, mode: 0o644, ...common, ...facts, hardlink: undefined, ...extra};
}

export function link(at: string, target: string): LinkEntry {
  return {type: 'link', path: at, mode: 0o777, ...common, target};
}

export function digestOfText(content: string): BlobDigest {
  return blobDigest(sha256(content));
}

// --- child processes -----------------------------------------------------------------------------

/** A process that works in a store as the test tells it: see puppet.ts. */
export interface Puppet extends AsyncDisposable {
  /** Has it do something; gives its answer, or throws what went wrong there. */
  ask(order: string, ...args: readonly unknown[]): Promise<unknown>;
  /** kill -9; resolves when it is dead. */
  kill(): Promise<void>;
}

const PUPPET = fileURLToPath(new URL('puppet.js', import.meta.url));

let open: string | undefined;

/** A copy of the code that every user may read: the project may lie below /root. */
function openPuppet(): string {
  if (open === undefined) {
    const root = path.resolve(path.dirname(PUPPET), '../../../..');
    const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-puppet-'));
    for (const name of [
      'package.json',
      'dist/engine',
      'dist/store',
      'dist/tests/unit/store',
      'node_modules/xxhash-wasm',
    ]) {
      fs.cpSync(path.join(root, name), path.join(copy, name), {recursive: true});
    }
    spawnSync('chmod', ['-R', 'a+rX', copy]);
    process.once('exit', () => {
      fs.rmSync(copy, {recursive: true, force: true});
    });
    open = copy;
  }
  return path.join(open, path.relative(path.resolve(path.dirname(PUPPET), '../../../..'), PUPPET));
}

/** Starts one; `around` is a command that runs it (unshare, setpriv). */
export function startPuppet(
  around: readonly string[] = [],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): Puppet {
  const argv = [...around, process.execPath, around.includes('setpriv') ? openPuppet() : PUPPET];
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd,
    env: {...process.env, ...env},
  });
  // Writing to a process that is dead shows in its answer.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const waiting: ((line: string) => void)[] = [];
  createInterface({input: child.stdout}).on('line', (line) => waiting.shift()?.(line));
  void ended.then(() => {
    for (const answer of waiting.splice(0)) answer('{"error":"it died"}');
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    ask: async (order, ...rest) => {
      const line = await new Promise<string>((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve('{"error":"it died"}');
        waiting.push(resolve);
        child.stdin.write(`${JSON.stringify([order, ...rest])}\n`);
      });
      const {value, error} = JSON.parse(line) as {value?: unknown; error?: string};
      if (error !== undefined) throw new Error(error);
      return value;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
