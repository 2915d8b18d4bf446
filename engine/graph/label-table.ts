/**
 * A set of labels and a map from labels, by their places in the order of a graph: for thousands of
 * them made at once this is several times as fast as the containers of the language.
 * What is walked over comes in the order of the graph.
 */
import type {Label} from '../base/label.ts';
import type {BuildGraph} from './model.ts';

type Order = Pick<BuildGraph, 'order' | 'numberOf'>;

/** Labels of one graph; `isIn` says 1 for the place of each. */
export class LabelSet implements ReadonlySet<Label> {
  readonly #order: Order;
  readonly #isIn: Uint8Array;

  constructor(order: Order, isIn: Uint8Array) {
    this.#order = order;
    this.#isIn = isIn;
  }

  get size(): number {
    return this.#isIn.reduce((sum, one) => sum + one, 0);
  }

  has(label: Label): boolean {
    return this.hasAt(this.#order.numberOf(label) ?? -1);
  }

  /** The same by the place in the order. */
  hasAt(at: number): boolean {
    return this.#isIn[at] === 1;
  }

  /** The labels at whose places something holds. */
  where(holds: (at: number) => boolean): Label[] {
    return this.#order.order.filter((_label, at) => this.#isIn[at] === 1 && holds(at));
  }

  keys(): SetIterator<Label> {
    return this.#list().values();
  }

  values(): SetIterator<Label> {
    return this.#list().values();
  }

  entries(): SetIterator<[Label, Label]> {
    return new Set(this.#list()).entries();
  }

  [Symbol.iterator](): SetIterator<Label> {
    return this.values();
  }

  forEach(call: (label: Label, again: Label, set: ReadonlySet<Label>) => void): void {
    for (const label of this.#list()) call(label, label, this);
  }

  #list(): readonly Label[] {
    return this.where(() => true);
  }
}

/** What belongs to labels of one graph. */
export class LabelMap<T extends object> implements ReadonlyMap<Label, T> {
  readonly #order: Order;
  readonly #values: (T | undefined)[];
  /** Those that are there, in order; made when they are asked for. */
  #list: readonly T[] | undefined;
  #size = 0;

  constructor(order: Order) {
    this.#order = order;
    this.#values = Array.from({length: order.order.length});
  }

  setAt(at: number, value: T): void {
    if (this.#values[at] === undefined) this.#size += 1;
    this.#values[at] = value;
    this.#list = undefined;
  }

  get size(): number {
    return this.#size;
  }

  has(label: Label): boolean {
    return this.get(label) !== undefined;
  }

  get(label: Label): T | undefined {
    return this.#values[this.#order.numberOf(label) ?? -1];
  }

  keys(): MapIterator<Label> {
    return new Map(this.#entries()).keys();
  }

  values(): MapIterator<T> {
    return (this.#list ??= this.#values.filter((value) => value !== undefined)).values();
  }

  entries(): MapIterator<[Label, T]> {
    return this.#entries().values();
  }

  [Symbol.iterator](): MapIterator<[Label, T]> {
    return this.entries();
  }

  forEach(call: (value: T, label: Label, map: ReadonlyMap<Label, T>) => void): void {
    for (const [label, value] of this.#entries()) call(value, label, this);
  }

  #entries(): [Label, T][] {
    return this.#order.order.flatMap((label, at) => {
      const value = this.#values[at];
      return value === undefined ? [] : [[label, value] as [Label, T]];
    });
  }
}
