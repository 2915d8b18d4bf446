/**
 * Links many pool files into a tree with two processors. Also the program of the second thread.
 */
import * as files from '../engine/base/files.ts';
import {joinBytes} from './bytes.ts';
import {verifyPoolFile} from './inspect.ts';
import {fileIn, type Store} from './layout.ts';
import {wasLookedAt} from './looked-files.ts';
import {reaching} from './reach.ts';
import {callSecond, joinShare, share, type Second} from './share.ts';
import type {FileEntry} from './tree-entry.ts';

/** Below this a second thread costs more than it helps. */
const WORTH = 4000;

/** Of an entry, what is needed for a link. */
type Link = Pick<FileEntry, 'digest' | 'mode' | 'path'>;

interface Common {
  readonly store: Store;
  readonly folder: string;
}

/** A second thread where it will pay for so many. */
export function callLinker(count: number): Second | undefined {
  return callSecond(import.meta.url, count < WORTH);
}

/**
 * Links pool files to their paths below a folder, whose folders are there. For each whether it
 * was made; false: its pool file is not as it should be, or no link can be.
 */
export function linkMany(
  store: Store,
  folder: string,
  links: readonly FileEntry[],
  second: Second | undefined,
): readonly boolean[] {
  const common: Common = {store, folder};
  const packNew = (one: FileEntry): string => pack(one, sizeToSee(store, one));
  const {outs, failure} = share(second, links, common, linkEntry, packNew);
  if (failure !== undefined) throw failure;
  return outs.map((made) => made === true);
}

/** Undefined: this process has looked at the pool file already. */
function sizeToSee(store: Store, {digest, mode, size}: FileEntry): number | undefined {
  return wasLookedAt(store, digest, mode) ? undefined : size;
}

function linkEntry(entry: FileEntry, common: Common): boolean {
  const {digest, mode, path} = entry;
  return linkOne({digest, mode, path}, sizeToSee(common.store, entry), common);
}

function linkOne(
  {digest, mode, path}: Link,
  size: number | undefined,
  {store, folder}: Common,
): boolean {
  if (size !== undefined && verifyPoolFile(store, digest, mode, size) !== undefined) return false;
  const place = joinBytes(folder, path);
  return reaching(place, (near) => linked(fileIn(store, digest, mode), near));
}

/** EMLINK: no more links for this inode. EXDEV: another disk. EPERM: not the owner's own file. */
export function linked(pooled: string, place: Buffer): boolean {
  try {
    files.link(pooled, place);
    return true;
  } catch (error) {
    const code = files.errorCode(error) ?? '';
    // Or the pool file has gone since it was looked at.
    const isGone = code === 'ENOENT' && !files.exists(pooled);
    if (isGone || ['EMLINK', 'EXDEV', 'EPERM'].includes(code)) return false;
    throw error;
  }
}

function pack({digest, mode, path}: Link, size: number | undefined): string {
  return `${mode} ${size ?? ''} ${digest}${path}`;
}

function linkPacked(packed: string, common: Common): boolean {
  const [mode = '', size = ''] = packed.split(' ', 2);
  const at = mode.length + size.length + 2;
  const digest = packed.slice(at, at + 64) as FileEntry['digest'];
  const bytes = size === '' ? undefined : Number(size);
  return linkOne({mode: Number(mode), digest, path: packed.slice(at + 64)}, bytes, common);
}

joinShare(import.meta.url, linkPacked);
