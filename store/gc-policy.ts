/**
 * Which of the things nobody needs are kept all the same: what is young, and, where the store may
 * have some size, what was used last. What is kept is kept with all it leads to.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {actionKey, blobDigest, treeDigest} from '../engine/base/hash.ts';
import type {Inventory, Item} from './inventory.ts';
import type {Store} from './layout.ts';
import {blobsNamed} from './manifest.ts';
import type {Marks} from './mark.ts';
import {readRecord} from './records.ts';

export interface Policy {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What changed within so many milliseconds is kept, and what is of the future. */
  readonly grace: number;
  /** Only what nobody has linked for so many milliseconds goes. */
  readonly olderThan?: number | undefined;
  /** Only so much goes that the store has at most so many bytes. */
  readonly mostBytes?: number | undefined;
  /** The name of the worker's code that is in use, where the store has a copy. */
  readonly code?: string | undefined;
}

/** The usual grace: what was made within an hour may be part of something that is not finished. */
export const GRACE = 3_600_000;

/** Keeps what is young; of what is no object gives the places. */
export function keepByAge(marks: Marks, inventory: Inventory, policy: Policy): Set<string> {
  const since = policy.now - Math.max(policy.grace, policy.olderThan ?? 0);
  const {records, trees, blobs, others} = inventory;
  const isYoung = (item: Item): boolean => item.changed > since;
  for (const item of [...records, ...trees, ...blobs].filter(isYoung)) keep(marks, item);
  return new Set(others.filter(isYoung).map((item) => item.place));
}

/** Keeps what is in no need to go for the store to have the wanted size: oldest things go first. */
export function keepBySize(
  store: Store,
  marks: Marks,
  inventory: Inventory,
  policy: Policy,
  isDead: (item: Item) => boolean,
): Set<string> {
  if (policy.mostBytes === undefined) return new Set();
  const {records, trees, blobs, others} = inventory;
  const all = [...records, ...trees, ...blobs, ...others];
  let total = all.reduce((sum, item) => sum + item.bytes, 0);
  const bundles = bundle(store, inventory, isDead);
  const holders = countHolders(bundles);
  const sizes = sizesOf(blobs);
  const kept = new Set<string>();
  for (const one of bundles) {
    if (total > policy.mostBytes) total -= drop(one, holders, sizes, isDead);
    else {
      for (const item of one.items) {
        keep(marks, item);
        kept.add(item.place);
      }
    }
  }
  return kept;
}

function keep(marks: Marks, {kind, name}: Item): void {
  if (kind === 'record') marks.keep(`key ${actionKey(name)}`);
  else if (kind === 'tree') marks.keep(`tree ${treeDigest(name)}`);
  else if (kind === 'blob') marks.keep(`blob ${blobDigest(name)}`);
}

/** Things that go together: a tree with the records that name it, or a thing alone. */
interface Bundle {
  readonly items: Item[];
  /** Blobs of its tree. */
  readonly blobs: ReadonlySet<string>;
  changed: number;
}

/** Oldest first. */
function bundle(store: Store, inventory: Inventory, isDead: (item: Item) => boolean): Bundle[] {
  const {records, trees, blobs, others} = inventory;
  const ofTree = new Map<string, Bundle>();
  for (const item of trees.filter(isDead)) ofTree.set(item.name, alone(item, blobsIn(store, item)));
  const single: Bundle[] = others.filter(isDead).map((item) => alone(item));
  for (const item of records.filter(isDead)) {
    const tree = treeOf(store, item);
    const home = tree === undefined ? undefined : ofTree.get(tree);
    if (home === undefined) single.push(alone(item));
    else {
      home.items.push(item);
      home.changed = Math.max(home.changed, item.changed);
    }
  }
  const inTrees = new Set([...ofTree.values()].flatMap((one) => [...one.blobs]));
  const loose = blobs.filter((item) => isDead(item) && !inTrees.has(item.name));
  single.push(...loose.map((item) => alone(item)));
  return [...ofTree.values(), ...single].sort((a, b) => a.changed - b.changed);
}

function alone(item: Item, blobs: ReadonlySet<string> = new Set()): Bundle {
  return {items: [item], blobs, changed: item.changed};
}

function blobsIn(store: Store, {place}: Item): ReadonlySet<string> {
  const text = files.unless(['ENOENT'], () => files.readText(path.join(store.root, place)));
  return new Set(blobsNamed(text ?? '').keys());
}

function treeOf(store: Store, {name}: Item): string | undefined {
  const record = readRecord(store, actionKey(name), undefined, 'leave');
  return record.ok ? record.value?.tree : undefined;
}

function countHolders(bundles: readonly Bundle[]): Map<string, number> {
  const count = new Map<string, number>();
  for (const {blobs} of bundles) {
    for (const blob of blobs) count.set(blob, (count.get(blob) ?? 0) + 1);
  }
  return count;
}

/** Bytes of a blob with all its sets of permission bits. */
function sizesOf(blobs: readonly Item[]): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of blobs) {
    const known = found.get(item.name);
    if (known === undefined) found.set(item.name, [item]);
    else known.push(item);
  }
  return found;
}

/** The bytes that go with a bundle: a blob with the last dead tree that has it. */
function drop(
  one: Bundle,
  holders: Map<string, number>,
  sizes: ReadonlyMap<string, readonly Item[]>,
  isDead: (item: Item) => boolean,
): number {
  let bytes = one.items.reduce((sum, item) => sum + item.bytes, 0);
  for (const blob of one.blobs) {
    const left = (holders.get(blob) ?? 1) - 1;
    holders.set(blob, left);
    if (left > 0) continue;
    for (const item of sizes.get(blob) ?? []) if (isDead(item)) bytes += item.bytes;
  }
  return bytes;
}
