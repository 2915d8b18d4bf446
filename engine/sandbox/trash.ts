/**
 * Removes folders that nobody waits for, while other work goes on: many with one rm(1). What is
 * large goes at once, what is small when much of it has come together. What is left when the
 * worker ends is swept by the engine.
 */

/** So many small folders are removed together, and so long they wait for others at most. */
const MANY = 64;
const MILLISECONDS = 2000;

export class Trash {
  readonly #remove: (paths: readonly string[]) => Promise<unknown>;
  #waiting: string[] = [];
  #busy = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(remove: (paths: readonly string[]) => Promise<unknown>) {
    this.#remove = remove;
  }

  add(path: string, isSmall: boolean): void {
    this.#waiting.push(path);
    this.#timer ??= setTimeout(() => void this.#work(), MILLISECONDS);
    if (!isSmall || this.#waiting.length >= MANY) void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#busy || this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#busy = true;
    const paths = this.#waiting;
    this.#waiting = [];
    await this.#remove(paths);
    this.#busy = false;
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#work(), MILLISECONDS);
  }
}
