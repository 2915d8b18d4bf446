/**
 * A host with a clock and a terminal that tests drive, and samples of every event.
 */
import type {Event, Failure} from '../../engine/base/event.ts';
import type {Host} from '../../engine/base/host.ts';
import type {Label} from '../../engine/base/label.ts';
import type {Timers} from '../../engine/ui/parts.ts';

export interface FakeScreen {
  readonly host: Host;
  readonly timers: Timers;
  /** Each write to stderr, in order. */
  readonly writes: string[];
  /** All of stderr. */
  text(): string;
  /** Lets time pass; repeated calls happen on the way. */
  pass(milliseconds: number): void;
  /** How many repeated calls wait. */
  waiting(): number;
}

export interface ScreenOptions {
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export function fakeScreen(options: ScreenOptions = {}): FakeScreen {
  const writes: string[] = [];
  const soon: (() => void)[] = [];
  const calls = new Set<{every: number; next: number; call: () => void}>();
  let now = 1000;
  const output = {
    isTerminal: options.terminal ?? false,
    columns: options.columns ?? 80,
    write: (text: string) => void writes.push(text),
  };
  const host: Host = {
    env: options.env ?? {LANG: 'C.UTF-8'},
    cwd: '/project',
    ...{uid: 1000, gid: 1000, pid: 1, cores: 2, memoryBytes: 1e9, arch: 'x86_64'},
    stdin: {isTerminal: options.terminal ?? false, onKeys: () => undefined},
    stdout: output,
    stderr: output,
    now: () => now,
    tick: () => now,
    clock: () => now,
    raise: () => undefined,
    onContinue: () => () => undefined,
  };
  const timers: Timers = {
    soon: (call) => void soon.push(call),
    every: (every, call) => {
      const entry = {every, next: now + every, call};
      calls.add(entry);
      return () => void calls.delete(entry);
    },
  };
  const pass = (milliseconds: number): void => {
    for (const call of soon.splice(0)) call();
    const end = now + milliseconds;
    for (;;) {
      const due = [...calls].filter((one) => one.next <= end).sort((a, b) => a.next - b.next)[0];
      if (due === undefined) break;
      now = due.next;
      due.next += due.every;
      due.call();
    }
    now = end;
  };
  const text = (): string => {
    pass(0);
    return writes.join('');
  };
  return {host, timers, writes, text, pass, waiting: () => calls.size};
}

export function label(text: string): Label {
  return text as Label;
}

export const ZLIB: Label = label('tour/zlib');
export const PNG: Label = label('tour/libpng');
export const FETCH: Label = label('tour/zlib@zlib-1.3.tar.gz');

export function failure(change: Partial<Failure> = {}): Failure {
  return {
    diagnostics: [],
    step: 'compile',
    exit: 2,
    tail: ['gcc -c adler32.c', 'make: *** [Makefile:142: libz.so.1.3.1] Error 1'],
    logFile: '/project/.recipes/logs/zlib-3f9c1a2b.log',
    machine: false,
    ...change,
  };
}

/** A run with at least one event of each type, in an order the engine could produce. */
export const EVENTS: readonly Event[] = [
  {type: 'waiting', forWhat: 'the store', holder: 'recipes build (pid 4121)'},
  {type: 'run-started', targets: [PNG], nodes: 9, pending: 3, jobs: 2},
  {type: 'estimate', milliseconds: 360_000},
  {type: 'node-started', label: FETCH, kind: 'fetch', reason: 'never built'},
  {type: 'download', name: 'zlib-1.3.tar.gz', url: 'a:z', bytes: 0, total: 1500, done: false},
  {type: 'download', name: 'zlib-1.3.tar.gz', url: 'a:z', bytes: 1500, total: 1500, done: true},
  {type: 'node-finished', label: FETCH, kind: 'fetch', outcome: 'built', milliseconds: 300},
  {type: 'node-started', label: ZLIB, kind: 'build', reason: 'steps.compile changed'},
  {type: 'node-phase', label: ZLIB, phase: 'running', step: 'compile'},
  {type: 'node-output', label: ZLIB, line: 'checking for gcc... yes'},
  {
    type: 'diagnostic',
    diagnostic: {
      code: 'store/corrupt',
      severity: 'warning',
      message: 'a file was damaged and is set aside',
      hint: 'it is made again',
    },
  },
  {
    type: 'node-finished',
    label: ZLIB,
    kind: 'build',
    outcome: 'failed',
    milliseconds: 4100,
    failure: failure(),
  },
  {
    type: 'node-finished',
    label: PNG,
    kind: 'build',
    outcome: 'skipped',
    milliseconds: 0,
    because: ZLIB,
  },
  {type: 'message', text: 'the log of this run is kept'},
  {type: 'stopping', signal: 'SIGINT', running: 1},
  {
    type: 'run-finished',
    summary: {
      ok: false,
      executed: [FETCH],
      fresh: [label('tour/m4')],
      failed: [ZLIB],
      skipped: [PNG],
      cancelled: [],
      milliseconds: 5200,
      savedMilliseconds: 0,
      interrupted: 'SIGINT',
    },
  },
  {
    type: 'changed',
    files: ['recipes/tour/zlib.yaml', 'recipes/tour/libpng.yaml'],
    more: 3,
    state: 'runs',
    starts: [ZLIB],
    moreStarts: 1,
  },
  {type: 'changed', files: ['README'], more: 0, state: 'fresh', starts: [], moreStarts: 0},
  {type: 'changed', files: ['x.yaml'], more: 0, state: 'broken', starts: [], moreStarts: 0},
  {type: 'watching', folders: 1, polling: false, keys: true},
  {type: 'watching', folders: 7, polling: true, keys: false},
];
