/**
 * How long things will take, from how long they took: priorities and the estimate of the rest.
 * Pure; where durations come from is the caller's business.
 */
import type {Label} from '../base/label.ts';

/** Milliseconds a node took the last time it ran well; undefined when it never did. */
export type Durations = (label: Label) => number | undefined;

/** What a node without history is taken for when paths are compared. */
const UNKNOWN_MILLISECONDS = 10_000;

export interface Shape {
  /** Each label after its dependencies. */
  readonly order: readonly Label[];
  dependenciesOf(label: Label): readonly Label[];
}

/** For each label the length of the longest path from it to a node nothing depends on. */
export function priorities(shape: Shape, durations: Durations): ReadonlyMap<Label, number> {
  const longest = new Map<Label, number>();
  for (const label of shape.order.toReversed()) {
    const own = (longest.get(label) ?? 0) + (durations(label) ?? UNKNOWN_MILLISECONDS);
    longest.set(label, own);
    for (const on of shape.dependenciesOf(label)) {
      longest.set(on, Math.max(longest.get(on) ?? 0, own));
    }
  }
  return longest;
}

/** The longest path by duration among these labels, first to run first. */
export function criticalPath(shape: Shape, durations: Durations): readonly Label[] {
  const finish = new Map<Label, {readonly at: number; readonly via: Label | undefined}>();
  let last: Label | undefined;
  for (const label of shape.order) {
    const via = latest(shape.dependenciesOf(label), finish);
    const start = via === undefined ? 0 : (finish.get(via)?.at ?? 0);
    finish.set(label, {at: start + (durations(label) ?? UNKNOWN_MILLISECONDS), via});
    if (last === undefined || (finish.get(label)?.at ?? 0) > (finish.get(last)?.at ?? 0))
      last = label;
  }
  const path: Label[] = [];
  for (let at = last; at !== undefined; at = finish.get(at)?.via) path.push(at);
  return path.reverse();
}

/**
 * About how long the rest takes: the longest path or the work divided by the slots, whichever is
 * longer. Null when less than half of the nodes have a history.
 */
export function estimate(shape: Shape, durations: Durations, slots: number): number | null {
  const known = shape.order.filter((label) => durations(label) !== undefined);
  if (shape.order.length === 0) return 0;
  if (known.length * 2 < shape.order.length) return null;
  const sum = known.reduce((total, label) => total + (durations(label) ?? 0), 0);
  const average = sum / known.length;
  const length = (label: Label): number => durations(label) ?? average;
  const path = criticalPath(shape, length).reduce((total, label) => total + length(label), 0);
  const work = shape.order.reduce((total, label) => total + length(label), 0);
  return Math.round(Math.max(path, work / slots));
}

function latest(
  labels: readonly Label[],
  finish: ReadonlyMap<Label, {readonly at: number}>,
): Label | undefined {
  let best: Label | undefined;
  for (const label of labels) {
    const at = finish.get(label)?.at;
    if (at !== undefined && (best === undefined || at > (finish.get(best)?.at ?? 0))) best = label;
  }
  return best;
}
