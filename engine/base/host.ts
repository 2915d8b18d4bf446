/**
 * What the engine may know of the world around it, as one record that tests can replace.
 * Nothing else reads the environment, the clock, the terminal or the process.
 */
import os from 'node:os';

export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
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
  readonly stdout: Output;
  readonly stderr: Output;
  /** Wall clock in milliseconds; for records and messages, never for decisions. */
  now(): number;
  /** Monotonic clock: milliseconds since the process began; for durations and deadlines. */
  tick(): number;
  /** The same clock as all processes of the machine read it: milliseconds since some moment. */
  clock(): number;
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
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    now: () => Date.now(),
    tick: () => performance.now(),
    clock: () => Number(process.hrtime.bigint()) / 1e6,
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

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    get isTerminal() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns > 0 ? stream.columns : 80;
    },
    write: (text) => void stream.write(text),
  };
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

/** `SIGKILL` for 9. */
export function signalName(number: number): string | undefined {
  return Object.entries(os.constants.signals).find(([, one]) => one === number)?.[0];
}
