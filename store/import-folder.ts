/**
 * Takes a folder of the machine into the store as a tree. With `normalize` it keeps what a source
 * is: names, content, execute bit, links; modes become 0644 and 0755, owners 0:0. Without, modes,
 * owners, hard links, xattrs, fifos and devices are kept as they are on disk.
 * The walk is iterative and over bytes; nothing is followed. Knows nothing of recipes.
 */
import {fail, type Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import {blobDigest, isDigest, type BlobDigest, type TreeDigest} from '../engine/base/hash.ts';
import {assert, err, ok} from '../engine/base/result.ts';
import {commitStaged} from './batch.ts';
import {fromBytes, joinBytes, toText, type BytePath} from './bytes.ts';
import type {Store} from './layout.ts';
import type {TreeEntry, Xattr} from './manifest.ts';
import {hasBlob} from './pool.ts';
import {reaching} from './reach.ts';
import {stageCopies} from './stage-many.ts';
import {unstage, type Staged} from './stage.ts';
import {writeTree} from './trees.ts';
import {fault, storeTrouble} from './trouble.ts';
import {walkFolder, type Visited} from './walk-folder.ts';
import {readXattrs} from './xattrs.ts';

export interface ImportRules {
  readonly normalize: boolean;
  /** Whether a path (relative, below it nothing is looked at) stays out. */
  readonly ignore: (path: BytePath) => boolean;
  /** Links that leave the folder are an error unless `keep`. Only with `normalize`. */
  readonly outsideLinks?: 'refuse' | 'keep';
  /** Digests known by stat(2): such a file is not read again if the store has its blob. */
  readonly cache?: ImportCache;
}

export interface ImportCache {
  get(path: string, stat: files.BigIntStats): string | undefined;
  set(path: string, stat: files.BigIntStats, digest: string): void;
}

export interface Imported {
  readonly tree: TreeDigest;
  readonly entries: readonly TreeEntry[];
}

/** Stores all files of a folder and its tree; durable on return. */
export function importFolder(store: Store, folder: string, rules: ImportRules): Checked<Imported> {
  const staged: Staged[] = [];
  try {
    const found = [...walkFolder(folder, rules.ignore, files.lookExactly)];
    const xattrs = rules.normalize
      ? new Map<BytePath, never>()
      : readXattrs(
          store,
          folder,
          found.map((one) => one.path),
        );
    const contents = storeContents({store, folder, rules, staged}, found);
    const work: Work = {folder, rules, xattrs, contents, inodes: new Map()};
    const entries = found.map((one) => entryOf(work, one));
    commitStaged(store, staged);
    return ok({tree: writeTree(store, entries), entries});
  } catch (error) {
    unstage(staged);
    return troubleIn(folder, error);
  }
}

type Found = Visited<files.BigIntStats>;

interface Work {
  readonly folder: string;
  readonly rules: ImportRules;
  readonly xattrs: ReadonlyMap<BytePath, readonly Xattr[]>;
  /** Of each inode that is a file. */
  readonly contents: ReadonlyMap<string, Content>;
  /** Inodes with several names → the first of their paths. */
  readonly inodes: Map<string, TreeEntry>;
}

function entryOf(work: Work, {path, stat}: Found): TreeEntry {
  const common = {path, ...ownership(work, stat), xattrs: work.xattrs.get(path) ?? []};
  if (stat.isDirectory()) return {type: 'dir', ...common};
  if (stat.isFile()) return fileEntry(work, {path, stat}, common);
  if (stat.isSymbolicLink()) {
    return {type: 'link', ...common, mode: 0o777, target: targetOf(work, path)};
  }
  if (work.rules.normalize || stat.isSocket()) refuse(path, 'is no file, folder or link');
  if (stat.isFIFO()) return {type: 'fifo', ...common};
  const device = {major: majorOf(stat.rdev), minor: minorOf(stat.rdev)};
  if (!stat.isCharacterDevice()) return {type: 'block', ...common, device};
  const whiteout = device.major === 0 && device.minor === 0;
  return whiteout ? {type: 'whiteout', path} : {type: 'char', ...common, device};
}

type CommonFields = Pick<
  Extract<TreeEntry, {type: 'dir'}>,
  'path' | 'mode' | 'uid' | 'gid' | 'xattrs'
>;

function ownership(
  work: Pick<Work, 'rules'>,
  stat: files.BigIntStats,
): {mode: number; uid: number; gid: number} {
  const mode = Number(stat.mode & 0o7777n);
  if (!work.rules.normalize) return {mode, uid: Number(stat.uid), gid: Number(stat.gid)};
  const runs = stat.isDirectory() || (mode & 0o100) !== 0;
  return {mode: runs ? 0o755 : 0o644, uid: 0, gid: 0};
}

function fileEntry(work: Work, found: Found, common: CommonFields): TreeEntry {
  const inode = inodeOf(found);
  const shared = !work.rules.normalize && found.stat.nlink > 1n;
  const first = shared ? work.inodes.get(inode) : undefined;
  if (first?.type === 'file') return {...first, path: found.path, hardlink: first.path};
  const content = work.contents.get(inode);
  assert(content !== undefined, 'every file was staged');
  const entry: TreeEntry = {type: 'file', ...common, ...content, hardlink: undefined};
  if (shared) work.inodes.set(inode, entry);
  return entry;
}

interface Content {
  readonly size: number;
  readonly digest: BlobDigest;
}

interface Staging {
  readonly store: Store;
  readonly folder: string;
  readonly rules: ImportRules;
  /** Files in tmp/, to be committed or removed. */
  readonly staged: Staged[];
}

/** Stages what the store does not have; gives the content of each inode. */
function storeContents(staging: Staging, found: readonly Found[]): Map<string, Content> {
  const contents = new Map<string, Content>();
  const inodes = new Map<string, Found>();
  for (const one of found) if (one.stat.isFile()) inodes.set(inodeOf(one), one);
  for (const [inode, one] of inodes) {
    const known = knownContent(staging, one);
    if (known === undefined) continue;
    contents.set(inode, known);
    inodes.delete(inode);
  }
  const copies = [...inodes.values()].map(({path, stat}) => ({
    from: joinBytes(staging.folder, path),
    mode: ownership(staging, stat).mode,
    size: Number(stat.size),
  }));
  staging.staged.push(...stageCopies(staging.store, copies));
  for (const [at, [inode, one]] of [...inodes].entries()) {
    const staged = staging.staged[at];
    if (staged === undefined) continue;
    contents.set(inode, {size: staged.size, digest: staged.digest});
    remember(staging, one, staged.digest);
  }
  return contents;
}

const inodeOf = ({stat}: Found): string => `${stat.dev}:${stat.ino}`;

/** A file that changed while it was read is not remembered: its next look reads it again. */
function remember({folder, rules}: Staging, {path, stat}: Found, digest: BlobDigest): void {
  if (rules.cache === undefined) return;
  const place = joinBytes(folder, path);
  const after = reaching(place, files.lookExactly);
  if (after === undefined || after.mtimeNs !== stat.mtimeNs || after.ctimeNs !== stat.ctimeNs)
    return;
  rules.cache.set(place.toString('latin1'), stat, digest);
}

/** What the cache knows of a file, if the store has the content still. */
function knownContent(work: Staging, {path, stat}: Found): Content | undefined {
  const place = joinBytes(work.folder, path).toString('latin1');
  const hex = work.rules.cache?.get(place, stat);
  if (hex === undefined || !isDigest(hex)) return undefined;
  const digest = blobDigest(hex);
  return hasBlob(work.store, digest) === undefined ? undefined : {size: Number(stat.size), digest};
}

function targetOf(work: Work, path: BytePath): BytePath {
  const target = fromBytes(reaching(joinBytes(work.folder, path), files.readLink));
  const free = !work.rules.normalize || work.rules.outsideLinks === 'keep';
  if (free || !leaves(path, target)) return target;
  return refuse(path, `is a link to ${toText(target)}, which is outside of the folder`);
}

/** Whether a link's target, by its spelling, is not below the folder the link is part of. */
function leaves(path: BytePath, target: BytePath): boolean {
  if (target.startsWith('/')) return true;
  let depth = path.split('/').length - 1;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function refuse(path: BytePath, why: string): never {
  return fault('store/import', `${toText(path)} ${why}`);
}

/** Trouble of the folder that is read is not trouble of the store. */
function troubleIn(folder: string, error: unknown): Checked<never> {
  const {path} = error as {path?: unknown};
  const place = typeof path === 'string' || Buffer.isBuffer(path) ? path.toString() : '';
  const inside = files.errorCode(error) !== undefined && `${place}/`.startsWith(`${folder}/`);
  if (!inside || !(error instanceof Error)) return err(storeTrouble(error, folder));
  return fail('store/import', `cannot read ${place}: ${error.message}`);
}

// The device number as Linux puts it into 64 bits (makedev(3)).
const majorOf = (device: bigint): number =>
  Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
const minorOf = (device: bigint): number =>
  Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
