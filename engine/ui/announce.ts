/**
 * What stays on the screen: the text an event leaves behind, or nothing.
 * The plain reporter shows all of it, the live status only what it cannot show itself.
 */
import type {Event, Finished, Outcome, Told} from '../base/event.ts';
import {unreachable} from '../base/result.ts';
import {formatDiagnostics} from './diagnostics.ts';
import type {Look} from './look.ts';
import {formatFailure, formatSummary, hasFailure, type BlockStyle, type Recap} from './outcome.ts';
import {count, formatDuration, formatSize, harmless, overprinted} from './text.ts';

export interface Announcing extends BlockStyle {
  readonly verbose: boolean;
  /** A live status shows what runs, so beginnings and downloads need no lines. */
  readonly live: boolean;
}

/** The lines an event leaves behind, ended by a newline; empty for none. */
export function announce(event: Told, recap: Recap, style: Announcing): string {
  switch (event.type) {
    case 'nodes-finished':
      // What is fresh is of interest only to those who want to know all.
      return style.verbose
        ? event
            .nodes()
            .map((one) => announce(one, recap, style))
            .join('')
        : '';
    case 'node-finished':
      return hasFailure(event) ? formatFailure(event, style) : line(finishedText(event, style));
    case 'diagnostic':
      return formatDiagnostics([event.diagnostic], style);
    case 'message':
      return line(harmless(event.text));
    case 'stopping':
      return line(stoppingText(event));
    case 'run-finished':
      return formatSummary(event.summary, recap, style);
    case 'estimate':
      return '';
    case 'changed':
      return line(changedText(event));
    case 'watching':
      return line(watchingText(event, style.look));
    case 'run-started':
    case 'node-started':
    case 'node-phase':
    case 'node-output':
    case 'download':
    case 'waiting':
      return style.live ? '' : line(progressText(event, style));
    default:
      return unreachable(event);
  }
}

type Progress = Extract<
  Event,
  {type: 'run-started' | 'node-started' | 'node-phase' | 'node-output' | 'download' | 'waiting'}
>;

/** What a live status would show, as a line for a log. */
function progressText(event: Progress, style: Announcing): string {
  switch (event.type) {
    case 'run-started':
      return event.pending === 0 ? '' : startText(event.pending, event.nodes, event.jobs);
    case 'node-started':
      return `${event.label}: ${event.kind}${event.reason === undefined ? '' : ` (${harmless(event.reason)})`}`;
    case 'node-phase':
      return style.verbose ? `${event.label}: ${harmless(event.step ?? event.phase)}` : '';
    case 'node-output':
      return style.verbose ? `${event.label}: ${harmless(overprinted(event.line))}` : '';
    case 'download':
      return event.done ? `${harmless(event.name)}: downloaded ${formatSize(event.bytes)}` : '';
    case 'waiting':
      return `waiting for ${harmless(event.forWhat)}: ${harmless(event.holder)}`;
    default:
      return unreachable(event);
  }
}

function startText(pending: number, nodes: number, jobs: number): string {
  return `${pending} of ${count(nodes, 'node')} to do, ${count(jobs, 'job')} at a time`;
}

function stoppingText({signal, running}: Extract<Event, {type: 'stopping'}>): string {
  const rest = running === 0 ? 'nothing is running' : `ending ${count(running, 'running node')}`;
  return `${signal}: nothing new is started, ${rest}; once more to kill`;
}

/** `recipes/tour/zlib.yaml and 2 more changed: building tour/zlib` */
function changedText(event: Extract<Event, {type: 'changed'}>): string {
  const files = listed(
    event.files.map((file) => harmless(file)),
    event.more,
  );
  if (event.state === 'broken') return `${files} changed`;
  if (event.state === 'fresh') return `${files} changed: nothing new to do`;
  return `${files} changed: building ${listed(event.starts, event.moreStarts)}`;
}

function listed(names: readonly string[], more: number): string {
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}

function watchingText(event: Extract<Event, {type: 'watching'}>, look: Look): string {
  const how = event.polling ? ', by looking again and again' : '';
  const keys = event.keys ? ' (r rebuild, l log, q quit)' : '';
  return look.paint('dim', `watching ${count(event.folders, 'folder')} for changes${how}${keys}`);
}

/** `✔ tour/zlib built 4.1 s`; what was fresh or skipped only where somebody wants to know. */
function finishedText(event: Finished, style: Announcing): string {
  if (isMinor(event, style.live) && !style.verbose) return '';
  const word = wordFor(event);
  const time = event.outcome === 'built' ? ` ${formatDuration(event.milliseconds)}` : '';
  const because = event.because === undefined ? '' : ` because of ${event.because}`;
  return `${mark(event.outcome, style.look)} ${event.label} ${word}${time}${because}`;
}

/** The status shows downloads, and the end of the run names what was skipped. */
function isMinor({outcome, kind}: Finished, live: boolean): boolean {
  return outcome === 'fresh' || outcome === 'skipped' || (live && kind === 'fetch');
}

function wordFor(event: Finished): string {
  if (event.outcome === 'cut') return 'fresh: its inputs came out as before';
  if (event.unchanged === true) return 'still fails: nothing of it has changed';
  if (event.outcome !== 'built') return event.outcome;
  return {fetch: 'fetched', build: 'built', test: 'tested', root: 'assembled'}[event.kind];
}

function mark(outcome: Outcome, look: Look): string {
  if (outcome === 'failed') return look.paint('red', look.symbols.bad);
  const good = outcome === 'built' || outcome === 'fresh' || outcome === 'cut';
  return good ? look.paint('green', look.symbols.good) : look.paint('yellow', look.symbols.idle);
}

function line(text: string): string {
  return text === '' ? '' : `${text}\n`;
}
