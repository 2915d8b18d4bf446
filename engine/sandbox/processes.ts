/**
 * What the processes of a sandbox use, from /proc. Knows process ids as the worker sees them.
 */
import {exists, readText, namesIn, unless} from '../base/files.ts';

export interface Sample {
  /** Resident memory of all its processes together; shared pages count for each. */
  readonly residentBytes: number;
  /** Processor time of all of them, and of those they have waited for. */
  readonly cpuMilliseconds: number;
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

/** proc(5) gives times in units of 1/100 s and memory in pages on every Linux Node runs on. */
const TICK_MILLISECONDS = 10;
const PAGE_BYTES = 4096;

/**
 * Sums up the first process of a sandbox and all below it: what loses its parent in a pid
 * namespace becomes a child of the first one, so none is missed.
 */
export function sampleTree(first: number): Sample {
  const children = new Map<number, Row[]>();
  let waiting: Row[] = [];
  for (const row of allRows()) {
    if (row.pid === first) waiting.push(row);
    children.set(row.parent, [...(children.get(row.parent) ?? []), row]);
  }
  let [ticks, pages] = [0, 0];
  while (waiting.length > 0) {
    for (const row of waiting) [ticks, pages] = [ticks + row.ticks, pages + row.pages];
    waiting = waiting.flatMap((row) => children.get(row.pid) ?? []);
  }
  return {residentBytes: pages * PAGE_BYTES, cpuMilliseconds: ticks * TICK_MILLISECONDS};
}

/** Whether a process is there and not only a zombie waiting to be collected. */
export function isAlive(pid: number): boolean {
  // Most of the time it is gone, and that is told sooner than a failure to read.
  if (!exists(`/proc/${pid}`)) return false;
  const fields = statFields(pid);
  return fields !== undefined && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** Milliseconds for which the count of killed processes is good enough. */
const RECENT = 1000;
let recent = {at: -Infinity, kills: 0};

/** `outOfMemoryKills` as of a moment ago; `tick` is now, in milliseconds. Reading it takes long. */
export function recentKills(tick: number): number {
  if (tick - recent.at > RECENT) recent = {at: tick, kills: outOfMemoryKills()};
  return recent.kills;
}

/** How many processes the kernel has killed for want of memory since the machine started. */
export function outOfMemoryKills(): number {
  const text = unless(['ENOENT', 'EACCES'], () => readText('/proc/vmstat')) ?? '';
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

function allRows(): Row[] {
  const rows: Row[] = [];
  for (const name of namesIn('/proc')) {
    const pid = Number(name);
    const fields = Number.isInteger(pid) ? statFields(pid) : undefined;
    if (fields === undefined) continue;
    const number = (at: number): number => Number(fields[at] ?? 0);
    // Fields 14 to 17 and 24 of proc(5), counted from the third.
    const ticks = number(11) + number(12) + number(13) + number(14);
    rows.push({pid, parent: number(1), ticks, pages: number(21)});
  }
  return rows;
}

/** The fields of /proc/PID/stat after the name, which may hold anything. */
function statFields(pid: number): readonly string[] | undefined {
  const text = unless(['ENOENT', 'ESRCH', 'EACCES'], () => readText(`/proc/${pid}/stat`));
  return text?.slice(text.lastIndexOf(') ') + 2).split(' ');
}
