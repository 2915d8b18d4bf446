/**
 * The reserve: a file of the store that stands for room on the disk, and some empty ones that
 * stand for inodes. gc on a full disk removes them first, so that it can register, and puts them
 * back at the end. Knows nothing of gc.
 * (Nix does the same with 8 MiB; ours is smaller on small disks.)
 */
import {randomBytes} from 'node:crypto';
import * as files from '../engine/base/files.ts';
import {runSync} from '../engine/base/process.ts';
import path from 'node:path';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const MOST = 16 * 2 ** 20;
const SHARE = 64;
/** So many times its size must be free for it to be made. */
const PLENTY = 4;

/**
 * Makes the reserve of the store at `root` where there is room for it; whether it is there now.
 * Nothing depends on it, so nothing it meets with is an error.
 */
export function makeReserve(root: string, owner: Owner | undefined): boolean {
  makeSpares(root, owner);
  const file = placeOf(root);
  const there = files.lookAt(file);
  if (there !== undefined && there.size > 0) return true;
  const {bytes: free, total, inodes} = files.freeSpace(root);
  const size = Math.min(MOST, Math.floor(total / SHARE));
  if (size === 0 || free < size * PLENTY || inodes < SHARE) return false;
  // Whoever began it was killed before he could fill it.
  if (there !== undefined) files.unless([...HARMLESS, 'ENOENT'], () => files.unlink(file));
  const fd = files.unless([...HARMLESS, 'EEXIST'], () => files.createFile(file, 0o600));
  if (fd === undefined) return false;
  const made = files.unless(HARMLESS, () => fill(fd, file, size, owner));
  files.closeFile(fd);
  if (made === undefined) files.unless([...HARMLESS, 'ENOENT'], () => files.unlink(file));
  return made === true;
}

const HARMLESS = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EFBIG'];

/** Whether so little is left that not even gc may find the room it needs for itself. */
export function isTight(root: string): boolean {
  const {bytes, inodes} = files.freeSpace(root);
  return bytes < LITTLE || inodes < SPARES * PLENTY;
}

/** Run files, claims, logs, what gc writes anew: some blocks each. */
const LITTLE = 1 << 20;

/** Gives its room and inodes back to the disk. Throws system errors. */
export function freeReserve(root: string): void {
  files.unless(['ENOENT'], () => files.unlink(placeOf(root)));
  files.removeTree(sparesOf(root));
}

/** What gc has at once: its run file and claim, and what it writes anew. tmpfs counts links too. */
const SPARES = 16;

/** Whole or not at all: the folder gets its name last. */
function makeSpares(root: string, owner: Owner | undefined): void {
  const folder = sparesOf(root);
  if (files.exists(folder)) return;
  const {inodes} = files.freeSpace(root);
  if (inodes < SPARES * PLENTY) return;
  const temporary = `${folder}.${randomBytes(6).toString('hex')}`;
  files.unless([...HARMLESS, 'ENOENT', 'EEXIST', 'ENOTEMPTY'], () => {
    files.makeDir(temporary, 0o755);
    if (owner !== undefined) files.chown(temporary, owner.uid, owner.gid);
    for (let at = 0; at < SPARES; at += 1) files.closeFile(files.createFile(`${temporary}/${at}`));
    files.rename(temporary, folder);
  });
  files.removeTree(temporary);
}

/** Written, not only made long: a hole takes no room. fallocate(1) spares writing where it can. */
function fill(fd: number, file: string, size: number, owner: Owner | undefined): true {
  if (owner !== undefined) files.chown(file, owner.uid, owner.gid);
  const argv = ['fallocate', '--length', String(size), '/proc/self/fd/3'];
  const done = runSync(argv, {stdio: ['ignore', 'ignore', 'ignore', fd]});
  if (done.status !== 0) files.writeAll(fd, Buffer.alloc(size));
  return true;
}

const sparesOf = (root: string): string => path.join(root, 'aux', 'spare');
const placeOf = (root: string): string => path.join(root, 'reserve');
