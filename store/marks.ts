/**
 * What was hashed since the machine was started, so that it need not be hashed again: marks as
 * `tree <digest>`, `blob <digest>`, `farm <name>`.
 *
 * `aux/verified-<boot id>`: a checksummed line for each (quick-log.ts). Only appended to, never
 * synced: a lost line means hashing again. A file of an earlier start is removed. A line may stand
 * there twice, as who only adds does not read it.
 * Nothing depends on it, so nothing here fails. Knows nothing of what is marked.
 */
import * as files from '../engine/base/files.ts';
import {giveToOwner, setAside} from './commit.ts';
import {auxIn, type Store} from './layout.ts';
import {decodeLine, encodeLine} from './quick-log.ts';

/** Who asks more often than that has all lines looked at, once. */
const FEW = 32;
const PREFIX = 'verified-';

export class Marks {
  readonly #store: Store;
  /** Undefined where the machine does not say when it was started. */
  readonly #file: string | undefined;
  /** Those known here. */
  readonly #known = new Set<string>();
  /** What the file had when it was first asked. */
  #text = '';
  /** Its lines by what they say, when many are asked for; not looked at yet whether they are sound. */
  #lines: Map<string, string> | undefined;
  #asked = 0;

  constructor(store: Store) {
    this.#store = store;
    const boot = bootId();
    this.#file = boot === undefined ? undefined : auxIn(store, `${PREFIX}${boot}`);
  }

  has(mark: string): boolean {
    if (this.#known.has(mark)) return true;
    if (this.#asked === 0) this.#text = this.#read();
    this.#asked += 1;
    if (this.#asked === FEW) this.#lines = linesOf(this.#text);
    const isFound =
      this.#lines === undefined
        ? hasLine(this.#text, mark)
        : decodeLine(this.#lines.get(mark) ?? '') === mark;
    if (isFound) this.#known.add(mark);
    return isFound;
  }

  add(marks: readonly string[]): void {
    const isRead = this.#asked > 0;
    const fresh = marks.filter((mark) => !(isRead ? this.has(mark) : this.#known.has(mark)));
    for (const mark of fresh) this.#known.add(mark);
    const file = this.#file;
    if (fresh.length === 0 || file === undefined) return;
    // A disk that is full or cannot be written stops what has to be stored, not this.
    files.unless(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EISDIR', 'ENOENT'], () => {
      append(this.#store, file, fresh.map(encodeLine).join(''));
    });
  }

  #read(): string {
    const file = this.#file;
    // Opening a fifo would wait for somebody to write to it.
    if (file === undefined || files.lookAt(file)?.isFile() !== true) return '';
    return files.unless(['ENOENT', 'EACCES', 'EIO'], () => files.readText(file)) ?? '';
  }
}

/** Where lines begin to say something: behind their checksum. */
const SAID = 17;

function linesOf(text: string): Map<string, string> {
  const lines = new Map<string, string>();
  for (const line of text.split('\n')) lines.set(line.slice(SAID), line);
  return lines;
}

/** Whether a sound line says this; thousands of others are passed over. */
function hasLine(text: string, mark: string): boolean {
  const end = ` ${mark}\n`;
  for (let at = text.indexOf(end); at !== -1; at = text.indexOf(end, at + 1)) {
    const start = text.lastIndexOf('\n', at) + 1;
    if (decodeLine(text.slice(start, at + end.length - 1)) === mark) return true;
  }
  return false;
}

function bootId(): string | undefined {
  const codes = ['ENOENT', 'EACCES', 'EPERM'];
  const text = files.unless(codes, () => files.readText('/proc/sys/kernel/random/boot_id'));
  return /^[0-9a-f-]{36}$/.exec(text?.trim() ?? '')?.[0];
}

function append(store: Store, file: string, lines: string): void {
  const there = files.lookAt(file);
  if (there?.isFile() === false) setAside(store, file);
  if (there === undefined) dropOld(store);
  const fd = files.openAppend(file, 0o644);
  try {
    if (there?.isFile() !== true) giveToOwner(store, file);
    // A line that a crash has torn must not spoil ours.
    files.writeAll(fd, there === undefined ? lines : `\n${lines}`);
  } finally {
    files.closeFile(fd);
  }
}

function dropOld(store: Store): void {
  for (const name of files.namesIn(auxIn(store, ''))) {
    if (name.startsWith(PREFIX)) files.removeTree(auxIn(store, name));
  }
}
