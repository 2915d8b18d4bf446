/**
 * All edges of a graph in three lists of numbers, for whoever walks over thousands of nodes.
 * Nodes are known by their place in the order of the graph, each after all it depends on. What is
 * known of nodes beside their edges are bits, one byte for each place.
 */
import {MAY_RUN, type EdgeKind, type EdgeTable} from './model.ts';

/** Kept in files: new ones go to the end. */
export const EDGE_KINDS: readonly EdgeKind[] = [
  ...(['source', 'base', 'build', 'run', 'both', 'test', 'subject'] as const),
];

/** Some kinds as a number: a bit for each. */
export function kindMask(kinds: Iterable<EdgeKind>): number {
  return [...kinds].reduce((mask, kind) => mask | (1 << EDGE_KINDS.indexOf(kind)), 0);
}

export const ALL_KINDS: number = kindMask(EDGE_KINDS);
export const SOURCES: number = kindMask(['source']);
export const SUBJECTS: number = kindMask(['subject']);
export const RUNS: number = kindMask(MAY_RUN);
/** What is below a node while it is made. */
export const LAYERS: number = ALL_KINDS & ~kindMask(['source', 'run', 'subject']);

/** The edges of each node in order, as pairs of place and kind. */
export function edgeTable(
  nodes: readonly (readonly (readonly [to: number, kind: EdgeKind])[])[],
): EdgeTable {
  const edges = nodes.flat();
  let end = 0;
  return {
    ends: Uint32Array.from(nodes, (own) => (end += own.length)),
    targets: Uint32Array.from(edges, ([to]) => to),
    kinds: Uint8Array.from(edges, ([, kind]) => EDGE_KINDS.indexOf(kind)),
  };
}

/** Where the edges of a node begin. */
export function firstEdge({ends}: EdgeTable, at: number): number {
  return at === 0 ? 0 : (ends[at - 1] ?? 0);
}

/** Where they end; a place that is none has no edges. */
export function endOfEdges({ends}: EdgeTable, at: number): number {
  return ends[at] ?? 0;
}

/** Whether an edge of these kinds leads to a node that has one of these bits. */
export function someEdge(
  table: EdgeTable,
  at: number,
  kinds: number,
  states: Uint8Array,
  bits: number,
): boolean {
  return leadsTo(table, at, kinds, states, bits, true) !== NOWHERE;
}

/** The first node that an edge of these kinds leads to and that has one of these bits, or NOWHERE. */
export function firstTarget(
  table: EdgeTable,
  at: number,
  kinds: number,
  states: Uint8Array,
  bits: number,
): number {
  return leadsTo(table, at, kinds, states, bits, true);
}

export const NOWHERE = -1;

/** Whether all edges of these kinds lead to nodes that have one of these bits. */
export function everyEdge(
  table: EdgeTable,
  at: number,
  kinds: number,
  states: Uint8Array,
  bits: number,
): boolean {
  return leadsTo(table, at, kinds, states, bits, false) === NOWHERE;
}

/** Where the first edge of these kinds leads whose node has one of these bits; without `has` none. */
function leadsTo(
  table: EdgeTable,
  at: number,
  kinds: number,
  states: Uint8Array,
  bits: number,
  has: boolean,
): number {
  const end = endOfEdges(table, at);
  for (let edge = firstEdge(table, at); edge < end; edge += 1) {
    const isMeant = ((kinds >> (table.kinds[edge] ?? 0)) & 1) === 1;
    const target = table.targets[edge] ?? 0;
    if (isMeant && (((states[target] ?? 0) & bits) !== 0) === has) return target;
  }
  return NOWHERE;
}
