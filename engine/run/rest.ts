/**
 * Tells now and then about how long the rest of a run will take, from history.
 */
import type {Label} from '../base/label.ts';
import type {RunContext} from './context.ts';
import {guessOf} from './forecast.ts';
import {estimate, type Durations} from './history.ts';
import type {Plan} from './plan-nodes.ts';
import {dependenciesIn} from './tasks.ts';

/** It walks all that is left, so not more often than this. */
const EVERY_MILLISECONDS = 1000;

/** How long nodes took before, or what other machines' figures make of them. */
export function durationsOf({graph, log, config, resolver}: RunContext): Durations {
  return (label) =>
    resolver.timeOf(label) ?? guessOf({graph, log, unit: config.sbu}, label)?.milliseconds;
}

/** A function that tells it, to be called whenever something starts. */
export function restTeller(
  context: RunContext,
  plan: Plan,
  jobs: number,
  isOver: (label: Label) => boolean,
): () => void {
  const {graph, config, host, listener} = context;
  let told = 0;
  return () => {
    const now = host.tick();
    if (now - told < EVERY_MILLISECONDS) return;
    told = now;
    const order = [...plan.nodes.values()]
      .filter((one) => one.verdict !== 'fresh' && !isOver(one.label))
      .map((one) => one.label);
    const dependenciesOf = (label: Label): readonly Label[] =>
      dependenciesIn(graph, label, config.testsGate);
    const milliseconds = estimate({order, dependenciesOf}, durationsOf(context), jobs);
    listener({type: 'estimate', milliseconds});
  };
}
