/**
 * Chooses who shows the events: a live status on a terminal, lines elsewhere, JSON, or silence.
 * The one door of the engine to people; knows nothing of the engine.
 */
import type {Host} from '../base/host.ts';
import type {Announcing} from './announce.ts';
import {FancyReporter} from './fancy.ts';
import {jsonReporter} from './json.ts';
import {lookFor, type ColorChoice} from './look.ts';
import {plainReporter, quietReporter} from './plain.ts';
import {realTimers, type Reporter, type Timers} from './parts.ts';

export type {Reporter} from './parts.ts';

/** What `--progress` says. */
export type ReporterKind = 'auto' | 'plain' | 'fancy' | 'json' | 'quiet';

export interface Ui {
  readonly host: Host;
  readonly color: ColorChoice;
  readonly verbose: boolean;
  /** The text of a file as a diagnostic names it; undefined where it cannot be read. */
  readonly readText: (file: string) => string | undefined;
  /** The real clock unless a test brings its own. */
  readonly timers?: Timers;
}

export function createReporter(kind: ReporterKind, ui: Ui): Reporter {
  const {host, timers = realTimers} = ui;
  const chosen = kind === 'auto' ? fittingKind(host) : kind;
  if (chosen === 'json') return jsonReporter(host);
  const style = announcing(ui, chosen === 'fancy');
  if (chosen === 'quiet') return quietReporter(host, style);
  const parts = {host, timers, style};
  return chosen === 'fancy' ? new FancyReporter(parts) : plainReporter(parts);
}

/** RECIPES_PROGRESS where it names one; else by whether people watch. */
export function fittingKind(host: Host): Exclude<ReporterKind, 'auto'> {
  const wanted = host.env['RECIPES_PROGRESS'] ?? '';
  const named = KINDS.find((kind) => kind === wanted);
  if (named !== undefined) return named;
  const {TERM: term, CI: ci = ''} = host.env;
  return host.stderr.isTerminal && term !== 'dumb' && ci === '' ? 'fancy' : 'plain';
}

const KINDS = ['plain', 'fancy', 'json', 'quiet'] as const;

function announcing(ui: Ui, live: boolean): Announcing {
  const {host, verbose, readText} = ui;
  const look = lookFor(ui.color, host, host.stderr);
  const annotate = (host.env['GITHUB_ACTIONS'] ?? '') !== '';
  return {verbose, live, look, color: look.color, readText, annotate, cwd: host.cwd};
}
