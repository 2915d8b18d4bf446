/**
 * The graph as text for other programs: DOT for Graphviz, JSON for everything else.
 * Knows nothing of states; edges to nodes that were not asked for are left out.
 */
import type {Label} from '../base/label.ts';
import type {BuildGraph, EdgeKind, Node} from './model.ts';

interface Shown {
  readonly nodes: readonly Node[];
  readonly edges: readonly {
    readonly from: Label;
    readonly to: Label;
    readonly kind: EdgeKind;
    readonly at: string;
  }[];
}

const SHAPES: Readonly<Record<Node['kind'], string>> = {
  fetch: 'note',
  build: 'box',
  test: 'ellipse',
};

/** Dashed: not there while building. Dotted: a source. */
const STYLES: Readonly<Record<EdgeKind, string>> = {
  source: 'dotted',
  base: 'bold',
  build: 'solid',
  both: 'solid',
  run: 'dashed',
  test: 'solid',
  subject: 'solid',
};

/** In the DOT language; arrows lead from a node to what it needs. */
export function toDot(graph: BuildGraph, labels: readonly Label[]): string {
  const {nodes, edges} = shown(graph, labels);
  const lines = [
    ...nodes.map((node) => `  ${quote(node.label)} [shape=${SHAPES[node.kind]}];`),
    ...edges.map(
      (edge) => `  ${quote(edge.from)} -> ${quote(edge.to)} [style=${STYLES[edge.kind]}];`,
    ),
  ];
  return ['digraph recipes {', '  rankdir=LR;', ...lines, '}', ''].join('\n');
}

/** `{nodes: [{label, kind}], edges: [{from, to, kind, at: "file:line"}]}`, nodes in build order. */
export function toJson(graph: BuildGraph, labels: readonly Label[]): string {
  const {nodes, edges} = shown(graph, labels);
  const plain = {nodes: nodes.map(({label, kind}) => ({label, kind})), edges};
  return `${JSON.stringify(plain, undefined, 2)}\n`;
}

function shown(graph: BuildGraph, labels: readonly Label[]): Shown {
  const among = new Set(labels);
  const nodes = [...graph.nodes.values()].filter((node) => among.has(node.label));
  const place = new Map(graph.order.map((label, index) => [label, index]));
  nodes.sort((a, b) => (place.get(a.label) ?? 0) - (place.get(b.label) ?? 0));
  const edges = nodes.flatMap((node) =>
    node.dependencies
      .filter((edge) => among.has(edge.to))
      .map(({to, kind, at}) => ({from: node.label, to, kind, at: `${at.file}:${at.line}`})),
  );
  return {nodes, edges};
}

/** A quoted string of DOT: only the quote and the backslash need care. */
function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
