/**
 * Measured time: spans with a name and a group, by the clock all processes of the machine share.
 * Who measures does not know who reads, or whether anybody does: without a reader it costs a call.
 */
import type {Listener} from './event.ts';
import type {Label} from './label.ts';

/** What time is spent on, coarsely; the names of spans say it finely. */
export type Group =
  'engine' | 'wait' | 'prepare' | 'unpack' | 'run' | 'capture' | 'store' | 'clean';

export interface Span {
  readonly name: string;
  readonly group: Group;
  /** Milliseconds of `Host.clock`. */
  readonly since: number;
  readonly until: number;
}

/** Takes spans of one thing that does its work in order: they lie one in the other, or apart. */
export interface Watch {
  /** False: nobody reads, so nothing is to be measured that costs something. */
  readonly on: boolean;
  /** Begins a span; what it gives ends it. */
  begin(group: Group, name: string): () => void;
  /** A span that was measured elsewhere. */
  add(span: Span): void;
}

/** Takes all that is measured of a run. */
export interface RunWatch {
  /** The engine's own work, one thing after the other. */
  readonly engine: Watch;
  /** The start of the sandbox worker. */
  readonly worker: Watch;
  /** What is done for one node. */
  of(label: Label): Watch;
  /** What it waits for before it begins; undefined: for nothing any more. */
  waits(label: Label, what: string | undefined): void;
  /** What a build has used of the machine. */
  used(label: Label, usage: {readonly cpuMilliseconds: number; readonly peakBytes: number}): void;
  /** For what a node waits: known once the graph is. */
  connect(needsOf: (label: Label) => readonly Label[]): void;
  readonly listener: Listener;
}

const nothing = (): void => undefined;

/** Nobody reads. */
export const NO_WATCH: Watch = {on: false, begin: () => nothing, add: nothing};

export const NO_RUN_WATCH: RunWatch = {
  engine: NO_WATCH,
  worker: NO_WATCH,
  of: () => NO_WATCH,
  waits: nothing,
  used: nothing,
  connect: nothing,
  listener: nothing,
};

/** Does a piece of work, which may take until its promise settles, within a span. */
export function timed<T>(watch: Watch, group: Group, name: string, work: () => T): T {
  if (!watch.on) return work();
  const end = watch.begin(group, name);
  let result: T;
  try {
    result = work();
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) void result.then(end, end);
  else end();
  return result;
}

/** Collects spans; one that has not ended counts until now. */
export class SpanList implements Watch {
  readonly on = true;
  readonly #clock: () => number;
  readonly #spans: {name: string; group: Group; since: number; until: number | undefined}[] = [];

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  begin(group: Group, name: string): () => void {
    const span = {name, group, since: this.#clock(), until: undefined as number | undefined};
    this.#spans.push(span);
    return () => {
      span.until ??= this.#clock();
    };
  }

  add(span: Span): void {
    this.#spans.push({...span});
  }

  /** Those there are, outer ones before inner ones. */
  spans(): readonly Span[] {
    const now = this.#clock();
    return this.#spans
      .map((one) => ({...one, until: one.until ?? now}))
      .sort((a, b) => a.since - b.since || b.until - a.until);
  }
}
