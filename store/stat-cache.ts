/**
 * Remembers the digests of files outside the store by what stat(2) says of them.
 * Conditions of reuse: size, inode, mtime and ctime (nanoseconds) are as they were, and both
 * times lie at least two seconds before the row was made: file systems count time in ticks, so
 * a file written twice within one tick looks the same (git calls such an entry racy).
 * Auxiliary state: damage or loss means hashing again, never an error.
 */
import * as files from '../engine/base/files.ts';
import type {BigIntStats} from '../engine/base/files.ts';
import {commitBytes} from './commit.ts';
import {statCacheFile, type Store} from './layout.ts';
import {encodeLine, readLog} from './quick-log.ts';

/** size, inode, mtime ns, ctime ns, when the row was made (ms since 1970), digest. */
type Row = readonly [string, string, string, string, number, string];

const RACY_NANOSECONDS = 2_000_000_000n;

/** Invariant: the rows are as read or made, never changed ones. Read when first asked for. */
export class StatCache {
  readonly #store: Store;
  #read: Map<string, Row> | undefined;
  #changed = false;
  #written: number | undefined;

  private constructor(store: Store) {
    this.#store = store;
  }

  /** The cache of a store; empty where it cannot be read. */
  static load(store: Store): StatCache {
    return new StatCache(store);
  }

  get #rows(): Map<string, Row> {
    return (this.#read ??= readRows(statCacheFile(this.#store)));
  }

  /** The digest of a file that still looks as it did; `path` absolute. */
  get(path: string, stat: BigIntStats): string | undefined {
    if (this.#isNewer(stat)) return undefined;
    const row = this.#rows.get(path);
    if (row === undefined) return undefined;
    const [size, ino, mtime, ctime, madeAt, digest] = row;
    const same =
      size === String(stat.size) &&
      ino === String(stat.ino) &&
      mtime === String(stat.mtimeNs) &&
      ctime === String(stat.ctimeNs);
    return same && isSettled(stat, madeAt) ? digest : undefined;
  }

  /** Whether a file has changed since the cache was written: then that need not be read. */
  #isNewer(stat: BigIntStats): boolean {
    if (this.#read !== undefined) return false;
    this.#written ??= files.lookAt(statCacheFile(this.#store))?.ctimeMs ?? 0;
    return Number(stat.ctimeNs / 1_000_000n) > this.#written;
  }

  /**
   * `stat` from before the file was read; it must have been the same afterwards.
   * `now` in milliseconds since 1970, from before that too.
   */
  set(path: string, stat: BigIntStats, digest: string, now: number): void {
    if (!isSettled(stat, now)) return;
    const {size, ino, mtimeNs, ctimeNs} = stat;
    this.#rows.set(path, [`${size}`, `${ino}`, `${mtimeNs}`, `${ctimeNs}`, now, digest]);
    this.#changed = true;
  }

  /** Writes the cache if it has changed. Of two processes the last wins, which loses rows only. */
  save(): void {
    if (!this.#changed) return;
    try {
      const rows = encodeLine(JSON.stringify([...this.#rows]));
      commitBytes(this.#store, statCacheFile(this.#store), rows, true);
      this.#changed = false;
    } catch {
      // A full or read-only disk stops what has to be stored, not this.
    }
  }
}

function isSettled(stat: BigIntStats, now: number): boolean {
  const newest = stat.mtimeNs > stat.ctimeNs ? stat.mtimeNs : stat.ctimeNs;
  return newest + RACY_NANOSECONDS <= BigInt(Math.floor(now)) * 1_000_000n;
}

function readRows(file: string): Map<string, Row> {
  try {
    return new Map(readLog(file).flatMap((text) => JSON.parse(text) as [string, Row][]));
  } catch {
    return new Map();
  }
}
