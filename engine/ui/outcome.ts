/**
 * How a run went, as text: the block of a failed node, the lines that end a run, and the one
 * line of a run that had nothing to do. Pure; knows nothing of terminals.
 */
import type {Failure, Finished, Summary, Told} from '../base/event.ts';
import {formatDiagnostics, type DiagnosticStyle} from './diagnostics.ts';
import {nothingToDo} from './idle.ts';
import type {Look} from './look.ts';
import {count, formatDuration, formatGuess, harmless, indent, overprinted} from './text.ts';

export type Failed = Finished & {readonly failure: Failure};

export function hasFailure(event: Finished): event is Failed {
  return event.failure !== undefined;
}

/** How many log lines a failure block shows; the log has the rest. */
const TAIL = 20;

export interface BlockStyle extends DiagnosticStyle {
  readonly look: Look;
  /** Log files below this folder are shown relative to it. */
  readonly cwd: string;
}

/** What failed and how, its last output, its diagnostics, and what to type next. */
export function formatFailure(event: Failed, style: BlockStyle): string {
  // The head line says what `step/failed` says.
  const more = event.failure.diagnostics.filter((one) => one.code !== 'step/failed');
  const lines = [
    failureHead(event, style.look),
    ...tailLines(event.failure, style.look),
    ...indent(formatDiagnostics(more, style), 2).split('\n').filter(isSome),
    ...nextSteps(event, style.cwd),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** `✘ tour/zlib · compile failed (exit 2 after 4.1 s)` */
export function failureHead(event: Failed, look: Look): string {
  const {failure, milliseconds} = event;
  const step = failure.step ?? event.kind;
  const after = `after ${formatDuration(milliseconds)}`;
  const ending = [...endingOf(failure), after].join(' ');
  const where = failure.machine ? ', by the machine: not remembered' : '';
  const head = `${look.symbols.bad} ${event.label} ${look.symbols.dot} ${harmless(step)} failed`;
  return `${look.paint('red', head)} (${ending})${where}`;
}

function endingOf(failure: Failure): string[] {
  if (failure.signal !== undefined) return [`killed by ${failure.signal}`];
  return failure.exit === undefined ? [] : [`exit ${failure.exit}`];
}

function tailLines(failure: Failure, look: Look): string[] {
  const shown = failure.tail.slice(-TAIL);
  const hidden = failure.tail.length - shown.length;
  const {more} = look.symbols;
  return [
    ...(hidden > 0 ? [`    ${more} ${count(hidden, 'line')} before this`] : []),
    ...shown.map((line) => `    ${harmless(overprinted(line), look.color)}`.trimEnd()),
  ];
}

function nextSteps(event: Failed, cwd: string): string[] {
  const {logFile, machine} = event.failure;
  if (event.kind === 'fetch') return [];
  // What failed before its first step left neither a log nor a folder to look at.
  if (logFile === undefined) return [];
  const log = [`  log     ${shortPath(logFile, cwd)}`];
  const shell = machine ? [] : [`  try     recipes shell --failed ${event.label}`];
  return [...log.map((line) => `${line}  (recipes log ${event.label})`), ...shell];
}

function shortPath(file: string, cwd: string): string {
  return harmless(file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file);
}

/** What is remembered of a run for its last lines. */
export interface Recap {
  readonly failures: readonly Failed[];
  /** Skipped label → the failed one it waited for. */
  readonly skipped: ReadonlyMap<string, string>;
  /** True when the block of the last failure is the last thing on the screen. */
  readonly blockIsLast: boolean;
}

export const NO_RECAP: Recap = {failures: [], skipped: new Map(), blockIsLast: false};

/** The recap after one more event. `printed`: whether something was written because of it. */
export function remember(recap: Recap, event: Told, printed: boolean): Recap {
  const blockIsLast = printed ? false : recap.blockIsLast;
  if (event.type === 'run-started') return NO_RECAP;
  if (event.type !== 'node-finished') return {...recap, blockIsLast};
  if (hasFailure(event)) {
    return {...recap, failures: [...recap.failures, event], blockIsLast: printed};
  }
  if (event.outcome !== 'skipped' || event.because === undefined) return {...recap, blockIsLast};
  const skipped = new Map(recap.skipped).set(event.label, event.because);
  return {...recap, skipped, blockIsLast};
}

/** The last lines of a run: failures again with what they held up, then the counts. */
export function formatSummary(summary: Summary, recap: Recap, style: BlockStyle): string {
  const alone = recap.failures.length === 1 && recap.blockIsLast;
  const again = recap.failures.flatMap((event) => [
    ...(alone ? [] : [failureHead(event, style.look), ...nextSteps(event, style.cwd)]),
    ...heldUp(event, recap, summary),
  ]);
  const lines = [...again, ...(again.length > 0 ? [''] : []), lastLine(summary, style.look)];
  return lines.map((line) => `${line}\n`).join('');
}

/** `  skipped because of it: curl, git  (2 of 96)` */
function heldUp(event: Failed, recap: Recap, summary: Summary): string[] {
  const labels = [...recap.skipped].filter(([, because]) => because === event.label);
  if (labels.length === 0) return [];
  const names = labels.slice(0, SHOWN_SKIPPED).map(([label]) => label);
  const rest = labels.length - names.length;
  const more = rest > 0 ? ` and ${rest} more` : '';
  const of = `(${labels.length} of ${total(summary)})`;
  return [`  skipped because of it: ${names.join(', ')}${more}  ${of}`];
}

const SHOWN_SKIPPED = 12;

function total(summary: Summary): number {
  const {executed, fresh, failed, skipped, cancelled} = summary;
  return new Set([executed, fresh, failed, skipped, cancelled].flat()).size;
}

function lastLine(summary: Summary, look: Look): string {
  if (summary.ok && isIdle(summary)) return nothingToDo(summary.fresh.length, summary.milliseconds);
  const stopped = summary.interrupted === null ? [] : [`interrupted by ${summary.interrupted}`];
  const counts = [...stopped, ...countParts(summary)].join(', ');
  const saved = summary.ok ? savedText(summary) : '';
  const time = formatDuration(summary.milliseconds);
  const line = `${counts} ${look.symbols.dot} ${time}${saved}`;
  return look.paint(summary.ok ? 'green' : 'red', line);
}

/** Whether a run executed nothing and held nothing back. */
export function isIdle(summary: Summary): boolean {
  const {executed, failed, skipped, cancelled} = summary;
  return [executed, failed, skipped, cancelled].every((list) => list.length === 0);
}

function countParts(summary: Summary): string[] {
  const parts: readonly (readonly [number, string])[] = [
    [summary.failed.length, 'failed'],
    [summary.skipped.length, 'skipped'],
    [summary.cancelled.length, 'cancelled'],
    [summary.executed.filter((label) => !summary.failed.includes(label)).length, 'built'],
    [summary.fresh.length, 'fresh'],
  ];
  return parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
}

/** Worth a word from a minute on. */
function savedText(summary: Summary): string {
  if (summary.savedMilliseconds < 60_000) return '';
  return `, ${formatGuess(summary.savedMilliseconds)} saved`;
}

function isSome(line: string): boolean {
  return line !== '';
}
