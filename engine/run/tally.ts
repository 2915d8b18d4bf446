/**
 * Keeps count of how the nodes of a run ended, tells it, and sums up.
 */
import type {Failure, Finished, Listener, NodeKind, Outcome, Summary} from '../base/event.ts';
import type {Label} from '../base/label.ts';

const OUTCOMES = ['built', 'fresh', 'cut', 'failed', 'skipped', 'cancelled'] as const;

/** How nodes end that are never started. There may be thousands: they are listed when somebody asks. */
export interface Ends {
  readonly outcome: Outcome;
  readonly count: number;
  readonly labels: () => readonly Label[];
  readonly nodes: () => readonly Finished[];
  /** What they took when they were built, milliseconds. */
  readonly saved: number;
}

/** The end of such a one. */
export function endOf(label: Label, kind: NodeKind, outcome: Outcome): Finished {
  return {type: 'node-finished', label, kind, outcome, milliseconds: 0};
}

export class Tally {
  readonly #listener: Listener;
  readonly #tick: () => number;
  readonly #begun: number;
  readonly #starts = new Map<Label, number>();
  /** Brought up to date when it is asked: most of the time nobody does. */
  readonly #ends = new Map<Label, Outcome>();
  /** So many of each list are among them. */
  readonly #noted = {built: 0, fresh: 0, cut: 0, failed: 0, skipped: 0, cancelled: 0};
  readonly #labels: Record<Outcome, Label[]> = {
    ...{built: [], fresh: [], cut: [], failed: [], skipped: [], cancelled: []},
  };
  /** Those that are not among them yet. */
  #unlisted: Ends[] = [];
  readonly #failures = new Map<Label, Failure>();
  #saved = 0;

  /** `begun`: the tick at which what people wait for began. */
  constructor(listener: Listener, tick: () => number, begun: number) {
    this.#listener = listener;
    this.#tick = tick;
    this.#begun = begun;
  }

  /** `since`: where it began before this run. */
  started(label: Label, kind: NodeKind, reason: string | undefined, since?: number): void {
    this.#starts.set(label, since ?? this.#tick());
    const more = reason === undefined ? {} : {reason};
    this.#listener({type: 'node-started', label, kind, ...more});
  }

  /** Each node ends once; `saved` is what a fresh one took when it was built. */
  ended(
    label: Label,
    kind: NodeKind,
    outcome: Outcome,
    more: {
      readonly failure?: Failure;
      readonly because?: Label;
      readonly saved?: number;
      readonly unchanged?: true;
    } = {},
  ): void {
    const {failure, because, unchanged} = more;
    // Each list is in the order of telling.
    if (this.#unlisted.some((one) => one.outcome === outcome)) this.#list();
    this.#labels[outcome].push(label);
    this.#saved += more.saved ?? 0;
    if (failure !== undefined) this.#failures.set(label, failure);
    const since = this.#starts.get(label);
    const milliseconds = since === undefined ? 0 : this.#tick() - since;
    const event = {type: 'node-finished', label, kind, outcome, milliseconds} as const;
    // There may be thousands, of which there is no more to say.
    if ((failure ?? because ?? unchanged) === undefined) {
      this.#listener(event);
      return;
    }
    this.#listener({
      ...event,
      ...(failure === undefined ? {} : {failure}),
      ...(because === undefined ? {} : {because}),
      ...(unchanged === undefined ? {} : {unchanged}),
    });
  }

  /** Many that were never started end together. */
  together(ends: Ends): void {
    const {outcome, count, nodes, saved} = ends;
    if (count === 0) return;
    this.#unlisted.push(ends);
    this.#saved += saved;
    this.#listener({type: 'nodes-finished', outcome, count, nodes});
  }

  #list(): Readonly<Record<Outcome, readonly Label[]>> {
    for (const {outcome, labels} of this.#unlisted) {
      this.#labels[outcome] = this.#labels[outcome].concat(labels());
    }
    this.#unlisted = [];
    return this.#labels;
  }

  /** The tick at which a node was started. */
  sinceOf(label: Label): number | undefined {
    return this.#starts.get(label);
  }

  outcomeOf(label: Label): Outcome | undefined {
    const lists = this.#list();
    for (const outcome of OUTCOMES) {
      const list = lists[outcome];
      for (const ended of list.slice(this.#noted[outcome])) this.#ends.set(ended, outcome);
      this.#noted[outcome] = list.length;
    }
    return this.#ends.get(label);
  }

  get failures(): ReadonlyMap<Label, Failure> {
    return this.#failures;
  }

  summary(interrupted: string | null): Summary {
    const {built, fresh, cut, failed, skipped, cancelled} = this.#list();
    const isBad = failed.length > 0 || skipped.length > 0 || cancelled.length > 0;
    return {
      ok: !isBad && interrupted === null,
      executed: built,
      fresh: fresh.concat(cut),
      failed,
      skipped,
      cancelled,
      milliseconds: this.#tick() - this.#begun,
      savedMilliseconds: this.#saved,
      interrupted,
    };
  }
}
