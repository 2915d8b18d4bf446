/**
 * Lays trees over each other into one, on their entries alone. What it comes to, and each conflict,
 * is known before anything is made on a disk. Knows nothing of recipes or of why trees are laid.
 *
 * Rules, in the order of the layers:
 *   a folder over a folder     the first one's mode, owner and xattrs stay
 *   a folder over a link       where the link leads to a folder of the union, what is below goes there
 *                              (usr-merge: `lib -> usr/lib`, and a layer with `lib/x`)
 *   a folder over other things, other things over a folder: conflicts
 *   other things over each other: the same to the bit, or the layer may cover the owner of what is
 *                              there, or it gives way, else a conflict
 *   a whiteout                 takes away what is there and all below; it has to be allowed to
 *                              cover every owner of that
 * Links are followed inside the union only; an absolute target starts at its top.
 */
import {err, ok, type Result} from '../engine/base/result.ts';
import {parentOf, type BytePath} from './bytes.ts';
import {sortEntries} from './manifest.ts';
import {isSame} from './same-entry.ts';
import type {SolidEntry, TreeEntry} from './tree-entry.ts';

export interface UnionLayer {
  readonly owner: string;
  /** A good tree: sorted, parents first. */
  readonly entries: readonly TreeEntry[];
  /** Whether what belongs to this owner may be covered or taken away. */
  readonly covers: (owner: string) => boolean;
  /** What cannot be covered stays, and is no conflict. */
  readonly givesWay: boolean;
}

export interface UnionConflict {
  /** Where, in the union. */
  readonly path: BytePath;
  readonly first: string;
  readonly second: string;
  readonly type: 'content' | 'folder' | 'loop';
}

/** A path of the union and whose it is. */
export interface Placed {
  readonly entry: SolidEntry;
  readonly owner: string;
}

interface Place extends Placed {
  /** Which tree laid it, from 1 on. */
  readonly layer: number;
  /** Its first path in that tree, which paths that are one inode have in common. */
  readonly first: BytePath;
}

/** What the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** Told while a union is made: something depends on what is at this path, or that nothing is. */
export type Asked = (path: BytePath) => void;

/** Invariant: the parent of every path is a folder of the union. */
export class Union {
  readonly #places = new Map<BytePath, Place>();
  readonly #isLeftOut: (path: BytePath) => boolean;
  readonly #asked: Asked | undefined;
  #isStraight = true;
  #layers = 0;
  /** Paths that single entries were put at, with the folders made for them. */
  readonly placed: Set<BytePath> = new Set();
  /** Where not just one tree has laid something: the numbers of those that have. */
  readonly #bearers = new Map<BytePath, readonly number[]>();
  /** Whether any tree has an inode with several paths. */
  #hasHardLinks = false;
  /** Of the layer that is laid: its folders → where they are; undefined: left out or in conflict. */
  #folders = new Map<BytePath, BytePath | undefined>();

  /** `isLeftOut`: paths that no layer brings, with all below. */
  constructor(isLeftOut: (path: BytePath) => boolean = () => false, asked?: Asked) {
    this.#isLeftOut = isLeftOut;
    this.#asked = asked;
  }

  at(path: BytePath): Placed | undefined {
    return this.#get(path);
  }

  /** Whether all is where its tree has it: no link was followed, nothing was taken away. */
  get isStraight(): boolean {
    return this.#isStraight;
  }

  /** Puts folders below all trees, parents first; no tree is said to have them. */
  ground(folders: readonly SolidEntry[]): void {
    for (const entry of folders) {
      this.#places.set(entry.path, {entry, owner: '', layer: 0, first: entry.path});
    }
  }

  /** Which trees have something at a path, from 0 on; of a union that is straight. */
  bearersOf(path: BytePath): readonly number[] {
    return this.#bearers.get(path) ?? numberOf(this.#places.get(path));
  }

  /** All paths of which not just one tree has something. */
  get shared(): Iterable<BytePath> {
    return this.#bearers.keys();
  }

  #get(path: BytePath): Place | undefined {
    this.#asked?.(path);
    return this.#places.get(path);
  }

  /** Lays one more tree on top. Of what conflicts the lower one stays. */
  lay(layer: UnionLayer): readonly UnionConflict[] {
    this.#layers += 1;
    this.#folders = new Map([['', '']]);
    return layer.entries.flatMap((entry) => this.#layEntry(layer, entry) ?? []);
  }

  /**
   * Puts one entry, over whatever is no folder; over a folder only a folder, whose mode and owner
   * it takes. Folders above that are not there are made: 0755, of root. Links among them are
   * followed. Gives the path that is in the way, if one is.
   */
  set(entry: SolidEntry, owner: string): BytePath | undefined {
    const parent = this.#makeFolder(parentOf(entry.path), owner);
    if (!parent.ok) return parent.error;
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    const path = parent.value === '' ? name : `${parent.value}/${name}`;
    const there = this.#get(path)?.entry;
    const both = there?.type === 'dir' ? entry.type === 'dir' : entry.type !== 'dir';
    if (there !== undefined && !both) return path;
    this.#place({...entry, path}, owner);
    return undefined;
  }

  #makeFolder(path: BytePath, owner: string): Result<BytePath, BytePath> {
    const found = path === '' ? '' : this.folderAt(path);
    if (found !== undefined) return ok(found);
    if (this.#get(path) !== undefined) return err(path);
    const parent = this.#makeFolder(parentOf(path), owner);
    if (!parent.ok) return parent;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const place = parent.value === '' ? name : `${parent.value}/${name}`;
    if (this.#get(place) !== undefined) return err(place);
    const plain = {mode: 0o755, uid: 0, gid: 0, xattrs: []};
    this.#place({type: 'dir', path: place, ...plain}, owner);
    return ok(place);
  }

  #place(entry: SolidEntry, owner: string): void {
    this.#bearers.set(entry.path, this.bearersOf(entry.path));
    this.#layers += 1;
    this.#put({owner}, entry, entry.path);
    this.placed.add(entry.path);
  }

  /** The whole union as a good tree. */
  entries(): readonly TreeEntry[] {
    const entries = sortEntries(Array.from(this.#places.values(), ({entry}) => entry));
    if (!this.#hasHardLinks) return entries;
    const firsts = new Map<string, BytePath>();
    return entries.map((entry): TreeEntry => {
      const place = this.#places.get(entry.path);
      if (entry.type !== 'file' || place === undefined) return entry;
      const group = `${place.layer} ${place.first}`;
      const hardlink = firsts.get(group);
      if (hardlink === undefined) firsts.set(group, entry.path);
      return {...entry, hardlink};
    });
  }

  /** The folder of the union a path leads to, links followed; undefined where it leads to none. */
  folderAt(path: BytePath): BytePath | undefined {
    const found = this.#follow(path);
    if (found === '') return '';
    return found !== undefined && this.#get(found)?.entry.type === 'dir' ? found : undefined;
  }

  #layEntry(layer: UnionLayer, entry: TreeEntry): UnionConflict | undefined {
    const parent = this.#folders.get(parentOf(entry.path));
    if (parent === undefined) return undefined;
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    const path = parent === '' ? name : `${parent}/${name}`;
    if (this.#isLeftOut(path)) return undefined;
    if (entry.type === 'whiteout') return this.#remove(layer, path);
    const there = this.#places.get(path);
    if (there !== undefined) this.#bearers.set(path, [...this.bearersOf(path), this.#layers - 1]);
    if (entry.type === 'dir') return this.#layFolder(layer, entry, path, there);
    const clash = there && clashOf(layer, entry, path, there);
    if (clash === undefined) this.#put(layer, entry, path);
    return clash === 'stays' ? undefined : clash;
  }

  #layFolder(
    layer: UnionLayer,
    entry: SolidEntry,
    path: BytePath,
    there: Place | undefined,
  ): UnionConflict | undefined {
    if (there === undefined) {
      this.#folders.set(entry.path, path);
      this.#put(layer, entry, path);
      return undefined;
    }
    const folder = this.folderAt(path);
    this.#folders.set(entry.path, folder);
    if (folder !== entry.path) this.#isStraight = false;
    if (folder !== undefined) return undefined;
    const isLoop = there.entry.type === 'link' && this.#follow(path) === undefined;
    return conflict(isLoop ? 'loop' : 'folder', path, there, layer);
  }

  #put({owner}: Pick<UnionLayer, 'owner'>, entry: SolidEntry, path: BytePath): void {
    const hardlink = entry.type === 'file' ? entry.hardlink : undefined;
    if (hardlink !== undefined) this.#hasHardLinks = true;
    const first = hardlink ?? entry.path;
    const placed = entry.path === path ? entry : {...entry, path};
    this.#places.set(path, {entry: placed, owner, layer: this.#layers, first});
  }

  /** What a layer may not cover stays, and with it the folders above. */
  #remove(layer: UnionLayer, path: BytePath): UnionConflict | undefined {
    this.#isStraight = false;
    const there = this.#places.get(path);
    if (there === undefined) return undefined;
    const lost = [path, ...(there.entry.type === 'dir' ? this.#below(path) : [])];
    const kept = lost.find((one) => !layer.covers(this.#places.get(one)?.owner ?? ''));
    if (kept !== undefined) {
      if (layer.givesWay) return undefined;
      return conflict('content', kept, this.#places.get(kept) ?? there, layer);
    }
    for (const one of lost) this.#places.delete(one);
    return undefined;
  }

  #below(folder: BytePath): readonly BytePath[] {
    return [...this.#places.keys()].filter((path) => path.startsWith(`${folder}/`));
  }

  /** Where a path leads; there may be nothing. Undefined: too many links. */
  #follow(path: BytePath): BytePath | undefined {
    const waiting = path.split('/').reverse();
    const done: BytePath[] = [];
    let links = 0;
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        done.pop();
        continue;
      }
      const entry = this.#get([...done, name].join('/'))?.entry;
      if (entry?.type !== 'link') {
        done.push(name);
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) return undefined;
      if (entry.target.startsWith('/')) done.length = 0;
      waiting.push(...entry.target.split('/').reverse());
    }
    return done.join('/');
  }
}

function numberOf(place: Place | undefined): readonly number[] {
  return place === undefined || place.layer === 0 ? [] : [place.layer - 1];
}

/** Undefined: the entry takes the place of what is there. */
function clashOf(
  layer: UnionLayer,
  entry: SolidEntry,
  path: BytePath,
  there: Placed,
): UnionConflict | 'stays' | undefined {
  const isFolder = there.entry.type === 'dir';
  if (!isFolder && layer.covers(there.owner)) return undefined;
  if (layer.givesWay || isSame(there.entry, entry)) return 'stays';
  return conflict(isFolder ? 'folder' : 'content', path, there, layer);
}

function conflict(
  type: UnionConflict['type'],
  path: BytePath,
  {owner}: Placed,
  layer: UnionLayer,
): UnionConflict {
  return {type, path, first: owner, second: layer.owner};
}
