/**
 * Answers questions about the graph: what a target needs, what needs it, and why.
 * Knows nothing of states, keys or the store.
 */
import type {Label} from '../base/label.ts';
import {Bug} from '../base/result.ts';
import {nodeOf} from './graph.ts';
import type {BuildGraph, Edge} from './model.ts';
import {reachable, shortestPath, type Net} from './order.ts';

/** How far a question goes: only the next nodes, or all behind them. */
export type Reach = 'direct' | 'all';

/** One edge of a path, with where it is written. */
export interface Hop {
  readonly from: Label;
  readonly edge: Edge;
}

/** Nodes these need, in build order, without themselves. */
export function dependenciesOf(
  graph: BuildGraph,
  labels: readonly Label[],
  reach: Reach = 'all',
): readonly Label[] {
  return ask(graph, labels, reach, graph.targetsOf);
}

/** Nodes that need these, in build order, without themselves. */
export function dependentsOf(
  graph: BuildGraph,
  labels: readonly Label[],
  reach: Reach = 'all',
): readonly Label[] {
  return ask(graph, labels, reach, graph.dependents);
}

/** These and all nodes they need: what a run has to look at, in build order. */
export function wantedBy(graph: BuildGraph, labels: readonly Label[]): readonly Label[] {
  const wanted = new Set([...labels, ...reachable(graph.targetsOf, labels)]);
  return graph.order.filter((label) => wanted.has(label));
}

/** How one node comes to need another: a shortest path; undefined when it does not. */
export function somePath(graph: BuildGraph, from: Label, to: Label): readonly Hop[] | undefined {
  const path = shortestPath(netOf(graph), from, to);
  return path?.slice(0, -1).map((label, place) => hop(graph, label, path[place + 1] ?? to));
}

/**
 * Up to `limit` paths that differ in their first edge, shortest first: every way in which the
 * recipe itself comes to need the other node.
 */
export function pathsByFirstEdge(
  graph: BuildGraph,
  from: Label,
  to: Label,
  limit: number,
): readonly (readonly Hop[])[] {
  const paths = graph.targetsOf(from).flatMap((next) => {
    const rest = next === to ? [] : somePath(graph, next, to);
    return rest === undefined ? [] : [[hop(graph, from, next), ...rest]];
  });
  return paths.sort((a, b) => a.length - b.length).slice(0, limit);
}

/** Nodes level by level: all of one level could run at once. Level 0 needs nothing. */
export function levelsOf(
  graph: BuildGraph,
  labels: readonly Label[],
): readonly (readonly Label[])[] {
  const levelOf = new Map<Label, number>();
  const levels: Label[][] = [];
  const among = new Set(labels);
  for (const label of graph.order.filter((one) => among.has(one))) {
    const below = graph.targetsOf(label).map((target) => levelOf.get(target) ?? -1);
    const level = below.reduce((highest, one) => Math.max(highest, one), -1) + 1;
    levelOf.set(label, level);
    (levels[level] ??= []).push(label);
  }
  return levels;
}

function ask(
  graph: BuildGraph,
  labels: readonly Label[],
  reach: Reach,
  next: (label: Label) => readonly Label[],
): readonly Label[] {
  const found = new Set(reach === 'direct' ? labels.flatMap(next) : reachable(next, labels));
  for (const label of labels) found.delete(label);
  return graph.order.filter((label) => found.has(label));
}

function netOf(graph: BuildGraph): Net<Label> {
  return {ids: graph.order, targets: graph.targetsOf};
}

function hop(graph: BuildGraph, from: Label, to: Label): Hop {
  const edge = nodeOf(graph, from).dependencies.find((one) => one.to === to);
  if (edge === undefined) throw new Bug(`no edge ${from} → ${to}`);
  return {from, edge};
}
