/**
 * Verify on read: before a tree or a source is used, its blobs are looked at. Cheaply (lstat) once
 * in each process; all bytes the first time since the machine was started (marks.ts).
 * What is damaged is set aside, with the farms that hold its inode; a tree that has lost a blob is
 * set aside too, so that a manifest under its name has all its blobs as far as anybody knows.
 */
import type {Diagnostic} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import type {BlobDigest, TreeDigest} from '../engine/base/hash.ts';
import {toText} from './bytes.ts';
import {setAside} from './commit.ts';
import {dropFarms} from './farms.ts';
import {hasDigest} from './inspect.ts';
import {fileIn, treeIn, type Store} from './layout.ts';
import {lookMany} from './look-many.ts';
import {noteLook, wasLookedAt} from './looked-files.ts';
import type {FileEntry, TreeEntry} from './manifest.ts';
import {Marks} from './marks.ts';
import {isSound, modesOf} from './pool.ts';
import {forgetTree, readTree} from './trees.ts';

/** `look` changes nothing: damage stays where it is, for a plan that is only shown. */
export type Manner = 'mend' | 'look';

/** Something that a tree or source needs and that is not what it was. */
export interface Damage {
  /** The blob or manifest. */
  readonly digest: BlobDigest | TreeDigest;
  /** Of a blob in a tree: the first path that has it, for people. */
  readonly path: string | undefined;
  readonly why: 'missing' | 'damaged';
}

/** Looks at each tree; those that are not whole, with what is wrong. Throws system errors. */
export function checkTrees(
  store: Store,
  trees: Iterable<TreeDigest>,
  manner: Manner,
): Map<TreeDigest, readonly Damage[]> {
  const memory = memoryOf(store);
  const unseen = [...new Set(trees)].filter((tree) => !memory.looked.has(`tree ${tree}`));
  lookAhead(store, unseen, manner);
  const damaged = new Map<TreeDigest, readonly Damage[]>();
  const fresh: string[] = [];
  for (const tree of unseen) {
    const mark = `tree ${tree}`;
    const damage = checkTree(store, tree, {manner, fully: !memory.hashed.has(mark)});
    if (damage.length > 0) damaged.set(tree, damage);
    else {
      memory.looked.add(mark);
      fresh.push(mark);
    }
  }
  addMarks(store, fresh);
  return damaged;
}

/** Looks at the files of many trees together, which pays for a second thread; notes the good ones. */
function lookAhead(store: Store, trees: readonly TreeDigest[], manner: Manner): void {
  if (trees.length < 2) return;
  const {hashed} = memoryOf(store);
  const [hashedBefore, never]: [FileEntry[], FileEntry[]] = [[], []];
  for (const tree of trees) {
    const entries = readTree(store, tree, damagedIn(manner));
    const list = hashed.has(`tree ${tree}`) ? hashedBefore : never;
    for (const one of entries.ok ? entries.value : []) if (isUnseen(store, one)) list.push(one);
  }
  noteGood(store, hashedBefore, false);
  noteGood(store, never, true);
}

/** The same for the blobs of sources; what is just not here is no damage. */
export function checkBlobs(
  store: Store,
  blobs: Iterable<BlobDigest>,
  manner: Manner,
): Set<BlobDigest> {
  const memory = memoryOf(store);
  const damaged = new Set<BlobDigest>();
  const fresh: string[] = [];
  for (const blob of new Set(blobs)) {
    const mark = `blob ${blob}`;
    if (memory.looked.has(mark)) continue;
    const how = {manner, fully: !memory.hashed.has(mark)};
    const copies = modesOf(store, blob);
    const bad = copies.filter((mode) => !isWhole(store, blob, mode, how));
    if (bad.length > 0 && bad.length === copies.length) damaged.add(blob);
    else if (copies.length > 0) {
      memory.looked.add(mark);
      fresh.push(mark);
    }
  }
  addMarks(store, fresh);
  return damaged;
}

/** What this process has just made needs no look: its bytes were hashed when it was stored. */
export function trustTree(store: Store, tree: TreeDigest): void {
  const mark = `tree ${tree}`;
  memoryOf(store).looked.add(mark);
  addMarks(store, [mark]);
}

/** The same for a blob. */
export function trustBlob(store: Store, blob: BlobDigest): void {
  memoryOf(store).looked.add(`blob ${blob}`);
}

/** Whether something's bytes were hashed since the machine was started. */
export function isMarked(store: Store, mark: string): boolean {
  return memoryOf(store).hashed.has(mark);
}

/** Remembers that these were hashed; never fails, since nothing depends on it. */
export function addMarks(store: Store, marks: readonly string[]): void {
  memoryOf(store).hashed.add(marks);
}

/** What is wrong, in words for people; `owner` says whose it is. */
export function describeDamage(owner: string, damage: readonly Damage[]): string {
  const [first] = damage;
  if (first === undefined) return `${owner} is whole`;
  const more = damage.length > 1 ? ` and ${damage.length - 1} more` : '';
  const what = first.path === undefined ? 'its list of files' : first.path;
  return `${owner}: ${what} (${first.digest.slice(0, 16)})${more} is ${first.why} in the store`;
}

/** A warning that names object and owner. */
export function damageOf(
  owner: string,
  damage: readonly Damage[],
): Pick<Diagnostic, 'message' | 'notes'> {
  const message = describeDamage(owner, damage);
  const notes = damage
    .slice(1, 6)
    .map((one) => ({message: `${one.path ?? 'list of files'} (${one.digest})`}));
  return {message, ...(notes.length > 0 ? {notes} : {})};
}

// --- one tree ------------------------------------------------------------------------------------

interface How {
  readonly manner: Manner;
  readonly fully: boolean;
  /** In bytes, where a manifest tells it. */
  readonly size?: number;
}

function checkTree(store: Store, tree: TreeDigest, how: How): readonly Damage[] {
  const there = files.exists(treeIn(store, tree));
  const entries = readTree(store, tree, damagedIn(how.manner));
  if (!entries.ok) {
    return [{digest: tree, path: undefined, why: there ? 'damaged' : 'missing'}];
  }
  const damage = damagedFiles(store, entries.value, how);
  if (damage.length > 0 && how.manner === 'mend') {
    setAside(store, treeIn(store, tree));
    forgetTree(store, tree);
  }
  return damage;
}

/** Each content and mode once. */
export function filesOf(entries: readonly TreeEntry[]): readonly FileEntry[] {
  const found = new Map<string, FileEntry>();
  for (const entry of entries) {
    if (entry.type !== 'file' || entry.hardlink !== undefined) continue;
    const name = `${entry.digest}.${entry.mode & 0o777}`;
    if (!found.has(name)) found.set(name, entry);
  }
  return [...found.values()];
}

function damagedFiles(store: Store, entries: readonly TreeEntry[], how: How): readonly Damage[] {
  const suspects = noteGood(
    store,
    entries.filter((one) => isUnseen(store, one)),
    how.fully,
  );
  return filesOf(suspects).flatMap((entry) => checkFile(store, entry, how));
}

function isUnseen(store: Store, entry: TreeEntry): entry is FileEntry {
  return entry.type === 'file' && !wasLookedAt(store, entry.digest, entry.mode);
}

/** Notes which files are as they were made, which is nearly all; gives the others. */
function noteGood(
  store: Store,
  entries: readonly FileEntry[],
  fully: boolean,
): readonly FileEntry[] {
  const good = lookMany(store, entries, fully);
  return entries.filter(({digest, mode}, at) => {
    if (good[at] === true) noteLook(store, digest, mode);
    return good[at] !== true;
  });
}

function damagedIn(manner: Manner): 'set aside' | 'leave' {
  return manner === 'look' ? 'leave' : 'set aside';
}

function checkFile(store: Store, entry: FileEntry, {manner, fully}: How): Damage[] {
  const {digest, mode, size, path} = entry;
  const there = files.exists(fileIn(store, digest, mode));
  if (isWhole(store, digest, mode, {manner, fully, size})) return [];
  // Another mode's file stands in for it: who lays the tree out makes this one of it.
  const others = modesOf(store, digest).filter((other) => other !== (mode & 0o777));
  if (others.some((other) => isWhole(store, digest, other, {manner, fully: true, size}))) return [];
  return [{digest, path: toText(path), why: there ? 'damaged' : 'missing'}];
}

function isWhole(store: Store, digest: BlobDigest, mode: number, how: How): boolean {
  const {manner, fully, size} = how;
  const file = fileIn(store, digest, mode);
  if (manner === 'look') return looksWhole(file, digest, how);
  const there = files.exists(file);
  if (isSound(store, digest, mode, size)) {
    if (!fully || hasDigest(file, digest)) return true;
    setAside(store, file);
  }
  if (there) dropFarms(store, digest);
  return false;
}

/** Without mending: a file that was touched is judged by its bytes. */
function looksWhole(file: string, digest: BlobDigest, {fully, size}: How): boolean {
  const stat = files.lookAt(file);
  if (stat?.isFile() !== true || stat.size !== (size ?? stat.size)) return false;
  return !fully && stat.mtimeMs === 1000 ? true : hasDigest(file, digest);
}

// --- what this process knows ---------------------------------------------------------------------

interface Memory {
  /** Hashed since the machine was started. */
  readonly hashed: Marks;
  /** Found whole by this process. */
  readonly looked: Set<string>;
}

const memories = new WeakMap<Store, Memory>();

function memoryOf(store: Store): Memory {
  const known = memories.get(store);
  if (known !== undefined) return known;
  const memory: Memory = {hashed: new Marks(store), looked: new Set()};
  memories.set(store, memory);
  return memory;
}
