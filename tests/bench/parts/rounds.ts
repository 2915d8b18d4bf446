/**
 * What is measured of a build graph, and in which order: all tools in turn, so that whatever slows
 * the machine for a while slows all of them. Knows projects, not what builds them.
 */
import type {Cost} from './command.ts';
import type {Project} from './project.ts';
import {SCENARIOS, TITLES, type Scenario} from './scenario.ts';

export interface Plan {
  /** How often each tool does each piece of work. */
  readonly pairs: number;
  /** Who has taken more seconds than this for a piece of work does not repeat it; not us. */
  readonly patience: number;
  readonly tell: (line: string) => void;
}

/** Scenario → tool → what each run took. */
export type Samples = ReadonlyMap<Scenario, ReadonlyMap<string, readonly Cost[]>>;

/** Measures all scenarios of one graph; the first of the projects is ours. */
export function measureAll(projects: readonly Project[], plan: Plan): Samples {
  const samples = new Map<Scenario, Map<string, Cost[]>>();
  for (const scenario of SCENARIOS) {
    const costs = new Map<string, Cost[]>();
    samples.set(scenario, costs);
    const taking = projects.filter((one) => one.tool.takesPart(scenario));
    for (const one of taking) warmUp(scenario, one);
    for (let pair = 0; pair < plan.pairs; pair += 1) {
      for (const one of inTurn(taking, pair)) {
        const own = costs.get(one.tool.name) ?? [];
        if (one !== projects[0] && isSlow(own, plan.patience)) continue;
        own.push(measureOnce(scenario, one, pair));
        costs.set(one.tool.name, own);
        plan.tell(`${TITLES[scenario]}, ${one.tool.name}: ${seconds(own.at(-1))} s`);
      }
    }
    for (const one of taking) one.check();
  }
  return samples;
}

function seconds(cost: Cost | undefined): string {
  return ((cost?.milliseconds ?? Number.NaN) / 1000).toFixed(3);
}

function isSlow(costs: readonly Cost[], patience: number): boolean {
  return costs.some((one) => one.milliseconds > patience * 1000);
}

/** Each begins in its turn. */
function inTurn<T>(list: readonly T[], pair: number): readonly T[] {
  const at = pair % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

/** Before anything is measured: all caches are as those of somebody who has just built. */
function warmUp(scenario: Scenario, project: Project): void {
  if (scenario === 'noop') project.build();
}

function measureOnce(scenario: Scenario, project: Project, pair: number): Cost {
  prepare(scenario, project, pair);
  project.settle();
  return project.build();
}

/** Every edit says something new: what was built once is known to who keeps a store. */
function prepare(scenario: Scenario, project: Project, pair: number): void {
  if (scenario === 'full') project.clean();
  if (scenario === 'same') project.edit({tail: pair + 1});
  if (scenario === 'changed') project.edit({head: pair + 1});
}
