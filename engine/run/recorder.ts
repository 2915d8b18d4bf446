/**
 * Writes down where the time of a run goes: spans from all who measure, nodes from the events,
 * the machine twice a second. Gives it as one value; shows nothing.
 */
import type {Event, Finished, Outcome, Told} from '../base/event.ts';
import type {Host} from '../base/host.ts';
import type {Label} from '../base/label.ts';
import {SpanList, type Group, type RunWatch, type Span, type Watch} from '../base/span.ts';
import {realTimers, type Timers} from '../ui/parts.ts';
import type {NodeTime, Sample, Timings} from '../ui/timings.ts';
import {loadReader} from './machine-load.ts';

type Started = Extract<Event, {type: 'node-started'}>;

interface Node {
  readonly started: Started;
  readonly since: number;
  until: number | undefined;
  outcome: Outcome | 'unfinished';
}

interface Usage {
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
}

export interface RecorderParts {
  readonly host: Host;
  readonly timers?: Timers;
  /** The load of the machine since it was asked before. */
  readonly load?: () => {readonly cpu: number; readonly memoryBytes: number} | undefined;
}

const SAMPLE = 500;

/** Who waited for less had not to wait. */
const NOTHING = 0.1;

export class Recorder implements RunWatch {
  readonly engine: SpanList;
  readonly worker: SpanList;
  readonly #host: Host;
  readonly #origin: number;
  readonly #spans = new Map<Label, SpanList>();
  readonly #nodes = new Map<Label, Node>();
  readonly #others = new Map<Label, Outcome>();
  readonly #waiting = new Map<Label, () => void>();
  readonly #usage = new Map<Label, Usage>();
  readonly #samples: Sample[] = [];
  readonly #stop: () => void;
  #needsOf: (label: Label) => readonly Label[] = () => [];
  #jobs = 0;
  #outcome: string | undefined;

  constructor({host, timers = realTimers, load = loadReader()}: RecorderParts) {
    this.#host = host;
    this.#origin = host.clock() - host.tick();
    const clock = (): number => host.clock();
    this.engine = new SpanList(clock);
    this.worker = new SpanList(clock);
    load();
    this.#stop = timers.every(SAMPLE, () => {
      const found = load();
      if (found !== undefined) this.#samples.push({at: this.#now(), ...found});
    });
  }

  of(label: Label): Watch {
    const list = this.#spans.get(label) ?? new SpanList(() => this.#host.clock());
    this.#spans.set(label, list);
    return list;
  }

  waits(label: Label, what: string | undefined): void {
    this.#waiting.get(label)?.();
    if (what === undefined) this.#waiting.delete(label);
    else this.#waiting.set(label, this.of(label).begin('wait', what));
  }

  used(label: Label, usage: Usage): void {
    this.#usage.set(label, usage);
  }

  connect(needsOf: (label: Label) => readonly Label[]): void {
    this.#needsOf = needsOf;
  }

  /** A stretch of the engine's time by its ticks, for what was over before this began. */
  past(name: string, since: number, until: number, group: Group = 'engine'): void {
    const by = this.#origin;
    this.engine.add({name, group, since: since + by, until: until + by});
  }

  readonly listener = (event: Told): void => {
    if (event.type === 'nodes-finished') for (const one of event.nodes()) this.#finished(one);
    else if (event.type === 'run-started') this.#jobs = event.jobs;
    else if (event.type === 'node-started') this.#started(event);
    else if (event.type === 'node-finished') this.#finished(event);
    else if (event.type === 'run-finished') {
      const {ok, interrupted} = event.summary;
      if (interrupted !== null) this.#outcome = `interrupted by ${interrupted}`;
      else this.#outcome = ok ? 'good' : 'failed';
    }
  };

  /** Ends the sampling; all there is until now. `ended`: how, where it never came to a run. */
  finish(command: string, ended: 'good' | 'failed'): Timings {
    this.#stop();
    const {cores, memoryBytes} = this.#host;
    return {
      command,
      date: new Date(this.#host.now()).toISOString(),
      outcome: this.#outcome ?? ended,
      milliseconds: this.#now(),
      jobs: this.#jobs,
      machine: {cores, memoryBytes},
      engine: this.#ticks(this.engine.spans()),
      worker: this.#ticks(this.worker.spans()),
      nodes: [...this.#nodes.values()].map((node) => this.#timeOf(node)),
      others: [...this.#others].map(([label, outcome]) => ({label, outcome})),
      samples: this.#samples,
    };
  }

  #started(started: Started): void {
    const since = this.#now();
    this.#nodes.set(started.label, {started, since, until: undefined, outcome: 'unfinished'});
  }

  #finished({label, outcome}: Finished): void {
    const node = this.#nodes.get(label);
    if (node === undefined) this.#others.set(label, outcome);
    else Object.assign(node, {until: this.#now(), outcome});
  }

  #timeOf({started, since, until = this.#now(), outcome}: Node): NodeTime {
    const {label, kind, reason} = started;
    const spans = this.#ticks(this.#spans.get(label)?.spans() ?? []);
    const usage = this.#usage.get(label);
    return {
      ...{label, kind, outcome, reason, since, until},
      waits: spans.filter((one) => one.until <= since && one.until - one.since >= NOTHING),
      spans: spans
        .filter((one) => one.until > since && one.since < until)
        .map((one) => within(one, since, until)),
      needs: this.#needsOf(label),
      cpuMilliseconds: usage?.cpuMilliseconds,
      peakBytes: usage?.peakBytes,
    };
  }

  #ticks(spans: readonly Span[]): readonly Span[] {
    const by = this.#origin;
    return spans.map((one) => ({...one, since: one.since - by, until: one.until - by}));
  }

  #now(): number {
    return this.#host.clock() - this.#origin;
  }
}

/** What begins before a node is told to, or ends after it, is cut there. */
function within(span: Span, since: number, until: number): Span {
  const clamp = (time: number): number => Math.min(until, Math.max(since, time));
  return {...span, since: clamp(span.since), until: clamp(span.until)};
}
