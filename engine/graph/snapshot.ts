/**
 * A linked graph as bytes, and back without making a node before somebody asks for it: opening
 * costs the labels and the edges. Knows nothing of files or of when the graph is still true.
 *
 * Labels stand in the order of the graph and are known by their number from there on.
 */
import {
  packNumbers,
  packSections,
  packTexts,
  unpackNumbers,
  unpackSections,
  unpackTexts,
  type Sections,
} from '../base/sections.ts';
import type {NodeKind} from '../base/event.ts';
import type {Label} from '../base/label.ts';
import {Bug} from '../base/result.ts';
import {LazyNodes} from './lazy-nodes.ts';
import type {BuildGraph, Node} from './model.ts';
import {nodeOf} from './graph.ts';

const KINDS: readonly NodeKind[] = ['fetch', 'build', 'test'];

/** What is small, as JSON. */
interface Rest {
  readonly sets: readonly (readonly [string, readonly Label[]])[];
  readonly builds: readonly Label[];
  readonly collections: readonly (readonly [string, readonly string[]])[];
  readonly overrides: readonly (readonly [Label, Label])[];
  readonly generated: readonly string[];
}

export function encodeGraph(graph: BuildGraph): Buffer {
  const {order, sets, names, generated} = graph;
  const numberOf = new Map(order.map((label, number) => [label, number]));
  const targets = order.map((label) =>
    graph.targetsOf(label).map((to) => required(numberOf.get(to))),
  );
  const rest: Rest = {
    sets: [...sets],
    builds: [...names.builds],
    collections: [...names.collections],
    overrides: [...names.overrides],
    generated,
  };
  return packSections({
    labels: Buffer.from(order.join('\n')),
    kinds: Buffer.from(order.map((label) => KINDS.indexOf(graph.kindOf(label)))),
    ends: packNumbers(Uint32Array.from(endsOf(targets))),
    targets: packNumbers(Uint32Array.from(targets.flat())),
    nodes: packTexts(order.map((label) => JSON.stringify(nodeOf(graph, label)))),
    rest: Buffer.from(JSON.stringify(rest)),
  });
}

/** Where the list of each node ends in the list of all. */
function endsOf(lists: readonly (readonly number[])[]): number[] {
  let end = 0;
  return lists.map((list) => (end += list.length));
}

/** The graph of such bytes; undefined where they are damaged. */
export function decodeGraph(bytes: Buffer): BuildGraph | undefined {
  const sections = unpackSections(bytes);
  return sections === undefined ? undefined : graphOf(sections);
}

function graphOf(sections: Sections): BuildGraph {
  const section = (name: string): Buffer => required(sections[name]);
  const text = section('labels').toString('utf8');
  const order = (text === '' ? [] : text.split('\n')) as Label[];
  const numberOf = new Map(order.map((label, number) => [label, number]));
  const texts = unpackTexts(section('nodes'), order.length);
  const nodes = new LazyNodes(numberOf, (number) => JSON.parse(texts(number)) as Node);
  const rest = JSON.parse(section('rest').toString('utf8')) as Rest;
  const net = netOf(order, numberOf, section('ends'), section('targets'));
  const kinds = section('kinds');
  return {
    nodes,
    order,
    ...net,
    kindOf: (label) => KINDS[kinds[required(numberOf.get(label))] ?? 0] ?? 'build',
    sets: new Map(rest.sets),
    names: {
      builds: new Set(rest.builds),
      collections: new Map(rest.collections),
      overrides: new Map(rest.overrides),
    },
    generated: rest.generated,
  };
}

function netOf(
  order: readonly Label[],
  numberOf: ReadonlyMap<Label, number>,
  endBytes: Buffer,
  targetBytes: Buffer,
): Pick<BuildGraph, 'targetsOf' | 'dependents'> {
  const ends = unpackNumbers(endBytes);
  const targets = unpackNumbers(targetBytes);
  const labelAt = (number: number): Label => required(order[number]);
  const targetsOf = (label: Label): readonly Label[] => {
    const number = required(numberOf.get(label));
    return [...targets.subarray(ends[number - 1] ?? 0, ends[number])].map(labelAt);
  };
  let back: readonly (readonly number[])[] | undefined;
  const dependents = (label: Label): readonly Label[] => {
    back ??= reversed(ends, targets);
    return required(back[required(numberOf.get(label))])
      .map(labelAt)
      .sort();
  };
  return {targetsOf, dependents};
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
