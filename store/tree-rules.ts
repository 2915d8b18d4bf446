/**
 * The rules every tree obeys (written down in manifest.ts), checked in one pass over its entries.
 * Knows no text and no files.
 */
import {sha256} from '../engine/base/hash.ts';
import {toText, type BytePath} from './bytes.ts';
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
  let before = '';
  let index = 0;
  for (const entry of entries) {
    const wrong =
      wrongPlace(entry.path, folders) ??
      (comparePaths(before, entry.path) < 0 ? undefined : 'out of order or twice') ??
      wrongValue(entry) ??
      wrongHardLink(entry, files);
    if (wrong !== undefined) return {index, message: `${toText(entry.path)}: ${wrong}`};
    if (entry.type === 'dir') folders.add(entry.path);
    if (entry.type === 'file' && entry.hardlink === undefined) files.set(entry.path, entry);
    before = entry.path;
    index += 1;
  }
  return undefined;
}

/**
 * Orders paths as manifests do, component by component: a slash comes before every other byte.
 * Below zero: the first is before the second. Allocates nothing, for paths may have 20,000 bytes.
 */
export function comparePaths(a: BytePath, b: BytePath): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const [ours, theirs] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (ours !== theirs) {
      return (ours === SLASH ? 0 : ours) < (theirs === SLASH ? 0 : theirs) ? -1 : 1;
    }
  }
  return Math.sign(a.length - b.length);
}

const SLASH = 0x2f;

/** Only the last component is new: the others are those of a folder that was good. */
function wrongPlace(path: BytePath, folders: ReadonlySet<BytePath>): string | undefined {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const plain = name !== '' && name !== '.' && name !== '..' && !name.includes('\0');
  if (!plain || slash === 0) return 'not a path inside the tree';
  const parent = slash < 0 ? '' : path.slice(0, slash);
  return folders.has(parent) ? undefined : 'its parent is no folder of the tree';
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
