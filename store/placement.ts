/**
 * Asks ext4 to put what lies directly in a folder far apart on the disk. It does so with what lies
 * directly in its root (chattr(1), attribute T). Else all of a store shares one part of the disk's
 * inodes, and without a journal ext4 looks at each that was freed there within the last minutes
 * whenever it makes a file: builds free thousands in scratch/.
 * A hint: where it cannot be given, everything works all the same.
 */
import {fileSystemType} from '../engine/base/files.ts';
import {runSync} from '../engine/base/process.ts';

/** As statfs(2) tells it; of ext2 and ext3 too. */
const EXT4 = 0xef53;

/** For folders with nothing in them, or nothing that matters: what is there stays where it is. */
export function spreadApart(folders: readonly string[]): void {
  const [first] = folders;
  if (first === undefined || fileSystemType(first) !== EXT4) return;
  runSync(['chattr', '+T', '--', ...folders]);
}
