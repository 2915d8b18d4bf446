/**
 * Child processes: the only file that starts any. Arguments are lists, never shell text.
 * Knows nothing of sandboxes; those are argument lists made elsewhere.
 */
import {spawn, spawnSync, type ChildProcess, type StdioOptions} from 'node:child_process';

export type {ChildProcess} from 'node:child_process';

export interface Finished {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd?: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: StdioOptions;
  /** Its own process group, so that a Ctrl-C at the terminal does not reach it. */
  readonly detached?: boolean;
}

/** Starts a child. A missing program is the child's `error` event; throws where there is no memory for one. */
export function start(argv: readonly string[], options: StartOptions = {}): ChildProcess {
  const [command = '', ...args] = argv;
  return spawn(command, args, {
    ...options,
    env: {...(options.env ?? minimalEnv())},
    stdio: options.stdio ?? 'pipe',
  });
}

/** Waits for the end of a child; `status` 127 where the program could not be started. */
export function ended(child: ChildProcess): Promise<Finished> {
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  const text = (parts: Buffer[]): string => Buffer.concat(parts).toString('utf8');
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve({status: 127, signal: null, stdout: text(out), stderr: error.message});
    });
    child.once('close', (status, signal) => {
      resolve({status, signal, stdout: text(out), stderr: text(errors)});
    });
  });
}

/** Runs a program to its end and collects what it prints. */
export function run(argv: readonly string[], options: StartOptions = {}): Promise<Finished> {
  return ended(start(argv, {stdio: ['ignore', 'pipe', 'pipe'], ...options}));
}

/** The same, blocking; for short helpers at start-up and while a lock is taken. */
export function runSync(argv: readonly string[], options: StartOptions = {}): Finished {
  const [command = '', ...args] = argv;
  const done = spawnSync(command, args, {
    ...options,
    env: {...(options.env ?? minimalEnv())},
    stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 30,
  });
  const text = (part: Buffer | null): string => part?.toString('utf8') ?? '';
  return {
    status: done.error === undefined ? done.status : 127,
    signal: done.signal,
    stdout: text(done.stdout),
    stderr: done.error?.message ?? text(done.stderr),
  };
}

/** What our helpers need and nothing of the caller's: the tools' places and the C locale. */
export function minimalEnv(): Record<string, string> {
  return {PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C'};
}
