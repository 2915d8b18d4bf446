/**
 * What of a whole system is written to where it runs: when a root becomes current, its /etc is
 * merged with what became of the current one's, and the profile's /var gets what it lacks.
 */
import path from 'node:path';
import {problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {err, ok} from '../base/result.ts';
import {mergeEtc, ownedAs, type EtcMerge} from '../rootfs/etc-merge.ts';
import {isWritable} from '../rootfs/writable.ts';
import {count} from '../ui/text.ts';
import {joinBytes, toText, type BytePath} from '../../store/bytes.ts';
import {checkOut} from '../../store/checkout.ts';
import type {RunHandle} from '../../store/claims.ts';
import {replaceIn, settle, switchTo} from '../../store/generations.ts';
import {importFolder} from '../../store/import-folder.ts';
import type {Store} from '../../store/layout.ts';
import {ManifestText} from '../../store/manifest-text.ts';
import type {Generation, Profile} from '../../store/profiles.ts';
import {protect} from '../../store/protect.ts';
import {addShared} from '../../store/shared-folder.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {readManifest} from '../../store/trees.ts';
import {fault, guard} from '../../store/trouble.ts';
import {currentOf} from './profile.ts';
import type {World} from './world.ts';

export const ETC = 'etc';
const VAR = 'var';

/** A whole system that is to become current. */
export interface System {
  readonly label: Label;
  readonly entries: readonly TreeEntry[];
}

/** The merged /etc of a system; undefined where there is nothing to merge with. */
export function etcFor(
  world: World,
  store: Store,
  run: RunHandle,
  profile: Profile | undefined,
  {label, entries}: System,
): Checked<EtcMerge | undefined> {
  const current = profile && currentOf(profile);
  if (current?.root.system === undefined || !current.isThere) return ok(undefined);
  const folder = path.join(current.folder, ETC);
  const isFolder = files.lookAt(folder)?.isDirectory() === true;
  const hasEtc = entries.some((one) => one.path === ETC && one.type === 'dir');
  if (!isFolder || !hasEtc) return ok(undefined);
  const before = guard(store.root, () => etcBefore(store, current.root.tree));
  if (!before.ok) return before;
  const found = lookInto(store, run, folder, ETC);
  if (!found.ok) return found;
  const self = {uid: world.host.uid, gid: world.host.gid};
  const merged = mergeEtc(before.value, ownedAs(found.value, before.value, self), entries);
  const clashes = merged.clashes.map((one) => clashIn(current.folder, label, one));
  return clashes.length > 0 ? err(clashes) : ok(merged);
}

/** All that a tree has below /etc. */
function etcBefore(store: Store, tree: TreeDigest): readonly TreeEntry[] {
  const manifest = readManifest(store, tree);
  if (manifest !== undefined) return new ManifestText(manifest).below(ETC);
  return fault('store/corrupt', `the tree ${tree} is missing or damaged`);
}

/** What lies in a folder, now in the store and named in the run; paths with `top/` before them. */
export function lookInto(
  store: Store,
  run: RunHandle,
  folder: string,
  top: string,
): Checked<readonly TreeEntry[]> {
  const ignore = (at: BytePath): boolean => isSpecial(joinBytes(folder, at));
  const imported = guard(folder, () =>
    protect(store, run, [], (name) => {
      const done = importFolder(store, folder, {normalize: false, ignore});
      if (done.ok) name([`tree ${done.value.tree}`]);
      return done;
    }),
  );
  if (!imported.ok) return imported;
  const done = imported.value;
  if (!done.ok) return done;
  const below = (at: BytePath): BytePath => `${top}/${at}`;
  return ok(
    done.value.entries.map((one) => {
      const moved = {...one, path: below(one.path)};
      if (moved.type !== 'file' || moved.hardlink === undefined) return moved;
      return {...moved, hardlink: below(moved.hardlink)};
    }),
  );
}

/** Sockets, fifos and devices belong to what runs. */
function isSpecial(place: Buffer): boolean {
  const stat = files.lookAt(place);
  return !(stat?.isFile() ?? true) && !stat?.isDirectory() && !stat?.isSymbolicLink();
}

function clashIn(
  folder: string,
  label: Label,
  {path: ours, at}: EtcMerge['clashes'][number],
): Diagnostic {
  const theirs = ours === at ? 'has a folder there' : `has a file at /${toText(at)}`;
  const message = `/${toText(ours)} was made or changed here, and ${label} ${theirs}`;
  const hint = `move ${path.join(folder, toText(ours))} away; it was left as it is`;
  return problem('root/etc-clash', message, {hint});
}

/** What lies in the folder of a generation: /etc merged, /var empty, since it is the profile's. */
export function inGeneration(
  entries: readonly TreeEntry[],
  etc: EtcMerge | undefined,
): readonly TreeEntry[] {
  const withoutVar = replaced(entries, VAR, []);
  return etc === undefined ? withoutVar : replaced(withoutVar, ETC, etc.entries);
}

/** The entries with others below a folder they have. */
export function replaced(
  entries: readonly TreeEntry[],
  folder: string,
  own: readonly TreeEntry[],
): readonly TreeEntry[] {
  const isKept = (at: BytePath): boolean => !at.startsWith(`${folder}/`);
  const kept = entries.filter((one) => isKept(one.path)).map((one) => detached(one, isKept));
  const end = kept.findIndex((one) => one.path === folder) + 1;
  return [...kept.slice(0, end), ...own, ...kept.slice(end)];
}

/** A further name of a file that is not laid out becomes a file of its own. */
function detached(entry: TreeEntry, isKept: (at: BytePath) => boolean): TreeEntry {
  const isLost = entry.type === 'file' && entry.hardlink !== undefined && !isKept(entry.hardlink);
  return isLost ? {...entry, hardlink: undefined} : entry;
}

/** What a generation's folder must have as its tree says, whoever works in it. */
export function fixedPart(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  return entries.filter(({path: at}) => !isWritable(at));
}

/** The last steps of a system: /var gets what it lacks, the link moves, it is staged no more. */
export function becomeCurrent(
  store: Store,
  generation: Generation,
  entries: readonly TreeEntry[],
): Checked<undefined> {
  const folder = path.dirname(generation.folder);
  const filled = fillVar(store, folder, entries);
  if (!filled.ok) return filled;
  const switched = switchTo(folder, generation.n);
  if (!switched.ok) return switched;
  return guard(store.root, () => {
    settle(store, generation);
    return undefined;
  });
}

/** Gives the profile's /var what it lacks. */
function fillVar(store: Store, folder: string, entries: readonly TreeEntry[]): Checked<undefined> {
  if (!entries.some((one) => one.path === VAR && one.type === 'dir')) return ok(undefined);
  return addShared(store, folder, below(entries, VAR));
}

/** Gives a staged generation the /etc it is to have. */
export function layEtc(
  store: Store,
  generation: Generation,
  entries: readonly TreeEntry[],
): Checked<undefined> {
  const own = entries.find((one) => one.path === ETC);
  if (own?.type !== 'dir') return ok(undefined);
  const place = {name: ETC, mode: own.mode & 0o1777};
  return replaceIn(generation, place, store, (at) =>
    checkOut(store, below(entries, ETC), at, {copy: true, owners: false}),
  );
}

function below(entries: readonly TreeEntry[], folder: string): readonly TreeEntry[] {
  const prefix = `${folder}/`;
  const isIn = (at: BytePath): boolean => at.startsWith(prefix);
  return entries.flatMap((one) => {
    if (!isIn(one.path)) return [];
    const alone = detached(one, isIn);
    const first = alone.type === 'file' ? alone.hardlink?.slice(prefix.length) : undefined;
    const moved = {...alone, path: one.path.slice(prefix.length)};
    return [moved.type === 'file' ? {...moved, hardlink: first} : moved];
  });
}

const MOST_NAMED = 3;

/** What was kept of the current /etc, for people. */
export function tellEtc(world: World, etc: EtcMerge | undefined): void {
  if (etc === undefined || etc.kept.length === 0) return;
  world.tell(`kept of /etc: ${named(etc.kept)}`);
  if (etc.both.length > 0) world.tell(`changed in the new root too: ${named(etc.both)}`);
}

function named(paths: readonly BytePath[]): string {
  const shown = paths.slice(0, MOST_NAMED).map((one) => `/${toText(one)}`);
  const more = paths.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${count(more, 'other')}` : ''}`;
}

/** The same for programs. */
export function etcRecord(etc: EtcMerge | undefined): object {
  const texts = (paths: readonly BytePath[]): readonly string[] =>
    paths.map((one) => `/${toText(one)}`);
  return etc === undefined ? {} : {etc: {kept: texts(etc.kept), both: texts(etc.both)}};
}
