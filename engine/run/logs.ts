/**
 * The logs of builds: their names, which there are, their last lines. Knows nothing of what is in
 * them, nor of how the builds ended: a build that was killed has a log and no record.
 */
import path from 'node:path';
import {
  closeFile,
  exists,
  lookAt,
  lookExactly,
  namesIn,
  openRead,
  readInto,
} from '../base/files.ts';
import {sha256, short, type ActionKey} from '../base/hash.ts';
import {fileNameOf, type Label} from '../base/label.ts';
import {logIn, type Store} from '../../store/layout.ts';

/** A name no log has yet: label, key and the number of the attempt. */
export function newLogName(store: Store, label: Label, key: ActionKey): string {
  let attempt = 1;
  const name = (): string => `${stemOf(label)}-${short(key)}-${attempt}.log`;
  while (exists(logIn(store, name()))) attempt += 1;
  return name();
}

/** The logs of a label that there are, the one written to last first. */
export function logsOf(store: Store, label: Label): readonly string[] {
  const start = `${stemOf(label)}-`;
  const mine = (name: string): boolean =>
    name.startsWith(start) && /^[0-9a-f]{8}-\d+\.log$/.test(name.slice(start.length));
  const folder = path.dirname(logIn(store, start));
  return namesIn(folder)
    .filter(mine)
    .map((name) => ({file: logIn(store, name), at: lookExactly(logIn(store, name))?.mtimeNs ?? 0n}))
    .sort((a, b) => (a.at > b.at ? -1 : 1))
    .map((one) => one.file);
}

/** File names have at most 255 bytes; three names of a label can have more. */
const LONGEST_STEM = 200;

function stemOf(label: Label): string {
  const name = fileNameOf(label);
  if (name.length <= LONGEST_STEM) return name;
  return `${name.slice(0, LONGEST_STEM)}~${short(sha256(label))}`;
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
