/**
 * Merges /etc three ways when a new root becomes current: what the old root came with, what became
 * of it, what the new root comes with. Whole files: what somebody changed, added or removed stays
 * so; all else follows the new root. The rules are those of `ostree admin deploy`, with two that it
 * refuses (docs/roots.md). Pure; knows entries of trees, no files.
 */
import {parentOf, type BytePath} from '../../store/bytes.ts';
import {sortEntries} from '../../store/manifest.ts';
import type {SolidEntry, TreeEntry} from '../../store/tree-entry.ts';

export interface EtcMerge {
  /** Of the new root below /etc, in the order of manifests; no hard links. */
  readonly entries: readonly SolidEntry[];
  /** What differs from what the new root comes with, because somebody wanted it so. */
  readonly kept: readonly BytePath[];
  /** Of these, what the new root comes with in another form than the old one did. */
  readonly both: readonly BytePath[];
  /** Where somebody has a file and the new root a folder, or a file above it: nothing is merged. */
  readonly clashes: readonly EtcClash[];
}

export interface EtcClash {
  readonly path: BytePath;
  /** Where the new root has the other thing: the same path, or one above it. */
  readonly at: BytePath;
}

type Entries = ReadonlyMap<BytePath, SolidEntry>;

interface Work {
  readonly old: Entries;
  readonly own: Entries;
  readonly fresh: Entries;
  readonly merged: Map<BytePath, SolidEntry>;
  readonly kept: Set<BytePath>;
  readonly clashes: EtcClash[];
}

const TOP = 'etc';

/**
 * `before` and `after` are whole trees; `yours` has /etc as it is on the disk, with owners and
 * modes as they are meant (`ownedAs`). Only what lies below `etc` is looked at.
 */
export function mergeEtc(
  before: readonly TreeEntry[],
  yours: readonly TreeEntry[],
  after: readonly TreeEntry[],
): EtcMerge {
  const fresh = etcOf(after);
  const work: Work = {
    ...{old: etcOf(before), own: etcOf(yours), fresh, merged: new Map(fresh)},
    ...{kept: new Set(), clashes: []},
  };
  for (const path of removedIn(work)) if (takeAway(work, path)) work.kept.add(path);
  for (const entry of work.own.values()) if (!isUntouched(work, entry)) keep(work, entry);
  const kept = [...work.kept].sort();
  const both = kept.filter((path) => hasMoved(work, path));
  return {entries: sortEntries([...work.merged.values()]), kept, both, clashes: work.clashes};
}

/** Below /etc, folders before what is in them. */
function etcOf(entries: readonly TreeEntry[]): Entries {
  const found = entries.flatMap((one) =>
    one.path.startsWith(`${TOP}/`) && one.type !== 'whiteout' ? [single(one)] : [],
  );
  return new Map(sortEntries(found).map((one) => [one.path, one]));
}

/** Copies share nothing, so what was one file under two names may become two. */
function single(entry: SolidEntry): SolidEntry {
  return entry.type === 'file' ? {...entry, hardlink: undefined} : entry;
}

/** What is gone though the folder it was in is not. */
function removedIn({old, own}: Work): readonly BytePath[] {
  return [...old.keys()].filter((path) => {
    const above = parentOf(path);
    return !own.has(path) && (above === TOP || own.get(above)?.type === 'dir');
  });
}

function isUntouched({old}: Work, entry: SolidEntry): boolean {
  const before = old.get(entry.path);
  return before !== undefined && isAlike(before, entry);
}

/** Extended attributes do not count: the system sets them by itself. */
function isAlike(a: SolidEntry, b: SolidEntry): boolean {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  return kindOf(a) === kindOf(b);
}

function kindOf(entry: SolidEntry): string {
  if (entry.type === 'file') return `file ${entry.digest}`;
  return entry.type === 'link' ? `link ${entry.target}` : entry.type;
}

function keep(work: Work, entry: SolidEntry): void {
  const {merged, kept} = work;
  const stays = entry.type === 'dir' ? isFolderToKeep(work, entry) : makeRoom(work, entry);
  if (!stays || !makeParents(work, entry.path)) return;
  merged.set(entry.path, entry);
  kept.add(entry.path);
}

/** A folder of both is one. One the new root gave up stays away, but for what was put into it. */
function isFolderToKeep({old, merged}: Work, {path}: SolidEntry): boolean {
  const isNew = old.get(path)?.type !== 'dir';
  const isThere = merged.get(path)?.type === 'dir';
  return isNew !== isThere;
}

/** False where the new root has a folder that nobody knew of when the file was made. */
function makeRoom(work: Work, {path}: SolidEntry): boolean {
  if (work.merged.get(path)?.type !== 'dir') return true;
  const isOurs = isFolderOfOld(work, path);
  if (isOurs) takeAway(work, path);
  else work.clashes.push({path, at: path});
  return isOurs;
}

/** Whether the new root has a folder just as the old one had it: then only one side has changed. */
function isFolderOfOld({old, fresh}: Work, path: BytePath): boolean {
  const below = (entries: Entries): readonly SolidEntry[] =>
    [...entries.values()].filter((one) => `${one.path}/`.startsWith(`${path}/`));
  const [before, after] = [below(old), below(fresh)];
  return (
    before.length === after.length &&
    before.every((one, at) => {
      const other = after[at];
      return other?.path === one.path && isAlike(one, other);
    })
  );
}

/** Folders that somebody's file lies in come with it. */
function makeParents(work: Work, path: BytePath): boolean {
  const {merged, own} = work;
  const parts = path.split('/').slice(0, -1);
  for (let length = 2; length <= parts.length; length += 1) {
    const above = parts.slice(0, length).join('/');
    const there = merged.get(above);
    const mine = own.get(above);
    if (there === undefined && mine !== undefined) merged.set(above, mine);
    else if (there?.type !== 'dir') {
      work.clashes.push({path, at: above});
      return false;
    }
  }
  return true;
}

/** With all below; false where there was nothing. */
function takeAway({merged}: Work, path: BytePath): boolean {
  const before = merged.size;
  for (const one of merged.keys()) if (`${one}/`.startsWith(`${path}/`)) merged.delete(one);
  return merged.size < before;
}

function hasMoved({old, fresh}: Work, path: BytePath): boolean {
  const [before, after] = [old.get(path), fresh.get(path)];
  if (before === undefined || after === undefined) return before !== after;
  return !isAlike(before, after);
}

/**
 * The entries of a folder as they are meant. Who may not give files away owns all that was laid
 * out, and setuid bits are lost: where nothing else was done, owner and mode are those of the tree.
 * `self`: whom such files belong to.
 */
export function ownedAs(
  found: readonly TreeEntry[],
  meant: readonly TreeEntry[],
  self: Owner,
): readonly TreeEntry[] {
  const known = new Map(meant.map((one) => [one.path, one]));
  return found.map((entry) => {
    const tree = known.get(entry.path);
    if (entry.type === 'whiteout') return entry;
    return tree === undefined || tree.type === 'whiteout'
      ? meantAs(entry, {uid: 0, gid: 0}, entry.mode, self)
      : meantAs(entry, tree, modeIn(entry, tree), self);
  });
}

function meantAs(entry: SolidEntry, tree: Owner, mode: number, self: Owner): SolidEntry {
  const uid = entry.uid === self.uid ? tree.uid : entry.uid;
  const gid = entry.gid === self.gid ? tree.gid : entry.gid;
  return {...entry, uid, gid, mode};
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

function modeIn(entry: SolidEntry, tree: SolidEntry): number {
  const isUntouched = tree.type === entry.type && (tree.mode & laidOut(entry)) === entry.mode;
  return isUntouched ? tree.mode : entry.mode;
}

/** The bits of a mode that laying out keeps (lay-out.ts). */
function laidOut({type}: SolidEntry): number {
  return type === 'dir' ? 0o1777 : 0o777;
}
