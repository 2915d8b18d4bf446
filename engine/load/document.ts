/**
 * One file read against its schema: typed data, the tree with places, and every mistake.
 * What breaks the schema is cut out, so that the rest can be looked at in the same run.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import {errorCode} from '../base/files.ts';
import {shapeAt, shapeOf, type SchemaName} from '../../schemas/shape.ts';
import {violations, type ValidFile, type Violation} from '../../schemas/validate.ts';
import {nodeAt, toData, type DataNode, type MapEntry} from './nodes.ts';
import {explainViolations} from './violations.ts';
import {startOf} from './text.ts';
import {readYaml} from './yaml.ts';

export interface Document<Name extends SchemaName> {
  /** Without the parts that break the schema. */
  readonly root: DataNode;
  /** As it was written, where names have to be known even of wrong parts. */
  readonly written: DataNode;
  /** Fields of the first level may be missing: their absence is among the problems. */
  readonly data: Partial<ValidFile[Name]>;
  /** Whether nothing had to be cut out and no field is missing. */
  readonly sound: boolean;
}

export interface DocumentResult<Name extends SchemaName> {
  /** Undefined where nothing is left to look at. */
  readonly document: Document<Name> | undefined;
  readonly problems: readonly Diagnostic[];
}

/** Reads one file; `file` is its name as shown to people. */
export function readDocument<Name extends SchemaName>(
  name: Name,
  file: string,
  bytes: Uint8Array,
): DocumentResult<Name> {
  const {node: read, problems} = readYaml(file, bytes);
  if (read === undefined) return {document: undefined, problems};
  const node = emptyMap(read) ?? read;
  const broken = violations(name, toData(shapeOf(name), node));
  const unsaid = broken.filter((one) => !isSaid(node, one, problems));
  const all = [...problems, ...explainViolations(name, node, unsaid)];
  if (node.kind !== 'map') return {document: undefined, problems: all};
  const root = broken.length === 0 ? node : cut(name, node, broken);
  const data = dataOf(name, root);
  const document = {root, written: node, data, sound: all.length === 0};
  return {document, problems: all};
}

/** What was refused while reading, as an alias, leaves a hole that is no second mistake. */
function isSaid(root: DataNode, {path}: Violation, problems: readonly Diagnostic[]): boolean {
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || node.value !== null) return false;
  const {line, column} = node.at;
  return problems.some(({at}) => at?.line === line && at.column === column);
}

/** A file in which nothing is written, or only comments, sets nothing. */
function emptyMap(node: DataNode): DataNode | undefined {
  const empty = node.kind === 'scalar' && node.value === null;
  return empty ? {kind: 'map', entries: new Map(), at: node.at} : undefined;
}

/** Reads one file of the disk; one that cannot be read is a mistake like others. */
export function orUnreadable<Name extends SchemaName>(
  shown: string,
  read: () => DocumentResult<Name>,
): DocumentResult<Name> {
  try {
    return read();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const message = `the file cannot be read: ${code}`;
    const diagnostic = problem('yaml/unreadable', message, {at: startOf(shown)});
    return {document: undefined, problems: [diagnostic]};
  }
}

/** The data of a tree that follows its schema. */
export function dataOf<Name extends SchemaName>(
  name: Name,
  root: DataNode,
): Partial<ValidFile[Name]> {
  return toData(shapeOf(name), root) as Partial<ValidFile[Name]>;
}

/** Cuts until nothing wrong is left; what an outer cut uncovers (a list now too short) comes next. */
function cut(name: SchemaName, node: DataNode, first: readonly Violation[]): DataNode {
  let root = node;
  for (let wrong = first; wrong.length > 0; wrong = violations(name, toData(shapeOf(name), root))) {
    const parts = wrong.map((one) => wrongPart(name, one)).filter((path) => path.length > 0);
    if (parts.length === 0) return root;
    const top = root;
    root = without(top, new Set(parts.map((path) => nodeAt(top, path))));
  }
  return root;
}

/** The smallest part without which the rule is kept; empty where cutting would not help. */
function wrongPart(name: SchemaName, {path, keyword, params}: Violation): readonly string[] {
  if (keyword === 'additionalProperties') return [...path, String(params['additionalProperty'])];
  if (keyword === 'propertyNames') return [...path, String(params['propertyName'])];
  // What is missing beside a field harms none of the others.
  if (keyword === 'dependencies' || keyword === 'oneOf') return [];
  if (keyword !== 'required') return path;
  // Fields that only a recipe without `extends` must have: their absence harms nothing else.
  const always = shapeAt(shapeOf(name), path)?.required ?? [];
  return always.includes(String(params['missingProperty'])) ? path : [];
}

/** The tree without some of its nodes. */
function without(node: DataNode, lost: ReadonlySet<DataNode | undefined>): DataNode {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'list') {
    const items = node.items.filter((item) => !lost.has(item)).map((item) => without(item, lost));
    return {...node, items};
  }
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries)
    if (!lost.has(entry.value)) entries.set(key, {...entry, value: without(entry.value, lost)});
  return {...node, entries};
}
