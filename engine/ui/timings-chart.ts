/**
 * What happened when, as rows of SVG on one scale: the engine, each node with its phases, the
 * machine. Places are percentages, so that zooming is one width. Pure.
 */
import type {Group, Span} from '../base/span.ts';
import {el, type Child, type Markup} from './markup.ts';
import {formatSize} from './text.ts';
import {timeText} from './timings-text.ts';
import {piecesOf, type NodeTime, type Sample, type Timings} from './timings.ts';

/** Narrower things are not drawn. */
const THINNEST = 0.005;

export function chart(timings: Timings, chain: ReadonlySet<NodeTime>): Markup {
  const whole = Math.max(1, timings.milliseconds);
  const rows = [
    axis(whole),
    ...engineRow('engine', timings.engine, whole),
    ...engineRow('start of the sandbox worker', timings.worker, whole),
    ...timings.nodes.flatMap((node) => nodeRow(node, chain.has(node), whole)),
    ...machineRows(timings, whole),
  ];
  return el('div', {class: 'scroll'}, el('div', {class: 'wide'}, rows));
}

// --- the scale -----------------------------------------------------------------------------------

function axis(whole: number): Markup[] {
  const marks = ticksOf(whole).map((at) => [
    el('line', {class: 'tick', x1: place(at, whole), x2: place(at, whole), y1: 0, y2: '100%'}),
    el('text', {x: place(at, whole), dx: 4, y: 14}, timeText(at)),
  ]);
  return row('time since the start', 'soft', svg('chart', marks));
}

/** About eight round moments. */
export function ticksOf(whole: number): readonly number[] {
  const rough = whole / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  return Array.from({length: Math.ceil(whole / step)}, (_one, at) => at * step);
}

function place(at: number, whole: number): string {
  return `${Number(((at / whole) * 100).toFixed(3))}%`;
}

// --- bars ----------------------------------------------------------------------------------------

function engineRow(name: string, spans: readonly Span[], whole: number): Markup[] {
  if (spans.length === 0) return [];
  const bars = piecesOf(spans, 0, whole).map((one, at) => {
    // One after the other, all of one colour: every second is paler.
    const shade = at % 2 === 0 ? undefined : 0.6;
    return bar(one, one.group === 'prepare' ? 'prepare' : 'engine', whole, {opacity: shade});
  });
  return row(name, 'soft', svg('chart', bars.flat()));
}

function nodeRow(node: NodeTime, isCritical: boolean, whole: number): Markup[] {
  const {label, since, until, outcome} = node;
  const total = `${label}: ${outcome}, ${timeText(until - since)}`;
  const parts = [
    ...node.waits.map((one) => bar(one, 'wait', whole, {y: 8, height: 4})),
    bar({name: total, since, until}, 'other', whole),
    ...piecesOf(node.spans, since, until).map((one) => bar(one, one.group, whole)),
    ...(isCritical ? [outline(node, whole)] : []),
  ];
  const about = el('title', {}, total);
  const name = el('div', {class: isCritical ? 'name critical' : 'name'}, label);
  return [name, el('svg', {class: 'chart', role: 'img'}, about, ...parts.flat())];
}

type Stretch = Pick<Span, 'name' | 'since' | 'until'>;

function bar(
  {name, since, until}: Stretch,
  group: Group | 'other',
  whole: number,
  more: Readonly<Record<string, number | undefined>> = {},
): Markup[] {
  if (((until - since) / whole) * 100 < THINNEST) return [];
  const box = {x: place(since, whole), width: place(until - since, whole), y: 3, height: 14};
  const length = timeText(until - since);
  const words = name.endsWith(length) ? name : `${name}: ${length}`;
  return [el('rect', {...box, class: group, ...more}, el('title', {}, words))];
}

function outline({since, until}: NodeTime, whole: number): Markup[] {
  const box = {x: place(since, whole), width: place(until - since, whole), y: 2, height: 16};
  return [el('rect', {...box, class: 'outline', rx: 2})];
}

// --- the machine ---------------------------------------------------------------------------------

function machineRows({samples, machine}: Timings, whole: number): Markup[] {
  if (samples.length === 0) return [];
  const most = Math.max(...samples.map((one) => one.memoryBytes));
  const cores = `cpu of the machine, ${machine.cores} cores = 100 %`;
  const memory = `memory of the machine, most ${formatSize(most)} of ${formatSize(machine.memoryBytes)}`;
  return [
    ...curveRow(cores, samples, whole, (one) => one.cpu),
    ...curveRow(memory, samples, whole, (one) => one.memoryBytes / machine.memoryBytes),
  ];
}

/** A curve from 0 to 1, its height and width stretched to the row's. */
function curveRow(
  name: string,
  samples: readonly Sample[],
  whole: number,
  valueOf: (sample: Sample) => number,
): Markup[] {
  const y = (sample: Sample): string => (1 - valueOf(sample)).toFixed(3);
  const points = samples.map((one) => `${one.at.toFixed(0)},${y(one)}`).join(' ');
  const [first, last] = [samples[0]?.at ?? 0, samples.at(-1)?.at ?? 0];
  const area = `${first.toFixed(0)},1 ${points} ${last.toFixed(0)},1`;
  const box = {viewBox: `0 0 ${whole.toFixed(0)} 1`, preserveAspectRatio: 'none'};
  const curves = [
    el('polygon', {class: 'area', points: area}),
    el('polyline', {class: 'curve', points}),
  ];
  return row(name, 'soft tall', el('svg', {class: 'chart tall', role: 'img', ...box}, curves));
}

function row(name: string, kind: string, picture: Markup): Markup[] {
  return [el('div', {class: `name ${kind}`}, name), picture];
}

function svg(kind: string, children: Child): Markup {
  return el('svg', {class: kind, role: 'img'}, children);
}
