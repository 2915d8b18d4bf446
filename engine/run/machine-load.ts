/**
 * How busy the machine is, from /proc/stat and /proc/meminfo (proc(5)): all of it, not only what
 * the run has started.
 */
import {readText, unless} from '../base/files.ts';

/** Ticks of all cores since the machine was started. */
export interface CpuTime {
  readonly busy: number;
  readonly all: number;
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal; guests are in user. */
export function cpuTimeIn(stat: string): CpuTime {
  const [, ...fields] = (stat.split('\n')[0] ?? '').split(/\s+/);
  const ticks = fields.slice(0, 8).map(Number);
  const all = ticks.reduce((sum, one) => sum + one, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return {busy: all - idle, all};
}

/** The share of the time in between that was work, 0 to 1. */
export function shareOf(before: CpuTime, after: CpuTime): number {
  const all = after.all - before.all;
  return all <= 0 ? 0 : Math.min(1, Math.max(0, (after.busy - before.busy) / all));
}

/** Memory that is not to be had: total without available. */
export function usedMemoryIn(meminfo: string): number {
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);
  return Math.max(0, kilobytes('MemTotal') - kilobytes('MemAvailable')) * 1024;
}

/** Gives the load since it was asked before; undefined where /proc does not tell. */
export function loadReader(): () => {cpu: number; memoryBytes: number} | undefined {
  let before: CpuTime | undefined;
  return () => {
    const [stat, meminfo] = ['/proc/stat', '/proc/meminfo'].map((file) =>
      unless(['ENOENT', 'EACCES'], () => readText(file)),
    );
    if (stat === undefined || meminfo === undefined) return undefined;
    const now = cpuTimeIn(stat);
    const cpu = before === undefined ? undefined : shareOf(before, now);
    before = now;
    return cpu === undefined ? undefined : {cpu, memoryBytes: usedMemoryIn(meminfo)};
  };
}
