/**
 * Lays a tree out in an empty folder: folders, files as hard links into the pool where that can
 * be, else copies, links, hard links, modes, owners, xattrs. All times are one second past 1970.
 * Follows the entries, never the disk: every parent is a folder this has just made.
 * Knows nothing of why; checkout.ts decides place and manner.
 */
import * as files from '../engine/base/files.ts';
import {joinBytes, type BytePath} from './bytes.ts';
import {assert} from '../engine/base/result.ts';
import type {BlobDigest} from '../engine/base/hash.ts';
import type {Store} from './layout.ts';
import {callLinker, linked, linkMany} from './link-many.ts';
import {makeNode} from './nodes.ts';
import {copyPool} from './open-pool.ts';
import {blobPath} from './pool.ts';
import {Reach} from './reach.ts';
import type {Second} from './share.ts';
import {POOL_TIME} from './stage.ts';
import {fault} from './trouble.ts';
import type {FileEntry, SolidEntry, TreeEntry, Xattr} from './tree-entry.ts';
import {writeXattrs} from './xattrs.ts';

export interface Manner {
  /** Every file a copy: for places that will be written to. */
  readonly copy: boolean;
  /** These too are copies where others are links. */
  readonly copied?: ((path: BytePath) => boolean) | undefined;
  /** Owners, setuid and setgid bits and all xattrs as in the tree; else what a user may have. */
  readonly owners: boolean;
  /** Whiteouts as overlayfs has them; else they are left out. */
  readonly whiteouts: boolean;
}

export interface LaidOut {
  /** How many file entries there are, and how many of them are links into the pool. */
  readonly files: number;
  readonly linked: number;
  /** What could not be made: whiteouts, devices. */
  readonly left: readonly BytePath[];
  /** Copies with content, whose bytes need not be durable yet. */
  readonly copies: readonly Buffer[];
}

interface Work {
  readonly store: Store;
  readonly folder: string;
  readonly reach: Reach;
  /** The same again, for calls that name two places. */
  readonly firsts: Reach;
  readonly manner: Manner;
  /**
   * Pool files linked already: a second link would make two files of the tree one inode. Digests
   * with the mode they were linked with first; digests with others.
   */
  readonly used: Map<BlobDigest, number>;
  readonly usedToo: Set<string>;
  readonly links: FileEntry[];
  /** Further names of files, and files that are no links into the pool. */
  readonly names: FileEntry[];
  readonly others: FileEntry[];
  /** Folders and files with xattrs, whose mode and time come last. */
  readonly late: SolidEntry[];
  readonly copies: Buffer[];
  readonly left: BytePath[];
  files: number;
  linked: number;
}

/** `folder` is there and empty. Throws system errors and `StoreFault`, leaving what it has made. */
export function layOut(
  store: Store,
  entries: readonly TreeEntry[],
  folder: string,
  manner: Manner,
): LaidOut {
  using second = callLinker(manner.copy ? 0 : entries.length);
  using reach = new Reach(folder);
  using firsts = new Reach(folder);
  const work: Work = {
    ...{
      store,
      folder,
      reach,
      firsts,
      manner,
      used: new Map(),
      usedToo: new Set(),
      links: [],
      names: [],
      others: [],
    },
    ...{late: [], copies: [], left: [], files: 0, linked: 0},
  };
  for (const entry of entries) make(work, entry);
  linkFiles(work, second);
  for (const entry of work.others) copyFile(work, entry);
  for (const entry of work.names) nameAgain(work, entry);
  const late = work.late.map((one) => ({path: one.path, xattrs: keptXattrs(one, manner)}));
  writeXattrs(store, folder, late);
  // From the leaves up: making an entry moves its folder's time, and needs its write permission.
  for (const entry of work.late.reverse()) finish(work, entry);
  return work;
}

function make(work: Work, entry: TreeEntry): void {
  if (entry.type === 'file') return sortFile(work, entry);
  const place = work.reach.at(entry.path);
  switch (entry.type) {
    case 'dir':
      files.makeDir(place, 0o700);
      giveOwner(work, entry, place);
      work.late.push(entry);
      return;
    case 'link':
      files.makeLink(Buffer.from(entry.target, 'latin1'), place);
      giveOwner(work, entry, place);
      files.setTimes(place, POOL_TIME);
      return;
    default:
      return makeSpecial(work, entry, place);
  }
}

/** Files come when all folders are there: links into the pool first, in any order. */
function sortFile(work: Work, entry: FileEntry): void {
  work.files += 1;
  if (entry.hardlink !== undefined) work.names.push(entry);
  else if (mayLink(work, entry) && isFirstUse(work, entry)) work.links.push(entry);
  else work.others.push(entry);
}

function isFirstUse({used, usedToo}: Work, {digest, mode}: FileEntry): boolean {
  const first = used.get(digest);
  if (first === undefined) used.set(digest, mode & 0o777);
  if (first === undefined || first === (mode & 0o777)) return first === undefined;
  const name = `${digest} ${mode & 0o777}`;
  const isNew = !usedToo.has(name);
  usedToo.add(name);
  return isNew;
}

/** What cannot be a link, or whose pool file has to be looked at closely, becomes a copy. */
function linkFiles(work: Work, second: Second | undefined): void {
  const {store, folder, links} = work;
  const made = linkMany(store, folder, links, second);
  for (const [at, entry] of links.entries()) {
    if (made[at] === true || linkMended(work, entry)) work.linked += 1;
    else work.others.push(entry);
  }
}

/** The second try of a link, with a pool file that was mended or made from another mode's. */
function linkMended(work: Work, entry: FileEntry): boolean {
  const pooled = blobPath(work.store, entry.digest, entry.mode, entry.size);
  return linked(pooled, work.reach.at(entry.path));
}

function nameAgain(work: Work, entry: FileEntry): void {
  const first = entry.hardlink;
  assert(first !== undefined, 'a further name');
  files.link(work.firsts.at(first), work.reach.at(entry.path));
}

function copyFile(work: Work, entry: FileEntry): void {
  const place = work.reach.at(entry.path);
  const pooled = blobPath(work.store, entry.digest, entry.mode, entry.size);
  copyPool(pooled, place);
  if (entry.size > 0) work.copies.push(joinBytes(work.folder, entry.path));
  giveOwner(work, entry, place);
  if (keptXattrs(entry, work.manner).length === 0) return finish(work, entry);
  // The copy has the pool file's mode, which may forbid its owner to set xattrs.
  files.chmod(place, 0o600);
  work.late.push(entry);
}

/** Whether the pool's inode is just what the tree asks for. Empty files gain nothing by sharing. */
function mayLink(work: Work, entry: FileEntry): boolean {
  const {manner, store} = work;
  if (manner.copy || entry.size === 0 || keptXattrs(entry, manner).length > 0) return false;
  if (manner.copied?.(entry.path) === true) return false;
  const special = manner.owners && (entry.mode & 0o7000) !== 0;
  const foreign = manner.owners && (entry.uid !== store.ids.uid || entry.gid !== store.ids.gid);
  return !special && !foreign;
}

function makeSpecial(
  work: Work,
  entry: Exclude<TreeEntry, {type: 'dir' | 'file' | 'link'}>,
  place: Buffer,
): void {
  const whiteout = entry.type === 'whiteout';
  const made = (!whiteout || work.manner.whiteouts) && makeNode(work.folder, entry, place);
  if (!made) work.left.push(entry.path);
  else if (!whiteout) {
    giveOwner(work, entry, place);
    work.late.push(entry);
  }
}

/** chown may clear setuid and does clear capabilities: so it comes before mode and xattrs. */
function giveOwner(work: Work, entry: SolidEntry, place: Buffer): void {
  if (!work.manner.owners) return;
  const {uid, gid} = entry;
  try {
    files.chown(place, uid, gid);
  } catch (error) {
    const code = files.errorCode(error) ?? '';
    // EINVAL: the id has no place in this user namespace.
    if (!['EPERM', 'EINVAL'].includes(code)) throw error;
    fault(
      'store/privilege',
      `${place.toString()} belongs to ${uid}:${gid}, which this user may not set`,
    );
  }
}

function finish(work: Work, entry: SolidEntry): void {
  const place = work.reach.at(entry.path);
  files.chmod(place, wantedMode(entry, work.manner));
  files.setTimes(place, POOL_TIME);
}

/** A setuid file without its owner would lend the wrong user's rights. */
function wantedMode(entry: SolidEntry, manner: Manner): number {
  if (manner.owners) return entry.mode;
  return entry.mode & (entry.type === 'dir' ? 0o1777 : 0o777);
}

function keptXattrs(entry: SolidEntry, manner: Manner): readonly Xattr[] {
  if (manner.owners || entry.xattrs.length === 0) return entry.xattrs;
  return entry.xattrs.filter((one) => one.name.startsWith('user.'));
}
