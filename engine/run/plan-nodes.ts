/**
 * The nodes of a plan, by their places in the order of the graph. Those that were recalled are bits
 * and become nodes when somebody asks for them: of thousands few are asked for.
 * What is walked over comes in the order of the graph. Decides nothing.
 */
import type {NodeKind} from '../base/event.ts';
import type {ActionKey, RecipeKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import type {BuildGraph} from '../graph/model.ts';
import {RecalledNode} from './recalled-node.ts';

export type Verdict = 'run' | 'maybe' | 'fresh';

export interface PlannedNode {
  readonly label: Label;
  readonly kind: NodeKind;
  readonly verdict: Verdict;
  readonly recipeKey: RecipeKey | null;
  /** Null while an input is not known. */
  readonly key: ActionKey | null;
  /** Why it runs, in a few words; null for a fresh one. */
  readonly reason: string | null;
}

export interface Plan {
  /** Each node after its dependencies; downloads only where something may need them. */
  readonly nodes: ReadonlyMap<Label, PlannedNode>;
}

/** Bits of a place; none: it is not in the plan. */
const [MADE, FRESH, MAYBE, LOCAL] = [1, 2, 4, 8];

type Recall = (at: number, verdict: 'maybe' | 'fresh', isLocal: boolean) => RecalledNode;

/** Told of each node: its place, what it will do, and whether it was recalled. */
export type Visit = (at: number, verdict: Verdict, isRecalled: boolean) => void;

export class PlanNodes implements ReadonlyMap<Label, PlannedNode> {
  readonly #graph: BuildGraph;
  readonly #recall: Recall;
  readonly #bits: Uint8Array;
  /** Those that were made, and those recalled that somebody has asked for. */
  readonly #nodes: (PlannedNode | undefined)[] = [];
  #size = 0;
  /** Asked for again and again. */
  #lookedAt: readonly PlannedNode[] | undefined;

  constructor(graph: BuildGraph, recall: Recall) {
    this.#graph = graph;
    this.#recall = recall;
    this.#bits = new Uint8Array(graph.order.length);
  }

  setAt(at: number, node: PlannedNode): void {
    this.#mark(at, MADE);
    this.#nodes[at] = node;
  }

  recallAt(at: number, verdict: 'maybe' | 'fresh', isLocal: boolean): void {
    this.#mark(at, (verdict === 'fresh' ? FRESH : MAYBE) | (isLocal ? LOCAL : 0));
    // Most of the time nothing was made of it: a look behind the end of a list is slow.
    if (at < this.#nodes.length) this.#nodes[at] = undefined;
  }

  #mark(at: number, bits: number): void {
    if (this.#bits[at] === 0) this.#size += 1;
    this.#bits[at] = bits;
    this.#lookedAt = undefined;
  }

  visit(call: Visit): void {
    this.every((at, verdict, isRecalled) => {
      call(at, verdict, isRecalled);
      return true;
    });
  }

  /** Whether something holds for each; those behind the first for which it does not are not looked at. */
  every(holds: (...node: Parameters<Visit>) => boolean): boolean {
    const bits = this.#bits;
    for (let at = 0; at < bits.length; at += 1) {
      const one = bits[at] ?? 0;
      if (one === 0) continue;
      const isRecalled = (one & MADE) === 0;
      const known = (one & FRESH) === 0 ? 'maybe' : 'fresh';
      const verdict = isRecalled ? known : (this.#nodes[at]?.verdict ?? 'run');
      if (!holds(at, verdict, isRecalled)) return false;
    }
    return true;
  }

  /** All but those that were recalled and have nothing but local sources. */
  get lookedAt(): readonly PlannedNode[] {
    return (this.#lookedAt ??= this.#where(isLookedAt));
  }

  get size(): number {
    return this.#size;
  }

  has(label: Label): boolean {
    return (this.#bits[this.#graph.numberOf(label) ?? -1] ?? 0) !== 0;
  }

  get(label: Label): PlannedNode | undefined {
    return this.#at(this.#graph.numberOf(label) ?? -1);
  }

  keys(): MapIterator<Label> {
    return new Map(this.#entries()).keys();
  }

  values(): MapIterator<PlannedNode> {
    return this.#where(() => true).values();
  }

  entries(): MapIterator<[Label, PlannedNode]> {
    return this.#entries().values();
  }

  [Symbol.iterator](): MapIterator<[Label, PlannedNode]> {
    return this.entries();
  }

  forEach(
    call: (node: PlannedNode, label: Label, map: ReadonlyMap<Label, PlannedNode>) => void,
  ): void {
    for (const [label, node] of this.#entries()) call(node, label, this);
  }

  #entries(): [Label, PlannedNode][] {
    return this.#where(() => true).map((node) => [node.label, node]);
  }

  #where(holds: (bits: number) => boolean): PlannedNode[] {
    const found: PlannedNode[] = [];
    const bits = this.#bits;
    for (let at = 0; at < bits.length; at += 1) {
      const one = bits[at] ?? 0;
      const node = one !== 0 && holds(one) ? this.#at(at) : undefined;
      if (node !== undefined) found.push(node);
    }
    return found;
  }

  #at(at: number): PlannedNode | undefined {
    const bits = this.#bits[at] ?? 0;
    if (bits === 0) return undefined;
    if ((bits & MADE) !== 0) return this.#nodes[at];
    const verdict = (bits & FRESH) === 0 ? 'maybe' : 'fresh';
    return (this.#nodes[at] ??= this.#recall(at, verdict, (bits & LOCAL) !== 0));
  }
}

function isLookedAt(bits: number): boolean {
  return (bits & (MADE | LOCAL)) !== LOCAL && bits !== FRESH;
}

/** Calls for each node of a plan, in order. */
export function visit(graph: BuildGraph, {nodes}: Plan, call: Visit): void {
  if (nodes instanceof PlanNodes) {
    nodes.visit(call);
    return;
  }
  for (const node of nodes.values()) {
    call(graph.numberOf(node.label) ?? -1, node.verdict, node instanceof RecalledNode);
  }
}

/**
 * The nodes of a plan of which more has to be known: not those that are fresh or may be since all that is
 * written of them is as it was, unless they have sources that may be missing.
 */
export function lookedAt({nodes}: Plan): readonly PlannedNode[] {
  if (nodes instanceof PlanNodes) return nodes.lookedAt;
  return [...nodes.values()].filter((one) => !(one instanceof RecalledNode) || isOpen(one));
}

function isOpen({verdict, isLocal}: RecalledNode): boolean {
  return verdict !== 'fresh' && !isLocal;
}

/** Whether something holds for each node of a plan. */
export function everyNode(
  graph: BuildGraph,
  plan: Plan,
  holds: (at: number, verdict: Verdict) => boolean,
): boolean {
  const {nodes} = plan;
  if (nodes instanceof PlanNodes) return nodes.every(holds);
  let isSo = true;
  visit(graph, plan, (at, verdict) => (isSo &&= holds(at, verdict)));
  return isSo;
}

/** Whether nothing of a plan runs, nor may. */
export function isAllFresh(graph: BuildGraph, plan: Plan): boolean {
  return everyNode(graph, plan, (_at, verdict) => verdict === 'fresh');
}
