/**
 * Holds nodes and edges and answers who depends on whom. The only file that knows graphlib, which
 * is the container; its algorithms recurse, ours are in order.ts. Knows nothing of names or keys.
 */
import {Graph} from '@dagrejs/graphlib';
import {Bug} from '../base/result.ts';
import {printTexts} from '../base/text-file.ts';
import type {Label} from '../base/label.ts';
import type {BuildGraph, Edge, NameIndex, Node, EdgeTable} from './model.ts';
import {edgeTable} from './edge-table.ts';
import {orderNodes, type Net} from './order.ts';

type Container = Graph<undefined, Node, Edge>;

/** Nodes with their edges, cycles possible. */
export interface LooseGraph {
  readonly net: Net<Label>;
  readonly nodes: ReadonlyMap<Label, Node>;
  /** The edge between two nodes. */
  readonly edge: (from: Label, to: Label) => Edge;
  readonly order: readonly Label[];
  /** Nodes on cycles or above one; a BuildGraph has none. */
  readonly stuck: readonly Label[];
  readonly dependents: (label: Label) => readonly Label[];
}

/** Takes nodes in any order; every edge must lead to one of them. */
export function holdNodes(nodes: readonly Node[]): LooseGraph {
  const container: Container = new Graph<undefined, Node, Edge>({directed: true});
  for (const node of [...nodes].sort((a, b) => (a.label < b.label ? -1 : 1))) {
    if (container.hasNode(node.label)) throw new Bug(`two nodes are called ${node.label}`);
    container.setNode(node.label, node);
  }
  for (const node of nodes) {
    for (const edge of node.dependencies) container.setEdge(node.label, edge.to, edge);
  }
  const net = netOf(container);
  const {order, stuck} = orderNodes(net);
  return {
    net,
    order,
    stuck,
    nodes: new Map(net.ids.map((label) => [label, container.node(label)])),
    edge: (from, to) => container.edge(from, to),
    dependents: (label) => labels(container.predecessors(label)).sort(),
  };
}

/** A graph without cycles as everything after linking sees it; sets are added by the caller. */
export function finishGraph(
  loose: LooseGraph,
  names: NameIndex,
  generated: readonly string[],
): BuildGraph {
  const {nodes, order, stuck, dependents} = loose;
  if (stuck.length > 0) throw new Bug(`a cycle above ${stuck.join(', ')}`);
  const node = (label: Label): Node => {
    const found = nodes.get(label);
    if (found === undefined) throw new Bug(`no node ${label}`);
    return found;
  };
  const nodeAt = (at: number): Node => node(order[at] ?? ('' as Label));
  let prints: Buffer | undefined;
  let labels: Buffer | undefined;
  let edges: EdgeTable | undefined;
  const numbers = new Map(order.map((label, number) => [label, number]));
  const numberOf = (label: Label): number => numbers.get(label) ?? -1;
  return {
    ...{nodes, order, dependents, names, generated, sets: new Map()},
    labels: () => (labels ??= Buffer.from(order.join('\n'))),
    numberOf: (label) => numbers.get(label),
    kindOf: (label) => node(label).kind,
    kindAt: (at) => nodeAt(at).kind,
    targetsOf: (label) => node(label).dependencies.map((edge) => edge.to),
    everyEdge: (label, holds) => node(label).dependencies.every(({to, kind}) => holds(to, kind)),
    edges: () =>
      (edges ??= edgeTable(
        order.map((label) => node(label).dependencies.map(({to, kind}) => [numberOf(to), kind])),
      )),
    prints: () => (prints ??= printTexts(order.map((label) => JSON.stringify(node(label))))),
  };
}

/** The node of a label that is known to be there. */
export function nodeOf(graph: BuildGraph, label: Label): Node {
  const node = graph.nodes.get(label);
  if (node === undefined) throw new Bug(`no node ${label}`);
  return node;
}

function netOf(container: Container): Net<Label> {
  return {
    ids: labels(container.nodes()),
    // As written, not as the container happens to list them: paths shown to people follow it.
    targets: (label) => container.node(label).dependencies.map((edge) => edge.to),
  };
}

/** Only labels were put in, so only labels come out. */
function labels(names: readonly string[] | undefined): Label[] {
  return [...(names ?? [])] as Label[];
}
