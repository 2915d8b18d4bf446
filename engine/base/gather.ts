/**
 * Gathers names that come in bursts, and hands them on when it has been quiet for a moment: an
 * editor's save is several events, a checkout is hundreds.
 * Knows nothing of files.
 */

/** Milliseconds without a name after which a burst is over: of one file, and of many. */
const QUIET = 20;
const QUIET_OF_MANY = 60;
const MANY = 5;

/** A burst that never ends is handed on in parts. */
const LONGEST = 500;

export class Gatherer {
  readonly #handOn: (names: ReadonlySet<string>) => void;
  #names = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #began = 0;
  #last = 0;

  constructor(handOn: (names: ReadonlySet<string>) => void) {
    this.#handOn = handOn;
  }

  /** `at`: milliseconds of a clock that does not go back. */
  add(name: string, at: number): void {
    if (this.#names.size === 0) this.#began = at;
    this.#names.add(name);
    this.#last = at;
    if (this.#timer === undefined) this.#wait(QUIET);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#names.clear();
  }

  #wait(milliseconds: number): void {
    const seen = this.#last;
    this.#timer = setTimeout(() => {
      // What the kernel has told while we were busy is taken in first.
      setImmediate(() => {
        if (this.#timer !== undefined) this.#look(seen, milliseconds);
      });
    }, milliseconds);
  }

  #look(seen: number, waited: number): void {
    const quiet = this.#names.size >= MANY ? QUIET_OF_MANY : QUIET;
    const isLong = this.#last - this.#began >= LONGEST;
    const wasQuiet = this.#last === seen && waited >= quiet;
    if (!isLong && !wasQuiet) return this.#wait(quiet);
    const names = this.#names;
    this.#names = new Set();
    this.#timer = undefined;
    this.#handOn(names);
  }
}
