/**
 * Durability barriers that do not hold up their process: many fsync(2) at once, which a journal
 * serves together. Where calls are counted they are made in order. Knows nothing of what is made
 * durable.
 */
import * as files from '../engine/base/files.ts';
import {run} from '../engine/base/process.ts';
import type {Store} from './layout.ts';
import {fault} from './trouble.ts';

/** Above this many files one sync of the whole file system is cheaper than one for each file. */
const SINGLY = 32;

/** Makes the content (and owner, mode, times) of files durable, but not their names. */
export async function contentsDurable(
  store: Store,
  paths: readonly files.PathLike[],
): Promise<void> {
  if (paths.length > SINGLY) return fileSystemDurable(store);
  const fds: number[] = [];
  try {
    for (const file of paths) {
      // Without DAC_OVERRIDE a file of mode 0200 can be stored but not opened; nor one too deep.
      const fd = files.unless(['EACCES', 'ENAMETOOLONG'], () => files.openRead(file));
      if (fd === undefined) {
        await fileSystemDurable(store);
        return;
      }
      fds.push(fd);
    }
    await allDurable(fds);
  } finally {
    fds.forEach(files.closeFile);
  }
}

/** Makes the names in folders durable; each folder once. */
export async function foldersDurable(folders: Iterable<string>): Promise<void> {
  const fds: number[] = [];
  try {
    for (const folder of new Set(folders)) fds.push(files.openRead(folder));
    await allDurable(fds);
  } finally {
    fds.forEach(files.closeFile);
  }
}

/** All are waited for, also where one fails: none is closed while it is written. */
async function allDurable(fds: readonly number[]): Promise<void> {
  const ends = await Promise.allSettled(fds.map(files.syncLater));
  const bad = ends.find((end) => end.status === 'rejected');
  if (bad !== undefined) throw bad.reason;
}

/** syncfs(2) through sync(1): Node has no call for it. */
async function fileSystemDurable(store: Store): Promise<void> {
  const done = await run(['sync', '-f', store.root]);
  if (done.status === 0) return;
  if (done.status === 127) fault('store/tool', 'cannot run sync (package coreutils)');
  // The kernel reports a failed write-back once: what was to be synced is to be thrown away.
  fault('store/unusable', `sync -f ${store.root}: ${done.stderr.trim()}`);
}
