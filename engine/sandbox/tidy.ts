/**
 * Removes what jobs leave. Little is removed at once; much by rm(1), which is a thread of work of
 * its own and knows paths longer than the kernel takes.
 */
import * as files from '../base/files.ts';
import type {Starters} from './starters.ts';

/** Up to so many names in a folder and all below it are little. */
const LITTLE = 100;

export async function removeAll(starters: Starters, paths: readonly string[]): Promise<void> {
  const many = paths.filter((path) => !isLittle(path));
  for (const path of paths) if (!many.includes(path)) files.removeTree(path);
  if (many.length > 0) await starters.command(['rm', '-rf', '--', ...many]);
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
