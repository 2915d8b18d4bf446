/**
 * Finds a file in a tree as a process in it would: links are followed inside the tree, an absolute
 * one from its top. Pure.
 */
import {fromText, parentOf, type BytePath} from '../../store/bytes.ts';
import type {FileEntry, TreeEntry} from '../../store/tree-entry.ts';

/** As the kernel has it. */
const MOST_LINKS = 40;

/** `place` is absolute; undefined where there is no file. */
export function fileAt(entries: readonly TreeEntry[], place: string): FileEntry | undefined {
  const known = new Map(entries.map((one) => [one.path, one]));
  let step: Step = {at: '', left: parts(fromText(place)), links: 0};
  while (step.links <= MOST_LINKS) {
    const [name, ...rest] = step.left;
    if (name === undefined) return undefined;
    const next = name === '..' ? parentOf(step.at) : joined(step.at, name);
    const entry = known.get(next);
    if (entry?.type === 'link') step = follow(step, entry.target, rest);
    else if (entry?.type === 'file' && rest.length === 0) return entry;
    else if (entry?.type === 'dir' || next === '') step = {...step, at: next, left: rest};
    else return undefined;
  }
  return undefined;
}

interface Step {
  /** A folder of the tree; empty for its top. */
  readonly at: BytePath;
  readonly left: readonly string[];
  readonly links: number;
}

function follow({at, links}: Step, target: BytePath, rest: readonly string[]): Step {
  const from = target.startsWith('/') ? '' : at;
  return {at: from, left: [...parts(target), ...rest], links: links + 1};
}

function joined(folder: BytePath, name: string): BytePath {
  return folder === '' ? name : `${folder}/${name}`;
}

function parts(path: BytePath): readonly string[] {
  return path.split('/').filter((one) => one !== '' && one !== '.');
}
