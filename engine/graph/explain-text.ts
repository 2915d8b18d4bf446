/**
 * Changes of a key as lines of text: `env.CFLAGS  -O2 → -O3`.
 * Knows nothing of colours or of the terminal's width.
 */
import {short} from '../base/hash.ts';
import type {Change} from './explain.ts';
import type {FieldValue} from './fields.ts';
import {diffLines} from './line-diff.ts';

/** So many lines of one changed text are shown; the rest is counted. */
const SHOWN = 20;
const WIDEST_NAME = 32;

/** One line for each change, more for texts of several lines; names are padded to one width. */
export function explainLines(changes: readonly Change[]): readonly string[] {
  const width = changes.reduce(
    (widest, one) => Math.min(WIDEST_NAME, Math.max(widest, one.field.length)),
    0,
  );
  return changes.flatMap((one) => {
    const [first = '', ...rest] = sayChange(one);
    return [`${one.field.padEnd(width)}  ${first}`.trimEnd(), ...rest.map((line) => `  ${line}`)];
  });
}

/** What stands behind the name, then lines that stand below it. */
function sayChange(change: Change): readonly string[] {
  switch (change.kind) {
    case 'added':
      return [`added: ${sayValue(change.new)}`];
    case 'removed':
      return [`removed: ${sayValue(change.old)}`];
    case 'moved':
      return [`order: ${sayValue(change.old)} → ${sayValue(change.new)}`];
    case 'changed':
      return sayDifference(change.old, change.new);
  }
}

function sayDifference(
  old: FieldValue | undefined,
  fresh: FieldValue | undefined,
): readonly string[] {
  if (Array.isArray(old) && Array.isArray(fresh)) return [sayListDifference(old, fresh)];
  if (isLong(old) || isLong(fresh)) return ['', ...sayTextDifference(String(old), String(fresh))];
  const [was, is] = [sayValue(old), sayValue(fresh)];
  // Equal after shortening: then the whole digests.
  if (was === is) return [`${plain(String(old))} → ${plain(String(fresh))}`];
  const isTree = was.startsWith('tree ') && is.startsWith('tree ');
  return [`${was} → ${isTree ? is.slice('tree '.length) : is}`];
}

function sayListDifference(old: readonly string[], fresh: readonly string[]): string {
  const gone = old.filter((one) => !fresh.includes(one)).map((one) => `- ${sayValue(one)}`);
  const come = fresh.filter((one) => !old.includes(one)).map((one) => `+ ${sayValue(one)}`);
  const both = [...gone, ...come];
  return both.length > 0 ? both.join('  ') : `${sayValue(old)} → ${sayValue(fresh)}`;
}

function sayTextDifference(old: string, fresh: string): readonly string[] {
  const lines = diffLines(old, fresh).map(({sign, line}) => `${sign} ${plain(line)}`);
  const left = lines.length - SHOWN;
  return left > 1 ? [...lines.slice(0, SHOWN), `… ${left} more lines`] : lines;
}

function isLong(value: FieldValue | undefined): boolean {
  return typeof value === 'string' && value.trimEnd().includes('\n');
}

/** A value on one line, digests shortened; an empty one is visible. */
function sayValue(value: FieldValue | undefined): string {
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.map(sayValue).join(' ');
  const text = String(value).trimEnd();
  if (text === '') return "''";
  const [first = '', ...rest] = text.split('\n');
  const line = plain(first).replaceAll(/\b[0-9a-f]{64}\b/g, short);
  return rest.length === 0 ? line : `${line} … (${rest.length + 1} lines)`;
}

/** Control characters as escapes: a recipe must not steer the terminal. */
function plain(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
