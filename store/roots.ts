/**
 * What gc must keep: one sealed file for each root below roots/.
 *
 *     roots/pins/<name>                   what somebody has pinned
 *     roots/projects/<16 hex>             the last good builds of a project
 *     roots/generations/<profile>/<n>     a generation of a profile
 *
 * Whoever writes a root has an open run and has named what the root holds (protect.ts) before, so
 * that a gc under way, which has read the roots already, keeps it too.
 * Knows nothing of what roots mean; `held` is all that gc looks at.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import type {ActionKey, BlobDigest, TreeDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';
import {commitBytes, ensureFolder, setAside} from './commit.ts';
import {rootsDir, type Store} from './layout.ts';
import {isRoot} from './root-shape.ts';
import {decodeSealed, encodeSealed} from './sealed.ts';
import type {TemporaryRoot} from './temporary-roots.ts';
import {fault} from './trouble.ts';

/** What a root keeps: actions with all they made and used, trees with their blobs, blobs. */
export interface Held {
  readonly keys: readonly ActionKey[];
  readonly trees: readonly TreeDigest[];
  readonly blobs: readonly BlobDigest[];
}

export interface PinRoot {
  readonly kind: 'pin';
  readonly name: string;
  readonly label: Label;
  /** Milliseconds since 1970; for people. */
  readonly at: number;
  readonly held: Held;
}

/** The graph of the targets of one `build`, as it was when that was good. */
export interface BuiltTargets {
  readonly targets: readonly Label[];
  readonly at: number;
  readonly held: Held;
}

export interface ProjectRoot {
  readonly kind: 'project';
  /** The configuration file, without links. */
  readonly path: string;
  readonly builds: readonly BuiltTargets[];
}

export interface GenerationRoot {
  readonly kind: 'generation';
  readonly profile: string;
  readonly n: number;
  readonly label: Label;
  readonly key: ActionKey;
  /** All that lies in its folder, as one tree. */
  readonly tree: TreeDigest;
  /** Whether its files are copies and share nothing with the store. */
  readonly copied: boolean;
  /** Of the profile, relative to the store where both lie in one folder: they may be moved together. */
  readonly folder: string;
  readonly at: number;
  /** Not removed before it is unpinned. */
  readonly pinned: boolean;
  /** Set for a whole system, whose /etc is its own and whose /var is that of the profile. */
  readonly system?: SystemFacts | undefined;
  /** What its tree was laid together from. Missing in generations of older versions. */
  readonly packages?: readonly PackageFacts[] | undefined;
  readonly held: Held;
}

export interface SystemFacts {
  /** Made, and never current: its /etc is still that of its tree. */
  readonly staged: boolean;
  /** How it is started, where its recipe says so. */
  readonly boot?: SystemBoot | undefined;
}

export interface SystemBoot {
  /** Absolute paths in it. */
  readonly kernel: string;
  readonly init: string;
  readonly command: string;
  /** Bytes. */
  readonly memory: number;
}

export interface PackageFacts {
  readonly label: Label;
  readonly version: string;
  readonly tree: TreeDigest;
  /** Of its files, in bytes; each content once. */
  readonly size: number;
}

export type Root = PinRoot | ProjectRoot | GenerationRoot;

/** A root and where it is: `pins/tool`, relative to roots/. */
export interface PlacedRoot {
  readonly place: string;
  readonly root: Root;
}

/** All roots, by place. Throws system errors, and `store/bad-root` when one cannot be read. */
export function listRoots(store: Store): readonly PlacedRoot[] {
  return placesBelow(store, '').flatMap((place) => {
    const root = readRoot(store, place);
    // Somebody has given it up just now.
    return root === undefined ? [] : [{place, root}];
  });
}

/** The same for who only looks: a root that cannot be read is undefined. Throws system errors. */
export function lookAtRoots(
  store: Store,
): readonly {readonly place: string; readonly root: Root | undefined}[] {
  return placesBelow(store, '').flatMap((place) => {
    const file = rootIn(store, place);
    const stat = files.lookAt(file);
    if (stat === undefined) return [];
    const text = stat.isFile() ? files.unless(['ENOENT'], () => files.readText(file)) : '';
    if (text === undefined) return [];
    const sealed = decodeSealed(text);
    return [{place, root: isRoot(sealed) ? (sealed as Root) : undefined}];
  });
}

/** One root; undefined when it is not there. Throws as `listRoots` does. */
export function readRoot(store: Store, place: string): Root | undefined {
  const file = rootIn(store, place);
  const stat = files.lookAt(file);
  if (stat === undefined) return undefined;
  if (!stat.isFile()) return badRoot(place, 'it is no file');
  const text = files.unless(['ENOENT'], () => files.readText(file));
  if (text === undefined) return undefined;
  const sealed = decodeSealed(text);
  if (sealed === undefined) return badRoot(place, 'its checksum does not fit');
  return isRoot(sealed) ? (sealed as Root) : badRoot(place, 'it says nothing a root says');
}

/** What stat(2) says of the file of a root: the same print, the same root. */
export function printOfRoot(store: Store, place: string): string {
  const stat = files.lookAt(rootIn(store, place));
  return [stat?.ino, stat?.size, stat?.mtimeMs, stat?.ctimeMs].join(' ');
}

/** Writes a root in place of an older one; durable on return. Throws system errors. */
export function writeRoot(store: Store, place: string, root: Root): void {
  makeFolders(store, place);
  const file = rootIn(store, place);
  // A folder is damage, and the one thing that does not give way to a file.
  if (files.lookAt(file)?.isDirectory() === true) setAside(store, file);
  commitBytes(store, file, encodeSealed(root), true);
}

/** Durable on return; false when there was none. */
export function removeRoot(store: Store, place: string): boolean {
  const file = rootIn(store, place);
  const done = files.unless(['ENOENT'], () => {
    files.unlink(file);
    return true;
  });
  if (done === true) files.syncDir(path.dirname(file));
  return done === true;
}

/** All that the builds of a project, or another root, hold together. */
export function heldBy(root: Root): readonly Held[] {
  return root.kind === 'project' ? root.builds.map((one) => one.held) : [root.held];
}

/** The same as lines of a run's file. */
export function rootsOf({keys, trees, blobs}: Held): TemporaryRoot[] {
  return [
    ...keys.map((key) => `key ${key}` as const),
    ...trees.map((tree) => `tree ${tree}` as const),
    ...blobs.map((blob) => `blob ${blob}` as const),
  ];
}

/** Whether a name may be one of a pin or profile. */
export function isRootName(name: string): boolean {
  return /^[a-z0-9][a-z0-9+._-]{0,127}$/.test(name);
}

/** The file of a root. */
export function rootIn(store: Store, place: string): string {
  return path.join(rootsDir(store), place);
}

/** All files below roots/, which has three levels at most. */
function placesBelow(store: Store, at: string): string[] {
  const folder = path.join(rootsDir(store), at);
  return files.namesIn(folder).flatMap((name) => {
    const place = at === '' ? name : `${at}/${name}`;
    const isFolder = files.lookAt(rootIn(store, place))?.isDirectory() === true;
    return isFolder ? placesBelow(store, place) : [place];
  });
}

function makeFolders(store: Store, place: string): void {
  const parts = place.split('/').slice(0, -1);
  for (const [index] of parts.entries()) {
    ensureFolder(store, rootIn(store, parts.slice(0, index + 1).join('/')));
  }
}

function badRoot(place: string, why: string): never {
  return fault(
    'store/bad-root',
    `the root roots/${place} cannot be read: ${why}`,
    'nothing is removed before it is written again or removed by hand',
  );
}
