/**
 * The bars of a Chrome trace of ours added up by phase. Knows the trace's form (engine/ui/trace.ts)
 * and no clock.
 */
import {median, sum} from './statistics.ts';

export interface Bar {
  readonly name: string;
  /** The group of a phase, or the kind of a node. */
  readonly cat: string;
  /** Microseconds. */
  readonly ts: number;
  readonly dur: number;
  /** The lane; bars in one lane lie one in the other, or apart. */
  readonly tid: number;
}

export interface PhaseRow {
  readonly name: string;
  /** How many nodes have it. */
  readonly count: number;
  /** Milliseconds over those nodes. */
  readonly mean: number;
  readonly median: number;
  readonly most: number;
  /** Of the time of all nodes. */
  readonly share: number;
}

/** The name of what a node takes beside its phases, and of all it takes. */
export const REST = 'before, between and after';
export const WHOLE = 'the whole node';

/** A row for each phase, the longest first; then the rest, and the whole. */
export function phaseRows(bars: readonly Bar[]): PhaseRow[] {
  const nodes = bars.filter((bar) => bar.cat === 'build');
  const phases = bars.filter((bar) => !KINDS.has(bar.cat));
  const byName = new Map<string, number[]>();
  const rest: number[] = [];
  for (const node of nodes) {
    const own = phasesOf(node, phases);
    for (const [name, took] of own) byName.set(name, [...(byName.get(name) ?? []), took]);
    rest.push(node.dur - sum([...own.values()]));
  }
  const whole = nodes.map((node) => node.dur);
  const row = ([name, took]: readonly [string, number[]]): PhaseRow => ({
    name,
    count: took.length,
    mean: sum(took) / took.length / 1000,
    median: median(took) / 1000,
    most: Math.max(...took) / 1000,
    share: sum(took) / sum(whole),
  });
  const rows = [...byName].map(row).sort((a, b) => b.share - a.share);
  return [...rows, row([REST, rest]), row([WHOLE, whole])];
}

const KINDS: ReadonlySet<string> = new Set(['build', 'test', 'fetch']);

/** Phase → microseconds without those of the phases in it. A phase may come more than once. */
function phasesOf(node: Bar, phases: readonly Bar[]): Map<string, number> {
  const isIn = (one: Bar, whole: Bar): boolean =>
    one.tid === whole.tid && one.ts >= whole.ts && one.ts + one.dur <= whole.ts + whole.dur;
  const inside = phases.filter((one) => isIn(one, node));
  inside.sort((one, other) => one.ts - other.ts || other.dur - one.dur);
  const own = new Map<string, number>();
  const add = (name: string, took: number): void => {
    own.set(name, (own.get(name) ?? 0) + took);
  };
  const open: Bar[] = [];
  for (const one of inside) {
    while (open.length > 0 && !isIn(one, open.at(-1) ?? one)) open.pop();
    const around = open.at(-1);
    if (around !== undefined) add(around.name, -one.dur);
    add(one.name, one.dur);
    open.push(one);
  }
  return own;
}
