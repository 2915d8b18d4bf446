/**
 * How a sandbox ended, as words: from exit status and the step shell's report to a failure.
 * Pure; the facts come in.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import {signalName} from '../base/host.ts';
import type {GuestEnd} from './guest.ts';
import type {ShellReport} from './status.ts';
import {stepName} from './steps.ts';

export interface Ending {
  readonly end: GuestEnd;
  readonly report: ShellReport;
  /** What was allowed, in milliseconds. */
  readonly allowed: number;
  /** Bytes its log may have. */
  readonly logLimit: number;
  readonly environment: 'host' | 'root' | 'tools';
  /** The last line of the log, for sandboxes that did not come up. */
  readonly lastLine: string;
  /** Processes the kernel killed for want of memory meanwhile, anywhere on the machine. */
  readonly memoryKills: number;
}

export interface StepFailure {
  readonly step: string | undefined;
  readonly exit: number | undefined;
  readonly signal: string | undefined;
  readonly cwd: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly machine: boolean;
}

export function endedWell(end: GuestEnd, report: ShellReport): boolean {
  return end.killed === undefined && report.done && end.status === 0;
}

/** Why it did not end well. */
export function failureOf(ending: Ending): StepFailure {
  const {end, report} = ending;
  const step = currentStep(report);
  const told = tell(ending, step === undefined ? 'the build' : `step ${step}`);
  return {
    step,
    exit: end.killed === undefined ? (end.status ?? undefined) : undefined,
    signal: end.killed === undefined ? signalOf(end.status) : 'SIGKILL',
    cwd: report.cwd ?? report.steps.at(-1)?.cwd,
    ...told,
  };
}

interface Told {
  readonly diagnostics: readonly Diagnostic[];
  readonly machine: boolean;
}

function tell(ending: Ending, what: string): Told {
  const {end, report} = ending;
  if (end.killed !== undefined) return tellKilled(ending, what);
  if (!report.begun || end.status === null) return tellDown(ending);
  if (report.others.length > 0) return buildProblem(leftProcesses(report.others));
  if (end.status === 0) {
    const hint = 'steps share one shell: use return, or a subshell, in place of exit or exec';
    return buildProblem(problem('step/ended-early', `${what} ended the step shell`, {hint}));
  }
  return tellStatus(ending, what, end.status);
}

function tellKilled({end, allowed, logLimit}: Ending, what: string): Told {
  if (end.killed === 'timeout') {
    const hint = 'resources: {time: …} in the recipe allows more';
    return machineProblem(
      problem('step/timeout', `${what} was ended after ${spanText(allowed)}`, {hint}),
    );
  }
  if (end.killed === 'flood') {
    return buildProblem(
      problem('step/log-flood', `${what} wrote more than ${sizeText(logLimit)} to its log`),
    );
  }
  return machineProblem(problem('step/cancelled', `${what} was cancelled`));
}

/** The shell never ran, or bwrap was ended from outside. */
function tellDown({environment, report, lastLine, end}: Ending): Told {
  const said = lastLine === '' ? `status ${end.status ?? 'unknown'}` : lastLine;
  if (environment === 'root' && !report.begun && /exec/.test(said)) {
    const hint = 'bash needs its loader and libraries among the needs as well';
    return buildProblem(problem('sandbox/no-shell', `bash cannot be started: ${said}`, {hint}));
  }
  if (report.begun) {
    return machineProblem(problem('machine/sandbox', 'the sandbox was ended from outside'));
  }
  return machineProblem(problem('machine/sandbox', `the sandbox did not come up: ${said}`));
}

function tellStatus(ending: Ending, what: string, status: number): Told {
  const signal = signalOf(status);
  const by = signal === undefined ? `exit status ${status}` : `${signal} (exit status ${status})`;
  const message = `${what} failed with ${by}`;
  if (ending.memoryKills > 0) {
    const hint = 'allow fewer jobs (--jobs), or raise resources: {memory: …} of the recipe';
    return machineProblem(
      problem('machine/memory', `${message}; the machine ran out of memory meanwhile`, {hint}),
    );
  }
  if (signal === 'SIGKILL') return machineProblem(problem('step/killed', message));
  return buildProblem(problem('step/failed', message));
}

function leftProcesses(others: readonly string[]): Diagnostic {
  const notes = others.slice(0, 10).map((line) => ({message: `still running: ${line}`}));
  const count = others.length === 1 ? 'a process' : `${others.length} processes`;
  return problem('step/left-processes', `the steps left ${count} running`, {
    notes,
    hint: 'end what a step starts, and wait for it',
  });
}

function buildProblem(diagnostic: Diagnostic): Told {
  return {diagnostics: [diagnostic], machine: false};
}

function machineProblem(diagnostic: Diagnostic): Told {
  return {diagnostics: [diagnostic], machine: true};
}

function currentStep(report: ShellReport): string | undefined {
  const file = report.steps.at(-1)?.file;
  return file === undefined ? undefined : stepName(file);
}

/** A shell tells the death of a command by a signal as 128 + its number. */
function signalOf(status: number | null): string | undefined {
  return status === null || status <= 128 ? undefined : signalName(status - 128);
}

function sizeText(bytes: number): string {
  const gibibytes = bytes / 2 ** 30;
  return gibibytes >= 1 ? `${gibibytes} GiB` : `${bytes} bytes`;
}

function spanText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 100) / 10;
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 6) / 10} min`;
}
