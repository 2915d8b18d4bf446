/**
 * What a run relies on while it lives: lines in its own file in runs/, after the one that says
 * who it is. Engine and worker of a run append to the same file. Not synced: after a power cut no
 * run lives, and the roots of dead runs count for nothing.
 *
 *     key <digest>  tree <digest>  blob <digest>  farm <name>
 */
import * as files from '../engine/base/files.ts';
import {isDigest, type ActionKey, type BlobDigest, type TreeDigest} from '../engine/base/hash.ts';
import {runFileIn, type Store} from './layout.ts';

export type TemporaryRoot =
  `key ${ActionKey}` | `tree ${TreeDigest}` | `blob ${BlobDigest}` | `farm ${string}`;

/** Appends with one write; a line that a full disk has torn in half counts for nothing. */
export function appendRoots(store: Store, run: string, roots: readonly TemporaryRoot[]): void {
  if (roots.length === 0) return;
  const fd = files.openToAppend(runFileIn(store, run));
  try {
    files.writeAll(fd, `\n${roots.join('\n')}\n`);
  } finally {
    files.closeFile(fd);
  }
}

/** The roots after the first `from` bytes, and how far the file goes; nothing of a missing file. */
export function readRoots(
  store: Store,
  run: string,
  from: number,
): {readonly roots: readonly TemporaryRoot[]; readonly end: number} {
  const fd = files.unless(['ENOENT'], () => files.openRead(runFileIn(store, run)));
  if (fd === undefined) return {roots: [], end: from};
  try {
    const size = files.sizeOf(fd);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const read = bytes.length === 0 ? 0 : files.readInto(fd, bytes, from);
    // A line is taken when its end is there.
    const end = bytes.lastIndexOf('\n', read - 1) + 1;
    const lines = bytes.toString('utf8', 0, Math.max(0, end)).split('\n');
    return {roots: lines.filter(isRoot), end: from + Math.max(0, end)};
  } finally {
    files.closeFile(fd);
  }
}

function isRoot(line: string): line is TemporaryRoot {
  const [kind, digest = '', ...more] = line.split(' ');
  const known = kind === 'key' || kind === 'tree' || kind === 'blob' || kind === 'farm';
  return known && isDigest(digest) && more.length === 0;
}
