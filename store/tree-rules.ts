/**
 * The rules every tree obeys (written down in manifest.ts), checked in one pass over its entries.
 * Knows no text and no files.
 */
import {isDigest, sha256} from '../engine/base/hash.ts';
import {isInnerPath, parentOf, toText, type BytePath} from './bytes.ts';
import type {FileEntry, TreeEntry, Xattr} from './tree-entry.ts';

export interface Mistake {
  /** Of the entry, counted from 0. */
  readonly index: number;
  readonly message: string;
}

/** sha256 of no bytes: the only digest a file of size 0 can have. */
export const EMPTY_DIGEST: string = sha256('');

/** The first entry that breaks a rule, or undefined. Linear. */
export function mistakeIn(entries: readonly TreeEntry[]): Mistake | undefined {
  const folders = new Set<BytePath>(['']);
  const files = new Map<BytePath, FileEntry>();
  let before: TreeEntry | undefined;
  for (const [index, entry] of entries.entries()) {
    const wrong =
      wrongPlace(entry, before, folders) ?? wrongValue(entry) ?? wrongHardLink(entry, files);
    if (wrong !== undefined) return {index, message: `${toText(entry.path)}: ${wrong}`};
    if (entry.type === 'dir') folders.add(entry.path);
    if (entry.type === 'file' && entry.hardlink === undefined) files.set(entry.path, entry);
    before = entry;
  }
  return undefined;
}

function wrongPlace(
  entry: TreeEntry,
  before: TreeEntry | undefined,
  folders: ReadonlySet<BytePath>,
): string | undefined {
  if (!isInnerPath(entry.path)) return 'not a path inside the tree';
  if (!folders.has(parentOf(entry.path))) return 'its parent is no folder of the tree';
  if (before !== undefined && !follows(entry.path, before.path)) return 'out of order or twice';
  return undefined;
}

/** Whether a path stands after another in manifest order; NUL for `/` compares by component. */
function follows(path: BytePath, before: BytePath): boolean {
  return path.replaceAll('/', '\0') > before.replaceAll('/', '\0');
}

function wrongValue(entry: TreeEntry): string | undefined {
  if (entry.type === 'whiteout') return undefined;
  if (!isCount(entry.mode, 0o7777)) return 'the mode is not 0 to 7777';
  if (!isCount(entry.uid, MAX_ID) || !isCount(entry.gid, MAX_ID)) return 'not an owner';
  return wrongXattrs(entry.xattrs) ?? wrongContent(entry);
}

// 0xffffffff means "no change" to chown(2).
const MAX_ID = 0xfffffffe;

function wrongContent(entry: Exclude<TreeEntry, {type: 'whiteout'}>): string | undefined {
  switch (entry.type) {
    case 'file':
      if (!isCount(entry.size, Number.MAX_SAFE_INTEGER)) return 'not a size';
      if (!isDigest(entry.digest)) return 'not a sha256';
      if ((entry.size === 0) !== (entry.digest === EMPTY_DIGEST)) return 'size and digest disagree';
      return undefined;
    case 'link':
      if (entry.mode !== 0o777) return 'the mode of a link is 0777';
      return /^[^\0]+$/.test(entry.target) ? undefined : 'not a link target';
    case 'char':
    case 'block':
      return wrongDevice(entry.type, entry.device.major, entry.device.minor);
    default:
      return undefined;
  }
}

function wrongDevice(type: 'char' | 'block', major: number, minor: number): string | undefined {
  // Linux: 12 bits of major, 20 of minor.
  if (!isCount(major, 0xfff) || !isCount(minor, 0xfffff)) return 'not a device number';
  return type === 'char' && major === 0 && minor === 0 ? 'a device 0:0 is a whiteout' : undefined;
}

function wrongXattrs(xattrs: readonly Xattr[]): string | undefined {
  let before = '';
  for (const {name, value} of xattrs) {
    if (name <= before || name.includes('\0')) return 'xattr names are empty, twice or unsorted';
    if (Buffer.from(value, 'base64').toString('base64') !== value) return 'xattr is not base64';
    before = name;
  }
  return undefined;
}

function wrongHardLink(
  entry: TreeEntry,
  files: ReadonlyMap<BytePath, FileEntry>,
): string | undefined {
  if (entry.type !== 'file' || entry.hardlink === undefined) return undefined;
  const first = files.get(entry.hardlink);
  if (first === undefined) return 'a hard link to no earlier file';
  return sameFile(entry, first) ? undefined : 'differs from the file it is a hard link to';
}

function sameFile(a: FileEntry, b: FileEntry): boolean {
  return (
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.size === b.size &&
    a.digest === b.digest &&
    a.xattrs.length === b.xattrs.length &&
    a.xattrs.every((one, at) => one.name === b.xattrs[at]?.name && one.value === b.xattrs[at].value)
  );
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}
