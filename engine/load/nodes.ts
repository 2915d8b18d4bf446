/**
 * What was read from a YAML file, as a tree in which every value knows its place.
 * Knows nothing of YAML's spelling (yaml.ts) or of what the values mean.
 */
import type {Location} from '../base/diagnostic.ts';
import {inside, type Shape} from '../../schemas/shape.ts';

export type Scalar = string | number | boolean | null;

export interface ScalarNode {
  readonly kind: 'scalar';
  /** As YAML 1.2's core schema reads it. */
  readonly value: Scalar;
  /** The text as written, without quotes: `1.10`, `0755`. */
  readonly source: string;
  readonly at: Location;
  /** Where the first character of the text stands when it is written in one piece on one line. */
  readonly inner: {readonly line: number; readonly column: number} | undefined;
}

export interface MapEntry {
  /** The place of the key. */
  readonly key: Location;
  readonly value: DataNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly at: Location;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly DataNode[];
  readonly at: Location;
}

export type DataNode = ScalarNode | MapNode | ListNode;

/** Keys of maps and indices of lists, from the root. */
export type Path = readonly (string | number)[];

/** The value at a path; undefined where the path leaves the tree. */
export function nodeAt(root: DataNode, path: Path): DataNode | undefined {
  let node: DataNode | undefined = root;
  for (const key of path) node = node === undefined ? undefined : childOf(node, key);
  return node;
}

/** The place of the value at a path, or of the nearest thing around it that exists. */
export function placeAt(root: DataNode, path: Path): Location {
  return nodeAt(root, path)?.at ?? keyAt(root, path.slice(0, -1));
}

/** The place of the key (or list element) at a path, or of the nearest one around it. */
export function keyAt(root: DataNode, path: Path): Location {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = nodeAt(root, path.slice(0, length - 1));
    const last = path[length - 1];
    if (parent === undefined || last === undefined) continue;
    if (parent.kind === 'map') {
      const entry = parent.entries.get(String(last));
      if (entry !== undefined) return entry.key;
    }
    const child = childOf(parent, last);
    if (child !== undefined) return firstLine(child.at);
  }
  return firstLine(root.at);
}

/** The place of a part of a scalar's text; the whole scalar where it is not on one line. */
export function partOf(node: ScalarNode, start: number, end: number): Location {
  if (node.inner === undefined) return node.at;
  const {line, column} = node.inner;
  return {
    file: node.at.file,
    line,
    column: column + start,
    endLine: line,
    endColumn: column + Math.max(end, start),
  };
}

/** Plain data for the validators: scalars as their field's shape wants them. */
export function toData(root: Shape, node: DataNode, shape: Shape = root): unknown {
  if (node.kind === 'scalar') return scalarData(node, shape);
  // What the schema does not know has no shape; the validators will say so.
  if (node.kind === 'list')
    return node.items.map((item) => toData(root, item, inside(root, shape, 0) ?? {}));
  const data: Record<string, unknown> = {};
  for (const [key, {value}] of node.entries)
    data[key] = toData(root, value, inside(root, shape, key) ?? {});
  return data;
}

/**
 * Two trees laid over each other as `extends:` wants it: maps merge, everything else is replaced.
 * What `upper` has new comes after what `lower` has.
 */
export function mergeNodes(lower: DataNode, upper: DataNode): DataNode {
  if (lower.kind !== 'map' || upper.kind !== 'map') return upper;
  const entries = new Map(lower.entries);
  for (const [name, entry] of upper.entries) {
    const below = entries.get(name);
    const value = below === undefined ? entry.value : mergeNodes(below.value, entry.value);
    entries.set(name, {key: entry.key, value});
  }
  return {kind: 'map', entries, at: upper.at};
}

function childOf(node: DataNode, key: string | number): DataNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(key))?.value;
  return node.kind === 'list' ? node.items[Number(key)] : undefined;
}

/** Numbers at text fields as they are written; infinities stay numbers, which no schema takes. */
function scalarData(node: ScalarNode, shape: Shape): Scalar {
  const asText = shape['x-text'] === true && typeof node.value === 'number';
  return asText && Number.isFinite(node.value) ? node.source : node.value;
}

function firstLine(at: Location): Location {
  return at.line === at.endLine ? at : {...at, endLine: at.line, endColumn: at.column};
}
