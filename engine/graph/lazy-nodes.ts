/**
 * The nodes of a graph as a map that makes each node when it is first asked for. Whoever walks
 * over all of them pays for all of them.
 */
import type {Label} from '../base/label.ts';
import type {Node} from './model.ts';

export class LazyNodes implements ReadonlyMap<Label, Node> {
  readonly #numberOf: ReadonlyMap<Label, number>;
  readonly #make: (number: number) => Node;
  readonly #made = new Map<Label, Node>();

  /** `make` is called once for each number at most. */
  constructor(numberOf: ReadonlyMap<Label, number>, make: (number: number) => Node) {
    this.#numberOf = numberOf;
    this.#make = make;
  }

  get size(): number {
    return this.#numberOf.size;
  }

  has(label: Label): boolean {
    return this.#numberOf.has(label);
  }

  get(label: Label): Node | undefined {
    const made = this.#made.get(label);
    if (made !== undefined) return made;
    const number = this.#numberOf.get(label);
    if (number === undefined) return undefined;
    const node = this.#make(number);
    this.#made.set(label, node);
    return node;
  }

  keys(): MapIterator<Label> {
    return this.#numberOf.keys();
  }

  values(): MapIterator<Node> {
    return this.#all().values();
  }

  entries(): MapIterator<[Label, Node]> {
    return this.#all().entries();
  }

  [Symbol.iterator](): MapIterator<[Label, Node]> {
    return this.entries();
  }

  forEach(call: (node: Node, label: Label, map: ReadonlyMap<Label, Node>) => void): void {
    for (const [label, node] of this.#all()) call(node, label, this);
  }

  #all(): Map<Label, Node> {
    const nodes = new Map<Label, Node>();
    for (const label of this.#numberOf.keys()) {
      const node = this.get(label);
      if (node !== undefined) nodes.set(label, node);
    }
    return nodes;
  }
}
