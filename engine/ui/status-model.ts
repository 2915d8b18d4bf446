/**
 * What the live status shows, as a value: events go in one after another, a picture comes out.
 * Pure; knows no clock (times come with the events) and no terminal.
 */
import type {Event, NodeKind, Outcome, Phase, Told} from '../base/event.ts';
import {unreachable} from '../base/result.ts';

export interface RunningNode {
  readonly label: string;
  readonly kind: NodeKind;
  /** Monotonic milliseconds, as all times here. */
  readonly since: number;
  readonly phase: Phase | undefined;
  readonly step: string | undefined;
  /** The last line it printed. */
  readonly line: string | undefined;
}

export interface Download {
  readonly name: string;
  readonly bytes: number;
  readonly total: number | null;
  /** When it was first seen, and how much was there then (a resumed one starts with some). */
  readonly since: number;
  readonly from: number;
}

export interface StatusModel {
  readonly startedAt: number;
  /** Nodes that will or may run. */
  readonly pending: number;
  /** Of these, how many ended in which way. */
  readonly ended: Readonly<Record<Outcome, number>>;
  /** Oldest first. */
  readonly running: readonly RunningNode[];
  readonly downloads: readonly Download[];
  /** When the run will be over, guessed. */
  readonly expectedEnd: number | undefined;
  readonly waiting: string | undefined;
  readonly stopping: boolean;
}

export const IDLE: StatusModel = {
  startedAt: 0,
  pending: 0,
  ended: {built: 0, fresh: 0, cut: 0, failed: 0, skipped: 0, cancelled: 0},
  running: [],
  downloads: [],
  expectedEnd: undefined,
  waiting: undefined,
  stopping: false,
};

/** The model after one more event, which happened at `at`. */
export function reduce(model: StatusModel, event: Told, at: number): StatusModel {
  switch (event.type) {
    case 'run-started':
      return {...IDLE, startedAt: at, pending: event.pending};
    case 'node-started':
      return started(model, event, at);
    case 'node-phase':
      return changed(model, event.label, {phase: event.phase, step: event.step, line: undefined});
    case 'node-output':
      return changed(model, event.label, {line: event.line});
    case 'node-finished':
      return finished(model, event.label, event.outcome);
    case 'nodes-finished':
      return afterMany(model, event.outcome, event.count);
    case 'download':
      return {...model, downloads: downloadsAfter(model.downloads, event, at)};
    case 'waiting':
      return {...model, waiting: `${event.forWhat}: ${event.holder}`};
    case 'estimate':
      return {...model, expectedEnd: guess(event.milliseconds, at)};
    case 'stopping':
      return {...model, stopping: true};
    case 'run-finished':
      return {...model, running: [], downloads: [], waiting: undefined};
    case 'diagnostic':
    case 'message':
    case 'changed':
    case 'watching':
      return model;
    default:
      return unreachable(event);
  }
}

/** The model after so many nodes more, none of which was running. */
export function afterMany(model: StatusModel, outcome: Outcome, count: number): StatusModel {
  const ended = {...model.ended, [outcome]: model.ended[outcome] + count};
  return {...model, ended, waiting: undefined};
}

/** How many of the pending nodes are over. Nodes that were fresh from the start are not pending. */
export function doneOf(model: StatusModel): number {
  const {built, cut, failed, skipped, cancelled} = model.ended;
  return Math.min(model.pending, built + cut + failed + skipped + cancelled);
}

type Started = Extract<Event, {type: 'node-started'}>;

function started(model: StatusModel, {label, kind}: Started, since: number): StatusModel {
  const node = {label, kind, since, phase: undefined, step: undefined, line: undefined};
  return {...model, waiting: undefined, running: [...without(model, label), node]};
}

function changed(model: StatusModel, label: string, change: Partial<RunningNode>): StatusModel {
  const apply = (node: RunningNode): RunningNode =>
    node.label === label ? {...node, ...change} : node;
  return {...model, running: model.running.map(apply)};
}

function finished(model: StatusModel, label: string, outcome: Outcome): StatusModel {
  const ended = {...model.ended, [outcome]: model.ended[outcome] + 1};
  return {...model, ended, waiting: undefined, running: without(model, label)};
}

function without(model: StatusModel, label: string): readonly RunningNode[] {
  return model.running.filter((node) => node.label !== label);
}

function guess(milliseconds: number | null, at: number): number | undefined {
  return milliseconds === null ? undefined : at + milliseconds;
}

type DownloadEvent = Extract<Event, {type: 'download'}>;

function downloadsAfter(
  downloads: readonly Download[],
  event: DownloadEvent,
  at: number,
): readonly Download[] {
  const known = downloads.find((one) => one.name === event.name);
  const others = downloads.filter((one) => one.name !== event.name);
  if (event.done) return others;
  const {name, bytes, total} = event;
  const {since, from} = known ?? {since: at, from: bytes};
  return [...others, {name, bytes, total, since, from}];
}
