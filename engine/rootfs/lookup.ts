/**
 * Finds a file in a tree as a process in it would: links are followed inside the tree, an absolute
 * one from its top. Pure.
 */
import {fromText, type BytePath} from '../../store/bytes.ts';
import type {FileEntry, TreeEntry} from '../../store/tree-entry.ts';

/** As the kernel has it. */
const MOST_LINKS = 40;

/** `place` is absolute; undefined where there is no file. */
export function fileAt(entries: readonly TreeEntry[], place: string): FileEntry | undefined {
  const known = new Map(entries.map((one) => [one.path, one]));
  let [left, at, links] = [parts(fromText(place)), '', 0];
  while (left.length > 0) {
    const [first = '', ...rest] = left;
    left = rest;
    if (first === '..') at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
    if (first === '..') continue;
    const next = at === '' ? first : `${at}/${first}`;
    const entry = known.get(next);
    if (entry?.type === 'link') {
      links += 1;
      if (links > MOST_LINKS) return undefined;
      if (entry.target.startsWith('/')) at = '';
      left = [...parts(entry.target), ...rest];
    } else if (entry?.type === 'dir' && rest.length > 0) at = next;
    else return entry?.type === 'file' && rest.length === 0 ? entry : undefined;
  }
  return undefined;
}

function parts(path: BytePath): readonly string[] {
  return path.split('/').filter((one) => one !== '' && one !== '.');
}
