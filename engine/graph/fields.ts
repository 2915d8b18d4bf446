/**
 * The text a key is made of: one line `name = JSON` for each field, and the key is the sha256 of
 * these lines, so that `sha256sum` of a stored manifest gives the key back and what `explain`
 * shows is what was hashed. Knows nothing of what the fields mean.
 *
 * Two different lists of fields never give one text: JSON holds no line break, a name without
 * quotes holds no space, and any other name is quoted.
 */
import {sha256Stream} from '../base/hash.ts';

export type FieldValue = string | number | readonly string[];

/** Takes the fields of one description, in order. */
export type Sink = (name: string, value: FieldValue) => void;

/** Something that lists its fields. */
export type Description = (sink: Sink) => void;

/** The lines of a description. */
export function linesOf(description: Description): readonly string[] {
  const lines: string[] = [];
  description((name, value) => lines.push(encodeField(name, value)));
  return lines;
}

/** The sha256 of the same lines, each ended by a line feed, as 64 hex digits. */
export function hashOf(description: Description): string {
  const hash = sha256Stream();
  description((name, value) => hash.update(`${encodeField(name, value)}\n`));
  return hash.digest('hex');
}

/** A field of a group whose second part people choose: `env.CFLAGS`, `sources."odd name"`. */
export function named(group: string, name: string): string {
  return `${group}.${/^[\w./:@+#~-]+$/.test(name) ? name : JSON.stringify(name)}`;
}

/** The same fields with a word and a dot before their names. */
export function prefixed(sink: Sink, prefix: string): Sink {
  return (name, value) => {
    sink(`${prefix}.${name}`, value);
  };
}

/** One line, without its end. */
export function encodeField(name: string, value: FieldValue): string {
  return `${name} = ${JSON.stringify(value)}`;
}

/** Reads a line; undefined when it is none of ours. */
export function decodeField(
  line: string,
): {readonly name: string; readonly value: FieldValue} | undefined {
  const match = /^([^\s"]+(?:"(?:[^"\\]|\\.)*")?) = (.+)$/.exec(line);
  const [, name, json] = match ?? [];
  if (name === undefined || json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return isFieldValue(value) ? {name, value} : undefined;
  } catch {
    return undefined;
  }
}

function isFieldValue(value: unknown): value is FieldValue {
  const isText = (one: unknown): boolean => typeof one === 'string';
  return (
    isText(value) || typeof value === 'number' || (Array.isArray(value) && value.every(isText))
  );
}
