/**
 * What lies below a build: the layers it sees and what is needed to run it.
 * Each list is made when asked for and kept by nobody: lists of all nodes of a long chain
 * together are quadratic. Knows nothing of trees or of mounting.
 */
import {Bug} from '../base/result.ts';
import type {Label} from '../base/label.ts';
import {nodeOf} from './graph.ts';
import type {BuildGraph, Node} from './model.ts';

export interface Layers {
  /** The lowest: for `in: label` its run closure, then itself; else empty. */
  readonly base: readonly Label[];
  /** Laid over the base, bottom first: for each need its run closure, then itself. */
  readonly layers: readonly Label[];
}

/** The run needs of all nodes by number, which is what makes a walk cheap. */
interface RunEdges {
  readonly labels: readonly Label[];
  /** Each list is made when it is asked for. */
  readonly runsOf: (number: number) => readonly number[];
  /** The last walk that has seen each: a list for every walk would make all of them quadratic. */
  readonly seenBy: Uint32Array;
  walks: number;
}

/**
 * What a build or a test sees, each artifact once at its first place, base before layers. For a
 * test: what its build sees, then the test's own needs with their run closures.
 */
export function layersOf(graph: BuildGraph, label: Label): Layers {
  const node = nodeOf(graph, label);
  if (node.kind === 'fetch') return {base: [], layers: []};
  const build = node.kind === 'test' ? nodeOf(graph, node.of) : node;
  if (build.kind !== 'build') throw new Bug(`${label} checks no build`);
  const built = build.needs.filter((need) => need.for !== 'run').map((need) => need.to);
  const walk = startWalk(graph);
  const base = build.base === undefined ? [] : walk([build.base]);
  const layers = walk(node.kind === 'test' ? [...built, ...node.needs] : built);
  return {base, layers};
}

/** What must be there to run what a build makes, without itself, dependencies first. */
export function runClosure(graph: BuildGraph, label: Label): readonly Label[] {
  return startWalk(graph)([label]).slice(0, -1);
}

/** The builds given and all they need to run, dependencies first, each once at its first place. */
export function withRunClosure(graph: BuildGraph, labels: readonly Label[]): readonly Label[] {
  return startWalk(graph)(labels);
}

/** A walk that remembers what it has laid, from call to call, until the next one is started. */
function startWalk(graph: BuildGraph): (roots: readonly Label[]) => readonly Label[] {
  const edges = runEdges(graph);
  const walk = (edges.walks += 1);
  return (roots) => {
    if (edges.walks !== walk) throw new Bug('a walk goes on that another has followed');
    const laid: Label[] = [];
    for (const root of roots) {
      const number = graph.numberOf(root);
      if (number === undefined) throw new Bug(`no build ${root}`);
      layDown(edges, walk, number, laid);
    }
    return laid;
  };
}

/**
 * Depth first, a node after its run needs. Leaving out what is laid gives the same as joining all
 * closures and keeping first places: below a laid node everything is laid already.
 */
function layDown(edges: RunEdges, walk: number, root: number, laid: Label[]): void {
  const {seenBy} = edges;
  if (seenBy[root] === walk) return;
  seenBy[root] = walk;
  const path: number[] = [root];
  const nextOf: number[] = [0];
  while (path.length > 0) {
    const top = path.length - 1;
    const at = path[top] ?? 0;
    const next = edges.runsOf(at)[nextOf[top] ?? 0];
    if (next === undefined) {
      path.pop();
      nextOf.pop();
      const label = edges.labels[at];
      if (label !== undefined) laid.push(label);
    } else {
      nextOf[top] = (nextOf[top] ?? 0) + 1;
      if (seenBy[next] !== walk) {
        seenBy[next] = walk;
        path.push(next);
        nextOf.push(0);
      }
    }
  }
}

/** Made once for each graph; a graph never changes, so what is remembered stays true. */
const known = new WeakMap<BuildGraph, RunEdges>();

function runEdges(graph: BuildGraph): RunEdges {
  const made = known.get(graph) ?? numberRunEdges(graph);
  known.set(graph, made);
  return made;
}

function numberRunEdges(graph: BuildGraph): RunEdges {
  const labels = graph.order;
  const runs: (readonly number[] | undefined)[] = [];
  const find = (number: number): readonly number[] => {
    const label = labels[number];
    const needs = label === undefined ? [] : runNeedsOf(nodeOf(graph, label));
    return needs.map((to) => graph.numberOf(to) ?? -1);
  };
  const runsOf = (number: number): readonly number[] => (runs[number] ??= find(number));
  return {labels, runsOf, seenBy: new Uint32Array(labels.length), walks: 0};
}

function runNeedsOf(node: Node): readonly Label[] {
  // A root holds all that its layers need.
  if (node.kind !== 'build' || node.root !== undefined) return [];
  return node.needs.filter((need) => need.for !== 'build').map((need) => need.to);
}
