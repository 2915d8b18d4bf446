/** A graph that was bytes answers as the one that was linked. */
import test from 'ava';
import {printTexts, type TextFile} from '../../../engine/base/text-file.ts';
import {decodeGraph, encodeGraph} from '../../../engine/graph/snapshot.ts';
import {computeRecipeKeys} from '../../../engine/graph/key.ts';
import {runClosure} from '../../../engine/graph/closure.ts';
import {EDGE_KINDS, endOfEdges, firstEdge} from '../../../engine/graph/edge-table.ts';
import {linkProject} from '../../../engine/graph/link.ts';
import {loadProject} from '../../../engine/load/project.ts';
import {printsNeeded} from '../../../engine/graph/prints.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import {realHost} from '../../../engine/base/host.ts';
import {SHIPPED} from '../../../engine/cli/shipped.ts';

function ourGraph(): BuildGraph {
  const flags = {options: {}};
  const loaded = loadProject({cwd: SHIPPED, host: {...realHost(), env: {}}, flags});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const graph = linkProject(loaded.value.project);
  if (!graph.ok) throw new Error(JSON.stringify(graph.error));
  return graph.value;
}

const graph = ourGraph();
const {bytes, texts} = encodeGraph(graph);

/** Texts as a file has them. */
const TEXTS: TextFile = {
  textOf: (at) => texts[at] ?? '',
  prints: printTexts(texts),
};

function decoded(): BuildGraph {
  const again = decodeGraph(bytes, TEXTS);
  if (again === undefined) throw new Error('damaged');
  return again;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('order, names, sets, kinds, edges and nodes are the same', (t) => {
  const again = decoded();
  t.deepEqual(again.order, graph.order);
  t.deepEqual(again.names, graph.names);
  t.deepEqual(again.sets, graph.sets);
  t.deepEqual(again.generated, graph.generated);
  for (const label of graph.order) {
    t.is(again.kindOf(label), graph.kindOf(label));
    t.deepEqual(again.targetsOf(label), graph.targetsOf(label));
    t.deepEqual(edgesOf(again, label), edgesOf(graph, label));
    t.is(again.numberOf(label), graph.numberOf(label));
    t.deepEqual(again.dependents(label), graph.dependents(label));
    t.deepEqual(plain(again.nodes.get(label)), plain(graph.nodes.get(label)));
    t.deepEqual(runClosureOf(again, label), runClosureOf(graph, label));
  }
  t.deepEqual(again.prints(), graph.prints());
  t.deepEqual([...again.nodes.keys()], [...graph.order]);
  t.is(again.nodes.size, graph.nodes.size);
});

function edgesOf(of: BuildGraph, label: (typeof graph.order)[number]): unknown {
  const edges: unknown[] = [];
  of.everyEdge(label, (to, kind) => edges.push([to, kind]) > 0);
  const at = of.numberOf(label) ?? -1;
  const table = of.edges();
  for (let edge = firstEdge(table, at); edge < endOfEdges(table, at); edge += 1) {
    edges.push([of.order[table.targets[edge] ?? -1], EDGE_KINDS[table.kinds[edge] ?? -1]]);
  }
  return edges;
}

function runClosureOf(of: BuildGraph, label: (typeof graph.order)[number]): unknown {
  return of.kindOf(label) === 'build' ? runClosure(of, label) : [];
}

test('every key is the same', (t) => {
  const needed = printsNeeded(graph, graph.order);
  const prints = {
    paths: new Map(needed.paths.map((node) => [node.label, `tree ${'0'.repeat(64)}`])),
    patches: new Map(needed.patches.map((patch) => [patch.file, '1'.repeat(64)])),
  };
  t.deepEqual(computeRecipeKeys(decoded(), prints), computeRecipeKeys(graph, prints));
});

test('a node is made once, and only when it is asked for', (t) => {
  const again = decoded();
  const [first] = again.order;
  if (first === undefined) return t.fail();
  t.is(again.nodes.get(first), again.nodes.get(first));
  t.false(again.nodes.has('t/none' as typeof first));
  t.is(again.nodes.get('t/none' as typeof first), undefined);
});

test('damaged bytes are no graph', (t) => {
  for (const at of [0, 70, 200, bytes.length - 1]) {
    const other = Buffer.from(bytes);
    other[at] = (other[at] ?? 0) ^ 1;
    t.is(decodeGraph(other, TEXTS), undefined, String(at));
  }
});

test('a graph without nodes', (t) => {
  const nothing = {nodes: new Map(), order: [], labels: () => Buffer.alloc(0), sets: new Map()};
  const empty: BuildGraph = {...graph, ...nothing};
  t.deepEqual(decodeGraph(encodeGraph(empty).bytes, TEXTS)?.order, []);
});
