/**
 * Serves requests together: what comes while a batch is under way makes the next one. Who is
 * patient may be kept waiting for a moment, so that others can join. Knows nothing of the work.
 */
import {assert} from './result.ts';

interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface BatchLimits {
  /** So many together at most, and so many are not kept waiting. */
  readonly most: number;
  /** Milliseconds the patient wait at most. */
  readonly patience: number;
}

export class Batcher<Item, Result> {
  readonly #serve: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #limits: BatchLimits;
  #waiting: Waiting<Item, Result>[] = [];
  #isBusy = false;
  #isHurried = false;
  #timer: NodeJS.Timeout | undefined;

  /** `serve` gives a result for each item, in order. */
  constructor(
    serve: (items: readonly Item[]) => Promise<readonly Result[]>,
    limits: BatchLimits = {most: 64, patience: 0},
  ) {
    this.#serve = serve;
    this.#limits = limits;
  }

  /** Where a batch fails each of its items is served alone, so that only the bad ones fail. */
  add(item: Item, isPatient = false): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({item, resolve, reject});
      if (!isPatient) this.#isHurried = true;
      this.#schedule();
    });
  }

  /** Nobody is kept waiting any more. */
  hurry(): void {
    if (this.#waiting.length === 0) return;
    this.#isHurried = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    const {most, patience} = this.#limits;
    if (this.#isHurried || this.#waiting.length >= most) return this.#begin();
    this.#timer ??= setTimeout(() => {
      this.#begin();
    }, patience);
  }

  #begin(): void {
    if (this.#isBusy) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isBusy = true;
    // Those that come in the same moment belong together.
    setImmediate(() => {
      this.#isHurried = false;
      const batch = this.#waiting.splice(0, this.#limits.most);
      void this.#run(batch).finally(() => {
        this.#isBusy = false;
        if (this.#waiting.length > 0) this.#isHurried = true;
        this.#schedule();
      });
    });
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#serve(batch.map((one) => one.item));
      assert(results.length === batch.length, 'a batch gives a result for each item');
      results.forEach((result, at) => batch[at]?.resolve(result));
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1) only?.reject(error);
      else for (const one of batch) await this.#run([one]);
    }
  }
}
