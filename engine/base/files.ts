/**
 * The file system as the engine uses it: every change is one numbered call (crash.ts).
 * Paths are strings, or bytes where names need not be UTF-8. Knows nothing of the store's layout.
 */
import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {isCrashWanted, mutate} from './crash.ts';

export type PathLike = string | Buffer;

export type {Stats, BigIntStats, Dirent} from 'node:fs';

/** The errno name of a system error (`ENOSPC`), or undefined when it is none. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? (UNNAMED[code] ?? code) : undefined;
}

/** asm-generic/errno.h; Node has no name for it. */
const UNNAMED: Readonly<Record<string, string>> = {'Unknown system error -122': 'EDQUOT'};

/** Runs a call and gives undefined where it fails with one of these codes. */
export function unless<T>(codes: readonly string[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (codes.includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

// --- reading -----------------------------------------------------------------------------------

export const readFile = (file: PathLike): Buffer => fs.readFileSync(file);
export const readText = (file: PathLike): string => fs.readFileSync(file, 'utf8');

/** The bytes of a file as a text with one character for each: for what is ASCII. */
export function readBytes(file: PathLike): string {
  const fd = fs.openSync(file, 'r');
  try {
    const size = sizeOf(fd);
    if (size >= space.length) space = Buffer.allocUnsafeSlow(size + (size >> 2) + 1);
    const parts: string[] = [];
    for (let n = readInto(fd, space); n > 0; n = readInto(fd, space)) {
      parts.push(space.toString('latin1', 0, n));
    }
    return parts.join('');
  } finally {
    fs.closeSync(fd);
  }
}

/** One for all files: memory that is new costs more than what is read into it. */
let space = Buffer.allocUnsafeSlow(1 << 16);

/**
 * The first bytes of a file, at most so many: of files others have written. Never waits for
 * anybody; EISDIR or EINVAL where there is something else than a file.
 */
export function readStart(file: PathLike, most: number): Buffer {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) {
      const code = stat.isDirectory() ? 'EISDIR' : 'EINVAL';
      throw Object.assign(new Error(`${String(file)} is no file`), {code});
    }
    const bytes = Buffer.allocUnsafe(Math.min(stat.size, most));
    let size = 0;
    for (let n = -1; n !== 0 && size < bytes.length; size += n) {
      n = fs.readSync(fd, bytes, size, bytes.length - size, null);
    }
    return bytes.subarray(0, size);
  } finally {
    fs.closeSync(fd);
  }
}

export const readLink = (file: PathLike): Buffer => fs.readlinkSync(file, {encoding: 'buffer'});
export const openRead = (file: PathLike): number =>
  fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
/** Opens a folder only to reach what is in it (O_PATH), also where it may not be listed. */
export const openFolder = (folder: PathLike): number =>
  fs.openSync(folder, O_PATH | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
/** asm-generic/fcntl.h; Node has no name for it. */
const O_PATH = 0o10000000;
export const closeFile = (fd: number): void => fs.closeSync(fd);
export const realPath = (file: string): string => fs.realpathSync(file);

/** Reads up to `into.length` bytes; 0 at the end. */
export function readInto(fd: number, into: Uint8Array, position: number | null = null): number {
  for (;;) {
    const n = unless(['EAGAIN'], () => fs.readSync(fd, into, 0, into.length, position));
    if (n !== undefined) return n;
    nap();
  }
}

/** lstat, undefined where there is nothing. */
export function lookAt(file: PathLike): fs.Stats | undefined {
  return unless(['ENOTDIR'], () => fs.lstatSync(file, QUIETLY));
}

/** An error costs more than the call. */
const QUIETLY = {throwIfNoEntry: false} as const;

/** stat: what a path leads to; undefined where it leads to nothing. */
export function follow(file: PathLike): fs.Stats | undefined {
  return unless(NOWHERE, () => fs.statSync(file, QUIETLY));
}

const NOWHERE = ['ENOTDIR', 'ELOOP'];

/** Whether a path leads to a file, as far as one can see; for names others have written. */
export function leadsToFile(file: PathLike): boolean {
  const closed = ['EACCES', 'ENAMETOOLONG', 'EINVAL'];
  return unless(closed, () => follow(file))?.isFile() === true;
}

/** lstat with nanoseconds, undefined where there is nothing. */
export function lookExactly(file: PathLike): fs.BigIntStats | undefined {
  return unless(['ENOTDIR'], () => fs.lstatSync(file, {bigint: true, throwIfNoEntry: false}));
}

/** fstat: what an open file is, whatever its name is now. */
export const lookAtOpen = (fd: number): fs.Stats => fs.fstatSync(fd);

export function exists(file: PathLike): boolean {
  return lookAt(file) !== undefined;
}

/** The size of an open file. */
export const sizeOf = (fd: number): number => fs.fstatSync(fd).size;

/** The names in a folder, sorted by code unit; empty where there is no folder. */
export function namesIn(folder: string): string[] {
  return (unless(['ENOENT'], () => fs.readdirSync(folder)) ?? []).sort();
}

export interface Listed {
  readonly name: string;
  readonly isFolder: boolean;
}

/** The same with whether each is a folder itself. */
export function listed(folder: string): readonly Listed[] {
  const entries = unless(['ENOENT'], () => fs.readdirSync(folder, {withFileTypes: true})) ?? [];
  return entries
    .map((one) => ({name: one.name, isFolder: one.isDirectory()}))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The entries of a folder with their names as bytes, unsorted. */
export function entriesOf(folder: PathLike): fs.Dirent<Buffer>[] {
  return fs.readdirSync(folder, {withFileTypes: true, encoding: 'buffer'});
}

/**
 * Free bytes and inodes for an ordinary user on the file system of a path, and all its bytes.
 * Some file systems do not count inodes: Infinity.
 */
export function freeSpace(at: string): {bytes: number; inodes: number; total: number} {
  const stat = fs.statfsSync(at);
  const inodes = stat.files === 0 ? Infinity : stat.ffree;
  return {bytes: stat.bavail * stat.bsize, inodes, total: stat.blocks * stat.bsize};
}

/** The magic number of the file system, statfs(2). */
export function fileSystemType(at: string): number {
  // Node gives it as a signed number on some machines.
  return fs.statfsSync(at).type >>> 0;
}

// --- changing: each is one numbered call ---------------------------------------------------------

export const rename = (from: PathLike, to: PathLike): void => mutate(() => fs.renameSync(from, to));
export const link = (from: PathLike, to: PathLike): void => mutate(() => fs.linkSync(from, to));
export const unlink = (file: PathLike): void => mutate(() => fs.unlinkSync(file));
export const makeLink = (target: PathLike, at: PathLike): void =>
  mutate(() => fs.symlinkSync(target, at));
export const makeDir = (folder: PathLike, mode = 0o777): void =>
  mutate(() => fs.mkdirSync(folder, {mode}));
export const removeDir = (folder: PathLike): void => mutate(() => fs.rmdirSync(folder));
export const chmod = (file: PathLike, mode: number): void => mutate(() => fs.chmodSync(file, mode));
export const chown = (file: PathLike, uid: number, gid: number): void =>
  mutate(() => fs.lchownSync(file, uid, gid));
export const setTimes = (file: PathLike, seconds: number): void =>
  mutate(() => fs.lutimesSync(file, seconds, seconds));
/** The same of an open file: nobody can have put another one under its name. */
export const chmodOpen = (fd: number, mode: number): void => mutate(() => fs.fchmodSync(fd, mode));
export const chownOpen = (fd: number, uid: number, gid: number): void =>
  mutate(() => fs.fchownSync(fd, uid, gid));
export const setTimesOpen = (fd: number, seconds: number): void =>
  mutate(() => fs.futimesSync(fd, seconds, seconds));
/** Copies content to a file that must not exist; shares blocks where the file system can. */
export const copyFile = (from: PathLike, to: PathLike): void =>
  mutate(() =>
    fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE),
  );
export const truncate = (file: PathLike, size: number): void =>
  mutate(() => fs.truncateSync(file, size));
/** Creates a file that must not exist and opens it for writing. */
export const createFile = (file: PathLike, mode = 0o600): number =>
  mutate(() => fs.openSync(file, 'wx', mode));
export const openAppend = (file: PathLike, mode = 0o644): number =>
  mutate(() => fs.openSync(file, 'a+', mode));
/** Opens a file that must exist, to append to it. */
export const openToAppend = (file: PathLike): number =>
  fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_NOFOLLOW);
/** Opens one end of a fifo for both ways: never blocks, and never sees an end of file. */
export const openFifo = (file: PathLike, nonBlocking: boolean): number =>
  fs.openSync(file, fs.constants.O_RDWR | (nonBlocking ? fs.constants.O_NONBLOCK : 0));
/** Opens a fifo to read from it without waiting; at its end when nobody has it open to write. */
export const openFifoToRead = (file: PathLike): number =>
  fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
export const syncFile = (fd: number): void => mutate(() => fs.fsyncSync(fd));
/** The same without holding anything up, but where calls are counted. */
export function syncLater(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (isCrashWanted()) {
      syncFile(fd);
      resolve();
      return;
    }
    fs.fsync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Writes all bytes: one write(2) may take fewer than asked and say nothing (a full disk). */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  let done = 0;
  while (done < bytes.length) {
    const n = unless(['EAGAIN'], () => mutate(() => fs.writeSync(fd, bytes, done)));
    if (n === undefined) nap();
    else done += n;
  }
}

/** A pipe that does not block and is full: its reader needs a moment. */
function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
}

/**
 * Writes all bytes to a descriptor that is no file of ours (standard output). Waits where whoever
 * reads is slow: Node opens pipes so that write(2) does not.
 */
export function writeOut(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const written = unless(['EAGAIN'], () => fs.writeSync(fd, bytes, done));
    if (written === undefined) rest();
    done += written ?? 0;
  }
}

/** Into a file at a place; what lies between is a hole. */
export function writeAt(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    done += mutate(() => fs.writeSync(fd, bytes, done, bytes.length - done, at + done));
  }
}

function rest(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** Makes a folder and its missing parents; the ones that are there stay as they are. */
export function makeDirs(folder: string, mode = 0o777): void {
  if (lookAt(folder) !== undefined) return;
  makeDirs(path.dirname(folder), mode);
  unless(['EEXIST'], () => makeDir(folder, mode));
}

/** fsync of a folder: makes the names in it durable. */
export function syncDir(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  try {
    syncFile(fd);
  } finally {
    closeFile(fd);
  }
}

export interface WriteOptions {
  readonly mode?: number;
  /** False where losing the file in a power cut is harmless (caches). */
  readonly durable?: boolean;
  readonly owner?: {readonly uid: number; readonly gid: number} | undefined;
}

/**
 * Writes a file under a temporary name beside the final one and renames it into place:
 * readers see the old bytes or the new ones, also after a power cut.
 */
export function writeFileAtomic(
  file: string,
  data: string | Uint8Array | readonly Uint8Array[],
  options: WriteOptions = {},
): void {
  const temporary = `${file}.tmp-${randomBytes(6).toString('hex')}`;
  const fd = createFile(temporary, options.mode ?? 0o644);
  try {
    try {
      const pieces = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
      for (const piece of pieces) writeAll(fd, piece);
      if (options.owner !== undefined) chown(temporary, options.owner.uid, options.owner.gid);
      if (options.durable !== false) syncFile(fd);
    } finally {
      closeFile(fd);
    }
    rename(temporary, file);
  } catch (error) {
    unless(['ENOENT'], () => unlink(temporary));
    throw error;
  }
  if (options.durable !== false) syncDir(path.dirname(file));
}

/**
 * Removes a file or a whole folder; nothing there is fine. Opens up folders without write
 * permission on the way, never follows links, and does not recurse (trees may be 10,000 deep).
 */
export function removeTree(at: PathLike): void {
  const top = lookAt(at);
  if (top === undefined) return;
  if (!top.isDirectory()) return unlink(at);
  const stack: Buffer[] = [Buffer.from(at)];
  for (let folder = stack.at(-1); folder !== undefined; folder = stack.at(-1)) {
    const inner = removeFilesIn(folder);
    if (inner.length === 0) {
      removeDir(folder);
      stack.pop();
    } else for (const child of inner) stack.push(withinReach(child, stack[0] ?? child));
  }
}

/**
 * No call takes a path above 4,095 bytes, and long ones take long: what lies deep is moved up to
 * the top first.
 */
const LONGEST = 1_000;

function withinReach(folder: Buffer, top: Buffer): Buffer {
  if (folder.length <= LONGEST) return folder;
  const near = Buffer.concat([top, Buffer.from(`/.deep-${randomBytes(6).toString('hex')}`)]);
  // A folder that moves to another parent is itself written to.
  chmod(folder, 0o700);
  rename(folder, near);
  return near;
}

/** Unlinks all but folders; gives the folders that are left. */
function removeFilesIn(folder: Buffer): Buffer[] {
  const stat = fs.lstatSync(folder);
  if ((stat.mode & 0o700) !== 0o700) chmod(folder, 0o700);
  const left: Buffer[] = [];
  for (const entry of entriesOf(folder)) {
    const child = Buffer.concat([folder, SLASH, entry.name]);
    if (entry.isDirectory()) left.push(child);
    else unlink(child);
  }
  return left;
}

const SLASH = Buffer.from('/');

/** A folder of its own under the system's temporary folder, removed by `await using`. */
export function temporaryDir(parent: string, prefix: string): {path: string} & AsyncDisposable {
  const made = mutate(() => fs.mkdtempSync(path.join(parent, prefix)));
  return {
    path: made,
    [Symbol.asyncDispose]: () => {
      removeTree(made);
      return Promise.resolve();
    },
  };
}
