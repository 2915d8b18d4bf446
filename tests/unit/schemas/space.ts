/** What tests of the schemas share: the committed files and a walk over every field. */
import fs from 'node:fs';
import path from 'node:path';
import {inside, resolve, shapeOf, type SchemaName, type Shape} from '../../../schemas/shape.ts';

export const ROOT: string = new URL('../../../../', import.meta.url).pathname;

export function committed(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

/** Every field of a schema with its path: of maps, of free names, of lists. */
export function fieldsOf(name: SchemaName): {readonly path: string; readonly shape: Shape}[] {
  const root = shapeOf(name);
  const walk = (shape: Shape, at: string): {path: string; shape: Shape}[] => {
    const free = shape.additionalProperties;
    const inner: (readonly [string, Shape | undefined])[] = [
      ...Object.keys(shape.properties ?? {}).map(
        (key) => [`${at}.${key}`, inside(root, shape, key)] as const,
      ),
      [`${at}.NAME`, typeof free === 'object' ? resolve(root, free) : undefined],
      [`${at}[]`, resolve(root, shape.items)],
    ];
    return inner.flatMap(([where, one]) =>
      one === undefined ? [] : [{path: where, shape: one}, ...walk(one, where)],
    );
  };
  return [{path: name, shape: root}, ...walk(root, name)];
}
