/**
 * Where the time of a run went, as a value, and what follows from it: who did what when, what
 * held up the end, how much was gained by working side by side. Pure.
 */
import type {NodeKind, Outcome} from '../base/event.ts';
import type {Label} from '../base/label.ts';
import type {Group, Span} from '../base/span.ts';

/** All times are milliseconds since the process began. */
export interface Timings {
  readonly command: string;
  /** Wall clock at the end, as people read it. */
  readonly date: string;
  /** How it ended, in a few words. */
  readonly outcome: string;
  readonly milliseconds: number;
  readonly jobs: number;
  readonly machine: {readonly cores: number; readonly memoryBytes: number};
  /** The engine's own work, and the start of the sandbox worker. */
  readonly engine: readonly Span[];
  readonly worker: readonly Span[];
  /** Nodes that began, by when they did. */
  readonly nodes: readonly NodeTime[];
  /** Those that did not, with how they ended. */
  readonly others: readonly {readonly label: Label; readonly outcome: Outcome}[];
  readonly samples: readonly Sample[];
}

export interface NodeTime {
  readonly label: Label;
  readonly kind: NodeKind;
  /** `unfinished`: the run ended before it did. */
  readonly outcome: Outcome | 'unfinished';
  readonly reason: string | undefined;
  readonly since: number;
  readonly until: number;
  /** What it waited for before it began. */
  readonly waits: readonly Span[];
  readonly spans: readonly Span[];
  /** What had to end before it. */
  readonly needs: readonly Label[];
  readonly cpuMilliseconds: number | undefined;
  readonly peakBytes: number | undefined;
}

/** The machine at one moment; `cpu` of all its cores since the sample before, from 0 to 1. */
export interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly memoryBytes: number;
}

/**
 * Each moment of a stretch belongs to the innermost span there; between spans to none. The pieces
 * lie apart, in order, and with the gaps they make up the whole.
 */
export function piecesOf(spans: readonly Span[], since: number, until: number): readonly Span[] {
  const pieces: Span[] = [];
  const open: Span[] = [];
  let at = since;
  const fill = (to: number): void => {
    const inner = open.at(-1);
    const end = Math.min(to, until);
    if (inner !== undefined && end > at) pieces.push({...inner, since: at, until: end});
    at = Math.max(at, end);
  };
  const closeUntil = (moment: number): void => {
    for (let top = open.at(-1); top !== undefined && top.until <= moment; top = open.at(-1)) {
      fill(top.until);
      open.pop();
    }
  };
  for (const span of inOrder(spans)) {
    closeUntil(span.since);
    fill(span.since);
    open.push(span);
  }
  closeUntil(Infinity);
  return pieces;
}

/** Outer ones before inner ones. */
export function inOrder(spans: readonly Span[]): readonly Span[] {
  return [...spans].sort((a, b) => a.since - b.since || b.until - a.until);
}

/** Milliseconds of each group; `undefined` of those that do not occur. */
export function splitOf(node: NodeTime): Partial<Record<Group | 'other', number>> {
  const split: Partial<Record<Group | 'other', number>> = {};
  let known = 0;
  for (const {group, since, until} of piecesOf(node.spans, node.since, node.until)) {
    split[group] = (split[group] ?? 0) + until - since;
    known += until - since;
  }
  const other = node.until - node.since - known;
  return other > 0 ? {...split, other} : split;
}

/**
 * The nodes that held up the end, first one first: from the one that ended last, each time what
 * it needed and what ended last of that.
 */
export function chainOf(nodes: readonly NodeTime[]): readonly NodeTime[] {
  const byLabel = new Map(nodes.map((node) => [node.label, node]));
  const chain: NodeTime[] = [];
  let next = lastOf(nodes);
  while (next !== undefined && !chain.includes(next)) {
    chain.unshift(next);
    next = lastOf(next.needs.flatMap((label) => byLabel.get(label) ?? []));
  }
  return chain;
}

function lastOf(nodes: readonly NodeTime[]): NodeTime | undefined {
  return nodes.reduce<NodeTime | undefined>(
    (last, node) => (last === undefined || node.until > last.until ? node : last),
    undefined,
  );
}

export interface Totals {
  /** From the first node's beginning to the last one's end. */
  readonly wall: number;
  /** All nodes one after the other. */
  readonly sum: number;
  /** The chain of those that held up the end, without the gaps in it. */
  readonly chain: number;
  /** Most nodes at a time. */
  readonly most: number;
}

export function totalsOf(nodes: readonly NodeTime[]): Totals {
  const length = (some: readonly NodeTime[]): number =>
    some.reduce((sum, {since, until}) => sum + until - since, 0);
  const first = Math.min(...nodes.map((node) => node.since));
  const last = Math.max(...nodes.map((node) => node.until));
  return {
    wall: nodes.length === 0 ? 0 : last - first,
    sum: length(nodes),
    chain: length(chainOf(nodes)),
    most: Math.max(0, ...lanesOf(nodes).map((lane) => lane + 1)),
  };
}

/** For each, the lowest lane that is free: bars of one lane lie apart. Needs them by `since`. */
export function lanesOf(
  bars: readonly {readonly since: number; readonly until: number}[],
): readonly number[] {
  const ends: number[] = [];
  return bars.map(({since, until}) => {
    const free = ends.findIndex((end) => end <= since);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = until;
    return lane;
  });
}
