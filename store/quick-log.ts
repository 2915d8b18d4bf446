/**
 * Append-only files of checksummed lines: `<xxhash64, 16 hex digits> <one line of text>`.
 * Constraints: many processes append at once; a crash may leave half a line at the end; a reader
 * never takes damage for data. So: O_APPEND with one write for each call, lines without a right
 * checksum are skipped, an append after a torn line begins with a newline. Nothing is edited in
 * place; `rewriteLog` puts a shorter file in its place.
 * Knows nothing of what the lines mean. Rejected: a database (native code), one file per row.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {quickPrint} from '../engine/base/quick-print.ts';
import {giveToOwner, setAside} from './commit.ts';
import {auxIn, temporaryIn, type Store} from './layout.ts';
import {tryLock} from './lock.ts';

/** A text without newline as a line, newline included. */
export function encodeLine(text: string): string {
  return `${quickPrint(text)} ${text}\n`;
}

/** The text of a line (without its newline); undefined when its checksum does not fit. */
export function decodeLine(line: string): string | undefined {
  const text = line.slice(17);
  return line.charAt(16) === ' ' && quickPrint(text) === line.slice(0, 16) ? text : undefined;
}

/** All sound lines of a log, oldest first; none where there is no file but something else. */
export function readLog(file: string): string[] {
  // Opening a fifo would wait for somebody to write to it.
  if (files.lookAt(file)?.isFile() !== true) return [];
  return soundLines(files.unless(['ENOENT'], () => files.readText(file)) ?? '');
}

/** Appends lines; durable on return. Throws system errors; then some of the lines may be there. */
export function appendLog(store: Store, file: string, texts: readonly string[]): void {
  if (texts.length === 0) return;
  const data = texts.map(encodeLine).join('');
  // Again when the log was rewritten meanwhile: what was appended to the old file may be lost.
  // Lines can come twice by that, which their readers do not mind.
  while (!appended(store, file, data));
}

/** The same without holding anything up while the disk is at it. */
export async function appendLogLater(
  store: Store,
  file: string,
  texts: readonly string[],
): Promise<void> {
  if (texts.length === 0) return;
  const data = texts.map(encodeLine).join('');
  while (!(await appendedLater(store, file, data)));
}

/**
 * Replaces a log by the lines chosen from it, while others append; false when another process is
 * at it. An append is either seen in the old file after the new one is in place, or its writer
 * finds the new file and appends again.
 */
export function rewriteLog(
  store: Store,
  file: string,
  choose: (texts: readonly string[]) => readonly string[],
): boolean {
  const lockFile = auxIn(store, `${path.basename(file)}.lock`);
  const lock = files.openAppend(lockFile);
  try {
    giveToOwner(store, lockFile);
    if (!tryLock(lock, 'exclusive')) return false;
    const old = files.openRead(file);
    try {
      const seen = readRest(old, 0);
      replaceLog(store, file, choose(soundLines(seen.toString('utf8'))));
      appendLog(store, file, soundLines(readRest(old, seen.length).toString('utf8')));
    } finally {
      files.closeFile(old);
    }
    return true;
  } finally {
    files.closeFile(lock);
  }
}

/** The last line counts only with its newline: without, it may be half of one. */
function soundLines(data: string): string[] {
  const lines = data.split('\n');
  lines.pop();
  const texts: string[] = [];
  for (const line of lines) {
    const text = decodeLine(line);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}

/** One append; false when the file is not the log any more. */
function appended(store: Store, file: string, data: string): boolean {
  const log = openLog(store, file);
  try {
    writeLines(store, log, data);
    files.syncFile(log.fd);
    return isStillLog(log);
  } finally {
    files.closeFile(log.fd);
  }
}

async function appendedLater(store: Store, file: string, data: string): Promise<boolean> {
  const log = openLog(store, file);
  try {
    writeLines(store, log, data);
    await files.syncLater(log.fd);
    return isStillLog(log);
  } finally {
    files.closeFile(log.fd);
  }
}

interface OpenLog {
  readonly file: string;
  readonly fd: number;
  readonly isNew: boolean;
  readonly ino: number;
  /** In bytes, before anything is written. */
  readonly size: number;
}

function openLog(store: Store, file: string): OpenLog {
  const there = files.lookAt(file);
  if (there?.isFile() === false) setAside(store, file);
  const fd = files.openAppend(file, 0o644);
  const {ino, size} = files.lookAtOpen(fd);
  return {file, fd, isNew: there?.isFile() !== true, ino, size};
}

function writeLines(store: Store, {file, fd, isNew, size}: OpenLog, data: string): void {
  if (isNew) giveToOwner(store, file);
  files.writeAll(fd, `${isTorn(fd, size) ? '\n' : ''}${data}`);
}

/** After its bytes are durable; its name is too then. */
function isStillLog({file, isNew, ino}: OpenLog): boolean {
  if (isNew) files.syncDir(path.dirname(file));
  return files.lookAt(file)?.ino === ino;
}

function isTorn(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && files.readInto(fd, last, size - 1) === 1 && last.toString() !== '\n';
}

function replaceLog(store: Store, file: string, texts: readonly string[]): void {
  const temporary = temporaryIn(store);
  const fd = files.createFile(temporary, 0o644);
  try {
    giveToOwner(store, temporary);
    files.writeAll(fd, texts.map(encodeLine).join(''));
    files.syncFile(fd);
    files.rename(temporary, file);
  } catch (error) {
    files.unlink(temporary);
    throw error;
  } finally {
    files.closeFile(fd);
  }
  files.syncDir(path.dirname(file));
}

/** All bytes from a place to the end as it is now. */
function readRest(fd: number, from: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = from; ;) {
    const buffer = Buffer.allocUnsafe(1 << 18);
    const n = files.readInto(fd, buffer, at);
    if (n === 0) return Buffer.concat(parts);
    parts.push(buffer.subarray(0, n));
    at += n;
  }
}
