/**
 * What the engine may know of the world around it, as one record that tests can replace.
 * Nothing else reads the environment, the clock, the terminal or the process.
 */
import {createRequire} from 'node:module';
import os from 'node:os';
import {errorCode, readText, writeOut} from './files.ts';

export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** Keys from the terminal, one by one. */
export interface Input {
  readonly isTerminal: boolean;
  /**
   * Takes the terminal for single keys and gives it back when the function it gives is called, or
   * the process ends. Undefined where there is no terminal, or this is not its foreground.
   */
  onKeys(listener: (keys: string) => void): (() => void) | undefined;
}

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly arch: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Wall clock in milliseconds; for records and messages, never for decisions. */
  now(): number;
  /** Monotonic clock: milliseconds since the process began; for durations and deadlines. */
  tick(): number;
  /** The same clock as all processes of the machine read it: milliseconds since some moment. */
  clock(): number;
  /** Sends this process a signal, as the terminal would. */
  raise(signal: 'SIGINT' | 'SIGTSTP'): void;
  /** Calls back each time this process goes on after it was stopped; until the function it gives is called. */
  onContinue(call: () => void): () => void;
}

/** The process this runs in. */
export function realHost(): Host {
  return {
    env: process.env,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    pid: process.pid,
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    arch: machineName(process.arch),
    stdin: TERMINAL_INPUT,
    stdout: outputOf(1, () => process.stdout),
    stderr: outputOf(2, () => process.stderr),
    now: () => Date.now(),
    tick: () => performance.now(),
    clock: () => Number(process.hrtime.bigint()) / 1e6,
    raise: (signal) => void process.kill(process.pid, signal),
    onContinue: (call) => {
      process.on('SIGCONT', call);
      return () => void process.off('SIGCONT', call);
    },
  };
}

/** The tick at which Node was ready to read the program. */
export function nodeReadyTick(): number {
  return performance.nodeTiming.bootstrapComplete;
}

/** Milliseconds from the wall clock, with fractions as other programs read it, to `Host.clock`. */
export function wallToClock(): number {
  const tick = performance.now();
  const clock = Number(process.hrtime.bigint()) / 1e6;
  const fine = performance.timeOrigin + tick;
  const coarse = Date.now();
  // It was set since we began: then a millisecond is as well as it is known.
  const wall = Math.abs(fine - coarse - 0.5) < 2 ? fine : coarse;
  return clock - wall;
}

/** Node's name of the processor as uname(1) says it. */
function machineName(arch: string): string {
  const names: Readonly<Record<string, string>> = {x64: 'x86_64', arm64: 'aarch64', ia32: 'i686'};
  return names[arch] ?? arch;
}

const TERMINAL_INPUT: Input = {
  get isTerminal() {
    return isTerminal(0);
  },
  onKeys: (listener) => {
    if (!isTerminal(0) || !isForeground()) return undefined;
    const {stdin} = process;
    const take = (keys: string): void => {
      listener(keys);
    };
    // A terminal that has gone away has no keys.
    const gone = (): void => undefined;
    stdin.setEncoding('utf8').on('data', take).on('error', gone).setRawMode(true).resume();
    return () => {
      stdin.off('data', take).off('error', gone).setRawMode(false).pause();
    };
  },
};

/** Whoever is not in the foreground is stopped when he sets the terminal (tcsetattr(3)). */
function isForeground(): boolean {
  // proc_pid_stat(5): after the name in brackets come state, parent, group, session, terminal,
  // and the group in the foreground of that terminal.
  const stat = readText('/proc/self/stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[2] === fields[5];
}

const load = createRequire(import.meta.url);

/** Loaded when it is asked, as it brings all of Node's network with it. */
function isTerminal(fd: number): boolean {
  return (load('node:tty') as typeof import('node:tty')).isatty(fd);
}

/** Streams that were made: where Node does more than write(2). */
const made = new Map<number, NodeJS.WriteStream>();

/** A stream takes 3 ms to be made; what only says a word does without. */
function outputOf(fd: number, make: () => NodeJS.WriteStream): Output {
  const stream = (): NodeJS.WriteStream => {
    const known = made.get(fd);
    if (known !== undefined) return known;
    const own = make().on('error', endQuietly);
    made.set(fd, own);
    return own;
  };
  return {
    get isTerminal() {
      return stream().isTTY;
    },
    get columns() {
      const {columns} = stream();
      return columns > 0 ? columns : 80;
    },
    write: (text) => {
      if (made.has(fd)) stream().write(text);
      else writeNow(fd, text);
    },
  };
}

function writeNow(fd: number, text: string): void {
  try {
    writeOut(fd, Buffer.from(text));
  } catch (error) {
    endQuietly(error as NodeJS.ErrnoException);
  }
}

/** Whoever read our output went away (`| head`): there is nobody to tell. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (errorCode(error) === 'EPIPE') process.exit(0);
  throw error;
}

/** Whether nothing waits to be written. */
export function allIsWritten(): boolean {
  return [...made.values()].every((stream) => stream.writableLength === 0);
}

/** The Node this runs in, for processes of ours. */
export function nodeProgram(): string {
  return process.execPath;
}

/** Where temporary folders go. */
export function temporaryFolder(): string {
  return os.tmpdir();
}

/** Ends a process by its id at once; false when there is none. */
export function killProcess(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The same for all processes of the group a process leads; false when it leads none. */
export function killGroup(pid: number): boolean {
  return killProcess(-pid);
}

/** `SIGKILL` for 9. */
export function signalName(number: number): string | undefined {
  return Object.entries(os.constants.signals).find(([, one]) => one === number)?.[0];
}
