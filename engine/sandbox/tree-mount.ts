/**
 * The tree a build sees and changes: an overlay over the layers' farms, or a copy of them where
 * overlay is not to be had. What was done to it is read when the build is dead.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {ok} from '../base/result.ts';
import {timed, type Watch} from '../base/span.ts';
import {joinBytes, type BytePath} from '../../store/bytes.ts';
import {reaching} from '../../store/reach.ts';
import type {SolidEntry} from '../../store/tree-entry.ts';
import type {Lowers} from './lowers.ts';
import {mountOverlay, unmount} from './overlay.ts';
import type {Scratch} from './places.ts';
import type {JobSpec} from './protocol.ts';
import type {Shop} from './shop.ts';
import {copyLayers, stageFarms} from './staging.ts';
import {walkCopy, walkUpper, type Found, type Skip, type Walked, type XattrsIn} from './walk.ts';

export interface BuildTree {
  readonly copied: boolean;
  /** What of it is kept after a failure: the changes, or the whole copy. */
  readonly folder: string;
  /** Takes the mount away; before `walk`. */
  readonly close: () => Promise<void>;
  /** `isPatient`: it may wait a moment for others that are about to end. */
  walk(skip: Skip, isPatient: boolean): Promise<Walked>;
  readonly isUntouched: (found: Found) => boolean;
  readonly laidOut: (entry: SolidEntry) => SolidEntry;
}

export async function openTree(
  shop: Shop,
  scratch: Scratch,
  spec: JobSpec,
  lowers: Lowers,
  watch: Watch,
): Promise<Checked<BuildTree>> {
  const isQuick = shop.copiesSmall && isSmall(lowers);
  const isCopied =
    isQuick || !(await timed(watch, 'prepare', 'try an overlay', () => shop.overlay()));
  return isCopied
    ? timed(watch, 'prepare', 'copy layers', () => openCopy(shop, scratch, spec, lowers))
    : openOverlay(shop, scratch, spec, lowers, watch);
}

/** Up to here copying takes less time than the two processes that mount and unmount an overlay. */
const FEW = 32;
const SMALL_BYTES = 256 << 10;

function isSmall(lowers: Lowers): boolean {
  let [count, bytes] = [0, 0];
  for (const {entry} of lowers.all()) {
    count += 1;
    bytes += entry.type === 'file' ? entry.size : 0;
    if (count > FEW || bytes > SMALL_BYTES || entry.xattrs.length > 0) return false;
  }
  return true;
}

function xattrsIn({xattrs}: Shop, isPatient: boolean): XattrsIn {
  return (folder, paths) => xattrs.add({folder, paths}, isPatient);
}

async function openOverlay(
  shop: Shop,
  scratch: Scratch,
  spec: JobSpec,
  lowers: Lowers,
  watch: Watch,
): Promise<Checked<BuildTree>> {
  const {store, starters} = shop;
  const count = timed(watch, 'prepare', 'stage farms', () =>
    stageFarms(store, scratch, spec, lowers),
  );
  if (!count.ok) return count;
  const mounted = await timed(watch, 'prepare', 'mount', () =>
    mountOverlay(starters, scratch, count.value),
  );
  if (!mounted.ok) return fail('machine/sandbox', `cannot mount an overlay: ${mounted.error}`);
  return ok({
    copied: false,
    folder: scratch.upper,
    close: () => unmount(starters, scratch.merged),
    walk: (skip, isPatient) => walkUpper(xattrsIn(shop, isPatient), scratch.upper, lowers, skip),
    isUntouched: () => false,
    laidOut: (entry) => entry,
  });
}

function openCopy(shop: Shop, scratch: Scratch, spec: JobSpec, lowers: Lowers): Checked<BuildTree> {
  const {store, owners} = shop;
  const copied = copyLayers(store, scratch, spec, lowers, owners);
  if (!copied.ok) return copied;
  const prints = printsOf(scratch.merged, lowers);
  return ok({
    copied: true,
    folder: scratch.merged,
    close: () => Promise.resolve(),
    walk: (skip, isPatient) => walkCopy(xattrsIn(shop, isPatient), scratch.merged, lowers, skip),
    laidOut: owners ? (entry) => entry : withoutOwners,
    isUntouched: (found) => prints.get(found.path) === print(scratch.merged, found.path),
  });
}

/** What `checkOut` without owners makes of an entry. */
function withoutOwners(entry: SolidEntry): SolidEntry {
  const xattrs = entry.xattrs.filter((one) => one.name.startsWith('user.'));
  const mode = entry.mode & (entry.type === 'dir' ? 0o1777 : 0o777);
  return {...entry, mode, uid: 0, gid: 0, xattrs};
}

/** Inode and change time of every copied file: nobody can set these back. */
function printsOf(folder: string, lowers: Lowers): ReadonlyMap<BytePath, string> {
  const prints = new Map<BytePath, string>();
  for (const {entry} of lowers.all()) {
    if (entry.type === 'dir') continue;
    prints.set(entry.path, print(folder, entry.path));
  }
  return prints;
}

function print(folder: string, path: BytePath): string {
  const stat = reaching(joinBytes(folder, path), files.lookExactly);
  return stat === undefined ? '' : `${stat.ino} ${stat.ctimeNs}`;
}
