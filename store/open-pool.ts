/**
 * Reads pool files. One whose mode forbids that to its owner (0200, 0000: such files may be in a
 * tree) is opened up for the moment of the call; whoever may read everything notices nothing.
 * A crash within that moment leaves a file with another mode, which the cheap look finds and
 * mends.
 */
import * as files from '../engine/base/files.ts';

/** Opens one to be read; follows no link. Throws system errors. */
export function openPool(file: files.PathLike): number {
  return whileReadable(file, () => files.openRead(file));
}

/** Copies one to a file that must not exist; the copy's mode is for the caller to set. */
export function copyPool(file: files.PathLike, to: files.PathLike): void {
  whileReadable(file, () => {
    files.copyFile(file, to);
    return true;
  });
}

function whileReadable<T extends number | boolean>(file: files.PathLike, read: () => T): T {
  const done = files.unless(['EACCES'], read);
  if (done !== undefined) return done;
  const stat = files.lookAt(file);
  // A folder above it is closed, or it is no file: then the first answer stands.
  if (stat?.isFile() !== true || (stat.mode & 0o400) !== 0) return read();
  files.chmod(file, (stat.mode & 0o777) | 0o400);
  try {
    return read();
  } finally {
    files.chmod(file, stat.mode & 0o777);
  }
}
