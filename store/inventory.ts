/**
 * All that lies in a store, with its size and when it came or was last linked: for those who
 * collect and measure. Refuses what it does not know: who deletes must know what all things are.
 * Knows nothing of what is needed.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import type {Store} from './layout.ts';
import {fault} from './trouble.ts';

export type ObjectKind = 'record' | 'tree' | 'blob';
export type OtherKind = 'farm' | 'log' | 'failed' | 'kept' | 'download' | 'code';

export interface Item {
  readonly kind: ObjectKind | OtherKind;
  /** Relative to the store. */
  readonly place: string;
  /** Of an object its digest or key; else the file's name. */
  readonly name: string;
  /** What it takes on the disk. Hard links into the pool are counted there. */
  readonly bytes: number;
  /** When its inode last changed, milliseconds since 1970. */
  readonly changed: number;
}

export interface Inventory {
  readonly records: readonly Item[];
  readonly trees: readonly Item[];
  /** One for each set of permission bits. */
  readonly blobs: readonly Item[];
  readonly others: readonly Item[];
}

const OBJECTS = {
  record: {folder: 'records', pattern: /^[0-9a-f]{62}$/},
  tree: {folder: 'trees', pattern: /^[0-9a-f]{62}$/},
  blob: {folder: 'files', pattern: /^[0-9a-f]{62}\.[0-7]{3}$/},
} as const;

const OTHERS: Readonly<Record<OtherKind, string>> = {
  farm: 'farms',
  log: 'logs',
  failed: 'failed',
  kept: 'kept',
  download: 'downloads',
  code: 'engine',
};

/** Everything there is now. Throws system errors, and `store/not-collected` for strangers. */
export function takeInventory(store: Store): Inventory {
  return {
    // What names others first: what is named was there before, so it is found too.
    records: objects(store, 'record'),
    trees: objects(store, 'tree'),
    blobs: objects(store, 'blob'),
    others: (Object.keys(OTHERS) as OtherKind[]).flatMap((kind) => others(store, kind)),
  };
}

function objects(store: Store, kind: ObjectKind): Item[] {
  const {folder, pattern} = OBJECTS[kind];
  const found: Item[] = [];
  for (const head of files.namesIn(path.join(store.root, folder))) {
    const at = `${folder}/${head}`;
    const isFolder = files.lookAt(path.join(store.root, at))?.isDirectory() === true;
    if (!/^[0-9a-f]{2}$/.test(head) || !isFolder) stranger(at);
    for (const name of files.namesIn(path.join(store.root, at))) {
      const place = `${at}/${name}`;
      const stat = files.lookAt(path.join(store.root, place));
      if (stat === undefined) continue;
      if (!pattern.test(name) || !stat.isFile()) stranger(place);
      const facts = {bytes: bytesOf(stat), changed: stat.ctimeMs};
      found.push({kind, place, name: head + name.slice(0, 62), ...facts});
    }
  }
  return found;
}

function stranger(place: string): never {
  return fault('store/not-collected', `nobody knows what ${place} in the store is`);
}

function others(store: Store, kind: OtherKind): Item[] {
  const folder = OTHERS[kind];
  return files.namesIn(path.join(store.root, folder)).flatMap((name) => {
    const place = `${folder}/${name}`;
    const stat = files.lookAt(path.join(store.root, place));
    if (stat === undefined) return [];
    const bytes = stat.isDirectory() ? bytesBelow(store, place) : bytesOf(stat);
    return [{kind, place, name, bytes, changed: stat.ctimeMs}];
  });
}

/** What a file takes on the disk, as du(1) counts: blocks of 512 bytes, whatever the file system's. */
export function bytesOf(stat: files.Stats): number {
  return stat.blocks * 512;
}

/**
 * What a folder takes. Files with further names are left out: those of farms are the pool's.
 * Folders that are closed to us count for themselves only.
 */
export function bytesBelow(store: Store, place: string): number {
  let bytes = 0;
  const waiting: Buffer[] = [Buffer.from(path.join(store.root, place))];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const stat = lookInside(at);
    if (stat === undefined) continue;
    const isFolder = stat.isDirectory();
    if (isFolder || stat.nlink === 1) bytes += bytesOf(stat);
    if (isFolder) waiting.push(...namesBelow(at));
  }
  return bytes;
}

const SLASH = Buffer.from('/');
const CLOSED = ['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];

function namesBelow(folder: Buffer): Buffer[] {
  const entries = files.unless(CLOSED, () => files.entriesOf(folder)) ?? [];
  return entries.map(({name}) => Buffer.concat([folder, SLASH, name]));
}

function lookInside(at: Buffer): files.Stats | undefined {
  return files.unless(CLOSED, () => files.lookAt(at));
}
