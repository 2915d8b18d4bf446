/**
 * Walks what a build left on disk: the upper folder of its overlay, or its copied root.
 * Gives what is there and what was taken away; compares nothing.
 */
import * as files from '../base/files.ts';
import type {Xattr} from '../../store/manifest.ts';
import type {BytePath} from '../../store/bytes.ts';
import {walkFolder, type Visited} from '../../store/walk-folder.ts';
import type {Lowers} from './lowers.ts';

export interface Found {
  readonly path: BytePath;
  readonly stat: files.Stats;
  /** What a tree may hold: capabilities and user attributes. Sorted. */
  readonly xattrs: readonly Xattr[];
}

export interface Walked {
  /** Each folder before its content. */
  readonly found: readonly Found[];
  /** Paths the layers have and the build does not see any more; the topmost only. */
  readonly removed: readonly BytePath[];
}

/** `skip`: paths that are not looked at, with all below them. */
export type Skip = (path: BytePath) => boolean;

/**
 * Walks the upper folder of an overlay mounted with `userxattr`: a character device 0:0 is a
 * removal, a folder with `user.overlay.opaque` hides all the layers have below it
 * (Documentation/filesystems/overlayfs.rst).
 */
export async function walkUpper(
  xattrsIn: XattrsIn,
  upper: string,
  lowers: Lowers,
  skip: Skip,
): Promise<Walked> {
  const visited = [...walkFolder(upper, skip, files.lookAt)];
  const xattrs = await xattrsOf(xattrsIn, upper, visited);
  const removed: BytePath[] = [];
  const opaque = new Set<BytePath>();
  const found: Found[] = [];
  for (const {path, stat} of visited) {
    if (stat.isCharacterDevice() && stat.rdev === 0) {
      removed.push(path);
      continue;
    }
    const all = xattrs.get(path) ?? [];
    const slash = path.lastIndexOf('/');
    if (stat.isDirectory() && (opaque.has(path.slice(0, Math.max(slash, 0))) || isOpaque(all))) {
      opaque.add(path);
    }
    found.push({path, stat, xattrs: keptXattrs(all)});
  }
  const there = new Set(found.map((one) => one.path));
  const hidden = [...opaque].flatMap((path) => topmostMissing(lowers, path, there));
  return {found, removed: [...removed, ...hidden.filter((path) => !skip(path))]};
}

/** Walks a copied root: what is missing there was removed. */
export async function walkCopy(
  xattrsIn: XattrsIn,
  root: string,
  lowers: Lowers,
  skip: Skip,
): Promise<Walked> {
  const visited = [...walkFolder(root, skip, files.lookAt)];
  const xattrs = await xattrsOf(xattrsIn, root, visited);
  const found = visited.map(({path, stat}) => {
    return {path, stat, xattrs: keptXattrs(xattrs.get(path) ?? [])};
  });
  const there = new Set(found.map((one) => one.path));
  const folders = ['', ...found.filter((one) => one.stat.isDirectory()).map((one) => one.path)];
  const removed = folders.flatMap((path) => topmostMissing(lowers, path, there));
  return {found, removed: removed.filter((path) => !skip(path))};
}

/** All xattrs below a folder, by path; `paths` is what there is. */
export type XattrsIn = (
  folder: string,
  paths: readonly BytePath[],
) => Promise<ReadonlyMap<BytePath, readonly Xattr[]>>;

async function xattrsOf(
  xattrsIn: XattrsIn,
  folder: string,
  visited: readonly Visited<files.Stats>[],
): Promise<ReadonlyMap<BytePath, readonly Xattr[]>> {
  const paths = visited.map((one) => one.path);
  return paths.length === 0 ? new Map() : xattrsIn(folder, paths);
}

/** What the layers have right below a folder and the build has not. */
function topmostMissing(
  lowers: Lowers,
  folder: BytePath,
  there: ReadonlySet<BytePath>,
): BytePath[] {
  return lowers.namesIn(folder).filter((path) => !there.has(path));
}

function isOpaque(xattrs: readonly Xattr[]): boolean {
  // 'y'; kernels since 6.7 also write 'x' for folders that are not opaque.
  return xattrs.some(({name, value}) => name === 'user.overlay.opaque' && value === 'eQ==');
}

/** Labels of security modules, access lists and overlay's own marks are of this machine. */
function keptXattrs(xattrs: readonly Xattr[]): readonly Xattr[] {
  const kept = xattrs.filter(
    ({name}) =>
      name === 'security.capability' ||
      (name.startsWith('user.') && !name.startsWith('user.overlay.')),
  );
  return kept.map((one) =>
    one.name === 'security.capability' ? {name: one.name, value: plainCapability(one.value)} : one,
  );
}

/**
 * File capabilities without the user namespace they were set in: revision 3 of vfs_cap_data
 * (linux/capability.h) is revision 2 with the namespace's root appended.
 */
export function plainCapability(value: string): string {
  const bytes = Buffer.from(value, 'base64');
  const [REVISION_2, REVISION_3, SIZE_2] = [0x02, 0x03, 20];
  if (bytes.length <= SIZE_2 || bytes[3] !== REVISION_3) return value;
  const plain = Buffer.from(bytes.subarray(0, SIZE_2));
  plain[3] = REVISION_2;
  return plain.toString('base64');
}
