/**
 * What the nodes of a graph came to the last time, and which of that still holds: a node that is
 * written as it was, with the same sources and tools, and whose inputs have all come to what they
 * were, has the key it had. So a node need not be made to know that it is fresh.
 *
 * Learns how nodes end, each after those it depends on. Knows nothing of where all this
 * is kept. Invariant: a row is of a node that is written as it was.
 */
import type {ActionKey, TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {MAY_RUN, type BuildGraph} from '../graph/model.ts';
import type {Witness} from '../base/witness.ts';

export interface Row {
  readonly key: ActionKey;
  /** Undefined for a test. */
  readonly tree: TreeDigest | undefined;
  /** How long it took, milliseconds. */
  readonly milliseconds: number;
}

/** Each answer is undefined where something has changed. */
export interface Remembered {
  /** A build or test, if all that is written about it is as it was. */
  rowOf(label: Label): Row | undefined;
  /** The same without saying what it came to. */
  hasRow(label: Label): boolean;
  /** A source, as prints are written: `file <digest>`, `tree <digest>`. */
  contentOf(fetch: Label): string | undefined;
  /** Whether a source is as it was, without saying what it came to. */
  hasContent(fetch: Label): boolean;
  /** Whether such a source is a local file or folder. */
  isLocal(fetch: Label): boolean;
  /** The folders of the store, when it had all of that. */
  readonly folders: Witness;
  /** Whether nothing was tried since, here or elsewhere. */
  readonly isLatest: boolean;
}

/** How a node ended this time, beside what is remembered. */
interface End {
  /** Its action is the one it was. */
  readonly action: boolean;
  /** And its tree too. */
  readonly same: boolean;
  /** Whoever has it below himself sees what he saw: its tree and those it needs to run. */
  readonly view: boolean;
}

const OTHER: End = {action: false, same: false, view: false};

export class Recollection {
  readonly #graph: BuildGraph;
  readonly #remembered: Remembered;
  readonly #ends = new Map<Label, End>();
  readonly #others = new Set<Label>();
  /** Answers given, which hold until a source is chosen. */
  readonly #settled = new Map<Label, boolean>();

  constructor(graph: BuildGraph, remembered: Remembered) {
    this.#graph = graph;
    this.#remembered = remembered;
  }

  /** What a build or test came to, if all that is written about it is as it was. */
  rowOf(label: Label): Row | undefined {
    return this.#remembered.rowOf(label);
  }

  /** What a source came to, if it is as it was. */
  contentOf(fetch: Label): string | undefined {
    return this.#others.has(fetch) ? undefined : this.#remembered.contentOf(fetch);
  }

  /** A source has come to something else. */
  chosen(fetch: Label): void {
    this.#others.add(fetch);
    this.#settled.clear();
  }

  /** Whether a build or test is as it was but for what lies below it. */
  isSettled(label: Label): boolean {
    if (!this.#remembered.hasRow(label)) return false;
    const known = this.#settled.get(label);
    if (known !== undefined) return known;
    const found = this.#graph.everyEdge(
      label,
      (to, kind) => kind !== 'source' || this.#isSource(to),
    );
    this.#settled.set(label, found);
    return found;
  }

  ended(label: Label, key: ActionKey, tree: TreeDigest | undefined): void {
    const row = this.rowOf(label);
    if (row === undefined) return void this.#ends.set(label, OTHER);
    const below = (): boolean =>
      this.#graph.everyEdge(
        label,
        (to, kind) => !MAY_RUN.has(kind) || this.#ends.get(to)?.view === true,
      );
    const action = row.key === key;
    const sameTree = row.tree === tree;
    this.#ends.set(label, {action, same: action && sameTree, view: sameTree && below()});
  }

  /** Whether a source, or a node that has ended, came to what is remembered. */
  isSame(label: Label): boolean {
    return this.#ends.get(label)?.same ?? this.#isSource(label);
  }

  forget(): void {
    this.#ends.clear();
  }

  /** What a node comes to where all it is made from is as it was; else undefined. */
  recall(label: Label): Row | undefined {
    if (!this.isSettled(label)) return undefined;
    const same = this.#graph.everyEdge(label, (to, kind) => {
      if (kind === 'run' || kind === 'source') return true;
      const end = this.#ends.get(to);
      return (kind === 'subject' ? end?.action : end?.view) === true;
    });
    return same ? this.rowOf(label) : undefined;
  }

  #isSource(fetch: Label): boolean {
    return !this.#others.has(fetch) && this.#remembered.hasContent(fetch);
  }
}
