/**
 * What a single file asks of the system it runs in: libraries and interpreters of programs,
 * interpreters of scripts, other modules for a module of pkg-config. Knows nothing of who has them.
 */
import path from 'node:path';
import type {BytePath} from '../../store/bytes.ts';
import {readElf, type ReadAt} from './elf.ts';

export interface FileNeed {
  /** As people know it: `libz.so.1`, `/bin/sh`, `zlib.pc`. Equal names are equal needs. */
  readonly name: BytePath;
  /** The last part of the paths that can satisfy it. */
  readonly file: BytePath;
  /** Whether a path of a tree that ends with `file` satisfies it. */
  readonly fits: (path: BytePath) => boolean;
}

/** execve(2) reads no more of a file to find its interpreter. */
const SHEBANG_BYTES = 256;
/** Far more than any module's text. */
const MODULE_BYTES = 1 << 16;

/**
 * Whether a file is worth opening. Nothing runs a file that nobody may execute, but shared objects
 * are used without that.
 */
export function mayNeed(at: BytePath, mode: number): boolean {
  return (mode & 0o111) !== 0 || SHARED_OBJECT.test(at) || MODULE.test(at);
}

const SHARED_OBJECT = /\.so(?:\.[^/]*)?$/;
const MODULE = /(?:^|\/)pkgconfig\/[^/]+\.pc$/;

/** What a file asks for; a name may come twice. */
export function needsOf(at: BytePath, mode: number, read: ReadAt): readonly FileNeed[] {
  if (MODULE.test(at)) return modulesIn(read(0, MODULE_BYTES).toString('latin1'));
  const elf = readElf(read);
  if (elf !== undefined) {
    const {interpreter = '', libraries} = elf;
    return [...programAt(interpreter), ...libraries.map(library)];
  }
  return (mode & 0o111) === 0 ? [] : interpreterIn(read(0, SHEBANG_BYTES).toString('latin1'));
}

/** The loader has many folders to look in, and those of the file itself: any folder will do. */
function library(name: BytePath): FileNeed {
  return programAt(name)[0] ?? {name, file: path.posix.basename(name), fits: () => true};
}

const SHEBANG = /^#![ \t]*(\/[^ \t\n\0]*)[ \t]*([^\n\0]*)/;
/** The program that env(1) runs, after the options scripts use and variables. */
const ENV = /^(?:-[iv]*(?:S[ \t]*|[ \t]+))?(?:\w+=\S*[ \t]+)*([^\s=-][^\s=]*)(?!\S)/;

function interpreterIn(head: string): readonly FileNeed[] {
  const [, interpreter = '', words = ''] = SHEBANG.exec(head) ?? [];
  if (path.posix.basename(interpreter) !== 'env') return programAt(interpreter);
  const name = ENV.exec(words)?.[1] ?? '';
  if (name === '' || name.includes('/')) return programAt(name);
  return [{name, file: name, fits: (at) => placeOf(at) === `bin/${name}`}];
}

/** A program by its absolute path; nothing for other texts. */
function programAt(name: BytePath): readonly FileNeed[] {
  const at = path.posix.normalize(name).slice(1);
  if (!name.startsWith('/') || at === '') return [];
  const place = placeOf(at);
  return [{name, file: path.posix.basename(at), fits: (other) => placeOf(other) === place}];
}

/** Folders that are links to each other in systems with a merged /usr count as one. */
function placeOf(at: BytePath): string {
  return at.replace(MERGED, (_all, binaries?: string) =>
    binaries === undefined ? 'lib/' : 'bin/',
  );
}

const MERGED = /^(?:usr\/)?(?:(s?bin)|lib(?:32|64|x32)?)\//;

const REQUIRES = /^[ \t]*Requires(?:\.private)?[ \t]*:([^#\n]*)/gm;
const VERSION = /[<>=!]+\s*[^\s,]+/g;

/** The modules a module requires, by pc(5): names with commas or blanks between, versions left out. */
function modulesIn(text: string): readonly FileNeed[] {
  const lists = [...text.replaceAll(/\\\r?\n/g, ' ').matchAll(REQUIRES)].map(
    ([, list = '']) => list,
  );
  const names = lists.flatMap((list) => list.replaceAll(VERSION, ' ').split(/[\s,]+/));
  // A name made of variables is known to pkg-config only.
  const plain = names.filter((name) => /^[^$/]+$/.test(name));
  return plain.map((name) => {
    const file = `${name}.pc`;
    return {name: file, file, fits: (at) => MODULE.test(at)};
  });
}
