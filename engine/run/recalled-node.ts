/**
 * Nodes of a plan that need not be made to be planned: what is known of them without that, and
 * which of them lie above something that is still open. Knows nothing of the store.
 */
import type {NodeKind} from '../base/event.ts';
import type {ActionKey, RecipeKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import type {BuildGraph, EdgeKind} from '../graph/model.ts';

/** What only people ask for: costs time when it is asked for. */
interface Answers {
  recipeKey(): RecipeKey;
  reason(): string | null;
}

export class RecalledNode {
  readonly label: Label;
  readonly kind: NodeKind;
  readonly key: ActionKey | null;
  readonly #answers: Answers;

  /** Without a key it may run, else it is fresh. */
  constructor(label: Label, kind: NodeKind, key: ActionKey | null, answers: Answers) {
    this.label = label;
    this.kind = kind;
    this.key = key;
    this.#answers = answers;
  }

  get verdict(): 'maybe' | 'fresh' {
    return this.key === null ? 'maybe' : 'fresh';
  }

  get recipeKey(): RecipeKey {
    return this.#answers.recipeKey();
  }

  get reason(): string | null {
    return this.key === null ? this.#answers.reason() : null;
  }
}

/** What is not fresh, and what needs such to run: who has it below cannot be decided yet. */
export class OpenNodes {
  readonly #graph: BuildGraph;
  readonly #pending = new Set<Label>();
  /** Pending, or something they need to run is. */
  readonly #open = new Set<Label>();

  constructor(graph: BuildGraph) {
    this.#graph = graph;
  }

  /** Each node after all it depends on. */
  note(label: Label, isPending: boolean): void {
    if (isPending) this.#pending.add(label);
    const runs = (to: Label, kind: EdgeKind): boolean =>
      (kind === 'run' || kind === 'both') && this.#open.has(to);
    if (isPending || this.#some(label, runs)) this.#open.add(label);
  }

  isBelow(label: Label): boolean {
    return this.#some(label, (to, kind) => {
      if (kind === 'run' || kind === 'source') return false;
      return (kind === 'subject' ? this.#pending : this.#open).has(to);
    });
  }

  #some(label: Label, holds: (to: Label, kind: EdgeKind) => boolean): boolean {
    if (this.#open.size === 0) return false;
    return !this.#graph.everyEdge(label, (to, kind) => !holds(to, kind));
  }
}
