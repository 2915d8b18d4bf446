/**
 * Opens pool files to be read. One whose mode forbids that to its owner (0200, 0000: such files
 * may be in a tree) is opened up for the moment of the call; whoever may read everything notices
 * nothing. A crash within that moment leaves a file with another mode, which the cheap look finds
 * and mends.
 */
import * as files from '../engine/base/files.ts';

/** Follows no link. Throws system errors. */
export function openPool(file: files.PathLike): number {
  const fd = files.unless(['EACCES'], () => files.openRead(file));
  if (fd !== undefined) return fd;
  const mode = files.lookAt(file);
  // A folder above it is closed, or it is no file: then the first answer stands.
  if (mode?.isFile() !== true || (mode.mode & 0o400) !== 0) return files.openRead(file);
  files.chmod(file, (mode.mode & 0o777) | 0o400);
  try {
    return files.openRead(file);
  } finally {
    files.chmod(file, mode.mode & 0o777);
  }
}
