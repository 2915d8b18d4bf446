/**
 * Numbers every mutating file call of this process and can end the process at one of them.
 * So tests stop the engine at each state the disk can be left in.
 * `RECIPES_CRASH_AT=[worker:]N[+]`: before the N-th call, with `+` after it. `trace`: ends nothing
 * but shows to strace(1) where each call begins and ends, so that none can be forgotten.
 * Knows nothing of the calls themselves.
 */

interface CrashPoint {
  readonly at: number;
  readonly after: boolean;
}

let calls = 0;
let target: CrashPoint | undefined = readTarget('');
const traced = process.env['RECIPES_CRASH_AT'] === 'trace';

/** Counts calls of the sandbox worker instead: only `worker:N` applies from here on. */
export function countAsWorker(): void {
  target = readTarget('worker:');
}

/** Whether a test counts calls: then all of them have to be made in one order. */
export function isCrashWanted(): boolean {
  return process.env['RECIPES_CRASH_AT'] !== undefined;
}

/** How many mutating calls this process has made. */
export function mutatingCalls(): number {
  return calls;
}

/** Makes one mutating call; the only door through which files are changed. */
export function mutate<T>(call: () => T): T {
  calls += 1;
  const number = calls;
  if (traced) return marked(number, call);
  if (target?.at === number && !target.after) die();
  try {
    return call();
  } finally {
    // Also when it has failed: the number stands for the same moment in every run.
    if (target?.at === number && target.after) die();
  }
}

function marked<T>(number: number, call: () => T): T {
  mark(2 * number);
  try {
    return call();
  } finally {
    mark(2 * number + 1);
  }
}

/** Above all process ids there can be. */
export const MARKS = 1_000_000_000;

/** A system call that does nothing and has a number in it: signal 0 to nobody. */
function mark(number: number): void {
  try {
    process.kill(MARKS + number, 0);
  } catch {
    // ESRCH
  }
}

function readTarget(prefix: string): CrashPoint | undefined {
  const match = /^(worker:)?(\d+)(\+?)$/.exec(process.env['RECIPES_CRASH_AT'] ?? '');
  if (match === null || (match[1] ?? '') !== prefix) return undefined;
  return {at: Number(match[2]), after: match[3] === '+'};
}

/** Ends at once. The first process of a pid namespace cannot kill itself, so it leaves instead. */
function die(): never {
  if (process.pid !== 1) process.kill(process.pid, 'SIGKILL');
  process.reallyExit(137);
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the only way to name Node's own call
  namespace NodeJS {
    interface Process {
      /** Node's exit without handlers; what `process.exit` ends in. */
      reallyExit(code: number): never;
    }
  }
}
