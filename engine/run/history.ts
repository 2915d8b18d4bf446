/**
 * How long the rest of a run will take, from how long its nodes took before.
 * Pure; where durations come from is the caller's business.
 */
import type {Label} from '../base/label.ts';
import {criticalPath} from '../graph/order.ts';

/** Milliseconds a node took the last time it ran well; undefined when it never did. */
export type Durations = (label: Label) => number | undefined;

/** What a node without history is taken for when paths are compared. */
export const UNKNOWN_MILLISECONDS = 10_000;

export interface Remaining {
  /** What is still to end, each after its dependencies. */
  readonly order: readonly Label[];
  dependenciesOf(label: Label): readonly Label[];
}

/**
 * About how many milliseconds are left: the longest path, or the work divided by the slots,
 * whichever is longer. Null when less than half of the nodes have a history.
 */
export function estimate(rest: Remaining, durations: Durations, slots: number): number | null {
  const known = rest.order.map(durations).filter((time) => time !== undefined);
  if (rest.order.length === 0) return 0;
  if (known.length * 2 < rest.order.length) return null;
  const average = known.reduce((sum, time) => sum + time, 0) / known.length;
  const length = (label: Label): number => durations(label) ?? average;
  const path = criticalPath(rest.order, (label) => rest.dependenciesOf(label), length).length;
  const work = rest.order.reduce((sum, label) => sum + length(label), 0);
  return Math.round(Math.max(path, work / slots));
}
