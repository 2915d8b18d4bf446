/**
 * A linked graph as bytes and texts, and back without making a node before somebody asks for it:
 * opening costs the labels and the edges. Knows nothing of files or of when the graph is still true.
 *
 * Labels stand in the order of the graph and are known by their number from there on.
 */
import {
  packNumbers,
  packSections,
  unpackNumbers,
  unpackSections,
  type Sections,
} from '../base/sections.ts';
import type {NodeKind} from '../base/event.ts';
import type {Label} from '../base/label.ts';
import {Bug} from '../base/result.ts';
import {PRINT, type TextFile} from '../base/text-file.ts';
import {LazyNodes} from './lazy-nodes.ts';
import {EDGE_KINDS} from './edge-table.ts';
import type {BuildGraph, Node, EdgeTable} from './model.ts';
import {nodeOf} from './graph.ts';

const KINDS: readonly NodeKind[] = ['fetch', 'build', 'test'];

/** What is small, as JSON. */
interface Rest {
  readonly sets: readonly (readonly [string, readonly Label[]])[];
  readonly collections: readonly (readonly [string, readonly string[]])[];
  readonly overrides: readonly (readonly [Label, Label])[];
  readonly generated: readonly string[];
}

/** The texts are those of the nodes, in the order of the graph. */
export function encodeGraph(graph: BuildGraph): {
  readonly bytes: Buffer;
  readonly texts: readonly string[];
} {
  const {order, sets, names, generated} = graph;
  const {ends, targets, kinds} = graph.edges();
  const rest: Rest = {
    sets: [...sets],
    collections: [...names.collections],
    overrides: [...names.overrides],
    generated,
  };
  const bytes = packSections({
    labels: graph.labels(),
    kinds: Buffer.from(order.map((label) => KINDS.indexOf(graph.kindOf(label)))),
    ends: packNumbers(ends),
    targets: packNumbers(targets),
    edges: Buffer.from(kinds),
    rest: Buffer.from(JSON.stringify(rest)),
  });
  return {bytes, texts: order.map((label) => JSON.stringify(nodeOf(graph, label)))};
}

/** The place of each label; without a pair for each, of which there are thousands. */
function numbersOf(order: readonly Label[]): ReadonlyMap<Label, number> {
  const numbers = new Map<Label, number>();
  order.forEach((label, number) => numbers.set(label, number));
  return numbers;
}

/** The graph of such bytes, its nodes read from the texts; undefined where they are damaged. */
export function decodeGraph(bytes: Buffer, texts: TextFile): BuildGraph | undefined {
  const sections = unpackSections(bytes);
  return sections === undefined ? undefined : graphOf(sections, texts);
}

function graphOf(sections: Sections, {textOf, prints}: TextFile): BuildGraph {
  const section = (name: string): Buffer => required(sections[name]);
  const labels = section('labels');
  const text = labels.toString('utf8');
  const order = (text === '' ? [] : text.split('\n')) as Label[];
  const numberOf = numbersOf(order);
  const nodes = new LazyNodes(numberOf, (number) => JSON.parse(textOf(number)) as Node);
  const rest = JSON.parse(section('rest').toString('utf8')) as Rest;
  const net = netOf(order, numberOf, {
    ends: unpackNumbers(section('ends')),
    targets: unpackNumbers(section('targets')),
    kinds: section('edges'),
  });
  const kinds = section('kinds');
  const kindAt = (at: number): NodeKind => KINDS[kinds[at] ?? 0] ?? 'build';
  const kindOf = (label: Label): NodeKind => kindAt(required(numberOf.get(label)));
  let builds: ReadonlySet<Label> | undefined;
  return {
    nodes,
    order,
    ...net,
    labels: () => labels,
    numberOf: (label) => numberOf.get(label),
    ...{kindOf, kindAt},
    prints: () => prints.subarray(0, order.length * PRINT),
    sets: new Map(rest.sets),
    names: {
      get builds() {
        return (builds ??= new Set(order.filter((label) => kindOf(label) === 'build').sort()));
      },
      collections: new Map(rest.collections),
      overrides: new Map(rest.overrides),
    },
    generated: rest.generated,
  };
}

function netOf(
  order: readonly Label[],
  numberOf: ReadonlyMap<Label, number>,
  table: EdgeTable,
): Pick<BuildGraph, 'targetsOf' | 'everyEdge' | 'edges' | 'dependents'> {
  const {ends, targets, kinds} = table;
  const labelAt = (number: number): Label => required(order[number]);
  const start = (number: number): number => ends[number - 1] ?? 0;
  const targetsOf = (label: Label): readonly Label[] => {
    const number = required(numberOf.get(label));
    return Array.from(targets.subarray(start(number), ends[number]), labelAt);
  };
  const everyEdge: BuildGraph['everyEdge'] = (label, holds) => {
    const number = required(numberOf.get(label));
    const end = ends[number] ?? 0;
    for (let at = start(number); at < end; at += 1) {
      const kind = EDGE_KINDS[kinds[at] ?? 0] ?? 'source';
      if (!holds(labelAt(targets[at] ?? 0), kind)) return false;
    }
    return true;
  };
  let back: readonly (readonly number[])[] | undefined;
  const dependents = (label: Label): readonly Label[] => {
    back ??= reversed(ends, targets);
    return required(back[required(numberOf.get(label))])
      .map(labelAt)
      .sort();
  };
  return {targetsOf, everyEdge, edges: () => table, dependents};
}

function reversed(ends: Uint32Array, targets: Uint32Array): readonly (readonly number[])[] {
  const back: number[][] = Array.from(ends, () => []);
  let from = 0;
  ends.forEach((end, number) => {
    for (const to of targets.subarray(from, end)) back[to]?.push(number);
    from = end;
  });
  return back;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Bug('a graph that lacks what it names');
  return value;
}
