/**
 * Exchanges digests in the file of a root without making anything of the rest of it: the root of a
 * project of thousands of nodes, one of which has come to something else.
 * Relies on how a root is written: sealed JSON in which each digest is a text of its own.
 */
import * as files from '../engine/base/files.ts';
import {commitBytes} from './commit.ts';
import type {Store} from './layout.ts';
import {rootIn, type Held} from './roots.ts';
import {sealedPart, sealOf} from './sealed.ts';

/** Both of 64 digits, in one of the lists. */
export interface Exchange {
  readonly kind: keyof Held;
  readonly old: string;
  readonly now: string;
}

/**
 * Writes the root of one build with these digests in place of others; durable on return. False,
 * and nothing is written, where the file is not whole, or does not have each old one and none of
 * the new ones. `at`: the time it says. Throws system errors.
 */
export function exchangeInRoot(
  store: Store,
  place: string,
  exchanges: readonly Exchange[],
  at: number,
): boolean {
  const file = rootIn(store, place);
  const bytes = files.unless(['ENOENT', 'EISDIR'], () => files.readFile(file));
  const part = bytes && sealedPart(bytes);
  if (bytes === undefined || part === undefined) return false;
  const places = placesIn(part, exchanges);
  if (places === undefined || !setTime(part, at)) return false;
  exchanges.forEach(({now}, index) => part.write(quoted(now), places[index] ?? 0, 'latin1'));
  sealOf(part).copy(bytes, part.length);
  commitBytes(store, file, bytes, true);
  return true;
}

/** Where the old ones stand; undefined where one does not, or a new one does. */
function placesIn(part: Buffer, exchanges: readonly Exchange[]): readonly number[] | undefined {
  const listOf = once((kind: keyof Held) => listIn(part, kind));
  const places: number[] = [];
  for (const {kind, old, now} of exchanges) {
    const {start, list} = listOf(kind);
    const place = list.indexOf(quoted(old), 0, 'latin1');
    if (place === -1 || list.includes(quoted(now))) return undefined;
    places.push(start + place);
  }
  return places;
}

/** Others are not looked through for what can only be in this one. */
function listIn(part: Buffer, kind: keyof Held): {readonly start: number; readonly list: Buffer} {
  const start = part.indexOf(`"${kind}": [`);
  const end = part.indexOf(']', start);
  return start === -1 || end === -1
    ? {start: 0, list: part}
    : {start, list: part.subarray(start, end)};
}

function once<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}

function quoted(digest: string): string {
  return `"${digest}"`;
}

const TIME = '"at": ';

/** The one time of a root of one build; texts in JSON cannot look like it. */
function setTime(part: Buffer, at: number): boolean {
  const start = part.indexOf(TIME) + TIME.length;
  const end = part.indexOf(',', start);
  const digits = String(at);
  if (start < TIME.length || end - start !== digits.length) return false;
  part.write(digits, start, 'latin1');
  return true;
}
