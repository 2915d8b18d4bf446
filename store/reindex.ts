/**
 * Makes anew everything that is not content: the log of actions from the records; caches and
 * farms are dropped, whoever needs them makes them. Also what `mendAuxiliary` does without a word
 * where such a file cannot be read.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {actionKey} from '../engine/base/hash.ts';
import {rowOf, writeRows} from './action-log.ts';
import {setAside} from './commit.ts';
import {putAway} from './farms.ts';
import {actionLogFile, auxIn, choicesFile, farmIn, type Store} from './layout.ts';
import {readRecord, type ActionRecord} from './records.ts';

export interface Reindexed {
  /** Rows of the log of actions. */
  readonly rows: number;
  readonly farms: number;
}

/** Nobody else works in the store meanwhile. Throws system errors. */
export function reindex(store: Store): Reindexed {
  const rows = reindexLog(store);
  for (const name of files.namesIn(auxIn(store, ''))) {
    // Locks say something of now, not of content.
    if (!name.endsWith('.lock')) files.removeTree(auxIn(store, name));
  }
  const farms = files.namesIn(path.join(store.root, 'farms'));
  for (const name of farms) putAway(store, farmIn(store, name));
  return {rows, farms: farms.length};
}

/** The log of actions from the records there are, oldest first; gives the count of its rows. */
export function reindexLog(store: Store): number {
  const records = allRecords(store).sort((a, b) => a.finishedAt - b.finishedAt);
  const log = actionLogFile(store);
  if (files.lookAt(log)?.isFile() !== true && files.exists(log)) setAside(store, log);
  writeRows(store, records.map(rowOf));
  return records.length;
}

/** Puts aside what stands where a log should be and is none. */
export function mendLogs(store: Store): void {
  for (const log of [actionLogFile(store), choicesFile(store)]) {
    const stat = files.lookAt(log);
    if (stat !== undefined && !stat.isFile()) setAside(store, log);
  }
}

/** Every record that can be read; damaged ones stay where they are. */
export function allRecords(store: Store): ActionRecord[] {
  const top = path.join(store.root, 'records');
  return files.namesIn(top).flatMap((head) => {
    if (files.lookAt(path.join(top, head))?.isDirectory() !== true) return [];
    return files.namesIn(path.join(top, head)).flatMap((name) => {
      if (!/^[0-9a-f]{64}$/.test(head + name)) return [];
      const record = readRecord(store, actionKey(head + name), undefined, 'leave');
      return record.ok && record.value !== undefined ? [record.value] : [];
    });
  });
}
