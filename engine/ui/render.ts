/**
 * The live status as lines: a bar with counts, then what runs, oldest first.
 * Pure: the same model, width and time give the same lines. Writes nothing.
 */
import type {Look} from './look.ts';
import {doneOf, type Download, type RunningNode, type StatusModel} from './status-model.ts';
import {
  formatElapsed,
  formatGuess,
  formatSize,
  harmless,
  overprinted,
  pad,
  truncate,
  widthOf,
} from './text.ts';

export interface View {
  /** Columns of the terminal. */
  readonly width: number;
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly look: Look;
  /** How many running nodes are shown; 8 unless told. */
  readonly most?: number;
}

/** A node shows how long it runs from here on: what ends at once needs no clock. */
const SHOW_ELAPSED_AFTER = 2000;
const BAR = 25;
/** Below this the bar is left out, to keep the counts. */
const NARROW = 64;

/** The status area, one text per line, each narrower than the terminal. */
export function renderStatus(model: StatusModel, view: View): string[] {
  const most = view.most ?? 8;
  const shown = model.running.slice(0, most);
  const hidden = model.running.length - shown.length;
  const {more} = view.look.symbols;
  const lines = [
    headline(model, view),
    ...nodeLines(shown, model.downloads, view),
    ...(hidden > 0 ? [`  ${more} and ${hidden} more`] : []),
    ...(model.waiting === undefined ? [] : [`  waiting for ${harmless(model.waiting)}`]),
  ];
  // One column stays free: a full last column makes some terminals wrap.
  return lines.map((line) => truncate(line, view.width - 1, more));
}

/** `[====>---   ] 41/96 done, 2 failed, 4 running, about 6 min left` */
function headline(model: StatusModel, view: View): string {
  const parts = [
    `${doneOf(model)}/${model.pending} done`,
    ...(model.ended.failed > 0 ? [`${model.ended.failed} failed`] : []),
    ...(model.running.length > 0 ? [`${model.running.length} running`] : []),
    ...(model.stopping ? ['stopping'] : remaining(model, view.now)),
  ];
  const counts = parts.join(', ');
  return view.width < NARROW ? counts : `${progressBar(model, BAR)} ${counts}`;
}

function remaining(model: StatusModel, now: number): string[] {
  if (model.expectedEnd === undefined || model.expectedEnd <= now) return [];
  return [`${formatGuess(model.expectedEnd - now)} left`];
}

/** Done is `=` up to an arrow head, running is `-`. */
export function progressBar(model: StatusModel, width: number): string {
  const total = Math.max(1, model.pending);
  const done = Math.floor((doneOf(model) / total) * width);
  const running = Math.min(width - done, Math.ceil((model.running.length / total) * width));
  const head = done > 0 && done < width ? '=>' : '='.repeat(done > 0 ? 2 : 0);
  const filled = done === 1 ? '>' : '='.repeat(Math.max(0, done - 2)) + head;
  return `[${(filled + '-'.repeat(running)).padEnd(width)}]`;
}

interface Row {
  readonly name: string;
  readonly elapsed: string;
  readonly line: string;
}

function nodeLines(
  nodes: readonly RunningNode[],
  downloads: readonly Download[],
  view: View,
): string[] {
  const rows = nodes.map((node) => rowOf(node, downloads, view));
  const limit = Math.max(16, Math.floor(view.width / 2));
  const names = rows.map((row) => truncate(row.name, limit, view.look.symbols.more));
  const nameWidth = Math.max(0, ...names.map(widthOf));
  const timeWidth = Math.max(5, ...rows.map((row) => row.elapsed.length));
  return rows.map((row, index) => {
    const name = pad(names[index] ?? '', nameWidth);
    return `  ${name}  ${row.elapsed.padStart(timeWidth)}  ${row.line}`.trimEnd();
  });
}

function rowOf(node: RunningNode, downloads: readonly Download[], view: View): Row {
  const running = view.now - node.since;
  const doing = node.step ?? node.phase ?? node.kind;
  const download = downloads.find((one) => node.label.endsWith(`@${one.name}`));
  const said = harmless(overprinted(node.line ?? ''))
    .replaceAll('\t', ' ')
    .trimEnd();
  return {
    name: `${node.label} ${view.look.symbols.dot} ${harmless(doing)}`,
    elapsed: running >= SHOW_ELAPSED_AFTER ? formatElapsed(running) : '',
    line: download === undefined ? said : downloadText(download, view.now),
  };
}

/** `1.2 MB of 4.8 MB, 600 kB/s` */
export function downloadText(download: Download, now: number): string {
  const of = download.total === null ? '' : ` of ${formatSize(download.total)}`;
  const seconds = (now - download.since) / 1000;
  const rate = Math.round((download.bytes - download.from) / Math.max(seconds, 1e-3));
  const speed = seconds >= 1 && rate > 0 ? `, ${formatSize(rate)}/s` : '';
  return `${formatSize(download.bytes)}${of}${speed}`;
}
