/**
 * Places below a folder, however deep. The kernel takes paths of 4,095 bytes; what lies deeper is
 * reached through a folder on the way that is held open: /proc/self/fd/N/rest (proc_pid_fd(5)).
 * Paths of ordinary length cost nothing more. Knows nothing of trees.
 */
import * as files from '../engine/base/files.ts';
import {fromBytes, joinBytes, type BytePath} from './bytes.ts';

/** Longer paths go through an open folder; room is left for what callers append. */
export const LONGEST = 3_000;

/** Bytes of a path up to the next open folder; names have 255 at most, so there is a slash. */
const STEP = 2_500;

/** Folders held open at once; those nearest to the top are opened again when they are needed. */
const MOST_OPEN = 32;

interface Open {
  /** Of the folder, with a slash at its end. */
  readonly prefix: string;
  readonly fd: number;
}

/** Invariant: the open folders lie below each other, the deepest last. Not for several threads. */
export class Reach implements Disposable {
  readonly #folder: string;
  readonly #open: Open[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The place of a path below the folder; good until the next call. */
  at(path: BytePath): Buffer {
    const isShort = path.length + this.#folder.length < LONGEST;
    return isShort ? joinBytes(this.#folder, path) : this.#reach(path);
  }

  #reach(path: BytePath): Buffer {
    while (this.#open.length > 0 && !path.startsWith(this.#open.at(-1)?.prefix ?? ''))
      this.#close();
    let last = this.#open.at(-1);
    let base = last === undefined ? this.#folder : placeOf(last.fd);
    let from = last?.prefix.length ?? 0;
    while (base.length + path.length - from >= LONGEST) {
      const end = path.lastIndexOf('/', from + STEP);
      last = {
        prefix: path.slice(0, end + 1),
        fd: files.openFolder(joinBytes(base, path.slice(from, end))),
      };
      this.#open.push(last);
      if (this.#open.length > MOST_OPEN) files.closeFile(this.#open.shift()?.fd ?? -1);
      base = placeOf(last.fd);
      from = end + 1;
    }
    return joinBytes(base, path.slice(from));
  }

  #close(): void {
    const last = this.#open.pop();
    if (last !== undefined) files.closeFile(last.fd);
  }

  [Symbol.dispose](): void {
    while (this.#open.length > 0) this.#close();
  }
}

const placeOf = (fd: number): string => `/proc/self/fd/${fd}`;

/**
 * Paths by the folder from which one call can name them: its path with a slash at its end ('' for
 * the top), and what is left of each.
 */
export function byReach(paths: Iterable<BytePath>): Map<string, BytePath[]> {
  const found = new Map<string, BytePath[]>();
  for (const path of paths) {
    let from = 0;
    while (path.length - from >= LONGEST) from = path.lastIndexOf('/', from + STEP) + 1;
    const prefix = path.slice(0, from);
    const group = found.get(prefix);
    if (group === undefined) found.set(prefix, [path.slice(from)]);
    else group.push(path.slice(from));
  }
  return found;
}

/** Runs work in a folder below another (`prefix` as byReach tells it), by a name that is short. */
export function within<T>(folder: string, prefix: string, work: (at: string) => T): T {
  if (prefix === '') return work(folder);
  using reach = new Reach(folder);
  const fd = files.openFolder(reach.at(prefix.slice(0, -1)));
  try {
    return work(placeOf(fd));
  } finally {
    files.closeFile(fd);
  }
}

/** Does something with one place, which may be out of reach by its path alone. */
export function reaching<T>(place: Buffer, work: (near: Buffer) => T): T {
  return place.length < LONGEST ? work(place) : reachingFar(place, work);
}

function reachingFar<T>(place: Buffer, work: (near: Buffer) => T): T {
  const path = fromBytes(place);
  const isAbsolute = path.startsWith('/');
  using reach = new Reach(isAbsolute ? '' : '.');
  return work(reach.at(isAbsolute ? path.slice(1) : path));
}
