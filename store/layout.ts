/**
 * The only file that knows where things lie inside a store, and the format version.
 * Makes and checks the folders; knows nothing of what the files in them say.
 *
 *     VERSION            `recipes store 1`
 *     files/ab/<62>.<m>  blobs: content of sha256 ab<62>, permission bits m (three octal digits)
 *     trees/ab/<62>      manifests by their sha256
 *     records/ab/<62>    one record for each action key
 *     actions.log        append-only: which action made which artifact (action-log.ts)
 *     choices.log        append-only: the places sources are taken from (choices.ts)
 *     runs/ claims/      who is working, and at what (claims.ts)
 *     roots/             what gc must keep: pins, projects, generations (roots.ts)
 *     gc.lock            shared while something is stored, exclusive while gc deletes (protect.ts)
 *     reserve            room that gc can free on a full disk (reserve.ts)
 *     farms/             trees laid out as hard links, lowers of sandboxes (farm.ts)
 *     scratch/<run>/<n>  working folders of running jobs
 *     failed/ kept/      what failed builds and builds to be tested leave, by action key
 *     logs/ downloads/ git/ aux/ tmp/ quarantine/
 *
 * docs/store-format.md says what may be trusted, and how each is recovered.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {fail, type Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import type {ActionKey, BlobDigest, TreeDigest} from '../engine/base/hash.ts';
import {err, ok} from '../engine/base/result.ts';
import {networkName} from './network.ts';
import {spreadApart} from './placement.ts';
import {makeReserve} from './reserve.ts';
import {storeTrouble} from './trouble.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface Store {
  /** Without links; `.` in the worker, whose folder it is. */
  readonly root: string;
  /** Whom new files are given to; undefined: they stay with the process that makes them. */
  readonly owner: Owner | undefined;
  /** Whose files the store's are, as this process sees it (0:0 inside a user namespace). */
  readonly ids: Owner;
}

const VERSION_TEXT = 'recipes store 1\n';

const FOLDERS = [
  ...['files', 'trees', 'records', 'logs', 'runs', 'claims', 'farms', 'scratch', 'failed', 'kept'],
  ...['downloads', 'git', 'aux', 'tmp', 'quarantine', 'roots'],
];
const LOGS = ['actions.log', 'choices.log'];
/** `engine`: the worker's code where the engine is root. */
const OTHERS = ['gc.lock', 'reserve', 'engine'];

/**
 * Opens a store to work in it; makes it where there is none. Refuses a folder that is something
 * else, another format, another owner, and a store that cannot be written now.
 */
export function openStore(root: string, owner: Owner | undefined): Checked<Store> {
  try {
    const network = networkName(files.fileSystemType(nearestFolder(root)));
    if (network !== undefined) return distant(root, network);
    if (files.lookAt(root) === undefined) files.makeDirs(root, 0o700);
    const real = files.realPath(root);
    const names = files.namesIn(real);
    if (!names.includes('VERSION')) {
      const stranger = names.find((name) => !isOurs(name));
      if (stranger !== undefined) return notAStore(root, stranger);
      found(real, owner);
    }
    return checkStore(real, owner, () => {
      completeFolders(real, names, owner);
      probe(real);
      makeReserve(real, owner);
    });
  } catch (error) {
    return err(storeTrouble(error, root));
  }
}

/** Opens a store that must be there, only to read: nothing is made, written or probed. */
export function openStoreToRead(root: string, owner: Owner | undefined): Checked<Store> {
  try {
    return checkStore(files.realPath(root), owner, () => undefined);
  } catch (error) {
    return err(storeTrouble(error, root));
  }
}

/** The store as the sandbox worker has it: opened and checked by the engine, own ids. */
export function workerStore(root: string): Store {
  const {uid, gid} = files.lookAt(root) ?? {uid: 0, gid: 0};
  return {root, owner: undefined, ids: {uid, gid}};
}

// --- places --------------------------------------------------------------------------------------

/** The pool file of a content with these permission bits; other bits of the mode are left out. */
export function fileIn(store: Store, digest: BlobDigest, mode: number): string {
  const bits = (mode & 0o777).toString(8).padStart(3, '0');
  return `${fanOut(store, 'files', digest)}.${bits}`;
}
export const treeIn = (store: Store, digest: TreeDigest): string => fanOut(store, 'trees', digest);
export const recordIn = (store: Store, key: ActionKey): string => fanOut(store, 'records', key);
export const logIn = (store: Store, name: string): string => path.join(store.root, 'logs', name);
export const farmIn = (store: Store, digest: string): string =>
  path.join(store.root, 'farms', digest);
export const scratchIn = (store: Store, run: string): string =>
  path.join(store.root, 'scratch', run);
export const failedIn = (store: Store, key: ActionKey): string =>
  path.join(store.root, 'failed', key);
export const keptIn = (store: Store, key: ActionKey): string => path.join(store.root, 'kept', key);
export const auxIn = (store: Store, name: string): string => path.join(store.root, 'aux', name);
export const runsDir = (store: Store): string => path.join(store.root, 'runs');
export const runFileIn = (store: Store, run: string): string => path.join(runsDir(store), run);
export const claimsDir = (store: Store): string => path.join(store.root, 'claims');
export const scratchDir = (store: Store): string => path.join(store.root, 'scratch');
export const downloadsDir = (store: Store): string => path.join(store.root, 'downloads');
export const gitDir = (store: Store): string => path.join(store.root, 'git');
export const tmpDir = (store: Store): string => path.join(store.root, 'tmp');
export const quarantineDir = (store: Store): string => path.join(store.root, 'quarantine');
export const rootsDir = (store: Store): string => path.join(store.root, 'roots');
export const gcLockFile = (store: Store): string => path.join(store.root, 'gc.lock');
export const actionLogFile = (store: Store): string => path.join(store.root, 'actions.log');
export const choicesFile = (store: Store): string => path.join(store.root, 'choices.log');
export const statCacheFile = (store: Store): string => auxIn(store, 'stat-cache');

/** A new name in tmp/. Random, not by process id: the worker's ids are those of its namespace. */
export const temporaryIn = (store: Store): string => path.join(tmpDir(store), unique());

function unique(): string {
  return randomBytes(8).toString('hex');
}

/** Two digits as a folder, so that no folder grows past some thousand names. */
function fanOut(store: Store, kind: string, digest: string): string {
  return `${store.root}/${kind}/${digest.slice(0, 2)}/${digest.slice(2)}`;
}

// --- making and checking -------------------------------------------------------------------------

/** Whether a name at the top of a store is one of those above. */
export function isOurs(name: string): boolean {
  const known = [...FOLDERS, ...LOGS, ...OTHERS].includes(name);
  return known || /^VERSION(\.tmp-.*)?$/.test(name);
}

/** VERSION comes last but for the folders: without it the next command begins again. */
function found(root: string, owner: Owner | undefined): void {
  files.chmod(root, 0o700);
  if (owner !== undefined) files.chown(root, owner.uid, owner.gid);
  files.writeFileAtomic(path.join(root, 'VERSION'), VERSION_TEXT, {owner});
  files.syncDir(path.dirname(root));
}

function completeFolders(root: string, present: readonly string[], owner: Owner | undefined): void {
  const missing = FOLDERS.filter((name) => !present.includes(name));
  if (missing.length === FOLDERS.length) spreadScratch(root);
  for (const name of missing) {
    files.unless(['EEXIST'], () => files.makeDir(path.join(root, name), 0o755));
  }
  // Also those that are there: who made them may have been killed before he came to this.
  for (const name of [...FOLDERS, 'gc.lock']) ownBy(owner, path.join(root, name));
  const lock = files.lookAt(path.join(root, 'gc.lock'));
  if (lock?.isFile() !== true) makeLock(root, owner, lock !== undefined);
  if (missing.length > 0) files.syncDir(root);
}

/** What builds free in one run is far from all else, and from what the next one makes. */
function spreadScratch(root: string): void {
  const scratch = path.join(root, 'scratch');
  files.unless(['EEXIST'], () => files.makeDir(scratch, 0o755));
  spreadApart([root, scratch]);
}

function ownBy(owner: Owner | undefined, at: string): void {
  const there = files.lookAt(at);
  if (owner === undefined || there === undefined || there.uid === owner.uid) return;
  files.chown(at, owner.uid, owner.gid);
}

/**
 * Gives the folders of two digits to whom the store belongs, where who made them was killed right
 * before: the worker could not write there. For when somebody is known to have been killed.
 */
export function healFolders(store: Store): void {
  for (const kind of store.owner === undefined ? [] : ['files', 'trees', 'records']) {
    const folder = path.join(store.root, kind);
    for (const name of files.namesIn(folder)) ownBy(store.owner, path.join(folder, name));
  }
}

/**
 * Never renamed or removed: whoever has it open must have the same file as all others. Only what
 * is no file, on which nobody can have a lock, gives way.
 */
function makeLock(root: string, owner: Owner | undefined, isDamaged: boolean): void {
  const file = path.join(root, 'gc.lock');
  const aside = path.join(root, 'quarantine', `gc.lock.${unique()}`);
  // Where nothing was, another process may have made it by now, and locked it.
  if (isDamaged) files.unless(['ENOENT'], () => files.rename(file, aside));
  const fd = files.openAppend(file, 0o644);
  files.closeFile(fd);
  if (owner !== undefined) files.chown(file, owner.uid, owner.gid);
}

function checkStore(root: string, owner: Owner | undefined, prepare: () => void): Checked<Store> {
  const stat = files.lookAt(root);
  if (stat?.isDirectory() !== true) return fail('store/unusable', `${root} is not a folder`);
  const place = path.join(root, 'VERSION');
  const version = files.lookAt(place)?.isFile() === true ? files.readText(place) : undefined;
  if (version !== VERSION_TEXT) {
    const said =
      version === undefined ? 'no readable VERSION' : JSON.stringify(version.slice(0, 60));
    return fail('store/version', `the store ${root} has format ${said}, not "recipes store 1"`);
  }
  if (owner !== undefined && stat.uid !== owner.uid) return foreign(root, stat.uid, owner.uid);
  prepare();
  return ok({root, owner, ids: {uid: stat.uid, gid: stat.gid}});
}

/** Whether the disk takes a file now: permissions alone do not say so (read-only, full). */
function probe(root: string): void {
  const file = path.join(root, 'tmp', unique());
  const fd = files.createFile(file);
  try {
    files.writeAll(fd, 'x');
  } finally {
    files.closeFile(fd);
    // Another process that finds no run at work may have cleaned tmp/ meanwhile.
    files.unless(['ENOENT'], () => files.unlink(file));
  }
}

function foreign(root: string, has: number, needs: number): Checked<never> {
  return fail('store/unusable', `the store ${root} belongs to uid ${has}`, {
    hint: `as root, builds work as uid ${needs}: run as uid ${has}, or set store.path to another folder`,
  });
}

/** The folder itself, or the one it would be made in. */
function nearestFolder(folder: string): string {
  let at = path.resolve(folder);
  while (!files.exists(at) && path.dirname(at) !== at) at = path.dirname(at);
  return at;
}

function distant(root: string, network: string): Checked<never> {
  return fail('store/network', `the store ${root} lies on a network file system (${network})`, {
    hint: 'set store.path to a folder on a disk of this machine',
  });
}

function notAStore(root: string, stranger: string): Checked<never> {
  return fail('store/unusable', `${root} is no store: it holds ${JSON.stringify(stranger)}`, {
    hint: 'set store.path to a folder that is empty or does not exist yet',
  });
}
