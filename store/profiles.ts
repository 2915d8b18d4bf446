/**
 * Profiles as they are now: numbered generations, and which one is current.
 *
 *     <folder>/1/ 2/ …    generations, each the files of one tree
 *     <folder>/current    a symbolic link to one of the numbers
 *     <folder>/var        of whole systems: the /var of all generations
 *     <folder>/.3.<x>     a generation that is being made or removed
 *     <folder>/.current.<x>   the link before it is renamed to `current`
 *     <folder>/.var.<x>   what is about to be added to var
 *     roots/generations/<profile>/<n>   in the store: what the generation is (roots.ts)
 *
 * What is current is what the link says, and nothing else. Only reads; generations.ts changes.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {sha256} from '../engine/base/hash.ts';
import {rootsDir, type Store} from './layout.ts';
import {readRoot, type GenerationRoot} from './roots.ts';

export interface Generation {
  readonly n: number;
  readonly root: GenerationRoot;
  /** Where its files are. */
  readonly folder: string;
  /** False: somebody has removed the folder, or its disk is not mounted. */
  readonly isThere: boolean;
}

export interface Profile {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Oldest first; at least one. */
  readonly generations: readonly Generation[];
  /** Undefined: nothing was ever switched to, or the link is gone. */
  readonly current: number | undefined;
}

/** Throws system errors, and `store/bad-root` when a generation's root cannot be read. */
export function listProfiles(store: Store): readonly Profile[] {
  const names = files.namesIn(path.join(rootsDir(store), 'generations'));
  return names.flatMap((name) => readProfile(store, name) ?? []);
}

/** Undefined: there is no generation of it. Throws as `listProfiles` does. */
export function readProfile(store: Store, name: string): Profile | undefined {
  const roots = numbersOf(store, name).flatMap((n) => readGeneration(store, name, n) ?? []);
  const newest = roots.at(-1);
  if (newest === undefined) return undefined;
  const folder = path.resolve(store.root, newest.folder);
  const generations = roots.map((root): Generation => {
    const place = path.join(folder, String(root.n));
    return {n: root.n, root, folder: place, isThere: isFolder(place)};
  });
  return {name, folder, generations, current: currentIn(folder)};
}

/** The number `current` leads to; undefined when it is missing or something else. */
export function currentIn(folder: string): number | undefined {
  const target = files.unless(['ENOENT', 'ENOTDIR', 'EINVAL'], () =>
    files.readLink(path.join(folder, 'current')).toString(),
  );
  return target === undefined ? undefined : readNumber(target);
}

/** Numbers with a root file, in order. */
export function numbersOf(store: Store, profile: string): readonly number[] {
  return inOrder(files.namesIn(path.join(rootsDir(store), 'generations', profile)));
}

/** Numbers with a folder, in order; roots of theirs may have been removed by hand. */
export function numbersIn(folder: string): readonly number[] {
  return inOrder(files.namesIn(folder));
}

/** The claim of whoever changes a profile. */
export function profileClaim(name: string): string {
  return `root-${sha256(name).slice(0, 16)}`;
}

/** Where a generation's root file is, below roots/. */
export function placeOf(profile: string, n: number): string {
  return `generations/${profile}/${n}`;
}

/** A number as folders and people write it; else undefined. */
export function readNumber(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function readGeneration(store: Store, profile: string, n: number): GenerationRoot | undefined {
  const root = readRoot(store, placeOf(profile, n));
  return root?.kind === 'generation' ? root : undefined;
}

function inOrder(names: readonly string[]): number[] {
  return names.flatMap((name) => readNumber(name) ?? []).sort((a, b) => a - b);
}

function isFolder(at: string): boolean {
  return files.lookAt(at)?.isDirectory() === true;
}
