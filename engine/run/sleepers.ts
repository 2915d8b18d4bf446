/**
 * A plan in which one node runs for sure, and all others that may were recalled: one file was
 * edited. Those others sleep: they are not scheduled before all below them is decided and some of
 * it has come to something else than before. Of thousands few are woken. Knows nothing of keys.
 */
import type {Label} from '../base/label.ts';
import {ALL_KINDS, RUNS, someEdge} from '../graph/edge-table.ts';
import type {BuildGraph, EdgeTable} from '../graph/model.ts';
import type {Plan, PlannedNode} from './plan.ts';
import {RecalledNode} from './recalled-node.ts';

/** Of sleepers, each after what it depends on. */
export interface Decided {
  /** All they are made from has come to what it was. */
  readonly same: readonly RecalledNode[];
  /** Something has not: these are to be scheduled. */
  readonly woken: readonly RecalledNode[];
}

/** What is known of the node at a place of the graph's order. */
const [DECIDED, OPEN, THROUGH] = [0, 1, 2];

/** Invariant: what is open below a sleeper is asleep itself, or scheduled and not at its end. */
export class Sleepers {
  readonly #graph: BuildGraph;
  readonly #edges: EdgeTable;
  readonly #states: Uint8Array;
  /** By place. */
  readonly #sleeping: (RecalledNode | undefined)[];
  /** Places of sleepers, and of what is fresh but needs some of them to run. */
  #waiting: readonly number[];

  /** Each node of the plan comes after what it depends on. */
  constructor(graph: BuildGraph, {nodes}: Plan) {
    this.#graph = graph;
    this.#edges = graph.edges();
    this.#states = new Uint8Array(graph.order.length);
    this.#sleeping = Array.from({length: graph.order.length});
    const waiting: number[] = [];
    for (const one of nodes.values()) {
      const at = one instanceof RecalledNode ? one.at : (graph.numberOf(one.label) ?? -1);
      const state = this.#firstState(at, one);
      this.#states[at] = state;
      if (one instanceof RecalledNode && state === OPEN) this.#sleeping[at] = one;
      if (this.#sleeping[at] !== undefined || state === THROUGH) waiting.push(at);
    }
    this.#waiting = waiting;
  }

  isAsleep(label: Label): boolean {
    return this.#sleeping[this.#graph.numberOf(label) ?? -1] !== undefined;
  }

  /**
   * A scheduled node has ended well. `comesToTheSame` is asked of the sleepers, by place, below
   * which nothing is open any more.
   */
  ended(label: Label, comesToTheSame: (at: number) => boolean): Decided {
    const decided = {same: [] as RecalledNode[], woken: [] as RecalledNode[]};
    const ended = this.#graph.numberOf(label) ?? -1;
    if (this.#states[ended] !== OPEN) return decided;
    this.#states[ended] = DECIDED;
    this.#waiting = this.#waiting.filter((at) => {
      if (this.#isOpenBelow(at)) return true;
      const sleeper = this.#sleeping[at];
      const isSame = sleeper === undefined || comesToTheSame(at);
      if (isSame) this.#states[at] = DECIDED;
      if (sleeper === undefined) return false;
      this.#sleeping[at] = undefined;
      (isSame ? decided.same : decided.woken).push(sleeper);
      return false;
    });
    return decided;
  }

  #firstState(at: number, {verdict, kind}: PlannedNode): number {
    if (kind === 'fetch') return DECIDED;
    if (verdict !== 'fresh') return OPEN;
    return this.#isSomeOpen(at, RUNS) ? THROUGH : DECIDED;
  }

  #isOpenBelow(at: number): boolean {
    return this.#isSomeOpen(at, this.#states[at] === OPEN ? ALL_KINDS : RUNS);
  }

  #isSomeOpen(at: number, kinds: number): boolean {
    return someEdge(this.#edges, at, kinds, this.#states, OPEN | THROUGH);
  }
}

/** The plan of the one node and its downloads; undefined where more is sure to run, or nothing. */
export function lonePlan({nodes}: Plan): Plan | undefined {
  const own = [...nodes.values()].filter(
    (one) => one.verdict !== 'fresh' && !(one instanceof RecalledNode),
  );
  if (own.filter((one) => one.kind !== 'fetch').length !== 1) return undefined;
  return {nodes: new Map(own.map((one) => [one.label, one]))};
}
