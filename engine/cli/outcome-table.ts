/**
 * What each node of a graph came to, in columns: one place for each label in the order of the
 * graph, so that thousands are read without making a thing of any. Knows nothing of what still
 * holds.
 */
import {actionKey, treeDigest} from '../base/hash.ts';
import {packPieces, unpackNumbers, unpackSections} from '../base/sections.ts';
import type {Label} from '../base/label.ts';
import {PRINT} from '../base/text-file.ts';
import {decodeWitness, encodeWitness, type Witness} from '../base/witness.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {RootMark} from '../run/project-root.ts';
import type {Row} from '../run/recollection.ts';
import type {HostTools} from '../run/knowledge.ts';

const DIGEST = 32;
/** What a content begins with, by the number that stands for it; 0 is nothing, 3 a row. */
const CONTENTS = ['', 'file ', 'tree ', ''];
const ROW = 3;
/** So many prints are compared by one call. */
const AT_ONCE = 64;

/** The whole of what is kept. */
export interface Outcomes {
  readonly table: OutcomeTable;
  /** The paths of all local sources, in the order of the table. */
  readonly paths: Witness;
  /** What decides what tools, patches and choices are: none of it may change. */
  readonly ground: Witness;
  /** Folders of the store, when all of this was there. */
  readonly folders: Witness;
  readonly head: Head;
}

export interface Head {
  /** Host tools as they were found, and patches with their digests. */
  readonly tools: readonly (readonly [string, HostTools])[];
  readonly patches: readonly (readonly [string, string])[];
  /** A print of the globs that no artifact may own. */
  readonly generated: string;
  /** The root of the project, when it held all this; null where it holds more. */
  readonly root: RootMark | null;
  /** What stat(2) said of the log of actions, when this was the latest of all. */
  readonly log: string;
}

type Digests = 'keys' | 'trees' | 'contents';
type Column = Digests | 'prints' | 'kinds' | 'times' | 'owned';

const WIDTHS: Readonly<Record<Column, number>> = {
  ...{prints: PRINT, keys: DIGEST, trees: DIGEST, kinds: 1, contents: DIGEST},
  ...{times: 4, owned: 4},
};
const COLUMNS = Object.keys(WIDTHS) as Column[];

export class OutcomeTable {
  /** The labels, each with a newline between. */
  readonly labels: Buffer;
  readonly #columns: Readonly<Record<Column, Buffer>>;

  constructor(labels: Buffer, columns: Readonly<Record<Column, Buffer>>) {
    this.labels = labels;
    this.#columns = columns;
  }

  /** One without outcomes. */
  static empty({order, labels}: BuildGraph): OutcomeTable {
    const columns = COLUMNS.map((name) => [name, Buffer.alloc(order.length * WIDTHS[name])]);
    return new OutcomeTable(labels(), Object.fromEntries(columns) as Record<Column, Buffer>);
  }

  /** The same outcomes for the nodes of another graph; those it has not are left out. */
  arranged(graph: BuildGraph): OutcomeTable {
    const made = OutcomeTable.empty(graph);
    const labels = this.labels.toString('utf8').split('\n');
    labels.forEach((label, from) => {
      const to = graph.numberOf(label as Label);
      if (to === undefined) return;
      for (const name of COLUMNS) {
        this.#cell(name, from).copy(made.#columns[name], to * WIDTHS[name]);
      }
    });
    return made;
  }

  isOf({labels}: BuildGraph): boolean {
    return this.labels.equals(labels());
  }

  /** Of each node 1 where it is written as it was; `prints` of the graph. Few are not, so many are compared at once. */
  samePrints(prints: Buffer): Uint8Array {
    const count = prints.length / PRINT;
    const same = new Uint8Array(count);
    for (let from = 0; from < count; from += AT_ONCE) {
      const to = Math.min(count, from + AT_ONCE);
      if (this.#hasPrints(prints, from, to)) same.fill(1, from, to);
      else
        for (let at = from; at < to; at += 1)
          same[at] = Number(this.#hasPrints(prints, at, at + 1));
    }
    return same;
  }

  #hasPrints(prints: Buffer, first: number, end: number): boolean {
    const [from, to] = [first * PRINT, end * PRINT];
    return this.#columns.prints.compare(prints, from, to, from, to) === 0;
  }

  /** 1 for each of these that has a row. */
  rowsAmong(places: Uint8Array): Uint8Array {
    const {kinds} = this.#columns;
    const found = new Uint8Array(places.length);
    for (let at = 0; at < found.length; at += 1) if (kinds[at] === ROW) found[at] = places[at] ?? 0;
    return found;
  }

  /** 1 for each of these that has the content of a source. */
  contentsAmong(places: Uint8Array): Uint8Array {
    const {kinds} = this.#columns;
    const found = new Uint8Array(places.length);
    for (let at = 0; at < found.length; at += 1) {
      const kind = kinds[at] ?? 0;
      if (kind !== 0 && kind !== ROW) found[at] = places[at] ?? 0;
    }
    return found;
  }

  /** 1 for each of these that is a local source. */
  localAmong(places: Uint8Array): Uint8Array {
    const owned = this.ownedByAll();
    const found = new Uint8Array(places.length);
    for (let at = 0; at < found.length; at += 1) if (owned[at] !== 0) found[at] = places[at] ?? 0;
    return found;
  }

  hasRow(at: number): boolean {
    return this.#columns.kinds[at] === ROW;
  }

  rowOf(at: number): Row {
    const tree = this.#digestAt('trees', at);
    return {
      key: actionKey(this.#digestAt('keys', at)),
      tree: tree === NO_TREE ? undefined : treeDigest(tree),
      milliseconds: this.timeOf(at),
    };
  }

  timeOf(at: number): number {
    return this.#columns.times.readUInt32LE(at * 4);
  }

  /** Whether the digests of a row begin with bytes of these: 1 for each. */
  liesIn(at: number, records: Uint8Array, trees: Uint8Array): boolean {
    const {keys, trees: made} = this.#columns;
    return records[keys[at * DIGEST] ?? 0] === 1 && trees[made[at * DIGEST] ?? 0] === 1;
  }

  /** `file <digest>` or `tree <digest>` of a source. */
  contentOf(at: number): string | undefined {
    const kind = CONTENTS[this.#columns.kinds[at] ?? 0] ?? '';
    return kind === '' ? undefined : `${kind}${this.#digestAt('contents', at)}`;
  }

  /** The places of a digest in a column. */
  placesOf(name: Digests, digest: string): readonly number[] {
    const [column, bytes] = [this.#columns[name], Buffer.from(digest, 'hex')];
    const places: number[] = [];
    for (let from = column.indexOf(bytes); from !== -1; from = column.indexOf(bytes, from + 1)) {
      if (from % DIGEST === 0) places.push(from / DIGEST);
    }
    return places;
  }

  /** How many of the paths of local sources are of this one; 0: it is not local. */
  ownedBy(at: number): number {
    return this.#columns.owned.readUInt32LE(at * 4);
  }

  ownedByAll(): Uint32Array {
    return unpackNumbers(this.#columns.owned);
  }

  setRow(at: number, prints: Buffer, {key, tree, milliseconds: ms}: Row): void {
    this.#setPrint(prints, at);
    this.#set('keys', at, key);
    this.#set('trees', at, tree ?? NO_TREE);
    this.#columns.kinds[at] = ROW;
    this.#columns.times.writeUInt32LE(Math.min(2 ** 32 - 1, Math.round(ms)), at * 4);
  }

  setContent(at: number, prints: Buffer, content: string, owned: number): void {
    this.#setPrint(prints, at);
    this.setPastContent(at, content);
    this.#columns.owned.writeUInt32LE(owned, at * 4);
  }

  /** What a source came to, for one that is cleared: without a print nobody takes it for what it is. */
  setPastContent(at: number, content: string): void {
    this.#columns.kinds[at] = content.startsWith('file ') ? 1 : 2;
    this.#set('contents', at, content.slice('file '.length));
  }

  /** There is nothing to say of a node. */
  clear(at: number): void {
    for (const name of COLUMNS) this.#cell(name, at).fill(0);
  }

  sections(): Readonly<Record<string, Buffer>> {
    return {labels: this.labels, ...this.#columns};
  }

  #cell(name: Column, at: number): Buffer {
    return this.#columns[name].subarray(at * WIDTHS[name], (at + 1) * WIDTHS[name]);
  }

  #digestAt(name: Digests, at: number): string {
    return this.#columns[name].toString('hex', at * DIGEST, (at + 1) * DIGEST);
  }

  #setPrint(prints: Buffer, at: number): void {
    prints.copy(this.#columns.prints, at * PRINT, at * PRINT, (at + 1) * PRINT);
  }

  #set(name: Digests, at: number, hex: string): void {
    this.#columns[name].write(hex, at * WIDTHS[name], 'hex');
  }
}

/** Of a test. */
const NO_TREE = '0'.repeat(DIGEST * 2);

export function encodeOutcomes(outcomes: Outcomes): readonly Buffer[] {
  const {table, paths, ground, folders, head} = outcomes;
  return packPieces({
    ...table.sections(),
    paths: encodeWitness(paths),
    ground: encodeWitness(ground),
    folders: encodeWitness(folders),
    head: Buffer.from(JSON.stringify(head)),
  });
}

/** Undefined for bytes that are not as they were written. */
export function decodeOutcomes(bytes: Buffer): Outcomes | undefined {
  const sections = unpackSections(bytes);
  const {labels, paths, ground, folders, head} = sections ?? {};
  if (labels === undefined || paths === undefined || head === undefined) return undefined;
  if (ground === undefined || folders === undefined || sections === undefined) return undefined;
  return {
    table: new OutcomeTable(labels, sections),
    paths: decodeWitness(paths),
    ground: decodeWitness(ground),
    folders: decodeWitness(folders),
    head: JSON.parse(head.toString('utf8')) as Head,
  };
}
