/**
 * A project in a temporary folder and the real command line run on it.
 * On failure `report()` shows every command that was run with what it printed.
 */
import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** The compiled command line under test. */
export const MAIN: string = fileURLToPath(new URL('../../engine/cli/main.cjs', import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** In a process group of its own, as a shell starts it. */
  readonly group?: boolean;
  /** The command that starts it, as `unshare --mount …`; its words come last. */
  readonly through?: readonly string[];
}

/** A command of the tool that is still running. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** All it has printed so far. */
  output(): string;
}

export class Space implements AsyncDisposable {
  readonly root: string;
  readonly #runs: {readonly argv: readonly string[]; readonly ran: Ran}[] = [];
  readonly #running = new Set<Running>();

  private constructor(root: string) {
    this.root = root;
  }

  /** An empty project: a configuration, the script kind, and the files given. */
  static create(files: Readonly<Record<string, string>> = {}, parent: string = os.tmpdir()): Space {
    const space = new Space(fs.mkdtempSync(path.join(parent, 'recipes-test-')));
    fs.chmodSync(space.root, 0o755);
    space.write('recipes.config.yaml', 'aliases: {}\n');
    for (const [name, text] of Object.entries(files)) space.write(name, text);
    return space;
  }

  at(name: string): string {
    return path.join(this.root, name);
  }

  write(name: string, text: string | Buffer): void {
    fs.mkdirSync(path.dirname(this.at(name)), {recursive: true});
    fs.writeFileSync(this.at(name), text);
  }

  read(name: string): string {
    return fs.readFileSync(this.at(name), 'utf8');
  }

  exists(name: string): boolean {
    return fs.existsSync(this.at(name));
  }

  /** Replaces a text in a file; the text must be there. */
  edit(name: string, from: string, to: string): void {
    const text = this.read(name);
    if (!text.includes(from)) throw new Error(`${name} does not contain ${from}`);
    this.write(name, text.replace(from, to));
  }

  /** Runs `recipes …` in the project to its end. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.start(argv, options).ended;
  }

  /** Runs it and throws with all output unless the exit code is the one expected. */
  async expect(status: number, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.run(argv, options);
    if (ran.status !== status) {
      throw new Error(
        `expected exit ${String(status)}, got ${String(ran.status ?? ran.signal)}\n${this.report()}`,
      );
    }
    return ran;
  }

  start(argv: readonly string[], options: RunOptions = {}): Running {
    const words = [...(options.through ?? []), process.execPath, MAIN, ...argv];
    const child = spawn(words[0] ?? '', words.slice(1), {
      cwd: options.cwd ?? this.root,
      env: {...cleanEnv(), XDG_CACHE_HOME: path.join(this.root, '.cache'), ...options.env},
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: options.group === true,
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
    child.stdin?.end(options.input);
    const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('utf8');
    const ended = new Promise<Ran>((resolve) => {
      child.once('close', (status, signal) => {
        this.#running.delete(running);
        const ran = {status, signal, stdout: text(out), stderr: text(errors)};
        this.#runs.push({argv, ran});
        resolve(ran);
      });
    });
    const running = {child, ended, output: () => text(out) + text(errors)};
    this.#running.add(running);
    return running;
  }

  /** Every command so far with its output. */
  report(): string {
    const one = ({argv, ran}: {argv: readonly string[]; ran: Ran}): string =>
      `$ recipes ${argv.join(' ')}\n${ran.stdout}${ran.stderr}[exit ${String(ran.status ?? ran.signal)}]\n`;
    return this.#runs.map(one).join('\n');
  }

  /** What a failed test has left running ends too. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const {child, ended} of [...this.#running]) {
      child.kill('SIGKILL');
      await ended;
    }
    removeAll(this.root);
  }
}

/** What a user's shell has at least; nothing of the test runner's. */
export function cleanEnv(): Record<string, string> {
  const keep = ['PATH', 'HOME', 'USER', 'TMPDIR', 'NODE_V8_COVERAGE'];
  const there = keep.filter((name) => process.env[name] !== undefined);
  const env = Object.fromEntries(there.map((name) => [name, process.env[name] ?? '']));
  // No cache of the user is written to.
  return {...env, XDG_CACHE_HOME: '/dev/null', NO_COLOR: '1', LANG: 'C.UTF-8'};
}

/**
 * Removes a folder that may hold files of ids we cannot touch, by the ids' own user namespace, or
 * files deeper than Node can reach.
 */
export function removeAll(folder: string): void {
  try {
    fs.rmSync(folder, {recursive: true, force: true, maxRetries: 20});
  } catch {
    const asOthers = ['unshare', '--user', '--map-auto', '--map-root-user'];
    const wipe = [...(process.getuid?.() === 0 ? [] : asOthers), 'rm', '-rf', '--', folder];
    execFileSync(wipe[0] ?? '', wipe.slice(1), {stdio: 'ignore'});
  }
}

/** Waits until a condition holds; fails after a while with what was waited for. */
export async function until(what: string, condition: () => boolean, seconds = 30): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
