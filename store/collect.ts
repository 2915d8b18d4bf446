/**
 * gc: removes what no root leads to, while builds go on. Marks without a lock, deletes in short
 * windows under the exclusive lock of gc.lock; before each it reads what runs have named since,
 * and keeps that (protect.ts says why nothing is lost).
 *
 * Records go first, then manifests, then blobs, each durably before the next: after a crash at any
 * point whatever is named is still there. Nothing is removed when anything is not understood.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {isDigest, treeDigest} from '../engine/base/hash.ts';
import {assert} from '../engine/base/result.ts';
import {claim, COLLECTING, listRuns, mayBeClaimed, releaseClaim, type RunHandle} from './claims.ts';
import {syncFolders} from './commit.ts';
import {keepByAge, keepBySize, type Policy} from './gc-policy.ts';
import {takeInventory, type Inventory, type Item} from './inventory.ts';
import {runsDir, scratchDir, type Store} from './layout.ts';
import {Marks} from './mark.ts';
import {whileNothingIsStored, type Patience} from './protect.ts';
import {listRoots, removeRoot, type PlacedRoot} from './roots.ts';
import {readRoots} from './temporary-roots.ts';
import {forgetTree} from './trees.ts';

export interface Collection {
  /** Has the claim `COLLECTING`. What it has named itself is kept as well. */
  readonly run: RunHandle;
  readonly policy: Policy;
  /** Only says what would be removed. */
  readonly dryRun: boolean;
  readonly patience: Patience;
  /** As many are removed at a time; default 500. */
  readonly window?: number;
  /** Called before each window, without the lock; what it throws ends the collection. */
  readonly beforeWindow?: () => void;
}

export interface Collected {
  /** By kind and place; with `dryRun` what would be. */
  readonly removed: readonly Item[];
  readonly bytes: number;
  /** What is left in the store. */
  readonly kept: number;
  /** The configuration files of projects that are gone; their roots hold nothing any more. */
  readonly vanished: readonly string[];
}

/** Throws system errors, `store/not-collected` and `store/bad-root`; then nothing was removed. */
export function collect(store: Store, collection: Collection): Collected {
  assert(mayBeClaimed(store, COLLECTING), 'whoever collects has the claim');
  const sweep = new Sweep(store, collection);
  const {removed, inventory} = sweep.run();
  const sum = (items: readonly Item[]): number => items.reduce((n, one) => n + one.bytes, 0);
  const {records, trees, blobs, others} = inventory;
  const bytes = sum(removed);
  const all = sum([...records, ...trees, ...blobs, ...others]);
  return {removed, bytes, kept: all - bytes, vanished: sweep.vanished};
}

/** As many are removed before runs are asked again and others may store something. */
const WINDOW = 500;

class Sweep {
  readonly vanished: string[] = [];
  readonly #store: Store;
  readonly #collection: Collection;
  readonly #marks: Marks;
  /** Places of what is no object and stays. */
  readonly #kept = new Set<string>();
  /** Whether the worker's code of other versions may be in use. */
  readonly #isAlone: boolean;
  /** Dead when gc began: what these named counts for nothing. */
  readonly #dead: ReadonlySet<string>;
  /** How far the file of each run was read. */
  readonly #read = new Map<string, number>();

  constructor(store: Store, collection: Collection) {
    this.#store = store;
    this.#collection = collection;
    this.#marks = new Marks(store);
    const {live, dead} = listRuns(store, collection.run);
    this.#dead = new Set(dead);
    this.#isAlone = live.every((id) => id === collection.run.id);
  }

  run(): {removed: readonly Item[]; inventory: Inventory} {
    // After the runs: a run that ended before has written its roots before.
    const gone = this.#markRoots();
    this.#markRuns();
    const inventory = takeInventory(this.#store);
    const {policy} = this.#collection;
    for (const place of keepByAge(this.#marks, inventory, policy)) this.#kept.add(place);
    const isDead = (item: Item): boolean => this.#isDead(item);
    const small = keepBySize(this.#store, this.#marks, inventory, policy, isDead);
    for (const place of small) this.#kept.add(place);
    const removed = this.#phases(inventory).flatMap((items) => this.#sweep(items));
    if (!this.#collection.dryRun) this.#forget(gone);
    return {removed, inventory};
  }

  /** Gives the roots of projects that are gone. */
  #markRoots(): readonly PlacedRoot[] {
    const all = listRoots(this.#store);
    const gone = all.filter(({root}) => root.kind === 'project' && !files.exists(root.path));
    for (const {root} of gone) if (root.kind === 'project') this.vanished.push(root.path);
    for (const one of all) if (!gone.includes(one)) this.#marks.root(one);
    return gone;
  }

  /** Not those of projects that are back, and may have been built meanwhile. */
  #forget(gone: readonly PlacedRoot[]): void {
    for (const {place, root} of gone) {
      if (root.kind === 'project' && !files.exists(root.path)) removeRoot(this.#store, place);
    }
  }

  /** Reads what runs have named since the last time. Also runs that have ended meanwhile. */
  #markRuns(): void {
    for (const run of files.namesIn(runsDir(this.#store))) {
      if (this.#dead.has(run)) continue;
      const {roots, end} = readRoots(this.#store, run, this.#read.get(run) ?? 0);
      this.#read.set(run, end);
      for (const root of roots) this.#marks.keep(root);
    }
    this.#marks.again();
  }

  /** What refers goes before what is referred to. */
  #phases({records, trees, blobs, others}: Inventory): (readonly Item[])[] {
    return [records, trees, blobs, others].map((items) => items.filter((one) => this.#isDead(one)));
  }

  #sweep(items: readonly Item[]): readonly Item[] {
    if (this.#collection.dryRun || items.length === 0) return items;
    const {run, patience, window = WINDOW, beforeWindow} = this.#collection;
    const removed: Item[] = [];
    for (let at = 0; at < items.length; at += window) {
      beforeWindow?.();
      whileNothingIsStored(
        this.#store,
        run,
        () => {
          this.#markRuns();
          const dead = items.slice(at, at + window).filter((one) => this.#isDead(one));
          for (const item of dead) this.#remove(item);
          removed.push(...dead);
        },
        patience,
      );
    }
    syncFolders(removed.map(({place}) => path.dirname(path.join(this.#store.root, place))));
    return removed;
  }

  #remove(item: Item): void {
    const {kind, place, name} = item;
    if (kind === 'download') return this.#removePart(item);
    const at = path.join(this.#store.root, place);
    if (files.lookAt(at)?.isDirectory() === true) {
      // The sandbox worker may have to remove it; so it goes to where waste is swept from.
      const grave = path.join(scratchDir(this.#store), `gc-${randomBytes(8).toString('hex')}`);
      files.unless(['ENOENT'], () => files.rename(at, grave));
      return;
    }
    files.unless(['ENOENT'], () => files.unlink(at));
    if (kind === 'tree') forgetTree(this.#store, treeDigest(name));
  }

  /** Under the claim of downloads, which need no lock of gc. */
  #removePart({name, place}: Item): void {
    const {run} = this.#collection;
    const taken = claimOf(name);
    if (claim(this.#store, run, taken) !== 'mine') return;
    files.unless(['ENOENT'], () => files.unlink(path.join(this.#store.root, place)));
    releaseClaim(this.#store, run, taken);
  }

  #isDead({kind, name, place}: Item): boolean {
    const {keys, trees, blobs, farms} = this.#marks;
    if (this.#kept.has(place)) return false;
    switch (kind) {
      case 'record':
      case 'failed':
      case 'kept':
        return !keys.has(name);
      case 'tree':
        return !trees.has(name);
      case 'blob':
        return !blobs.has(name);
      case 'farm':
        return !trees.has(name) && !farms.has(name);
      case 'log':
        return !this.#marks.isLogOf(name);
      case 'download':
        return !isTaken(this.#store, name);
      case 'code':
        return this.#isAlone && !isOf(name, this.#collection.policy.code);
    }
  }
}

/** Whether somebody may be downloading it; see claimOf. */
function isTaken(store: Store, part: string): boolean {
  return mayBeClaimed(store, claimOf(part));
}

/** The claim whoever writes a part file has: `fetch-<digest>`, or that of pinning. */
function claimOf(part: string): string {
  const name = part.slice(0, part.indexOf('.part'));
  return isDigest(name) ? `fetch-${name}` : name;
}

/** `<print>`, `<print>.node`; with no print known there is no reason to keep any. */
function isOf(name: string, code: string | undefined): boolean {
  return code !== undefined && (name === code || name.startsWith(`${code}.`));
}
