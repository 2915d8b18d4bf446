/**
 * The schemas as data, for those who need more than a verdict: what a field is called, which
 * fields stand beside it, whether its scalars are taken as written (`x-text`).
 * Knows the part of JSON Schema that our schemas use for structure; validates nothing.
 */
import {exists, namesIn, readText} from '../engine/base/files.ts';

export type SchemaName = 'recipe' | 'kind' | 'config' | 'generated' | 'dialogue';

/** One schema or part of one. Draft-07; `x-text` and `x-says` are ours. */
export interface Shape {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: boolean | Shape;
  readonly propertyNames?: Shape;
  readonly items?: Shape;
  readonly definitions?: Readonly<Record<string, Shape>>;
  /** Numbers are taken as the text that is written. */
  readonly 'x-text'?: boolean;
  /** What a value must be, in words, where a pattern would have to be read. */
  readonly 'x-says'?: string;
}

const SUFFIX = '.schema.json';
const cache = new Map<string, Shape>();

/** The names of all schemas that are shipped, sorted. */
export function schemaNames(): string[] {
  return namesIn(folder())
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length));
}

/** The text of a schema file; undefined where there is none of this name. */
export function schemaText(name: string): string | undefined {
  return schemaNames().includes(name) ? readText(`${folder()}${name}${SUFFIX}`) : undefined;
}

/** The root of a schema, read once. */
export function shapeOf(name: SchemaName): Shape {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const shape = JSON.parse(readText(`${folder()}${name}${SUFFIX}`)) as Shape;
  cache.set(name, shape);
  return shape;
}

/** The shape of a field of a map (text key) or of the items of a list (number). */
export function inside(root: Shape, shape: Shape, key: string | number): Shape | undefined {
  if (typeof key === 'number') return resolve(root, shape.items);
  const own = Object.hasOwn(shape.properties ?? {}, key) ? shape.properties?.[key] : undefined;
  const rest = shape.additionalProperties;
  return resolve(root, own ?? (typeof rest === 'object' ? rest : undefined));
}

/** The shape of the value at a path of keys and indices below the root. */
export function shapeAt(root: Shape, path: readonly string[]): Shape | undefined {
  let shape: Shape | undefined = root;
  for (const key of path) {
    if (shape === undefined) return undefined;
    shape = inside(root, shape, shape.items === undefined ? key : Number(key));
  }
  return shape;
}

/**
 * The shape itself, or what its `$ref` (`#/definitions/name`) stands for; a title or description
 * written beside the reference goes over those of the definition.
 */
export function resolve(root: Shape, shape: Shape | undefined): Shape | undefined {
  if (shape?.$ref === undefined) return shape;
  const {$ref, ...beside} = shape;
  const target = root.definitions?.[$ref.slice('#/definitions/'.length)];
  return Object.keys(beside).length === 0 ? target : {...target, ...beside};
}

/** The schemas lie beside the sources; a packed copy may have them beside the compiled code. */
function folder(): string {
  const beside = new URL('./', import.meta.url).pathname;
  return exists(`${beside}recipe${SUFFIX}`)
    ? beside
    : new URL('../../schemas/', import.meta.url).pathname;
}
