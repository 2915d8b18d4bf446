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
    printInto(path, prints, at * FIELDS);
  });
  return {paths, prints};
}

/** Whether all is as it was; ends at the first difference. */
export function isUnchanged({paths, prints}: Witness): boolean {
  return paths.every(comparer(prints));
}

/** The paths that are not as they were. */
export function changedIn({paths, prints}: Witness): readonly string[] {
  const isSame = comparer(prints);
  return paths.filter((path, at) => !isSame(path, at));
}

/** Whether the path of a number is as it was; one that cannot be looked at is not. */
function comparer(prints: Float64Array): (path: string, at: number) => boolean {
  const now = new Float64Array(FIELDS);
  const look = (path: string, at: number): boolean => {
    printInto(path, now, 0);
    return now.every((field, place) => field === prints[at * FIELDS + place]);
  };
  return (path, at) => files.unless(CLOSED, () => look(path, at)) === true;
}

/** File systems count time in ticks, some in whole seconds. */
const TICK = 2000;

/** Whether nothing has changed since `moment` (ms since 1970), nor right before. */
export function isSettled({paths, prints}: Witness, moment: number): boolean {
  return paths.every((_path, at) => (prints[at * FIELDS + 3] ?? 0) < moment - TICK);
}

function printInto(path: string, into: Float64Array, at: number): void {
  const stat = files.follow(path);
  into[at] = stat?.ino ?? -1;
  into[at + 1] = stat?.size ?? -1;
  into[at + 2] = stat?.mtimeMs ?? -1;
  into[at + 3] = stat?.ctimeMs ?? -1;
}

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
