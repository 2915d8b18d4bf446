/**
 * Timings as a trace that Perfetto and chrome://tracing open. Pure.
 *
 * The format is the "Trace Event Format" (Google, docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU),
 * its JSON object form: `X` complete events, which nest by their times within one thread, `C`
 * counters, `M` names of processes and threads. Times are microseconds.
 */
import type {Span} from '../base/span.ts';
import {chainOf, inOrder, lanesOf, type NodeTime, type Sample, type Timings} from './timings.ts';

interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'C' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, string | number>>;
}

/** Processes of the trace: the run with its nodes, what waits for its turn, the machine. */
const RUN = 1;
const WAITING = 2;
const MACHINE = 3;

/** Threads. Viewers take a number for one thread, whatever its process, so none is used twice. */
const ENGINE = 11;
const WORKER = 12;
const COUNTERS = 13;
const FIRST_NODE = 100;
const FIRST_WAIT = 10_000;

export function traceText(timings: Timings): string {
  const traceEvents = [
    ...namesOf(timings),
    ...timings.engine.map((span) => complete(span, RUN, ENGINE)),
    ...timings.worker.map((span) => complete(span, RUN, WORKER)),
    ...nodeEvents(timings.nodes),
    ...waitEvents(timings.nodes),
    ...timings.samples.flatMap(counters),
  ];
  const otherData = {command: timings.command, outcome: timings.outcome, date: timings.date};
  const lines = traceEvents.map((one) => JSON.stringify(one)).join(',\n');
  return `{"displayTimeUnit":"ms","otherData":${JSON.stringify(otherData)},"traceEvents":[\n${lines}\n]}\n`;
}

function namesOf({nodes}: Timings): readonly TraceEvent[] {
  const jobs = Math.max(0, ...lanesOf(nodes).map((lane) => lane + 1));
  const waits = Math.max(0, ...lanesOf(waitsOf(nodes)).map((lane) => lane + 1));
  const thread = (pid: number, tid: number, name: string): TraceEvent[] =>
    called('thread', pid, tid, name, tid);
  return [
    ...called('process', RUN, ENGINE, 'recipes', RUN),
    ...called('process', WAITING, FIRST_WAIT, 'waiting', WAITING),
    ...called('process', MACHINE, COUNTERS, 'machine', MACHINE),
    ...thread(RUN, ENGINE, 'engine'),
    ...thread(RUN, WORKER, 'start of the sandbox worker'),
    ...upTo(jobs).flatMap((lane) => thread(RUN, FIRST_NODE + lane, `node ${lane + 1}`)),
    ...upTo(waits).flatMap((lane) => thread(WAITING, FIRST_WAIT + lane, `waiting ${lane + 1}`)),
  ];
}

/** A name, and a place among its kin. */
function called(
  what: 'process' | 'thread',
  pid: number,
  tid: number,
  name: string,
  index: number,
): TraceEvent[] {
  return [
    {name: `${what}_name`, ph: 'M', pid, tid, args: {name}},
    {name: `${what}_sort_index`, ph: 'M', pid, tid, args: {sort_index: index}},
  ];
}

function upTo(length: number): readonly number[] {
  return Array.from({length}, (_one, at) => at);
}

function nodeEvents(nodes: readonly NodeTime[]): readonly TraceEvent[] {
  const chain = new Set(chainOf(nodes));
  const lanes = lanesOf(nodes);
  return nodes.flatMap((node, at) => {
    const {label, kind, outcome, reason, since, until} = node;
    const tid = FIRST_NODE + (lanes[at] ?? 0);
    const {cpuMilliseconds, peakBytes} = node;
    const args = {
      outcome,
      ...(reason === undefined ? {} : {reason}),
      ...(cpuMilliseconds === undefined ? {} : {cpuMilliseconds}),
      ...(peakBytes === undefined ? {} : {peakBytes}),
      ...(chain.has(node) ? {critical: 'yes'} : {}),
    };
    const bar = {name: label, ph: 'X', cat: kind, pid: RUN, tid, ...times({since, until}), args};
    return [bar as TraceEvent, ...inOrder(node.spans).map((span) => complete(span, RUN, tid))];
  });
}

function waitEvents(nodes: readonly NodeTime[]): readonly TraceEvent[] {
  const waits = waitsOf(nodes);
  const lanes = lanesOf(waits);
  return waits.map((wait, at) => complete(wait, WAITING, FIRST_WAIT + (lanes[at] ?? 0)));
}

/** What a node waits for has its name here: no bar lies around it. */
function waitsOf(nodes: readonly NodeTime[]): readonly Span[] {
  const all = nodes.flatMap(({label, waits}) =>
    waits.map((wait) => ({...wait, name: `${label}: ${wait.name}`})),
  );
  return inOrder(all);
}

function complete({name, group, since, until}: Span, pid: number, tid: number): TraceEvent {
  return {name, ph: 'X', cat: group, pid, tid, ...times({since, until})};
}

/** Both ends are rounded, so that what lies inside stays inside. */
function times({since, until}: Pick<Span, 'since' | 'until'>): {ts: number; dur: number} {
  const ts = Math.round(since * 1000);
  return {ts, dur: Math.max(0, Math.round(until * 1000) - ts)};
}

function counters({at, cpu, memoryBytes}: Sample): readonly TraceEvent[] {
  const common = {ph: 'C', pid: MACHINE, tid: COUNTERS, ts: Math.round(at * 1000)} as const;
  return [
    {...common, name: 'cpu (%)', args: {cpu: Math.round(cpu * 100)}},
    {...common, name: 'memory (MiB)', args: {memory: Math.round(memoryBytes / 2 ** 20)}},
  ];
}
