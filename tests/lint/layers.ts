/**
 * The layers of the project: which folder may import from which. Pure; the table is the design's.
 */
import {importsOf, targetOf, type CodeFile} from './sources.ts';

/** Folder → layer. Each imports from lower numbers and from its own folder. */
const LAYERS: readonly (readonly [folder: string, layer: number])[] = [
  ['engine/base/', 0],
  ['schemas/', 1],
  ['engine/ui/', 1],
  ['store/', 2],
  ['engine/load/', 3],
  ['engine/source/', 3],
  ['engine/boot/', 3],
  ['engine/graph/', 4],
  ['engine/sandbox/', 4],
  ['engine/run/', 5],
  ['engine/rootfs/', 5],
  ['engine/import/', 6],
  ['engine/debian/', 6],
  ['engine/remote/', 6],
  ['engine/gaming/', 6],
  ['engine/cli/', 7],
];

/** Types of one folder that its neighbour in the same layer may know. */
const NEIGHBOURS: readonly (readonly [from: string, to: string])[] = [
  ['engine/source/', 'engine/load/model.ts'],
];

/** Folders that a lower number alone does not open. */
const NEVER: readonly (readonly [from: string, to: string])[] = [['store/', 'engine/ui/']];

function layerOf(file: string): readonly [folder: string, layer: number] | undefined {
  return LAYERS.find(([folder]) => file.startsWith(folder));
}

/** A sentence for each import that the table does not allow. */
export function violations(file: CodeFile): string[] {
  const from = layerOf(file.path);
  if (from === undefined) return [`${file.path}: lies in no folder of the layer table`];
  return importsOf(file).flatMap(({specifier, line, typeOnly}) => {
    const target = targetOf(file.path, specifier);
    if (target === undefined) return [];
    const to = layerOf(target);
    const place = `${file.path}:${line}: imports ${target}`;
    if (to === undefined) return [`${place}, which is no part of the product`];
    if (to[0] === from[0]) return [];
    const neighbour = typeOnly && pairs(NEIGHBOURS, file.path, target);
    const open = to[1] < from[1] && !pairs(NEVER, file.path, target);
    return open || neighbour
      ? []
      : [`${place}: layer ${from[1]} must not know ${to[0]} (${to[1]})`];
  });
}

function pairs(
  table: readonly (readonly [from: string, to: string])[],
  from: string,
  to: string,
): boolean {
  return table.some(([a, b]) => from.startsWith(a) && to.startsWith(b));
}

/** The first sentence of the comment a file begins with; undefined where it begins otherwise. */
export function firstSentence(text: string): string | undefined {
  const body = /^(?:#!.*\n)?\/\*\*(.*?)\*\//s.exec(text)?.[1];
  const words = body
    ?.replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return words === undefined ? undefined : (/^.*?[.:;](?=\s|$)/.exec(words)?.[0] ?? words);
}
