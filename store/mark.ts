/**
 * What is needed, from roots to blobs: an action leads to its record, that to its tree and
 * sources, a tree to its blobs. Errs on the side of keeping: what cannot be read that a root
 * leads to ends the collection (as git's prune does), and absence is no proof.
 */
import * as files from '../engine/base/files.ts';
import {
  actionKey,
  blobDigest,
  short,
  treeDigest,
  type ActionKey,
  type TreeDigest,
} from '../engine/base/hash.ts';
import {recordIn, treeIn, type Store} from './layout.ts';
import {blobsNamed, digestOf} from './manifest.ts';
import {readRecord} from './records.ts';
import {heldBy, type PlacedRoot} from './roots.ts';
import type {TemporaryRoot} from './temporary-roots.ts';
import {fault} from './trouble.ts';

/**
 * What is needed so far; grows only. Invariant: of every digest in `keys` and `trees` that the
 * store has, all it leads to is in as well, but for those in `#open`.
 */
export class Marks {
  readonly keys: Set<string> = new Set();
  readonly trees: Set<string> = new Set();
  readonly blobs: Set<string> = new Set();
  readonly farms: Set<string> = new Set();
  readonly #shortKeys = new Set<string>();
  readonly #store: Store;
  /** Followed to the end. */
  readonly #done = new Set<string>();
  /** Named by a run and not there yet, or by somebody who does not mind. */
  readonly #open = new Set<TemporaryRoot>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A root's trees have to be there. Records need not: the trees stand beside them. */
  root({place, root}: PlacedRoot): void {
    for (const held of heldBy(root)) {
      for (const key of held.keys) this.#key(key, `roots/${place}`);
      for (const tree of held.trees) {
        if (!this.#tree(tree)) missing(`roots/${place}`, tree);
      }
      for (const blob of held.blobs) this.blobs.add(blob);
    }
  }

  /** What is kept without being a root's: it may be missing, or come later. */
  keep(root: TemporaryRoot): void {
    if (!this.#follow(root)) this.#open.add(root);
  }

  /** Looks once more for what was not there. */
  again(): void {
    for (const root of this.#open) if (this.#follow(root)) this.#open.delete(root);
  }

  /** Whether a log is of an action that is needed: its name ends in the key's digits and a number. */
  isLogOf(name: string): boolean {
    const digits = /-([0-9a-f]{8})-\d+\.log$/.exec(name)?.[1];
    return digits !== undefined && this.#shortKeys.has(digits);
  }

  #follow(root: TemporaryRoot): boolean {
    const digest = root.slice(root.indexOf(' ') + 1);
    if (root.startsWith('key ')) return this.#key(actionKey(digest), undefined);
    if (root.startsWith('tree ')) return this.#tree(treeDigest(digest));
    if (root.startsWith('blob ')) this.blobs.add(blobDigest(digest));
    else this.farms.add(digest);
    return true;
  }

  /** False: there is no record. With `holder` what that names has to be there. */
  #key(key: ActionKey, holder: string | undefined): boolean {
    this.keys.add(key);
    this.#shortKeys.add(short(key));
    if (this.#done.has(key)) return true;
    const file = recordIn(this.#store, key);
    if (!files.exists(file)) return false;
    const read = readRecord(this.#store, key, undefined, 'leave');
    const record = read.ok ? read.value : undefined;
    if (record === undefined) return unreadable('the record', key);
    const {tree, provenance} = record;
    const whole = tree === undefined || this.#tree(tree);
    if (!whole && holder !== undefined) missing(`the record ${key} of ${holder}`, tree);
    for (const {digest} of provenance.sources) {
      // A source is a blob or a tree, and the record does not say which.
      this.blobs.add(digest);
      this.keep(`tree ${treeDigest(digest)}`);
    }
    if (whole) this.#done.add(key);
    return whole;
  }

  /** False: it is not there. */
  #tree(tree: TreeDigest): boolean {
    this.trees.add(tree);
    if (this.#done.has(tree)) return true;
    const file = treeIn(this.#store, tree);
    const stat = files.lookAt(file);
    if (stat === undefined) return false;
    const text = stat.isFile() ? files.unless(['ENOENT'], () => files.readBytes(file)) : '';
    if (text === undefined) return false;
    if (digestOf(text) !== tree) return unreadable('the tree', tree);
    for (const blob of blobsNamed(text).keys()) this.blobs.add(blob);
    this.#done.add(tree);
    return true;
  }
}

const HINT = '`recipes store verify --repair` restores it; or unpin what needs it';

function missing(holder: string, tree: string): never {
  return fault('store/not-collected', `${holder} needs the tree ${tree}, which is missing`, HINT);
}

function unreadable(what: string, digest: string): never {
  return fault('store/not-collected', `${what} ${digest} is needed and is damaged`, HINT);
}
