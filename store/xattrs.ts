/**
 * Extended attributes through getfattr(1) and setfattr(1) (package attr): Node has no calls for
 * them. One process for a whole folder. Names and values as in trees; knows nothing of trees.
 *
 * Their text format: `# file: NAME`, then `attr=VALUE` lines, then an empty line. In names and
 * attributes backslash, newline and carriage return are written as octal escapes (and `=` in
 * attributes); other bytes as they are. A value is `0x…` (hex) or `0s…` (base64).
 */
import * as files from '../engine/base/files.ts';
import {runSync} from '../engine/base/process.ts';
import {fromBytes, toBytes, type BytePath} from './bytes.ts';
import {temporaryIn, type Store} from './layout.ts';
import {byReach, LONGEST, within} from './reach.ts';
import type {Xattr} from './tree-entry.ts';
import {fault} from './trouble.ts';

/**
 * The xattrs of everything below a folder, by path relative to it (the folder itself is ''), each
 * list sorted by name. Links are not followed. Which attributes are seen depends on who asks:
 * `trusted.*` only root of the machine. Throws a `StoreFault` without getfattr. `paths`: all that
 * is below the folder; needed where some of it is too deep for getfattr to find.
 */
export function readXattrs(
  store: Store,
  folder: string,
  paths: readonly BytePath[] = [],
): Map<BytePath, readonly Xattr[]> {
  if (!paths.some((path) => path.length >= LONGEST)) {
    return parseDump(dump(store, [...READ, '-R', '-P', '--', '.'], folder));
  }
  const found = new Map<BytePath, readonly Xattr[]>();
  for (const [prefix, rests] of byReach(paths)) {
    const text = within(folder, prefix, (at) => dumpListed(store, at, rests));
    for (const [rest, xattrs] of parseDump(text)) found.set(prefix + rest, xattrs);
  }
  return found;
}

const READ = ['getfattr', '-h', '-d', '-m', '-', '-e', 'hex'];

/** The same of several folders with one process, which `run` starts with its output in a file. */
export async function readXattrsTogether(
  folders: readonly string[],
  output: string,
  run: (
    argv: readonly string[],
  ) => Promise<{readonly status: number | null; readonly stderr: string}>,
): Promise<readonly Map<BytePath, readonly Xattr[]>[]> {
  if (folders.length === 0) return [];
  const done = await run([...READ, '-R', '-P', '--', ...folders]);
  try {
    if (done.status !== 0) complain('getfattr', done.status, done.stderr);
    return split(parseDump(fromBytes(files.readFile(output))), folders);
  } finally {
    files.unless(['ENOENT'], () => files.unlink(output));
  }
}

function split(
  all: ReadonlyMap<BytePath, readonly Xattr[]>,
  folders: readonly string[],
): Map<BytePath, readonly Xattr[]>[] {
  const parts = folders.map(() => new Map<BytePath, readonly Xattr[]>());
  for (const [at, xattrs] of all) {
    const index = folders.findIndex((folder) => at === folder || at.startsWith(`${folder}/`));
    parts[index]?.set(at.slice((folders[index]?.length ?? 0) + 1), xattrs);
  }
  return parts;
}

/** What a program prints. To a file, not a pipe: names are bytes that reading as text would spoil. */
function dump(
  store: Store,
  argv: readonly string[],
  folder: string,
  input: number | 'ignore' = 'ignore',
): string {
  const output = temporaryIn(store);
  const fd = files.createFile(output);
  try {
    const done = runSync(argv, {cwd: folder, stdio: [input, fd, 'pipe']});
    if (done.status !== 0) complain('getfattr', done.status, done.stderr);
    return fromBytes(files.readFile(output));
  } finally {
    files.closeFile(fd);
    files.unlink(output);
  }
}

/** The same of a list of paths below a folder: names are bytes, arguments of Node's are text. */
function dumpListed(store: Store, folder: string, paths: readonly BytePath[]): string {
  const list = temporaryIn(store);
  try {
    writeNew(list, toBytes(paths.map((path) => `./${path}\0`).join('')));
    const fd = files.openRead(list);
    try {
      return dump(store, ['xargs', '-0', ...READ, '--'], folder, fd);
    } finally {
      files.closeFile(fd);
    }
  } finally {
    files.unless(['ENOENT'], () => files.unlink(list));
  }
}

/** Sets xattrs of paths below a folder, not following links at the last component. */
export function writeXattrs(
  store: Store,
  folder: string,
  wanted: readonly {readonly path: BytePath; readonly xattrs: readonly Xattr[]}[],
): void {
  const some = wanted.filter((one) => one.xattrs.length > 0);
  const xattrsOf = new Map(some.map((one) => [one.path, one.xattrs]));
  for (const [prefix, rests] of byReach(xattrsOf.keys())) {
    const texts = rests.map((path) => dumpOf({path, xattrs: xattrsOf.get(prefix + path) ?? []}));
    within(folder, prefix, (at) => {
      restoreAll(store, at, texts.join(''));
    });
  }
}

function restoreAll(store: Store, folder: string, text: string): void {
  const input = temporaryIn(store);
  try {
    writeNew(input, toBytes(text));
    restore(input, folder);
  } finally {
    files.unless(['ENOENT'], () => files.unlink(input));
  }
}

/** The dump goes in by descriptor: folders above the store may be closed to this process. */
function restore(dump: string, folder: string): void {
  const fd = files.openRead(dump);
  try {
    const done = runSync(['setfattr', '-h', '--restore=-'], {
      cwd: folder,
      stdio: [fd, 'ignore', 'pipe'],
    });
    if (done.status !== 0) complain('setfattr', done.status, done.stderr);
  } finally {
    files.closeFile(fd);
  }
}

function writeNew(file: string, bytes: Uint8Array): void {
  const fd = files.createFile(file);
  try {
    files.writeAll(fd, bytes);
  } finally {
    files.closeFile(fd);
  }
}

function dumpOf(one: {readonly path: BytePath; readonly xattrs: readonly Xattr[]}): string {
  // setfattr takes an empty base64 text for no value at all.
  const words = (value: string): string => (value === '' ? '""' : `0s${value}`);
  const lines = one.xattrs.map(({name, value}) => `${escape(name)}=${words(value)}\n`);
  return `# file: ./${escape(one.path)}\n${lines.join('')}\n`;
}

function parseDump(text: string): Map<BytePath, readonly Xattr[]> {
  const found = new Map<BytePath, readonly Xattr[]>();
  for (const block of text.split('\n\n')) {
    const [head = '', ...lines] = block.split('\n');
    if (!head.startsWith('# file: ')) continue;
    const xattrs = lines.filter((line) => line !== '').map(parseLine);
    xattrs.sort((a, b) => (a.name < b.name ? -1 : 1));
    const path = unescape(head.slice('# file: '.length));
    found.set(path === '.' ? '' : path.replace(/^\.\//, ''), xattrs);
  }
  return found;
}

/** `name=0x…`; an attribute without value is the name alone. */
function parseLine(line: string): Xattr {
  const equals = line.indexOf('=');
  if (equals < 0) return {name: unescape(line), value: ''};
  const hex = line.slice(equals + 1).replace(/^0x/, '');
  return {name: unescape(line.slice(0, equals)), value: Buffer.from(hex, 'hex').toString('base64')};
}

function escape(text: string): string {
  return text.replace(/[\\\n\r=]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}

function complain(tool: string, status: number | null, stderr: string): never {
  if (status === 127) fault('store/tool', `cannot run ${tool}`, 'install the package attr');
  const said = stderr.trim().split('\n').slice(0, 5).join('; ');
  return fault('store/unusable', `${tool} failed: ${said === '' ? String(status) : said}`);
}
