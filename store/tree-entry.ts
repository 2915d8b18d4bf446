/**
 * The entries of a tree as data. Types only; manifest.ts gives them text, tree-rules.ts their rules.
 */
import type {BlobDigest} from '../engine/base/hash.ts';
import type {BytePath} from './bytes.ts';

export interface Xattr {
  /** With its namespace (`security.capability`); one character per byte. */
  readonly name: string;
  /** Base64 with padding. */
  readonly value: string;
}

interface Common {
  /** Relative to the root of the tree, without `./`. */
  readonly path: BytePath;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Sorted by name, each name once. */
  readonly xattrs: readonly Xattr[];
}

export interface FileEntry extends Common {
  readonly type: 'file';
  readonly size: number;
  readonly digest: BlobDigest;
  /** On every further path of an inode: the first one, whose entry says the same otherwise. */
  readonly hardlink: BytePath | undefined;
}

export interface FolderEntry extends Common {
  readonly type: 'dir';
}

export interface LinkEntry extends Common {
  readonly type: 'link';
  /** Always 0o777: Linux gives symbolic links no mode. */
  readonly mode: number;
  readonly target: BytePath;
}

export interface DeviceEntry extends Common {
  readonly type: 'char' | 'block';
  /** A character device 0:0 does not exist in a tree: to overlayfs it is a whiteout. */
  readonly device: {readonly major: number; readonly minor: number};
}

export interface FifoEntry extends Common {
  readonly type: 'fifo';
}

/** What lower trees have at this path, and below it, is not there. */
export interface WhiteoutEntry {
  readonly type: 'whiteout';
  readonly path: BytePath;
}

export type TreeEntry =
  FileEntry | FolderEntry | LinkEntry | DeviceEntry | FifoEntry | WhiteoutEntry;

/** What is there, as opposed to what is taken away. */
export type SolidEntry = Exclude<TreeEntry, WhiteoutEntry>;
