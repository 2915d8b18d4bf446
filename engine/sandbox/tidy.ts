/**
 * Removes what jobs leave. Little is removed at once; much by rm(1), which is a thread of work of
 * its own and knows paths longer than the kernel takes.
 */
import * as files from '../base/files.ts';
import type {Starters} from './starters.ts';

/** Up to so many names in a folder and all below it are little. */
const LITTLE = 100;

export async function removeAll(starters: Starters, paths: readonly string[]): Promise<void> {
  const left = paths.filter((path) => !isLittle(path) || !isRemoved(path));
  if (left.length > 0) await starters.command(['rm', '-rf', '--', ...left]);
}

/** False where the file system refuses: rm(1) takes what it can, and the next run the rest. */
function isRemoved(path: string): boolean {
  try {
    files.removeTree(path);
    return true;
  } catch (error) {
    if (files.errorCode(error) === undefined) throw error;
    return false;
  }
}

/** Whether there is not much to remove: it may be nothing at all. */
export function isLittle(top: string): boolean {
  let left = LITTLE;
  if (files.lookAt(top)?.isDirectory() !== true) return true;
  const waiting = [Buffer.from(top)];
  for (let at = waiting.pop(); at !== undefined && left >= 0; at = waiting.pop()) {
    const entries = files.unless(['EACCES'], () => files.entriesOf(at));
    if (entries === undefined) return false;
    left -= entries.length;
    const folders = entries.filter((one) => one.isDirectory());
    for (const {name} of folders) waiting.push(Buffer.concat([at, SLASH, name]));
  }
  return left >= 0;
}

const SLASH = Buffer.from('/');
