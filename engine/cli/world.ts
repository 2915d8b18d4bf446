/**
 * What an answer to a command works with: the host, the call, and where its words go.
 * Data goes to standard output, everything for people to standard error.
 */
import type {Checked, Diagnostic} from '../base/diagnostic.ts';
import {exitCodeOf} from '../base/diagnostic.ts';
import {errorCode, readStart} from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {NO_RUN_WATCH, type RunWatch} from '../base/span.ts';
import type {Seen} from '../base/witness.ts';
import type {BegunWorker} from '../sandbox/worker-process.ts';
import path from 'node:path';
import type {Store} from '../../store/layout.ts';
import type {Call} from './commands.ts';

export interface World {
  readonly host: Host;
  readonly call: Call;
  /** Where `-C` points, absolute. */
  readonly cwd: string;
  /** Text for standard output, a newline added. */
  print(text: string): void;
  /** Text for people, a newline added; nothing with `--quiet`. */
  tell(text: string): void;
  /** Shows diagnostics to people. */
  show(diagnostics: readonly Diagnostic[]): Promise<void>;
  /** Where SIGINT and SIGTERM go while something runs. */
  onInterrupt(handler: InterruptHandler): void;
  /** Where this call's answer is kept, if it comes to nothing to do: idle.ts. */
  readonly memo: string | undefined;
  /** What this process has seen of files since it began; nobody relies on it for long. */
  readonly seen: Seen | undefined;
  /** The sandbox worker, where it was begun already. */
  readonly begun: BegunWorker | undefined;
  /** Whether any diagnostic was shown. */
  readonly hasShown: () => boolean;
  /** The ticks at which our own program began, and at which it knew what was asked. */
  readonly since: {readonly main: number; readonly call: number};
  readonly watch: RunWatch;
  /** The store of the project, where the command has opened it already: what is known stays known. */
  readonly store?: Store | undefined;
}

/** What is known of a call before its words are read. */
export interface Start {
  /** Where its answer is kept: idle.ts. */
  readonly memo: string | undefined;
  /** What was seen when that did not hold. */
  readonly seen?: Seen | undefined;
  /** The sandbox worker, begun since something will most likely run. */
  readonly begun?: BegunWorker | undefined;
  /** The tick at which our own program began. */
  readonly main: number;
}

/** `taken`: the command ends in order; `ignored`: the signal was for the program inside. */
export type InterruptHandler = (signal: string) => 'taken' | 'ignored';

/** An answer: the exit code, or why there is none. */
export type Answer = Promise<Checked<number>>;

export function makeWorld(
  host: Host,
  call: Call,
  onInterrupt: (handler: InterruptHandler) => void,
  start: Start = {memo: undefined, main: 0},
): World {
  let shown = false;
  const cwd = path.resolve(host.cwd, call.globals.directory);
  return {
    host,
    call,
    cwd,
    print: (text) => {
      host.stdout.write(`${text}\n`);
    },
    tell: (text) => {
      if (call.globals.quiet !== true) host.stderr.write(`${text}\n`);
    },
    show: (diagnostics) => {
      shown = true;
      return showDiagnostics(host, call, cwd, diagnostics);
    },
    onInterrupt,
    memo: start.memo,
    seen: start.seen,
    begun: start.begun,
    hasShown: () => shown,
    since: {main: start.main, call: host.tick()},
    watch: NO_RUN_WATCH,
  };
}

/** Reads what a diagnostic points to: relative to the project, which is found upwards. */
export function excerptReader(cwd: string): (file: string) => string | undefined {
  return (file) => {
    for (let folder = cwd; ; folder = path.dirname(folder)) {
      const text = startOf(path.resolve(folder, file));
      if (text !== undefined || folder === path.dirname(folder)) return text;
    }
  };
}

/** What people may be shown of a file; undefined where it cannot be read, for whatever reason. */
function startOf(file: string): string | undefined {
  try {
    return readStart(file, 1 << 20).toString('utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

async function showDiagnostics(
  host: Host,
  call: Call,
  cwd: string,
  diagnostics: readonly Diagnostic[],
): Promise<void> {
  const {formatDiagnostics, countDiagnostics} = await import('../ui/diagnostics.ts');
  const {lookFor} = await import('../ui/look.ts');
  const {color} = lookFor(call.globals.color, host, host.stderr);
  const annotate = host.env['GITHUB_ACTIONS'] === 'true';
  host.stderr.write(
    formatDiagnostics(diagnostics, {color, readText: excerptReader(cwd), annotate}),
  );
  if (diagnostics.length > 1) host.stderr.write(`\n${countDiagnostics(diagnostics)}\n`);
}

/** The exit code of diagnostics that ended a command. */
export function exitOf(diagnostics: readonly Diagnostic[]): number {
  return exitCodeOf(diagnostics) || 1;
}

/** One option of the call. */
export function optionOf(world: World, name: string): unknown {
  return world.call.options[name];
}

export function textOption(world: World, name: string): string | undefined {
  const value = optionOf(world, name);
  return typeof value === 'string' ? value : undefined;
}

export function isSet(world: World, name: string): boolean {
  return optionOf(world, name) === true;
}
