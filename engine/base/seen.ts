/**
 * Looks at all paths of a witness and tells what was seen, for whoever asks of some of them again.
 * Knows nothing of what the files mean.
 */
import {
  isSame,
  lookInto,
  placesOf,
  startOf,
  type PackedPaths,
  type Seen,
  type Witness,
} from './witness.ts';

/** Looks at every path; whether all is as it was, and what was seen. */
export function compare(witness: Witness, here?: string): Compared {
  return new Comparison(witness, here).finish();
}

export interface Compared {
  readonly same: boolean;
  readonly seen: Seen;
}

/** The same in two pieces, for whoever has something to begin as soon as anything has changed. */
export class Comparison {
  readonly #witness: Witness;
  readonly #above: string | undefined;
  readonly #now: Float64Array;
  #same = true;
  #next = 0;

  /**
   * `here`: the folder this process is in, where that is known: what lies below it is found from there, which spares
   * the kernel a tenth of the time.
   */
  constructor(witness: Witness, here?: string) {
    this.#witness = witness;
    this.#above = here === undefined ? undefined : `${here}/`;
    this.#now = new Float64Array(witness.prints.length);
  }

  /** Looks at these places, then at all in order, until something is not as it was; false where all is. */
  findsChange(first: readonly number[]): boolean {
    const {paths, prints} = this.#witness;
    for (const at of first) {
      this.#lookInto(paths[at], at);
      if (!isSame(this.#now, at, prints, at)) return true;
    }
    this.#look(true);
    return !this.#same;
  }

  /** Looks at all that it has not looked at in order. */
  finish(): Compared {
    this.#look(false);
    const {paths, packed} = this.#witness;
    return {same: this.#same, seen: new SeenPaths(paths, this.#now, packed)};
  }

  #look(isUntilChange: boolean): void {
    const {paths, prints} = this.#witness;
    let at = this.#next;
    while (at < paths.length && (this.#same || !isUntilChange)) {
      this.#lookInto(paths[at], at);
      if (!isSame(this.#now, at, prints, at)) this.#same = false;
      at += 1;
    }
    this.#next = at;
  }

  #lookInto(path = '', at: number): void {
    lookInto(this.#above === undefined ? path : from(this.#above, path), this.#now, at);
  }
}

function from(above: string, path: string): string {
  const below = path.startsWith(above) ? path.slice(above.length) : '';
  return below === '' || below.startsWith('/') ? path : below;
}

/** Who asks for many paths asks for most of them in the order in which they were looked at. */
class SeenPaths implements Seen {
  readonly prints: Float64Array;
  readonly #paths: readonly string[];
  readonly #packed: PackedPaths | undefined;
  #places: ReadonlyMap<string, number> | undefined;
  #next = 0;

  constructor(paths: readonly string[], prints: Float64Array, packed: PackedPaths | undefined) {
    this.#paths = paths;
    this.prints = prints;
    this.#packed = packed;
  }

  placeOf(path: string): number | undefined {
    const place = this.#near(path) ?? (this.#places ??= placesOf(this.#paths)).get(path);
    if (place !== undefined) this.#next = place + 1;
    return place;
  }

  /** Who asks leaves out a few. */
  #near(path: string): number | undefined {
    for (let at = this.#next; at < this.#next + NEAR; at += 1)
      if (this.#paths[at] === path) return at;
    return undefined;
  }

  placeOfRow(paths: PackedPaths, from: number, to: number): number | undefined {
    const place = this.#next;
    const own = this.#packed;
    if (own === undefined || place + to - from > own.ends.length) return undefined;
    const [start, end] = [startOf(paths, from), startOf(paths, to)];
    const there = startOf(own, place);
    if (there + end - start > own.text.length) return undefined;
    if (paths.text.compare(own.text, there, there + end - start, start, end) !== 0)
      return undefined;
    this.#next = place + to - from;
    return place;
  }
}

const NEAR = 4;
