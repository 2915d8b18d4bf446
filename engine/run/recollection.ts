/**
 * What the nodes of a graph came to the last time, and which of that still holds: a node that is
 * written as it was, with the same sources and tools, and whose inputs have all come to what they
 * were, has the key it had. So a node need not be made to know that it is fresh.
 *
 * Learns how nodes end, each after those it depends on. Knows nothing of where all this
 * is kept. Invariant: a row is of a node that is written as it was.
 */
import type {ActionKey, TreeDigest} from '../base/hash.ts';
import {buildLabel, testLabel, type Label} from '../base/label.ts';
import {everyEdge, LAYERS, RUNS, SOURCES, SUBJECTS} from '../graph/edge-table.ts';
import type {BuildGraph, EdgeTable} from '../graph/model.ts';
import type {Witness} from '../base/witness.ts';

export interface Row {
  readonly key: ActionKey;
  /** Undefined for a test. */
  readonly tree: TreeDigest | undefined;
  /** How long it took, milliseconds. */
  readonly milliseconds: number;
}

/** Folders of the store, by the first byte of what is in them. */
type Folders = Readonly<Record<'records' | 'trees', Uint8Array>>;

/** By places in the order of the graph. Each answer is undefined where something has changed. */
export interface Remembered {
  /** A build or test, if all that is written about it is as it was. */
  rowOf(at: number): Row | undefined;
  /** 1 for each that has one. */
  readonly rows: Uint8Array;
  /** Whether record and tree of such a row lie in these folders: 1 for each first byte. */
  liesIn(at: number, records: Uint8Array, trees: Uint8Array): boolean;
  /** How long such a row took, milliseconds. */
  timeOf(at: number): number | undefined;
  /** A source, as prints are written: `file <digest>`, `tree <digest>`. */
  contentOf(at: number): string | undefined;
  /** 1 for each source that is as it was. */
  readonly contents: Uint8Array;
  /** 1 for each of them that is a local file or folder. */
  readonly locals: Uint8Array;
  /** The folders of the store, when it had all of that. */
  readonly folders: Witness;
  /** Whether nothing was tried since, here or elsewhere. */
  readonly isLatest: boolean;
}

/** How a node ended this time, beside what is remembered, as bits. */
const ENDED = 1;
/** Its action is the one it was. */
const ACTION = 2;
/** And its tree too. */
const SAME = 4;
/** Whoever has it below himself sees what he saw: its tree and those it needs to run. */
const VIEW = 8;

/** Whoever depends on it, in whatever way, sees what he saw. */
const LIKE = ACTION | VIEW;

/** What is supposed to have ended as it had. */
interface Supposed {
  readonly at: number;
  /** Where its test is. */
  readonly test: number;
  /** How nodes had ended then. */
  readonly ends: Uint8Array;
}

/** Answers given, which hold until a source is chosen. */
const [UNKNOWN, NO, YES] = [0, 1, 2];

export class Recollection {
  readonly #graph: BuildGraph;
  readonly #remembered: Remembered;
  readonly #edges: EdgeTable;
  #ends: Uint8Array;
  /** Sources that have come to something else. */
  #others: Uint8Array;
  #settled: Uint8Array;
  /** Sources that are as they were: 1 for each. */
  #sources: Uint8Array;
  #supposed: Supposed | undefined;

  constructor(graph: BuildGraph, remembered: Remembered) {
    this.#graph = graph;
    this.#remembered = remembered;
    this.#ends = new Uint8Array(graph.order.length);
    this.#others = new Uint8Array(graph.order.length);
    this.#settled = new Uint8Array(graph.order.length);
    this.#sources = remembered.contents.slice();
    this.#edges = graph.edges();
  }

  /** The folders of the store, when it had all of that. */
  get folders(): Witness {
    return this.#remembered.folders;
  }

  /** Whether nothing was tried since. */
  get isLatest(): boolean {
    return this.#remembered.isLatest;
  }

  /** What a build or test came to, if all that is written about it is as it was. */
  rowOf(label: Label): Row | undefined {
    return this.rowAt(this.#placeOf(label));
  }

  rowAt(at: number): Row | undefined {
    return this.#remembered.rowOf(at);
  }

  timeAt(at: number): number | undefined {
    return this.#remembered.timeOf(at);
  }

  /** Whether what a node came to lies in folders of the store that are as they were. */
  liesIn(at: number, {records, trees}: Folders): boolean {
    return this.#remembered.liesIn(at, records, trees);
  }

  /** What a source came to, if it is as it was. */
  contentOf(fetch: Label): string | undefined {
    const at = this.#placeOf(fetch);
    return this.#others[at] === 1 ? undefined : this.#remembered.contentOf(at);
  }

  /** Whether such a source is a local file or folder. */
  isLocalAt(at: number): boolean {
    return this.#remembered.locals[at] === 1;
  }

  /** Whether all sources of a build are such. */
  hasLocalSourcesAt(at: number): boolean {
    return everyEdge(this.#edges, at, SOURCES, this.#remembered.locals, 1);
  }

  /** A source has come to something else. */
  chosen(fetch: Label): void {
    const at = this.#placeOf(fetch);
    this.#others[at] = 1;
    this.#sources[at] = 0;
    this.#settled.fill(UNKNOWN);
  }

  /** Whether the build or test at a place is as it was but for what lies below it. */
  isSettledAt(at: number): boolean {
    if (this.#remembered.rows[at] !== 1) return false;
    const known = this.#settled[at];
    if (known !== UNKNOWN) return known === YES;
    const found = everyEdge(this.#edges, at, SOURCES, this.#sources, 1);
    this.#settled[at] = found ? YES : NO;
    return found;
  }

  ended(label: Label, key: ActionKey, tree: TreeDigest | undefined): void {
    const at = this.#placeOf(label);
    const row = this.#remembered.rowOf(at);
    const action = row?.key === key ? ACTION : 0;
    const isSameTree = row !== undefined && row.tree === tree;
    const same = action !== 0 && isSameTree ? SAME : 0;
    this.#ends[at] = ENDED | action | same | (isSameTree ? this.#viewBelow(at) : 0);
  }

  /**
   * Another one, in which a node has ended with this key and the tree it had; undefined where nothing is
   * remembered of it.
   */
  suppose(label: Label, key: ActionKey): Recollection | undefined {
    const row = this.rowOf(label);
    if (row === undefined) return undefined;
    const other = new Recollection(this.#graph, this.#remembered);
    other.#adopt(this);
    other.ended(label, key, row.tree);
    const [at, test] = [this.#placeOf(label), this.#placeOf(testLabel(buildLabel(label)))];
    other.#supposed = {at, test, ends: other.#ends.slice()};
    return other;
  }

  /** Takes over what came to light in one that supposed what is so now; false where something else is so. */
  takeOver(other: Recollection): boolean {
    const isSo = other.#supposed !== undefined && isEqual(other.#supposed.ends, this.#ends);
    if (!isSo || !isEqual(other.#sources, this.#sources)) return false;
    this.#adopt(other);
    return true;
  }

  /**
   * Of one in which something is supposed: whether all of these come to what they came to. Each of them depends on
   * nothing but the node supposed, others of these, and what is `fresh`, so that none of them need be followed down.
   * False where one may not; who wants to know of each asks one by one.
   */
  areAllSame(places: readonly number[], fresh: readonly number[]): boolean {
    const [ends, settled] = [this.#ends, this.#settled];
    const supposed = this.#supposed;
    // Its test asks for its action, which is another.
    if (supposed === undefined || places.includes(supposed.test)) return false;
    if (!this.#is(supposed.at, VIEW)) return false;
    for (const at of fresh) if (((ends[at] ?? 0) & LIKE) !== LIKE) return false;
    for (const at of places) if (settled[at] !== YES) return false;
    return true;
  }

  /** They have. */
  recalledAll(places: readonly number[]): void {
    for (const at of places) this.#ends[at] = ENDED | SAME | LIKE;
  }

  /** Sources, and nodes that have ended, that came to what is remembered: 1 for each. */
  same(): Uint8Array {
    const [ends, sources] = [this.#ends, this.#sources];
    const found = new Uint8Array(ends.length);
    for (let at = 0; at < ends.length; at += 1) {
      const end = ends[at] ?? 0;
      if (end === 0 ? sources[at] === 1 : (end & SAME) !== 0) found[at] = 1;
    }
    return found;
  }

  /** What a node has ended with, where that is what is remembered. */
  endOf(label: Label): Row | undefined {
    const at = this.#placeOf(label);
    return this.#is(at, SAME) ? this.#remembered.rowOf(at) : undefined;
  }

  forget(): void {
    this.#ends.fill(0);
  }

  /** Whether a node comes to what it came to: all it is made from is as it was. */
  isRecalledAt(at: number): boolean {
    if (!this.isSettledAt(at)) return false;
    return (
      everyEdge(this.#edges, at, LAYERS, this.#ends, VIEW) &&
      everyEdge(this.#edges, at, SUBJECTS, this.#ends, ACTION)
    );
  }

  /** A node has come to what was recalled. */
  recalledAt(at: number): void {
    this.#ends[at] = ENDED | ACTION | SAME | this.#viewBelow(at);
  }

  #placeOf(label: Label): number {
    return this.#graph.numberOf(label) ?? -1;
  }

  #is(at: number, bit: number): boolean {
    return ((this.#ends[at] ?? 0) & bit) !== 0;
  }

  #viewBelow(at: number): number {
    return everyEdge(this.#edges, at, RUNS, this.#ends, VIEW) ? VIEW : 0;
  }

  #adopt(other: Recollection): void {
    this.#ends = other.#ends.slice();
    this.#others = other.#others.slice();
    this.#settled = other.#settled.slice();
    this.#sources = other.#sources.slice();
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
