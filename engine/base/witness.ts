/**
 * What stat(2) says of many paths at one time, kept to see later whether anything has changed.
 * Links are followed, so a path stands for what it leads to; absent is a state like any other.
 * Change is told by inode, size, mtime and ctime. ctime cannot be set, so what was changed after a
 * moment says so, but for what happens within one tick of the file system's clock: whoever keeps a
 * witness asks `isSettled` first. Knows nothing of what the files mean.
 */
import * as files from './files.ts';
import {packNumbers, unpackNumbers} from './sections.ts';

/** inode, size, mtime ms, ctime ms; all -1 where there is nothing. */
const FIELDS = 4;
/** And their bytes. */
const ROW = FIELDS * Float64Array.BYTES_PER_ELEMENT;

export interface Witness {
  readonly paths: readonly string[];
  /** FIELDS numbers for each path. */
  readonly prints: Float64Array;
  /** Of one that was read from bytes: its paths are made when they are asked for. */
  readonly packed?: PackedPaths;
}

/** Thousands of paths of which few are looked at by name. */
export interface PackedPaths {
  /** UTF-8, each path with a newline. */
  readonly text: Buffer;
  /** Where each ends, behind its newline. */
  readonly ends: Uint32Array;
}

/**
 * Looks at every path now; undefined where one cannot be looked at, or cannot be kept, or has
 * changed since `moment` (ms since 1970) or right before.
 */
export function settledWitness(paths: readonly string[], moment: number): Witness | undefined {
  if (!paths.every(isPlain)) return undefined;
  const witness = files.unless(CLOSED, () => takeWitness(paths));
  return witness !== undefined && isSettled(witness, moment) ? witness : undefined;
}

/** What cannot be looked at. */
const CLOSED = ['EACCES', 'EPERM', 'EIO', 'ENAMETOOLONG', 'EINVAL', 'ESTALE'];

/** Looks at every path now. Throws system errors other than absence. */
export function takeWitness(paths: readonly string[]): Witness {
  const prints = new Float64Array(paths.length * FIELDS);
  paths.forEach((path, at) => {
    printInto(path, prints, at);
  });
  return {paths, prints};
}

/** What a process has seen of paths: whoever asks again need not look again. */
export interface Seen {
  /** The place of a path in the prints. */
  placeOf(path: string): number | undefined;
  /** The place of the first of these, from one to before another, where they stand in a row. */
  placeOfRow(paths: PackedPaths, from: number, to: number): number | undefined;
  /** FIELDS numbers for each place; NaN where it could not be looked at. */
  readonly prints: Float64Array;
}

/** The place of each. */
export function placesOf(paths: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  paths.forEach((path, at) => places.set(path, at));
  return places;
}

/** Where a path begins. */
export function startOf({ends}: PackedPaths, at: number): number {
  return at === 0 ? 0 : (ends[at - 1] ?? 0);
}

/** The path at a place, without making the others. */
export function pathAt(witness: Witness, at: number): string {
  const {packed} = witness;
  if (packed === undefined) return witness.paths[at] ?? '';
  return packed.text.toString('utf8', startOf(packed, at), (packed.ends[at] ?? 1) - 1);
}

/** A witness of these paths: what was seen of them, and of others what is so now. */
export function prolonged(paths: readonly string[], seen?: Seen): Witness {
  const prints = new Float64Array(paths.length * FIELDS);
  paths.forEach((path, at) => {
    const place = seen?.placeOf(path);
    if (seen === undefined || place === undefined) lookInto(path, prints, at);
    else prints.set(seen.prints.subarray(place * FIELDS, (place + 1) * FIELDS), at * FIELDS);
  });
  return {paths, prints};
}

const ONE = new Float64Array(FIELDS);

/** The paths that are not as they were; one that cannot be looked at is not. */
export function changedIn(witness: Witness, seen?: Seen): readonly string[] {
  return changedPlaces(witness, seen).map((at) => pathAt(witness, at));
}

/** The same as places. */
export function changedPlaces(witness: Witness, seen?: Seen): readonly number[] {
  const count = witness.prints.length / FIELDS;
  const changed: number[] = [];
  for (let from = 0; from < count; from += AT_ONCE) {
    const to = Math.min(count, from + AT_ONCE);
    const {packed} = witness;
    const first = packed && seen?.placeOfRow(packed, from, to);
    if (seen !== undefined && first !== undefined) {
      if (areSame(seen.prints, first, witness.prints, from, to)) continue;
      for (let at = from; at < to; at += 1) {
        if (!isSame(seen.prints, first + at - from, witness.prints, at)) changed.push(at);
      }
    } else for (let at = from; at < to; at += 1) if (isChanged(witness, at, seen)) changed.push(at);
  }
  return changed;
}

/** So many are compared at once, as nearly all are the same. */
const AT_ONCE = 64;

/** Whether rows, from one to before another, are those of another list from `first` on. */
function areSame(
  other: Float64Array,
  first: number,
  prints: Float64Array,
  from: number,
  to: number,
): boolean {
  const end = (first + to - from) * ROW;
  return bytesOf(prints).compare(bytesOf(other), first * ROW, end, from * ROW, to * ROW) === 0;
}

function isChanged(witness: Witness, at: number, seen: Seen | undefined): boolean {
  const path = pathAt(witness, at);
  const place = seen?.placeOf(path);
  if (seen !== undefined && place !== undefined) {
    return !isSame(seen.prints, place, witness.prints, at);
  }
  lookInto(path, ONE, 0);
  return !isSame(ONE, 0, witness.prints, at);
}

function bytesOf({buffer, byteOffset, byteLength}: Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** What cannot be looked at is not equal to anything. */
export function lookInto(path: string, into: Float64Array, at: number): void {
  try {
    printInto(path, into, at);
  } catch (error) {
    if (!CLOSED.includes(files.errorCode(error) ?? '')) throw error;
    into.fill(Number.NaN, at * FIELDS, (at + 1) * FIELDS);
  }
}

/** Whether the print at a place is that at another. */
export function isSame(one: Float64Array, at: number, other: Float64Array, place: number): boolean {
  const [from, to] = [at * FIELDS, place * FIELDS];
  return (
    one[from] === other[to] &&
    one[from + 1] === other[to + 1] &&
    one[from + 2] === other[to + 2] &&
    one[from + 3] === other[to + 3]
  );
}

/** The paths that are as they were in both of two witnesses. */
export function sameIn(before: Witness, now: Witness): ReadonlySet<string> {
  const places = placesOf(now.paths);
  const same = before.paths.filter((path, at) => {
    const place = places.get(path);
    return place !== undefined && isSame(now.prints, place, before.prints, at);
  });
  return new Set(same);
}

/** Those that nobody can have changed unseen after they were looked at, at `moment`. */
export function settledPart(witness: Witness, moment: number): Witness {
  const places = witness.paths.flatMap((_path, at) => (isOld(witness, at, moment) ? [at] : []));
  const prints = new Float64Array(places.length * FIELDS);
  places.forEach((from, at) => {
    prints.set(witness.prints.subarray(from * FIELDS, (from + 1) * FIELDS), at * FIELDS);
  });
  return {paths: places.map((at) => pathAt(witness, at)), prints};
}

/** The paths from one place to before another. */
export function rangeOf(witness: Witness, from: number, to: number): Witness {
  const prints = witness.prints.subarray(from * FIELDS, to * FIELDS);
  const {packed} = witness;
  if (packed === undefined) return {paths: witness.paths.slice(from, to), prints};
  const start = startOf(packed, from);
  const ends = packed.ends.slice(from, to);
  for (let at = 0; at < ends.length; at += 1) ends[at] = (ends[at] ?? 0) - start;
  return new KeptWitness({text: packed.text.subarray(start, startOf(packed, to)), ends}, prints);
}

/** All paths of several, one after the other. */
export function joined(parts: readonly Witness[]): Witness {
  const all = parts.map((part) => part.packed ?? pack(part.paths));
  const ends = new Uint32Array(all.reduce((sum, one) => sum + one.ends.length, 0));
  const prints = new Float64Array(ends.length * FIELDS);
  let [at, start] = [0, 0];
  all.forEach((one, number) => {
    prints.set(parts[number]?.prints ?? [], at * FIELDS);
    for (const end of one.ends) ends[at++] = start + end;
    start += one.text.length;
  });
  return new KeptWitness({text: Buffer.concat(all.map((one) => one.text)), ends}, prints);
}

/** Of the first `among` places the `count` that have changed last, the last first. */
export function latest({prints}: Witness, among: number, count: number): readonly number[] {
  const changedAt = (at: number): number => prints[at * FIELDS + 3] ?? 0;
  let found: number[] = [];
  let floor = -Infinity;
  for (let at = 0; at < among; at += 1) {
    if (changedAt(at) <= floor) continue;
    found.push(at);
    if (found.length < 2 * count) continue;
    found = found.sort((a, b) => changedAt(b) - changedAt(a)).slice(0, count);
    floor = changedAt(found.at(-1) ?? 0);
  }
  return found.sort((a, b) => changedAt(b) - changedAt(a)).slice(0, count);
}

/** File systems count time in ticks, some in whole seconds. */
const TICK = 2000;

/** Whether nothing has changed since `moment` (ms since 1970), nor right before. */
export function isSettled(witness: Witness, moment: number): boolean {
  for (let at = 0; at * FIELDS < witness.prints.length; at += 1) {
    if (!isOld(witness, at, moment)) return false;
  }
  return true;
}

function isOld({prints}: Witness, at: number, moment: number): boolean {
  return (prints[at * FIELDS + 3] ?? 0) < moment - TICK;
}

/** FIELDS numbers, where many paths make no garbage. */
function printInto(path: string, into: Float64Array, at: number): void {
  const from = at * FIELDS;
  const stat = files.follow(path);
  into[from] = stat?.ino ?? ABSENT;
  into[from + 1] = stat?.size ?? ABSENT;
  into[from + 2] = stat?.mtimeMs ?? ABSENT;
  into[from + 3] = stat?.ctimeMs ?? ABSENT;
}

const ABSENT = -1;

// --- as bytes ------------------------------------------------------------------------------------

/** A witness that was bytes. */
class KeptWitness implements Witness {
  readonly packed: PackedPaths;
  readonly prints: Float64Array;
  #paths: readonly string[] | undefined;

  constructor(packed: PackedPaths, prints: Float64Array) {
    this.packed = packed;
    this.prints = prints;
  }

  get paths(): readonly string[] {
    return (this.#paths ??= this.packed.text.toString('utf8').split('\n').slice(0, -1));
  }
}

/** `<number of paths>\n`, the paths each with a newline, where each ends, the numbers. */
export function encodeWitness({paths, prints, packed = pack(paths)}: Witness): Buffer {
  const {text, ends} = packed;
  return Buffer.concat([Buffer.from(`${ends.length}\n`), text, packNumbers(ends), bytesOf(prints)]);
}

function pack(paths: readonly string[]): PackedPaths {
  const lines = paths.map((path) => `${path}\n`);
  let end = 0;
  const ends = Uint32Array.from(lines, (line) => (end += Buffer.byteLength(line)));
  return {text: Buffer.from(lines.join('')), ends};
}

/** The witness of such bytes, which somebody vouches for. */
export function decodeWitness(bytes: Buffer): Witness {
  const start = bytes.indexOf('\n') + 1;
  const count = Number(bytes.toString('latin1', 0, start));
  const numbers = bytes.length - count * ROW;
  const text = numbers - count * Uint32Array.BYTES_PER_ELEMENT;
  const prints = new Float64Array(Uint8Array.from(bytes.subarray(numbers)).buffer);
  const ends = unpackNumbers(bytes.subarray(text, numbers));
  return new KeptWitness({text: bytes.subarray(start, text), ends}, prints);
}

/** Whether a path can stand in these bytes. */
export function isPlain(path: string): boolean {
  return !path.includes('\n') && !path.includes('�');
}
