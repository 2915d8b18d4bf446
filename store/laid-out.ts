/**
 * Whether a folder a tree was laid out in still is what the tree says. A hard link into the pool is
 * as good as the pool's file, which was looked at with the tree; everything else is hashed. So what
 * was damaged by its other name in the pool is found after the pool was mended.
 * Owners, times and what only root can make are not looked at: checkouts need not have them.
 */
import * as files from '../engine/base/files.ts';
import {fromBytes} from './bytes.ts';
import {hasDigest} from './inspect.ts';
import {fileIn, type Store} from './layout.ts';
import {Reach} from './reach.ts';
import type {FileEntry, TreeEntry} from './tree-entry.ts';

/** Throws system errors, but for what cannot be read: that is not as it was. */
export function isAsLaidOut(store: Store, folder: string, entries: readonly TreeEntry[]): boolean {
  using reach = new Reach(folder);
  return entries.every((entry) => {
    const place = reach.at(entry.path);
    const stat = files.lookAt(place);
    switch (entry.type) {
      case 'file':
        return stat?.isFile() === true && isContent(store, place, entry, stat);
      case 'dir':
        return stat?.isDirectory() === true;
      case 'link':
        return stat?.isSymbolicLink() === true && fromBytes(files.readLink(place)) === entry.target;
      default:
        return true;
    }
  });
}

function isContent(store: Store, place: Buffer, entry: FileEntry, stat: files.Stats): boolean {
  if (stat.size !== entry.size) return false;
  const pooled = files.lookAt(fileIn(store, entry.digest, entry.mode));
  if (pooled?.ino === stat.ino && pooled.dev === stat.dev) return true;
  return files.unless(['EACCES', 'EIO', 'ENOENT'], () => hasDigest(place, entry.digest)) === true;
}
