/**
 * Trees as folders: checkouts for people, farms as the lower layers of sandboxes.
 * Each appears whole or not at all: made beside its place, then renamed.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {fail, type Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import type {TreeDigest} from '../engine/base/hash.ts';
import {assert, err, ok} from '../engine/base/result.ts';
import {toText, type BytePath} from './bytes.ts';
import {syncContents} from './commit.ts';
import {isFarmWhole, putAway} from './farms.ts';
import {layOut, type LaidOut, type Manner} from './lay-out.ts';
import {farmIn, temporaryIn, type Store} from './layout.ts';
import type {TreeEntry} from './manifest.ts';
import {readTree} from './trees.ts';
import {fault, guard, storeTrouble} from './trouble.ts';
import {addMarks, isMarked} from './verified.ts';

export interface CheckedOut {
  /** How many files there are, and how many of them share their inode with the store. */
  readonly files: number;
  readonly linked: number;
  /** Entries that were left out: whiteouts, and devices without the right to make them. */
  readonly left: readonly BytePath[];
}

/**
 * Lays a tree out at `dest`, which does not exist or is an empty folder.
 * `copy`: no file shares its inode with the store. Without it, files are hard links: whoever
 * writes to them damages the store. `owners` needs the right to give files away; without it files
 * belong to the caller and lose setuid and setgid.
 */
export function checkOut(
  store: Store,
  entries: readonly TreeEntry[],
  dest: string,
  how: Omit<Manner, 'whiteouts'>,
): Checked<CheckedOut> {
  const manner: Manner = {...how, whiteouts: false};
  try {
    const there = files.lookAt(dest);
    if (there === undefined) {
      files.makeDirs(path.dirname(dest));
      return ok(layOutBeside(store, entries, dest, manner));
    }
    if (!there.isDirectory()) return fail('store/checkout', `${dest} is not a folder`);
    if (files.namesIn(dest).length > 0) return fail('store/checkout', `${dest} is not empty`);
    return ok(layOutInto(store, entries, dest, manner));
  } catch (error) {
    return troubleAt(dest, error);
  }
}

/**
 * The tree as hard links into the pool, complete with owners, xattrs and whiteouts, to be a lower
 * layer of an overlay; made once and kept in farms/. Gives its folder. Called where the ids of
 * trees can be given to files: in the sandbox worker.
 */
export function makeFarm(store: Store, tree: TreeDigest): Checked<string> {
  assert(store.owner === undefined, 'farms are made by the worker');
  const farm = farmIn(store, tree);
  if (checked.get(store)?.has(tree) === true) return ok(farm);
  const entries = readTree(store, tree);
  if (!entries.ok) return entries;
  return guard(farm, () => provideFarm(store, tree, entries.value));
}

/** The same for entries merged from several trees; `name` is a digest that says which. */
export function makeMergedFarm(
  store: Store,
  name: string,
  entries: readonly TreeEntry[],
): Checked<string> {
  return guard(farmIn(store, name), () => provideFarm(store, name, entries));
}

/** The farms this process has looked at. */
const checked = new WeakMap<Store, Set<string>>();

/**
 * The farm that is there, if it is as it was made: kinds, times and owners once in each process,
 * the bytes of its copies the first time since the machine was started. Else a new one.
 */
function provideFarm(store: Store, name: string, entries: readonly TreeEntry[]): string {
  const farm = farmIn(store, name);
  const known = checked.get(store) ?? new Set();
  checked.set(store, known);
  if (known.has(name)) return farm;
  const mark = `farm ${name}`;
  const there = files.exists(farm);
  if (there && !isFarmWhole(store, farm, entries, !isMarked(store, mark))) putAway(store, farm);
  if (!files.exists(farm)) buildFarm(store, name, entries);
  addMarks(store, [mark]);
  known.add(name);
  return farm;
}

function buildFarm(store: Store, name: string, entries: readonly TreeEntry[]): void {
  const farm = farmIn(store, name);
  const temporary = temporaryIn(store);
  try {
    files.makeDir(temporary, 0o700);
    const made = layOut(store, entries, temporary, {copy: false, owners: true, whiteouts: true});
    refuseLeft(name, made);
    // Names, modes and links are in the journal before the rename; only bytes could come later.
    syncContents(store, made.copies);
    files.chmod(temporary, 0o755);
    // Not empty: another process was first, and its farm is as good.
    files.unless(['ENOTEMPTY', 'EEXIST'], () => files.rename(temporary, farm));
  } finally {
    files.removeTree(temporary);
  }
}

function refuseLeft(name: string, made: LaidOut): void {
  const first = made.left[0];
  if (first === undefined) return;
  const more = made.left.length > 1 ? ` and ${made.left.length - 1} more` : '';
  fault('store/privilege', `tree ${name}: ${toText(first)}${more} cannot be made by this user`);
}

function layOutBeside(
  store: Store,
  entries: readonly TreeEntry[],
  dest: string,
  manner: Manner,
): CheckedOut {
  const partial = `${dest}.partial-${randomBytes(4).toString('hex')}`;
  files.makeDir(partial, 0o700);
  try {
    const made = layOut(store, entries, partial, manner);
    files.chmod(partial, 0o755);
    files.rename(partial, dest);
    return summary(made);
  } catch (error) {
    files.removeTree(partial);
    throw error;
  }
}

/** An empty folder may be a mount point, or its parent closed: so it is filled where it is. */
function layOutInto(
  store: Store,
  entries: readonly TreeEntry[],
  dest: string,
  manner: Manner,
): CheckedOut {
  try {
    return summary(layOut(store, entries, dest, manner));
  } catch (error) {
    for (const {name} of files.entriesOf(dest)) {
      files.removeTree(Buffer.concat([Buffer.from(`${dest}/`), name]));
    }
    throw error;
  }
}

function summary(made: LaidOut): CheckedOut {
  return {files: made.files, linked: made.linked, left: made.left};
}

/** Trouble of the place is not trouble of the store, a full disk aside. */
function troubleAt(dest: string, error: unknown): Checked<never> {
  const trouble = storeTrouble(error, dest);
  if (files.errorCode(error) === undefined || trouble[0]?.code === 'store/full')
    return err(trouble);
  const why = error instanceof Error ? error.message : String(error);
  return fail('store/checkout', `cannot lay out ${dest}: ${why}`);
}
