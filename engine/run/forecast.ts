/**
 * How long nodes will take: as long as the last time on this machine, else as many standard build
 * units as the recipe says. Knows nothing of order; history.ts adds up.
 */
import type {Label} from '../base/label.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {ActionLog} from '../../store/action-log.ts';

export interface Guess {
  readonly milliseconds: number;
  readonly basis: 'history' | 'sbu';
}

export interface Forecast {
  readonly graph: BuildGraph;
  readonly log: ActionLog;
  /** The build whose time is one unit; undefined where the configuration names none. */
  readonly unit: Label | undefined;
}

/** Undefined for what never ran well here and has no figure, or none that can be scaled. */
export function guessOf({graph, log, unit}: Forecast, label: Label): Guess | undefined {
  const last = log.latest(label, 'ok')?.milliseconds;
  if (last !== undefined) return {milliseconds: last, basis: 'history'};
  const node = graph.nodes.get(label);
  if (node?.kind !== 'build' || unit === undefined) return undefined;
  const {sbu} = node.build.resources;
  const one = log.latest(unit, 'ok')?.milliseconds;
  if (sbu === undefined || one === undefined) return undefined;
  return {milliseconds: Math.round(sbu * one), basis: 'sbu'};
}
