/**
 * The logs of builds: their names, their last lines. Knows nothing of what is in them.
 */
import {closeFile, exists, lookAt, openRead, readInto} from '../base/files.ts';
import {short, type ActionKey} from '../base/hash.ts';
import {fileNameOf, type Label} from '../base/label.ts';
import {logIn, type Store} from '../../store/layout.ts';

/** A name no log has yet: label, key and the number of the attempt. */
export function newLogName(store: Store, label: Label, key: ActionKey): string {
  let attempt = 1;
  const name = (): string => `${fileNameOf(label)}-${short(key)}-${attempt}.log`;
  while (exists(logIn(store, name()))) attempt += 1;
  return name();
}

const TAIL_BYTES = 16 * 1024;

/** The last lines of a file, at most `count`; empty when there is no such file. */
export function lastLines(file: string, count: number): readonly string[] {
  const size = lookAt(file)?.size ?? 0;
  if (size === 0) return [];
  const fd = openRead(file);
  try {
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = readInto(fd, bytes, size - bytes.length);
    const lines = bytes.toString('utf8', 0, read).replace(/\n$/, '').split('\n');
    return lines.slice(-count);
  } finally {
    closeFile(fd);
  }
}
