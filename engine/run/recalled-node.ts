/**
 * Nodes of a plan that need not be made to be planned: what is known of them without that, and
 * which of them lie above something that is still open. Knows nothing of the store.
 */
import type {NodeKind} from '../base/event.ts';
import type {ActionKey, RecipeKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {LAYERS, RUNS, someEdge, SUBJECTS} from '../graph/edge-table.ts';
import type {BuildGraph, EdgeTable} from '../graph/model.ts';

/** What only people ask for: costs time when it is asked for. */
export interface Answers {
  key(label: Label): ActionKey | null;
  recipeKey(label: Label): RecipeKey;
  reason(label: Label): string | null;
}

export class RecalledNode {
  readonly label: Label;
  /** Its place in the order of the graph. */
  readonly at: number;
  readonly kind: NodeKind;
  readonly verdict: 'maybe' | 'fresh';
  /** Whether all its sources are local files and folders. */
  readonly isLocal: boolean;
  readonly #answers: Answers;

  constructor(
    {label, at}: {readonly label: Label; readonly at: number},
    kind: NodeKind,
    verdict: 'maybe' | 'fresh',
    isLocal: boolean,
    answers: Answers,
  ) {
    this.label = label;
    this.at = at;
    this.kind = kind;
    this.verdict = verdict;
    this.isLocal = isLocal;
    this.#answers = answers;
  }

  get key(): ActionKey | null {
    return this.verdict === 'fresh' ? this.#answers.key(this.label) : null;
  }

  get recipeKey(): RecipeKey {
    return this.#answers.recipeKey(this.label);
  }

  get reason(): string | null {
    return this.verdict === 'maybe' ? this.#answers.reason(this.label) : null;
  }
}

const PENDING = 1;
/** Pending, or something it needs to run is. */
const OPEN = 2;

/**
 * What is not fresh, and what needs such to run: who has it below cannot be decided yet. Nodes go
 * by their place in the order of the graph.
 */
export class OpenNodes {
  readonly #edges: EdgeTable;
  readonly #bits: Uint8Array;
  #isAny = false;

  constructor(graph: BuildGraph) {
    this.#edges = graph.edges();
    this.#bits = new Uint8Array(graph.order.length);
  }

  /** Each node after all it depends on. */
  note(at: number, isPending: boolean): void {
    if (!isPending && !this.#leadsTo(at, RUNS, OPEN)) return;
    this.#bits[at] = isPending ? PENDING | OPEN : OPEN;
    this.#isAny = true;
  }

  isBelow(at: number): boolean {
    return this.#leadsTo(at, LAYERS, OPEN) || this.#leadsTo(at, SUBJECTS, PENDING);
  }

  #leadsTo(at: number, kinds: number, bits: number): boolean {
    return this.#isAny && someEdge(this.#edges, at, kinds, this.#bits, bits);
  }
}
