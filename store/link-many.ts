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
interface Link extends Pick<FileEntry, 'digest' | 'mode' | 'path'> {
  /** Bytes; undefined: this process has looked at the pool file already. */
  readonly size: number | undefined;
}

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
  const known = links.map(({digest, mode, size, path}): Link => {
    const isKnown = wasLookedAt(store, digest, mode);
    return {digest, mode, path, size: isKnown ? undefined : size};
  });
  const {outs, failure} = share(second, known, common, linkOne, pack);
  if (failure !== undefined) throw failure;
  return outs.map((made) => made === true);
}

function linkOne({digest, mode, size, path}: Link, {store, folder}: Common): boolean {
  if (size !== undefined && verifyPoolFile(store, digest, mode, size) !== undefined) return false;
  const place = joinBytes(folder, path);
  return reaching(place, (near) => linked(fileIn(store, digest, mode), near));
}

/**
 * EMLINK: no more links for this inode. EXDEV: another disk. EPERM: not the owner's own file.
 * ENOENT: gone since it was looked at.
 */
export function linked(pooled: string, place: Buffer): boolean {
  const done = files.unless(['EMLINK', 'EXDEV', 'EPERM', 'ENOENT'], () => {
    files.link(pooled, place);
    return true;
  });
  return done === true;
}

/** One text instead of an object: twenty thousand of those take long to be copied. */
function pack({digest, mode, size, path}: Link): string {
  return `${mode} ${size ?? ''} ${digest}${path}`;
}

function unpack(packed: string): Link {
  const [mode = '', size = ''] = packed.split(' ', 2);
  const at = mode.length + size.length + 2;
  const digest = packed.slice(at, at + 64) as FileEntry['digest'];
  const bytes = size === '' ? undefined : Number(size);
  return {mode: Number(mode), size: bytes, digest, path: packed.slice(at + 64)};
}

joinShare(import.meta.url, (packed: string, common: Common) => linkOne(unpack(packed), common));
