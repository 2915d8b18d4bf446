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
  /** Who has taken more seconds than this for a piece of work does not repeat it. */
  readonly patience: number;
  readonly scenarios: readonly Scenario[];
  readonly tell: (line: string) => void;
}

/** Scenario → tool → what each run took. */
export type Samples = ReadonlyMap<Scenario, ReadonlyMap<string, readonly Cost[]>>;

/**
 * Measures all scenarios of one graph; the first of the projects is ours. A peer that fails is left
 * out from there on, and said; a failure of ours is thrown.
 */
export function measureAll(projects: readonly Project[], plan: Plan): Samples {
  const samples = new Map<Scenario, ReadonlyMap<string, readonly Cost[]>>();
  let able = projects;
  const [first] = SCENARIOS;
  for (const scenario of SCENARIOS) {
    const isMeasured = plan.scenarios.includes(scenario);
    if (!isMeasured && scenario !== first) continue;
    const taking = able.filter((one) => one.takesPart(scenario));
    // What comes after stands on something that was built.
    const pairs = isMeasured ? plan.pairs : 1;
    const {costs, failed} = measureScenario(scenario, taking, {...plan, pairs});
    if (isMeasured) samples.set(scenario, costs);
    able = able.filter((one) => !failed.has(one));
  }
  return samples;
}

interface Measured {
  readonly costs: ReadonlyMap<string, readonly Cost[]>;
  readonly failed: ReadonlySet<Project>;
}

function measureScenario(scenario: Scenario, taking: readonly Project[], plan: Plan): Measured {
  const [ours] = taking;
  const costs = new Map<string, Cost[]>(taking.map((one) => [one.tool.name, []]));
  const failed = new Set<Project>();
  const attempt = (one: Project, work: () => void): void => {
    if (failed.has(one)) return;
    try {
      work();
    } catch (error) {
      if (one === ours) throw error;
      failed.add(one);
      costs.delete(one.tool.name);
      plan.tell(`FAILED, left out from here on: ${error instanceof Error ? error.message : ''}`);
    }
  };
  for (const one of taking) attempt(one, () => warmUp(scenario, one));
  for (let pair = 0; pair < plan.pairs; pair += 1) {
    for (const one of inTurn(taking, pair)) {
      const own = costs.get(one.tool.name) ?? [];
      if (isSlow(own, plan.patience)) continue;
      attempt(one, () => {
        own.push(measureOnce(scenario, one, pair));
        plan.tell(`${TITLES[scenario]}, ${one.tool.name}: ${seconds(own.at(-1))} s`);
      });
    }
  }
  for (const one of taking) attempt(one, () => one.check());
  return {costs, failed};
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
