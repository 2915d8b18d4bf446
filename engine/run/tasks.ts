/**
 * From a plan to what the scheduler works on: dependencies among what is not fresh, priorities,
 * resources. Pure.
 */
import {buildLabel, testLabel, type Label} from '../base/label.ts';
import {MAY_RUN, type BuildGraph, type BuildNode, type EdgeKind} from '../graph/model.ts';
import {urgency} from '../graph/order.ts';
import {UNKNOWN_MILLISECONDS, type Durations} from './history.ts';
import type {Plan} from './plan-nodes.ts';
import type {Task} from './task.ts';

/** The tasks of all planned nodes that are not fresh. */
export function tasksOf(
  graph: BuildGraph,
  plan: Plan,
  durations: Durations,
  testsGate: boolean,
): readonly Task[] {
  const labels = [...plan.nodes.values()]
    .filter((one) => one.verdict !== 'fresh')
    .map((one) => one.label);
  const pending = new Set(labels);
  const behind = pendingBehind(graph, plan, pending);
  const found = new Map(
    labels.map((label) => {
      const needs = dependenciesIn(graph, label, testsGate);
      const open = needs.flatMap((one) => (pending.has(one) ? [one] : behind(one)));
      return [label, [...new Set(open)]];
    }),
  );
  const dependenciesOf = (label: Label): readonly Label[] => found.get(label) ?? [];
  const weight = (label: Label): number => durations(label) ?? UNKNOWN_MILLISECONDS;
  const priority = urgency(labels, dependenciesOf, weight);
  return labels.map((label) => ({
    label,
    get cpu() {
      return resourcesOf(graph, label).cpu;
    },
    get memoryBytes() {
      return resourcesOf(graph, label).memoryBytes;
    },
    dependencies: dependenciesOf(label),
    lazy: graph
      .targetsOf(buildLabel(label))
      .filter((one) => isSource(graph, one) && pending.has(one)),
    priority: priority.get(label) ?? 0,
    ...laneOf(graph, label),
  }));
}

/**
 * For what is fresh: the pending ones it needs to run, near or far. Who uses it has them below
 * himself too, and has to wait for them. Most have none.
 */
function pendingBehind(
  graph: BuildGraph,
  {nodes}: Plan,
  pending: ReadonlySet<Label>,
): (fresh: Label) => readonly Label[] {
  const open = new Set<Label>();
  const leadsOn = (to: Label, kind: EdgeKind): boolean =>
    MAY_RUN.has(kind) && (pending.has(to) || open.has(to));
  // Each comes after all it needs.
  for (const label of nodes.keys()) {
    const isDone = pending.has(label) || graph.everyEdge(label, (...edge) => !leadsOn(...edge));
    if (!isDone) open.add(label);
  }
  return (fresh) => {
    const seen = new Set(open.has(fresh) ? [fresh] : []);
    for (const label of seen) {
      if (pending.has(label)) continue;
      graph.everyEdge(label, (...edge) => !leadsOn(...edge) || seen.add(edge[0]).size > 0);
    }
    return [...seen].filter((label) => pending.has(label));
  };
}

/** Asked for when it starts: the node has to be made for it. */
function resourcesOf(graph: BuildGraph, label: Label): Pick<Task, 'cpu' | 'memoryBytes'> {
  return buildOf(graph, label)?.build.resources ?? {cpu: 1, memoryBytes: 0};
}

function isSource(graph: BuildGraph, label: Label): boolean {
  return graph.kindOf(label) === 'fetch';
}

/** With `tests.gate` whoever needs a build waits for its test too, when that is wanted. */
export function dependenciesIn(
  graph: BuildGraph,
  label: Label,
  testsGate: boolean,
): readonly Label[] {
  if (!graph.nodes.has(label)) return [];
  const needs = graph.targetsOf(label).filter((to) => !isSource(graph, to));
  if (!testsGate || graph.kindOf(label) !== 'build') return needs;
  return [...needs, ...needs.map(testLabel)];
}

function laneOf(graph: BuildGraph, label: Label): Pick<Task, 'lane' | 'onDemand'> {
  const isDownload = isSource(graph, label);
  return {lane: isDownload ? 'download' : 'build', onDemand: isDownload};
}

/** The build a label names or checks; undefined for a source. */
export function buildOf(graph: BuildGraph, label: Label): BuildNode | undefined {
  const node = graph.nodes.get(buildLabel(label));
  return node?.kind === 'build' ? node : undefined;
}
