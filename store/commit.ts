/**
 * How a new file gets its final name: whole and durable first, then linked or renamed into place,
 * then the folder. After a power cut a final name has the final content or does not exist.
 * (fsync of the folder alone leaves names of empty files: reliability findings of ext4.)
 * Knows nothing of what the files are.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {runSync} from '../engine/base/process.ts';
import {quarantineDir, temporaryIn, type Store} from './layout.ts';
import {fault} from './trouble.ts';

/** Gives a new file or folder to whom the store belongs. */
export function giveToOwner(store: Store, at: files.PathLike): void {
  if (store.owner !== undefined) files.chown(at, store.owner.uid, store.owner.gid);
}

/** Makes a folder right below one of the store's folders, durably, where it is missing. */
export function ensureFolder(store: Store, folder: string): void {
  if (makeFolder(store, folder)) files.syncDir(path.dirname(folder));
}

/**
 * Makes the folders of files that are to come, where they are missing. Gives the folders whose
 * names have to be durable before those of the files count.
 */
export function makeFolders(store: Store, places: readonly string[]): readonly string[] {
  const folders = [...new Set(places.map((one) => path.dirname(one)))];
  const made = folders.filter((folder) => makeFolder(store, folder));
  return [...new Set(made.map((folder) => path.dirname(folder)))];
}

/** True where it was not there. */
function makeFolder(store: Store, folder: string): boolean {
  const there = files.lookAt(folder);
  if (there?.isDirectory() === true) return false;
  // Something else in its place is damage like any other.
  if (there !== undefined) setAside(store, folder);
  files.unless(['EEXIST'], () => files.makeDir(folder, 0o755));
  giveToOwner(store, folder);
  return true;
}

/**
 * Writes a small file of the store durably under its final name. With `replace`, an older file
 * of that name gives way; else it stays, since names by digest say what is in it.
 */
export function commitBytes(
  store: Store,
  final: string,
  data: string | Uint8Array,
  replace: boolean,
): void {
  const temporary = temporaryIn(store);
  ensureFolder(store, path.dirname(final));
  try {
    writeNew(store, temporary, data);
    if (replace) files.rename(temporary, final);
    else files.unless(['EEXIST'], () => files.link(temporary, final));
  } finally {
    files.unless(['ENOENT'], () => files.unlink(temporary));
  }
  files.syncDir(path.dirname(final));
}

function writeNew(store: Store, file: string, data: string | Uint8Array): void {
  const fd = files.createFile(file, 0o644);
  try {
    files.writeAll(fd, data);
    giveToOwner(store, file);
    files.syncFile(fd);
  } finally {
    files.closeFile(fd);
  }
}

/** Writes a small file into tmp/, to be made durable and named with others; gives its place. */
export function stageText(store: Store, text: string | Uint8Array): string {
  const file = temporaryIn(store);
  const fd = files.createFile(file, 0o644);
  try {
    files.writeAll(fd, text);
    giveToOwner(store, file);
    return file;
  } catch (error) {
    files.unless(['ENOENT'], () => files.unlink(file));
    throw error;
  } finally {
    files.closeFile(fd);
  }
}

/** Above this many files one sync of the whole file system is cheaper than one for each file. */
const SINGLY = 32;

/** Makes the content (and owner, mode, times) of files durable, but not their names. */
export function syncContents(store: Store, paths: readonly files.PathLike[]): void {
  if (paths.length > SINGLY) return syncFileSystem(store);
  for (const file of paths) {
    // Without DAC_OVERRIDE a file of mode 0200 can be stored but not opened; nor one too deep.
    const fd = files.unless(['EACCES', 'ENAMETOOLONG'], () => files.openRead(file));
    if (fd === undefined) return syncFileSystem(store);
    try {
      files.syncFile(fd);
    } finally {
      files.closeFile(fd);
    }
  }
}

/** syncfs(2) through sync(1): Node has no call for it. `at`: any path of the file system. */
export function syncFileSystem(store: Store, at: string = store.root): void {
  const done = runSync(['sync', '-f', at]);
  if (done.status === 0) return;
  if (done.status === 127) fault('store/tool', 'cannot run sync (package coreutils)');
  // The kernel reports a failed write-back once: what was to be synced is to be thrown away.
  fault('store/unusable', `sync -f ${at}: ${done.stderr.trim()}`);
}

/** Makes the names in folders durable; each folder once. */
export function syncFolders(folders: Iterable<string>): void {
  for (const folder of new Set(folders)) files.syncDir(folder);
}

/** The same for folders of the store, of which there may be many. */
export function syncStoreFolders(store: Store, folders: Iterable<string>): void {
  const all = new Set(folders);
  if (all.size > SINGLY) syncFileSystem(store);
  else syncFolders(all);
}

/** Moves a damaged file out of the way, where people can look at it; gone already is fine. */
export function setAside(store: Store, file: string): void {
  const name = path.relative(store.root, file).replaceAll('/', '_');
  const place = `${path.join(quarantineDir(store), name)}.${path.basename(temporaryIn(store))}`;
  files.unless(['ENOENT'], () => files.rename(file, place));
}
