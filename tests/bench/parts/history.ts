/**
 * The record of measurements: one entry for each run that was kept, newest last, in
 * docs/benchmarks.json. Compares figures with those of the same machine before. Pure.
 */
import {median, ratioOf} from './statistics.ts';
import type {Samples} from './rounds.ts';
import type {Scenario} from './scenario.ts';

export const BENCHMARKS = ['graph', 'growth'] as const;
export type Benchmark = (typeof BENCHMARKS)[number];

export interface Figure {
  /** The median. */
  readonly ms: number;
  /** How many times ours; null where it is ours. */
  readonly times: number | null;
  /** The largest process; null where that says nothing, or is not known. */
  readonly MiB: number | null;
  readonly runs: number;
}

export interface Entry {
  readonly benchmark: Benchmark;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly commit: string;
  /** Processor, processors, memory: figures of others say nothing about these. */
  readonly machine: string;
  readonly system: string;
  readonly node: string;
  /** By `figureName`. */
  readonly figures: Readonly<Record<string, Figure>>;
}

/** The name of our own figures. */
export const OURS = 'recipes';
/** A figure of ours that is more times the one before is a regression. */
export const REGRESSION = 1.3;

export function figureName(nodes: number, scenario: Scenario, tool: string): string {
  return `${nodes} ${scenario} ${tool}`;
}

/** The figures of one size. `isAlone` says of whom the memory is known. */
export function figuresOf(
  nodes: number,
  samples: Samples,
  isAlone: (tool: string) => boolean,
): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  for (const [scenario, tools] of samples) {
    const ours = tools.get(OURS)?.map((one) => one.milliseconds) ?? [];
    for (const [tool, costs] of tools) {
      const all = costs.map((one) => one.milliseconds);
      const peak = costs.flatMap((one) => one.mebibytes ?? []);
      figures[figureName(nodes, scenario, tool)] = {
        ms: round(median(all)),
        times: tool === OURS ? null : round(ratioOf(ours, all)),
        MiB: isAlone(tool) && peak.length > 0 ? round(Math.max(...peak)) : null,
        runs: all.length,
      };
    }
  }
  return figures;
}

/** Four digits are more than a measurement has. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

export interface Comparison {
  readonly name: string;
  readonly now: number;
  readonly before: number;
  readonly times: number;
  /** When and at which commit it was measured before. */
  readonly since: string;
  readonly isRegression: boolean;
}

/** Each figure that this machine was asked for before, with the last answer. */
export function compare(entry: Entry, history: readonly Entry[]): Comparison[] {
  const earlier = history
    .filter((one) => one.benchmark === entry.benchmark && one.machine === entry.machine)
    .reverse();
  return Object.entries(entry.figures).flatMap(([name, {ms}]) => {
    const last = earlier.find((one) => one.figures[name] !== undefined);
    const before = last?.figures[name]?.ms;
    if (last === undefined || before === undefined) return [];
    const times = ms / before;
    const isRegression = times > REGRESSION && name.endsWith(` ${OURS}`);
    const since = `${last.date.slice(0, 10)} ${last.commit}`;
    return [{name, now: ms, before, times, since, isRegression}];
  });
}

/**
 * The last figures of each piece of work at each size: entries in order, without what a later one
 * has measured again.
 */
export function latestOfEach(history: readonly Entry[], benchmark: Benchmark): readonly Entry[] {
  const last = new Map<string, Entry>();
  for (const entry of history.filter((one) => one.benchmark === benchmark)) {
    for (const name of Object.keys(entry.figures)) last.set(workIn(name), entry);
  }
  return history.flatMap((entry) => {
    const own = Object.entries(entry.figures).filter(([name]) => last.get(workIn(name)) === entry);
    return own.length === 0 ? [] : [{...entry, figures: Object.fromEntries(own)}];
  });
}

/** Size and scenario. */
function workIn(name: string): string {
  return name.slice(0, name.lastIndexOf(' '));
}

export function latest(history: readonly Entry[], benchmark: Benchmark): Entry | undefined {
  return history.filter((one) => one.benchmark === benchmark).at(-1);
}
