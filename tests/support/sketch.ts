/**
 * Small trees for comparisons with other programs: written to folders and read back, as entries of
 * manifests, drawn at random. Files, folders and links of one owner.
 */
import fs from 'node:fs';
import path from 'node:path';
import {blobDigest, sha256} from '../../engine/base/hash.ts';
import {sortEntries} from '../../store/manifest.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';

/** A text is a file, `{to}` a link, null a folder; `gone` takes away what is there (a whiteout). */
export type Item = string | null | {readonly to: string} | typeof GONE;
export const GONE: unique symbol = Symbol('gone');

/** Path → what is there; parents are there too. */
export type Sketch = Readonly<Record<string, Item>>;

export function writeSketch(folder: string, sketch: Sketch): void {
  fs.mkdirSync(folder);
  for (const name of Object.keys(sketch).sort()) {
    const item = sketch[name];
    const place = path.join(folder, name);
    if (item === null || item === undefined) fs.mkdirSync(place);
    else if (item === GONE) {
      fs.writeFileSync(path.join(path.dirname(place), `.wh.${path.basename(place)}`), '');
    } else if (typeof item === 'object') fs.symlinkSync(item.to, place);
    else fs.writeFileSync(place, item);
  }
}

export function readSketch(folder: string): Sketch {
  const found: Record<string, Item> = {};
  for (const entry of fs.readdirSync(folder, {withFileTypes: true, recursive: true})) {
    const place = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, place);
    if (entry.isDirectory()) found[name] = null;
    else if (entry.isSymbolicLink()) found[name] = {to: fs.readlinkSync(place)};
    else found[name] = fs.readFileSync(place, 'utf8');
  }
  return found;
}

const TEXTS = ['', 'one\n', 'two\n'];
const DIGESTS = new Map(TEXTS.map((text) => [sha256(text), text]));

export function entriesOf(sketch: Sketch): readonly TreeEntry[] {
  const owned = {uid: 0, gid: 0, xattrs: []};
  return sortEntries(
    Object.entries(sketch).map(([name, item]): TreeEntry => {
      if (item === null) return {type: 'dir', path: name, mode: 0o755, ...owned};
      if (item === GONE) return {type: 'whiteout', path: name};
      if (typeof item === 'object') {
        return {type: 'link', path: name, mode: 0o777, target: item.to, ...owned};
      }
      const digest = blobDigest(sha256(item));
      const file = {size: item.length, digest, hardlink: undefined};
      return {type: 'file', path: name, mode: 0o644, ...file, ...owned};
    }),
  );
}

export function sketchOf(entries: readonly TreeEntry[]): Sketch {
  return Object.fromEntries(
    entries.map((entry): [string, Item] => {
      if (entry.type === 'link') return [entry.path, {to: entry.target}];
      return [entry.path, entry.type === 'file' ? (DIGESTS.get(entry.digest) ?? '?') : null];
    }),
  );
}

/**
 * A tree of at most a dozen names, the same few in all trees, so that they meet; what `like` has by
 * a name it mostly has, too.
 */
export function generated(next: Draw, whiteouts: boolean, like: Sketch = {}): Sketch {
  const sketch: Record<string, Item> = {};
  const folders = [''];
  for (let n = 0; n < 12; n += 1) {
    const folder = folders[next(folders.length)] ?? '';
    const name = `${folder}${'abc'[next(3)]}`;
    if (name in sketch) continue;
    const same = next(10) === 0 ? undefined : like[name];
    const item = same === undefined ? drawn(next, whiteouts) : same;
    sketch[name] = item;
    if (item === null && name.length < 6) folders.push(`${name}/`);
  }
  return sketch;
}

export type Draw = (below: number) => number;

function drawn(next: Draw, whiteouts: boolean): Item {
  const kind = next(100);
  if (kind < 40) return null;
  if (kind < 80) return TEXTS[next(TEXTS.length)] ?? '';
  if (whiteouts && kind < 90) return GONE;
  return {to: ['a', 'b', '../c', '/a/b'][next(4)] ?? 'a'};
}
