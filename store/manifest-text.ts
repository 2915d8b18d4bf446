/**
 * Manifests as text, of which few entries are looked at or replaced: found by halving, since they
 * are in order, so that what is not asked for is never read. Pure; the text is a good manifest.
 */
import {Bug} from '../engine/base/result.ts';
import {unescapeWord, type BytePath} from './bytes.ts';
import {BEGINNING, encodeEntry, parseEntryLines} from './manifest.ts';
import {comparePaths} from './tree-rules.ts';
import type {TreeEntry} from './tree-entry.ts';

/** Where the lines of an entry begin and end; equal where there is none and it would come. */
interface Lines {
  readonly from: number;
  readonly to: number;
}

/** Characters an entry has, about. */
const USUAL_ENTRY = 150;

export class ManifestText {
  readonly text: string;
  #linked: ReadonlySet<BytePath> | undefined;

  constructor(text: string) {
    this.text = text;
  }

  at(path: BytePath): TreeEntry | undefined {
    return this.#read(this.find(path));
  }

  /** How many entries there are. */
  get count(): number {
    let found = 0;
    for (let at = BEGINNING.length; at < this.text.length; at = this.text.indexOf('\n', at) + 1) {
      if (this.text[at] !== '#') found += 1;
    }
    return found;
  }

  get hasWhiteouts(): boolean {
    return this.text.includes('\n#whiteout\n');
  }

  /** All paths of files that have several. */
  get linked(): ReadonlySet<BytePath> {
    return (this.#linked ??= this.#findLinked());
  }

  find(path: BytePath): Lines {
    return this.#search(path, BEGINNING.length, this.text.length);
  }

  /** `low`: where an entry begins; `high`: in an entry that is not before the path, or the end. */
  #search(path: BytePath, start: number, end: number): Lines {
    let [low, high] = [start, end];
    while (low < high) {
      const lines = this.#around(Math.floor((low + high) / 2), low);
      const order = comparePaths(this.#pathIn(lines), path);
      if (order === 0) return lines;
      if (order < 0) low = lines.to;
      else high = lines.from;
    }
    return {from: low, to: low};
  }

  /** Looks for paths that come in the order of manifests: each is found close to the one before. */
  seeker(): (path: BytePath) => TreeEntry | undefined {
    let here = this.#first(BEGINNING.length);
    return (path) => {
      if (here === undefined) return undefined;
      let order = comparePaths(here.path, path);
      if (order < 0) {
        here = this.#first(this.#notBefore(path, here.to));
        order = here === undefined ? 1 : comparePaths(here.path, path);
      }
      return order === 0 ? this.#read(here) : undefined;
    };
  }

  #first(at: number): (Lines & {readonly path: BytePath}) | undefined {
    if (at >= this.text.length) return undefined;
    const lines = this.#around(at, at);
    return {...lines, path: this.#pathIn(lines)};
  }

  #read(lines: Lines | undefined): TreeEntry | undefined {
    if (lines === undefined || lines.from === lines.to) return undefined;
    return parseEntryLines(this.text.slice(lines.from, lines.to - 1).split('\n'));
  }

  /** Where the first entry begins that is not before a path; `from`: where one before it ends. */
  #notBefore(path: BytePath, from: number): number {
    let [low, step] = [from, USUAL_ENTRY];
    while (low + step < this.text.length) {
      const lines = this.#around(low + step, low);
      if (comparePaths(this.#pathIn(lines), path) >= 0) break;
      [low, step] = [lines.to, 2 * step];
    }
    return this.#search(path, low, Math.min(low + step, this.text.length)).from;
  }

  /** The lines of each entry, in order. */
  *entries(): Generator<Lines & {readonly path: BytePath}> {
    for (let at = BEGINNING.length; at < this.text.length;) {
      const lines = this.#around(at, at);
      yield {...lines, path: this.#pathIn(lines)};
      at = lines.to;
    }
  }

  /** The entry that has something at a place; `low`: where some entry begins, at or before it. */
  #around(place: number, low: number): Lines {
    let last = Math.max(low, this.text.lastIndexOf('\n', place - 1) + 1);
    while (this.text[last] === '#') last = this.text.indexOf('\n', last) + 1;
    let from = last;
    while (from > low) {
      const before = this.text.lastIndexOf('\n', from - 2) + 1;
      if (before < low || this.text[before] !== '#') break;
      from = before;
    }
    return {from, to: this.text.indexOf('\n', last) + 1};
  }

  #pathIn({from, to}: Lines): BytePath {
    const line = this.text.lastIndexOf('\n', to - 2) + 1;
    if (line < from) throw new Bug('an entry without its line');
    return unescapeWord(this.text.slice(line + 2, this.text.indexOf(' ', line)));
  }

  #findLinked(): ReadonlySet<BytePath> {
    const found = new Set<BytePath>();
    const mark = '\n#hardlink ./';
    let at = this.text.indexOf(mark);
    for (; at >= 0; at = this.text.indexOf(mark, at + 1)) {
      const end = this.text.indexOf('\n', at + 1);
      found.add(unescapeWord(this.text.slice(at + mark.length, end)));
      found.add(this.#pathIn(this.#around(at + 1, at + 1)));
    }
    return found;
  }
}

/** The paths at which two manifests say something else, or only one says something. */
export function changedPaths(a: ManifestText, b: ManifestText): Set<BytePath> {
  const ours = linesByPath(a);
  const theirs = linesByPath(b);
  const changed = [...theirs].filter(([path, lines]) => ours.get(path) !== lines);
  const gone = [...ours.keys()].filter((path) => !theirs.has(path));
  return new Set([...changed.map(([path]) => path), ...gone]);
}

function linesByPath(manifest: ManifestText): ReadonlyMap<BytePath, string> {
  return new Map(
    Array.from(manifest.entries(), ({from, to, path}) => [path, manifest.text.slice(from, to)]),
  );
}

/** The text with other entries at some paths, or none; the paths in the order of manifests. */
export function replaceEntries(
  manifest: ManifestText,
  changes: readonly (readonly [BytePath, TreeEntry | undefined])[],
): string {
  const parts: string[] = [];
  let done = 0;
  for (const [path, entry] of changes) {
    const {from, to} = manifest.find(path);
    parts.push(manifest.text.slice(done, from), entry === undefined ? '' : encodeEntry(entry));
    done = to;
  }
  return `${parts.join('')}${manifest.text.slice(done)}`;
}
