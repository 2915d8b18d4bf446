/**
 * A queue in which the most urgent comes first, and of equally urgent ones the first that came: a
 * binary heap (Williams 1964). Adding and taking cost the logarithm of its length.
 */

interface Item<T> {
  readonly value: T;
  readonly priority: number;
  readonly number: number;
}

export class PriorityQueue<T> {
  readonly #items: Item<T>[] = [];
  #added = 0;

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0]?.value;
  }

  /** Larger priorities go first. */
  add(value: T, priority: number): void {
    this.#items.push({value, priority, number: (this.#added += 1)});
    this.#rise(this.#items.length - 1);
  }

  take(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && last !== first) {
      this.#items[0] = last;
      this.#sink(0);
    }
    return first?.value;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let best = at;
      if (this.#isBefore(left, best)) best = left;
      if (this.#isBefore(right, best)) best = right;
      if (best === at) return;
      this.#swap(at, best);
      at = best;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#items[a], this.#items[b]];
    if (one === undefined || other === undefined) return false;
    if (one.priority !== other.priority) return one.priority > other.priority;
    return one.number < other.number;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#items[a], this.#items[b]];
    if (one === undefined || other === undefined) return;
    this.#items[a] = other;
    this.#items[b] = one;
  }
}
