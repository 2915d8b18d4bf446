/**
 * Removes folders that nobody waits for, while other work goes on: all that have come together
 * with one rm(1). What is left when the worker ends is swept by the engine.
 */

export class Trash {
  readonly #remove: (paths: readonly string[]) => Promise<void>;
  #waiting: string[] = [];
  #busy = false;

  constructor(remove: (paths: readonly string[]) => Promise<void>) {
    this.#remove = remove;
  }

  add(path: string): void {
    this.#waiting.push(path);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const paths = this.#waiting;
      this.#waiting = [];
      await this.#remove(paths);
    }
    this.#busy = false;
  }
}
