/**
 * Whether two entries of trees are the same to the bit: kind, content, mode, owner, xattrs. Paths
 * and further names of a file do not count: one that gained a second name is still the same file.
 */
import type {SolidEntry, Xattr} from './tree-entry.ts';

export function isSame(a: SolidEntry, b: SolidEntry): boolean {
  const alike = a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
  return alike && sameXattrs(a.xattrs, b.xattrs) && sameContent(a, b);
}

function sameContent(a: SolidEntry, b: SolidEntry): boolean {
  if (a.type === 'file') return b.type === 'file' && a.digest === b.digest;
  if (a.type === 'link') return b.type === 'link' && a.target === b.target;
  if (a.type !== b.type) return false;
  return deviceOf(a) === deviceOf(b);
}

function deviceOf(entry: SolidEntry): string {
  if (entry.type !== 'char' && entry.type !== 'block') return '';
  return `${entry.device.major},${entry.device.minor}`;
}

function sameXattrs(a: readonly Xattr[], b: readonly Xattr[]): boolean {
  const text = (list: readonly Xattr[]): string =>
    list.map(({name, value}) => `${name}=${value}`).join('\n');
  return text(a) === text(b);
}
