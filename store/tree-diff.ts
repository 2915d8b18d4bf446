/**
 * What differs between two trees, path by path. Pure; knows no files.
 */
import {unreachable} from '../engine/base/result.ts';
import type {BytePath} from './bytes.ts';
import {sortEntries} from './manifest.ts';
import type {TreeEntry} from './tree-entry.ts';

export interface TreeChange {
  readonly path: BytePath;
  readonly change: 'added' | 'removed' | 'changed';
  /** For `changed` what of it, in this order; else empty. */
  readonly what: readonly Aspect[];
  /** How much larger the file became; below zero: smaller. */
  readonly bytes: number;
}

export type Aspect =
  'kind' | 'content' | 'target' | 'device' | 'mode' | 'owner' | 'xattrs' | 'links';

/** Every path that is not the same in both, in the order of manifests. */
export function diffTrees(
  before: readonly TreeEntry[],
  after: readonly TreeEntry[],
): readonly TreeChange[] {
  const old = new Map(before.map((entry) => [entry.path, entry]));
  const kept = new Set(after.map((entry) => entry.path));
  const gone = before.filter((entry) => !kept.has(entry.path));
  const found: TreeChange[] = gone.map((one) => {
    return {path: one.path, change: 'removed', what: [], bytes: -sizeOf(one)};
  });
  for (const entry of after) {
    const {path} = entry;
    const other = old.get(path);
    const what = other === undefined ? [] : differences(other, entry);
    const bytes = sizeOf(entry) - sizeOf(other);
    if (other === undefined) found.push({path, change: 'added', what, bytes});
    else if (what.length > 0) found.push({path, change: 'changed', what, bytes});
  }
  return sortEntries(found);
}

/** Further names of a file take no room. */
function sizeOf(entry: TreeEntry | undefined): number {
  return entry?.type === 'file' && entry.hardlink === undefined ? entry.size : 0;
}

const ASPECTS: readonly Aspect[] = [
  ...(['kind', 'content', 'target', 'device', 'mode', 'owner', 'xattrs', 'links'] as const),
];

function differences(a: TreeEntry, b: TreeEntry): Aspect[] {
  if (a.type !== b.type) return ['kind'];
  const [old, now] = [aspectsOf(a), aspectsOf(b)];
  return ASPECTS.filter((aspect) => old[aspect] !== now[aspect]);
}

/** Each as a text that is the same where the aspect is. */
function aspectsOf(entry: TreeEntry): Partial<Record<Aspect, string>> {
  if (entry.type === 'whiteout') return {};
  const {mode, uid, gid} = entry;
  const xattrs = entry.xattrs.map(({name, value}) => `${name}=${value}`).join(' ');
  const common = {mode: mode.toString(8), owner: `${uid}:${gid}`, xattrs};
  switch (entry.type) {
    case 'file':
      return {...common, content: entry.digest, links: entry.hardlink ?? ''};
    case 'link':
      return {...common, target: entry.target};
    case 'char':
    case 'block':
      return {...common, device: `${entry.device.major},${entry.device.minor}`};
    case 'dir':
    case 'fifo':
      return common;
    default:
      return unreachable(entry);
  }
}
