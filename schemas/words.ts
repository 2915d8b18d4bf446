/**
 * Types of JSON Schema in the words people read, in messages and in the reference.
 */
import {resolve, type Shape} from './shape.ts';

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'nothing',
};

/** `a text or true or false`; numbers are left out where they are taken as texts. */
export function typeWords(types: unknown, asText: boolean): string {
  const list = (Array.isArray(types) ? types : [types]) as readonly string[];
  const shown = list.filter((type) => !asText || type !== 'number');
  return shown.map((type) => WORDS[type] ?? type).join(' or ');
}

/** The same of a whole shape: values of an enumeration, the items of a list. */
export function shapeWords(root: Shape, shape: Shape): string {
  if (shape.enum !== undefined) return `one of ${shape.enum.map(valueWords).join(', ')}`;
  const words = typeWords(shape.type ?? [], shape['x-text'] === true);
  const items = resolve(root, shape.items);
  return items === undefined
    ? words
    : words.replace('a list', `a list, each ${shapeWords(root, items)}`);
}

/** What a value is. */
export function kindOfValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? 'a text' : JSON.stringify(value);
}

function valueWords(value: unknown): string {
  return `\`${String(value)}\``;
}
