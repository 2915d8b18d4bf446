/**
 * Changes of profiles: new generations, switching, pins, removal. Whoever calls these has the
 * profile's claim (profiles.ts) and has named in his run what a new generation holds.
 *
 * A generation's root is durable before its folder has its name, and outlives it: so gc keeps what
 * is in every folder with a number. While one is made or removed, its folder has a name that says
 * so, and whoever comes next undoes what he finds half done (`tidy`). The switch is one rename of a
 * link; everything that it leads to is durable before.
 * Knows nothing of how the content of a folder is made.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {fail, type Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import {syncFileSystem, syncFolders} from './commit.ts';
import type {Store} from './layout.ts';
import {
  currentIn,
  numbersIn,
  numbersOf,
  placeOf,
  readNumber,
  type Generation,
  type Profile,
} from './profiles.ts';
import {removeRoot, writeRoot, type GenerationRoot} from './roots.ts';
import {fault, guard, StoreFault} from './trouble.ts';

/** What is to be known of a generation before it is made. */
export type Wanted = Omit<GenerationRoot, 'kind' | 'n' | 'folder' | 'pinned'>;

/**
 * Makes a folder ready for a profile, durably, and gives its real path. It may exist; what somebody
 * else has put there is refused (`root/folder`). A profile stays where it is unless its folder is gone.
 */
export function prepareFolder(
  store: Store,
  profile: Profile | undefined,
  wanted: string,
): Checked<string> {
  return guard(wanted, () => {
    const folder = realPlace(wanted);
    const home = profile === undefined ? undefined : realPlace(profile.folder);
    if (home !== undefined && home !== folder && files.exists(home)) {
      const hint = 'leave out --at, or take another name';
      fault('root/folder', `the profile lies in ${home}, not in ${folder}`, hint);
    }
    if (folder === store.root || folder.startsWith(`${store.root}/`)) {
      fault('root/folder', `${folder} lies in the store`);
    }
    refuseStrangers(folder, profile === undefined ? isHalfDone : isOurs);
    makeDurable(folder);
    return folder;
  });
}

/** Undoes what killed processes have left half made or half removed. Throws system errors. */
export function tidy(store: Store, profile: string, folder: string): void {
  const left = files.namesIn(folder).filter(isHalfDone);
  for (const name of left) {
    const n = readNumber(name.split('.')[1] ?? '');
    const isWhole = n === undefined || files.exists(path.join(folder, String(n)));
    if (!isWhole) removeRoot(store, placeOf(profile, n));
  }
  for (const name of left) files.removeTree(path.join(folder, name));
}

/**
 * Makes the next generation; what is current stays. `fill` lays its content out in an empty folder.
 * Durable on return; nothing is left of one that fails.
 */
export function addGeneration(
  store: Store,
  folder: string,
  wanted: Wanted,
  fill: (at: string) => Checked<unknown>,
): Checked<Generation> {
  return guard(folder, () => {
    const {profile} = wanted;
    const n = Math.max(0, ...numbersOf(store, profile), ...numbersIn(folder)) + 1;
    const root: GenerationRoot = {
      ...wanted,
      ...{kind: 'generation', n, folder: placeFor(store, folder), pinned: false},
    };
    const place = path.join(folder, String(n));
    try {
      const temporary = halfDone(folder, n);
      fillNew(temporary, fill);
      // Names and modes too, on every file system; and the temporary name before the root.
      syncFileSystem(store, folder);
      writeRoot(store, placeOf(profile, n), root);
      files.rename(temporary, place);
      files.syncDir(folder);
    } catch (error) {
      tidy(store, profile, folder);
      throw error;
    }
    return {n, root, folder: place, isThere: true};
  });
}

/** The switch: `current` leads to the old generation or to this one, also after a power cut. */
export function switchTo(folder: string, n: number): Checked<undefined> {
  if (files.lookAt(path.join(folder, String(n)))?.isDirectory() !== true) {
    return fail('root/unknown-generation', `${path.join(folder, String(n))} is gone`);
  }
  return guard(folder, () => {
    const temporary = halfDone(folder, 'current');
    files.makeLink(String(n), temporary);
    try {
      files.syncDir(folder);
      files.rename(temporary, path.join(folder, 'current'));
    } catch (error) {
      files.unless(['ENOENT'], () => files.unlink(temporary));
      throw error;
    }
    files.syncDir(folder);
    return undefined;
  });
}

/**
 * Gives a generation that is not current another folder `name`. Durable on return; a power cut
 * between leaves it without one.
 */
export function replaceIn(
  {folder: generation, n}: Generation,
  {name, mode}: {readonly name: string; readonly mode: number},
  store: Store,
  fill: (at: string) => Checked<unknown>,
): Checked<undefined> {
  const folder = path.dirname(generation);
  const [made, old] = [halfDone(folder, n), halfDone(folder, n)];
  return guard(folder, () => {
    try {
      fillNew(made, fill, mode);
      syncFileSystem(store, folder);
      files.unless(['ENOENT'], () => {
        files.rename(path.join(generation, name), old);
      });
      files.rename(made, path.join(generation, name));
      syncFolders([folder, generation]);
    } finally {
      for (const one of [made, old]) files.removeTree(one);
    }
    return undefined;
  });
}

/** What was staged has become current: its /etc is its own from now on. */
export function settle(store: Store, {root}: Generation): void {
  if (root.system?.staged !== true) return;
  const system = {...root.system, staged: false};
  writeRoot(store, placeOf(root.profile, root.n), {...root, system});
}

/** Pins a generation or takes its pin away. */
export function setPinned(store: Store, {root}: Generation, pinned: boolean): Checked<undefined> {
  return guard(store.root, () => {
    writeRoot(store, placeOf(root.profile, root.n), {...root, pinned});
    return undefined;
  });
}

/** Removes a generation, which is not the current one: first its name, then its root, its files last. */
export function removeGeneration(
  store: Store,
  profile: string,
  folder: string,
  n: number,
): Checked<undefined> {
  if (currentIn(folder) === n || leadsTo(folder, n)) {
    return fail('root/in-use', `generation ${n} of ${profile} is the current one`);
  }
  return guard(folder, () => {
    const temporary = halfDone(folder, n);
    files.unless(['ENOENT'], () => {
      files.rename(path.join(folder, String(n)), temporary);
      files.syncDir(folder);
    });
    removeRoot(store, placeOf(profile, n));
    files.removeTree(temporary);
    return undefined;
  });
}

/** Whoever has made `current` by hand may have written `./2`, or the whole path. */
function leadsTo(folder: string, n: number): boolean {
  const [current, generation] = ['current', String(n)].map((name) =>
    files.unless(['ENOENT', 'ENOTDIR', 'ELOOP'], () => files.realPath(path.join(folder, name))),
  );
  return generation !== undefined && generation === current;
}

// --- names -----------------------------------------------------------------------------------------

/** The folder of a profile that all generations have in common. */
export const SHARED = 'var';

const HALF_DONE = /^\.(current|var|[1-9]\d{0,8})\.[0-9a-f]{16}$/;

function isHalfDone(name: string): boolean {
  return HALF_DONE.test(name);
}

/** Hidden, so that nobody who lists generations takes it for one; `tidy` removes it. */
export function halfDone(folder: string, what: number | 'current' | typeof SHARED): string {
  return path.join(folder, `.${what}.${randomBytes(8).toString('hex')}`);
}

/** Relative where store and folder lie in one project, which may be moved as a whole. */
function placeFor(store: Store, folder: string): string {
  const relative = path.relative(store.root, folder);
  return relative.startsWith('../') && !relative.startsWith('../../') ? relative : folder;
}

/** The path without links, of what may not exist yet. */
function realPlace(at: string): string {
  const full = path.resolve(at);
  const real = files.unless(['ENOENT'], () => files.realPath(full));
  return real ?? path.join(realPlace(path.dirname(full)), path.basename(full));
}

function isOurs(name: string): boolean {
  const isNamed = name === 'current' || name === SHARED || readNumber(name) !== undefined;
  return isNamed || isHalfDone(name);
}

function refuseStrangers(folder: string, isKnown: (name: string) => boolean): void {
  const there = files.lookAt(folder);
  if (there === undefined) return;
  if (!there.isDirectory()) fault('root/folder', `${folder} is not a folder`);
  const stranger = files.namesIn(folder).find((name) => !isKnown(name));
  if (stranger !== undefined) {
    fault(
      'root/folder',
      `${folder} is not empty: it holds ${JSON.stringify(stranger)}`,
      'it may belong to a profile of another store: choose another folder with --at',
    );
  }
  const link = files.lookAt(path.join(folder, 'current'));
  if (link !== undefined && !link.isSymbolicLink()) {
    fault('root/folder', `${folder}/current is no symbolic link`, 'it is not ours: move it away');
  }
}

// --- files -----------------------------------------------------------------------------------------

function fillNew(folder: string, fill: (at: string) => Checked<unknown>, mode = 0o755): void {
  files.makeDir(folder, 0o700);
  const filled = fill(folder);
  if (!filled.ok) throw new StoreFault(filled.error);
  files.chmod(folder, mode);
}

function makeDurable(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; !files.exists(at); at = path.dirname(at)) missing.push(at);
  files.makeDirs(folder);
  syncFolders(missing.map((at) => path.dirname(at)));
}
