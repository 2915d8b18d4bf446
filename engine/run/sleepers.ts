/**
 * A plan in which one node runs for sure, and all others that may were recalled: one file was
 * edited. Those others sleep: they are not scheduled before all below them is decided and some of
 * it has come to something else than before. Of thousands few are woken. Knows nothing of keys.
 */
import type {Label} from '../base/label.ts';
import {ALL_KINDS, firstTarget, NOWHERE, RUNS, someEdge} from '../graph/edge-table.ts';
import type {BuildGraph, EdgeTable} from '../graph/model.ts';
import {lookedAt, type Plan, type Verdict, visit} from './plan-nodes.ts';
import {RecalledNode} from './recalled-node.ts';

/** Places of sleepers, each after what it depends on. */
export interface Decided {
  /** All they are made from has come to what it was. */
  readonly same: readonly number[];
  /** Something has not: these are to be scheduled. */
  readonly woken: readonly number[];
}

/** What is known of the node at a place of the graph's order. */
const [DECIDED, OPEN, THROUGH, ASLEEP] = [0, 1, 2, 4];
/** It waits for what is open below it. */
const UNDECIDED = OPEN | THROUGH;

/** Invariant: what is open below a sleeper is asleep itself, or scheduled and not at its end. */
export class Sleepers {
  readonly #graph: BuildGraph;
  readonly #edges: EdgeTable;
  readonly #states: Uint8Array;
  /** For each place something that was found open below it. */
  readonly #blockers: Int32Array;
  /** Places of sleepers, and of what is fresh but needs some of them to run. */
  #waiting: readonly number[];

  /** Each node of the plan comes after what it depends on. */
  constructor(graph: BuildGraph, plan: Plan) {
    this.#graph = graph;
    this.#edges = graph.edges();
    this.#states = new Uint8Array(graph.order.length);
    this.#blockers = new Int32Array(graph.order.length).fill(NOWHERE);
    const waiting: number[] = [];
    visit(graph, plan, (at, verdict, isRecalled) => {
      const state = this.#firstState(at, verdict);
      this.#states[at] = state === OPEN && isRecalled ? OPEN | ASLEEP : state;
      if (state === THROUGH || (state === OPEN && isRecalled)) waiting.push(at);
    });
    this.#waiting = waiting;
  }

  /** All that sleeps, as long as nothing was decided; undefined where something fresh needs some of it to run. */
  get all(): readonly number[] | undefined {
    return this.#waiting.every((at) => this.#isSleeper(at)) ? this.#waiting : undefined;
  }

  isAsleep(label: Label): boolean {
    return this.#isSleeper(this.#graph.numberOf(label) ?? -1);
  }

  /**
   * A scheduled node has ended well. `comesToTheSame` is asked of the sleepers, by place, below
   * which nothing is open any more.
   */
  ended(label: Label, comesToTheSame: (at: number) => boolean): Decided {
    const decided = {same: [] as number[], woken: [] as number[]};
    const ended = this.#graph.numberOf(label) ?? -1;
    if (this.#states[ended] !== OPEN) return decided;
    this.#states[ended] = DECIDED;
    this.#waiting = this.#waiting.filter((at) => {
      if (this.#isBlocked(at)) return true;
      const isSleeper = this.#isSleeper(at);
      const isSame = !isSleeper || comesToTheSame(at);
      this.#states[at] = isSame ? DECIDED : OPEN;
      if (isSleeper) (isSame ? decided.same : decided.woken).push(at);
      return false;
    });
    return decided;
  }

  #isSleeper(at: number): boolean {
    return ((this.#states[at] ?? 0) & ASLEEP) !== 0;
  }

  #firstState(at: number, verdict: Verdict): number {
    if (this.#graph.kindAt(at) === 'fetch') return DECIDED;
    if (verdict !== 'fresh') return OPEN;
    const isSomeOpen = someEdge(this.#edges, at, RUNS, this.#states, UNDECIDED);
    return isSomeOpen ? THROUGH : DECIDED;
  }

  /** Whether something below is open; as long as that which was is, nothing else is looked at. */
  #isBlocked(at: number): boolean {
    const states = this.#states;
    const known = this.#blockers[at] ?? NOWHERE;
    if (known !== NOWHERE && ((states[known] ?? 0) & UNDECIDED) !== 0) return true;
    const kinds = ((states[at] ?? 0) & OPEN) !== 0 ? ALL_KINDS : RUNS;
    const blocker = firstTarget(this.#edges, at, kinds, states, UNDECIDED);
    this.#blockers[at] = blocker;
    return blocker !== NOWHERE;
  }
}

/** The plan of the one node and its downloads; undefined where more is sure to run, or nothing. */
export function lonePlan(plan: Plan): Plan | undefined {
  const own = lookedAt(plan).filter(
    (one) => one.verdict !== 'fresh' && !(one instanceof RecalledNode),
  );
  if (own.filter((one) => one.kind !== 'fetch').length !== 1) return undefined;
  return {nodes: new Map(own.map((one) => [one.label, one]))};
}
