/**
 * Removes what dead runs left: scratch folders, temporary files, claims, run files.
 * Takes a run for dead only when the kernel says that nobody holds its file.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {forgetRuns, listRuns, type RunHandle} from './claims.ts';
import {FARM_GRAVE} from './farms.ts';
import {healFolders, scratchDir, tmpDir, type Store} from './layout.ts';

export interface Swept {
  /** Paths relative to the store. */
  readonly removed: readonly string[];
  /** Folders with files of ids this process may not remove: work for the sandbox worker. */
  readonly left: readonly string[];
}

/** `own`: the run of this process, where it has one. Throws system errors. */
export function sweepScratch(store: Store, own?: RunHandle): Swept {
  // Listed before the runs are looked at: what a living run has made in between is not listed,
  // and what is listed belongs to a run that is dead or that is seen alive.
  const scratch = files.namesIn(scratchDir(store));
  const temporary = files.namesIn(tmpDir(store));
  const {live, dead} = listRuns(store, own);
  // Temporary files do not say whose they are, and a farm put away may still be somebody's layer.
  const alone = live.every((id) => id === own?.id);
  const inTmp = (name: string): string => path.join('tmp', name);
  const orphans = scratch
    .filter((id) => !live.includes(id) && (alone || !isFarm(id)))
    .map((id) => path.join('scratch', id));
  const waste = alone ? temporary.filter((name) => !isProbeOf(own, name)).map(inTmp) : [];
  const removed = [...orphans, ...waste].filter((one) => remove(path.join(store.root, one)));
  const left = orphans.filter((one) => !removed.includes(one));
  if (dead.length > 0) healFolders(store);
  forgetRuns(
    store,
    dead.filter((id) => !left.includes(path.join('scratch', id))),
  );
  return {removed, left};
}

/**
 * How the names of folders begin in which a process's worker tries what the machine can do. It may
 * have begun before there is a run, and be trying things right now.
 */
export function probesOf(pid: number): string {
  return `probe-${pid}-`;
}

/** The name of a run begins with the number of its process (claims.ts). */
function isProbeOf(own: RunHandle | undefined, name: string): boolean {
  return own !== undefined && name.startsWith(probesOf(Number.parseInt(own.id, 10)));
}

/** See putAway in farms.ts. */
function isFarm(name: string): boolean {
  return name.startsWith(FARM_GRAVE);
}

/** Another process may be removing the same: then what it has left is removed. */
const CROSSED = ['ENOENT', 'ENOTEMPTY', 'ENOTDIR'];
const TRIES = 100;

function remove(at: string): boolean {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const done = files.unless(['EACCES', 'EPERM', 'EBUSY', ...CROSSED], () => {
      files.removeTree(at);
      return true;
    });
    if (done === true || !files.exists(at)) return true;
  }
  return false;
}
