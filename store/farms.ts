/**
 * The farms of a store as things that can be wrong: which of them hold a blob, and whether one is
 * what its tree says. A farm's files are the pool's inodes, except copies: files of other owners,
 * with xattrs or setuid bits, further equal files. A farm that is not as it should be is moved out
 * of the way and made again when it is needed. Made by checkout.ts.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {isDigest, treeDigest, type BlobDigest} from '../engine/base/hash.ts';
import {fromBytes} from './bytes.ts';
import {hasDigest} from './inspect.ts';
import {farmIn, fileIn, scratchDir, type Store} from './layout.ts';
import {Reach} from './reach.ts';
import {POOL_TIME} from './stage.ts';
import type {FileEntry, TreeEntry} from './tree-entry.ts';
import {hasTree, readTree} from './trees.ts';

/**
 * Puts away the farms that hold a blob: of all trees that name it, and the merged ones, of which
 * nobody knows. What is put away lies among the scratch of runs that are dead: a later command
 * removes it (the sandbox worker, where files are of other ids), when no other run lives: it may be
 * a layer of what runs there, which must not lose files while it is built upon.
 */
export function dropFarms(store: Store, blob: BlobDigest): void {
  for (const name of files.namesIn(path.join(store.root, 'farms'))) {
    if (mayHold(store, name, blob)) putAway(store, farmIn(store, name));
  }
}

/** How the names of farms that were put away begin. */
export const FARM_GRAVE = 'farm-';

/** Puts a farm (or what lies in its place) away; gone already is fine. */
export function putAway(store: Store, farm: string): void {
  const grave = path.join(scratchDir(store), `${FARM_GRAVE}${randomBytes(8).toString('hex')}`);
  files.unless(['ENOENT'], () => files.rename(farm, grave));
}

function mayHold(store: Store, name: string, blob: BlobDigest): boolean {
  if (!isDigest(name) || !hasTree(store, treeDigest(name))) return true;
  const entries = readTree(store, treeDigest(name));
  return !entries.ok || entries.value.some((one) => one.type === 'file' && one.digest === blob);
}

/**
 * Whether a farm is what its entries say: kinds, modes, owners, times, link targets, nothing more
 * and nothing less. `fully`: also that linked files are the pool's inodes and copies have their
 * bytes. Called where all folders may be read: in the sandbox worker.
 */
export function isFarmWhole(
  store: Store,
  farm: string,
  entries: readonly TreeEntry[],
  fully: boolean,
): boolean {
  if (files.lookAt(farm)?.isDirectory() !== true) return false;
  const top = entries.filter((entry) => !entry.path.includes('/')).length;
  // Of every other folder its time says whether something came or went.
  if (files.entriesOf(farm).length !== top) return false;
  using reach = new Reach(farm);
  return entries.every((entry) => isAsMade(store, reach.at(entry.path), entry, fully));
}

function isAsMade(store: Store, place: Buffer, entry: TreeEntry, fully: boolean): boolean {
  const stat = files.lookAt(place);
  if (stat === undefined) return false;
  if (entry.type === 'whiteout') return stat.isCharacterDevice() && stat.rdev === 0;
  const facts =
    stat.uid === entry.uid && stat.gid === entry.gid && stat.mtimeMs === POOL_TIME * 1000;
  if (!facts || !isKind(entry, stat)) return false;
  switch (entry.type) {
    case 'file':
      return stat.size === entry.size && (!fully || isContent(store, place, entry, stat));
    case 'link':
      return fromBytes(files.readLink(place)) === entry.target;
    default:
      return true;
  }
}

function isKind(entry: Exclude<TreeEntry, {type: 'whiteout'}>, stat: files.Stats): boolean {
  if (entry.type === 'link') return stat.isSymbolicLink();
  if ((stat.mode & 0o7777) !== entry.mode) return false;
  switch (entry.type) {
    case 'file':
      return stat.isFile();
    case 'dir':
      return stat.isDirectory();
    case 'fifo':
      return stat.isFIFO();
    case 'char':
      return stat.isCharacterDevice();
    case 'block':
      return stat.isBlockDevice();
  }
}

/** The pool's inode was looked at with the tree; a copy is hashed. */
function isContent(store: Store, place: Buffer, entry: FileEntry, stat: files.Stats): boolean {
  const pooled = files.lookAt(fileIn(store, entry.digest, entry.mode));
  if (pooled?.ino === stat.ino) return true;
  return entry.hardlink !== undefined || hasDigest(place, entry.digest);
}
