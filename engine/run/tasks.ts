/**
 * From a plan to what the scheduler works on: dependencies among what is not fresh, priorities,
 * resources. Pure.
 */
import {buildLabel, testLabel, type Label} from '../base/label.ts';
import type {BuildGraph, BuildNode} from '../graph/model.ts';
import {urgency} from '../graph/order.ts';
import {UNKNOWN_MILLISECONDS, type Durations} from './history.ts';
import {fetchesOf, needsOf, type Plan} from './plan.ts';
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
  const dependenciesOf = (label: Label): readonly Label[] =>
    dependenciesIn(graph, label, testsGate).filter((one) => pending.has(one));
  const weight = (label: Label): number => durations(label) ?? UNKNOWN_MILLISECONDS;
  const priority = urgency(labels, dependenciesOf, weight);
  return labels.map((label) => ({
    label,
    dependencies: dependenciesOf(label),
    lazy: fetchesOf(graph, label)
      .map((fetch) => fetch.label)
      .filter((fetch) => pending.has(fetch)),
    priority: priority.get(label) ?? 0,
    ...resourcesOf(graph, label),
  }));
}

/** With `tests.gate` whoever needs a build waits for its test too, when that is wanted. */
export function dependenciesIn(
  graph: BuildGraph,
  label: Label,
  testsGate: boolean,
): readonly Label[] {
  const node = graph.nodes.get(label);
  if (node === undefined) return [];
  const needs = needsOf(node);
  if (!testsGate || node.kind !== 'build') return needs;
  return [...needs, ...needs.map(testLabel)];
}

function resourcesOf(
  graph: BuildGraph,
  label: Label,
): Pick<Task, 'lane' | 'onDemand' | 'cpu' | 'memoryBytes'> {
  const build = buildOf(graph, label);
  if (build === undefined) return {lane: 'download', onDemand: true, cpu: 1, memoryBytes: 0};
  const {cpu, memoryBytes} = build.build.resources;
  return {lane: 'build', onDemand: false, cpu, memoryBytes};
}

/** The build a label names or checks; undefined for a source. */
export function buildOf(graph: BuildGraph, label: Label): BuildNode | undefined {
  const node = graph.nodes.get(buildLabel(label));
  return node?.kind === 'build' ? node : undefined;
}
