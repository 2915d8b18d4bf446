/**
 * What stat(2) says of many paths at one time, kept to see later whether anything has changed.
 * Links are followed, so a path stands for what it leads to; absent is a state like any other.
 * Change is told by inode, size, mtime and ctime. ctime cannot be set, so what was changed after a
 * moment says so, but for what happens within one tick of the file system's clock: whoever keeps a
 * witness asks `isSettled` first. Knows nothing of what the files mean.
 */
import * as files from './files.ts';

/** inode, size, mtime ms, ctime ms; all -1 where there is nothing. */
const FIELDS = 4;

export interface Witness {
  readonly paths: readonly string[];
  /** FIELDS numbers for each path. */
  readonly prints: Float64Array;
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
  /** FIELDS numbers for each place; NaN where it could not be looked at. */
  readonly prints: Float64Array;
}

/** Looks at every path; whether all is as it was, and what was seen. */
export function compare({paths, prints}: Witness): {readonly same: boolean; readonly seen: Seen} {
  const now = new Float64Array(prints.length);
  let [same, at] = [true, 0];
  for (const path of paths) {
    lookInto(path, now, at);
    if (!isSame(now, at, prints, at)) same = false;
    at += 1;
  }
  return {same, seen: new SeenPaths(paths, now)};
}

/** Who asks for many paths asks for most of them in the order in which they were looked at. */
class SeenPaths implements Seen {
  readonly prints: Float64Array;
  readonly #paths: readonly string[];
  #places: ReadonlyMap<string, number> | undefined;
  #next = 0;

  constructor(paths: readonly string[], prints: Float64Array) {
    this.#paths = paths;
    this.prints = prints;
  }

  placeOf(path: string): number | undefined {
    const isNext = this.#paths[this.#next] === path;
    const place = isNext ? this.#next : (this.#places ??= placesOf(this.#paths)).get(path);
    if (place !== undefined) this.#next = place + 1;
    return place;
  }
}

function placesOf(paths: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  paths.forEach((path, at) => places.set(path, at));
  return places;
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
export function changedIn({paths, prints}: Witness, seen?: Seen): readonly string[] {
  return paths.filter((path, at) => {
    const place = seen?.placeOf(path);
    if (seen !== undefined && place !== undefined) return !isSame(seen.prints, place, prints, at);
    lookInto(path, ONE, 0);
    return !isSame(ONE, 0, prints, at);
  });
}

/** What cannot be looked at is not equal to anything. */
function lookInto(path: string, into: Float64Array, at: number): void {
  try {
    printInto(path, into, at);
  } catch (error) {
    if (!CLOSED.includes(files.errorCode(error) ?? '')) throw error;
    into.fill(Number.NaN, at * FIELDS, (at + 1) * FIELDS);
  }
}

function isSame(one: Float64Array, at: number, other: Float64Array, place: number): boolean {
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
  const places = witness.paths.map((_path, at) => at);
  const one = (at: number): Witness => rangeOf(witness, at, at + 1);
  return joined(places.map(one).filter((each) => isSettled(each, moment)));
}

/** The paths from one place to before another. */
export function rangeOf({paths, prints}: Witness, from: number, to: number): Witness {
  return {paths: paths.slice(from, to), prints: prints.subarray(from * FIELDS, to * FIELDS)};
}

/** Puts other paths in the place of as many, in `into` itself. */
export function replaceRange(
  into: {readonly paths: string[]; readonly prints: Float64Array},
  from: number,
  {paths, prints}: Witness,
): void {
  into.paths.splice(from, paths.length, ...paths);
  into.prints.set(prints, from * FIELDS);
}

/** All paths of several, one after the other. */
export function joined(parts: readonly Witness[]): Witness {
  const paths = parts.flatMap((one) => one.paths);
  const prints = new Float64Array(paths.length * FIELDS);
  let at = 0;
  for (const part of parts) {
    prints.set(part.prints, at);
    at += part.prints.length;
  }
  return {paths, prints};
}

/** File systems count time in ticks, some in whole seconds. */
const TICK = 2000;

/** Whether nothing has changed since `moment` (ms since 1970), nor right before. */
export function isSettled({paths, prints}: Witness, moment: number): boolean {
  return paths.every((_path, at) => (prints[at * FIELDS + 3] ?? 0) < moment - TICK);
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

/** `<number of paths>\n`, the paths each with a newline, spaces up to eight bytes, the numbers. */
export function encodeWitness({paths, prints}: Witness): Buffer {
  const text = Buffer.from(`${paths.length}\n${paths.map((path) => `${path}\n`).join('')}`);
  const gap = Buffer.alloc((8 - (text.length % 8)) % 8, ' ');
  return Buffer.concat([text, gap, Buffer.from(prints.buffer)]);
}

/** The witness of such bytes, which somebody vouches for. */
export function decodeWitness(bytes: Buffer): Witness {
  const count = Number(bytes.toString('latin1', 0, bytes.indexOf('\n')));
  const size = count * FIELDS * Float64Array.BYTES_PER_ELEMENT;
  const numbers = bytes.subarray(bytes.length - size);
  const prints = new Float64Array(Uint8Array.from(numbers).buffer);
  const paths = bytes.toString('utf8', 0, bytes.length - size).split('\n');
  return {paths: paths.slice(1, count + 1), prints};
}

/** Whether a path can stand in these bytes. */
export function isPlain(path: string): boolean {
  return !path.includes('\n') && !path.includes('�');
}
