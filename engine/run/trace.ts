/**
 * A listener that turns the events of a run into a Chrome trace (opens in Perfetto).
 * Format: the "Trace Event Format" document, JSON object form, complete events (`ph: X`).
 */
import type {Event, Listener, Phase} from '../base/event.ts';
import type {Label} from '../base/label.ts';

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: 'X';
  /** Microseconds since the start of the run. */
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Readonly<Record<string, string>>;
}

interface Open {
  readonly lane: number;
  readonly since: number;
  phase: {readonly name: string; readonly since: number} | undefined;
}

export interface Trace {
  readonly listener: Listener;
  /** The whole trace so far as JSON text. */
  text(): string;
}

/** Starts a trace; `tick` is a monotonic clock in milliseconds. */
export function startTrace(tick: () => number): Trace {
  const begin = tick();
  const now = (): number => Math.round((tick() - begin) * 1000);
  const open = new Map<Label, Open>();
  const events: TraceEvent[] = [];
  const note = (name: string, cat: string, lane: number, since: number, args = {}): void => {
    events.push({name, cat, ph: 'X', ts: since, dur: now() - since, pid: 1, tid: lane, args});
  };
  return {
    listener: (event) => {
      follow(event, open, now, note);
    },
    text: () => JSON.stringify({traceEvents: events, displayTimeUnit: 'ms'}),
  };
}

type NoteEvent = (name: string, cat: string, lane: number, since: number, args?: object) => void;

function follow(event: Event, open: Map<Label, Open>, now: () => number, note: NoteEvent): void {
  if (event.type === 'node-started') {
    open.set(event.label, {lane: freeLane(open), since: now(), phase: undefined});
  } else if (event.type === 'node-phase') {
    enterPhase(open.get(event.label), phaseName(event.phase, event.step), now, note);
  } else if (event.type === 'node-finished') {
    const node = open.get(event.label);
    if (node === undefined) return;
    enterPhase(node, undefined, now, note);
    note(event.label, event.kind, node.lane, node.since, {outcome: event.outcome});
    open.delete(event.label);
  }
}

function phaseName(phase: Phase, step: string | undefined): string {
  return step === undefined ? phase : step;
}

function enterPhase(
  node: Open | undefined,
  name: string | undefined,
  now: () => number,
  note: NoteEvent,
): void {
  if (node === undefined) return;
  if (node.phase !== undefined) note(node.phase.name, 'phase', node.lane, node.phase.since);
  node.phase = name === undefined ? undefined : {name, since: now()};
}

/** The lowest lane nobody uses: bars of one lane never overlap. */
function freeLane(open: ReadonlyMap<Label, Open>): number {
  const used = new Set([...open.values()].map((node) => node.lane));
  let lane = 1;
  while (used.has(lane)) lane += 1;
  return lane;
}
