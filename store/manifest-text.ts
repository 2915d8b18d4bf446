/**
 * Manifests as bytes, of which few entries are looked at or replaced: found by halving, since they
 * are in order, so that what is not asked for is never read. Pure; the bytes are a good manifest.
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

/** Bytes an entry has, about. */
const USUAL_ENTRY = 150;

const [NEWLINE, BLANK, COMMENT] = [0x0a, 0x20, 0x23];
/** First letters: of `#whiteout`, and of `type=dir`. */
const [WHITEOUT, FOLDER] = [0x77, 0x64];

export class ManifestText {
  readonly bytes: Buffer;
  #linked: ReadonlySet<BytePath> | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  at(path: BytePath): TreeEntry | undefined {
    return this.read(this.find(path));
  }

  /** All paths of files that have several. */
  get linked(): ReadonlySet<BytePath> {
    return (this.#linked ??= this.#findLinked());
  }

  /** `after`: where an entry ends that is before the path, if one is known that is close. */
  find(path: BytePath, after?: number): Lines {
    if (after === undefined) return this.#search(path, BEGINNING.length, this.bytes.length);
    const from = this.#notBefore(path, after);
    const there = this.#first(from);
    return there?.path === path ? there : {from, to: from};
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
      return order === 0 ? this.read(here) : undefined;
    };
  }

  #first(at: number): (Lines & {readonly path: BytePath}) | undefined {
    if (at >= this.bytes.length) return undefined;
    const lines = this.#around(at, at);
    return {...lines, path: this.#pathIn(lines)};
  }

  /** The entry of these lines, if they are some. */
  read(lines: Lines | undefined): TreeEntry | undefined {
    if (lines === undefined || lines.from === lines.to) return undefined;
    return readLines(this.#text(lines.from, lines.to));
  }

  /** Where the first entry begins that is not before a path; `from`: where one before it ends. */
  #notBefore(path: BytePath, from: number): number {
    let [low, step] = [from, USUAL_ENTRY];
    while (low + step < this.bytes.length) {
      const lines = this.#around(low + step, low);
      if (comparePaths(this.#pathIn(lines), path) >= 0) break;
      [low, step] = [lines.to, 2 * step];
    }
    return this.#search(path, low, Math.min(low + step, this.bytes.length)).from;
  }

  /** All below a folder, in order. */
  below(folder: BytePath): readonly TreeEntry[] {
    const found: TreeEntry[] = [];
    let here = this.#first(this.find(folder).to);
    for (; here?.path.startsWith(`${folder}/`) === true; here = this.#first(here.to)) {
      found.push(this.read(here) ?? unreadable());
    }
    return found;
  }

  /** The paths of all that is no folder, in order; whiteouts left out. */
  *leaves(): Generator<BytePath> {
    let isGone = false;
    for (let at = BEGINNING.length; at < this.bytes.length; at = this.#lineAfter(at)) {
      if (this.bytes[at] === COMMENT) {
        isGone = this.bytes[at + 1] === WHITEOUT;
        continue;
      }
      const end = this.bytes.indexOf(BLANK, at);
      // ` type=dir`
      const isFolder = this.bytes[end + 6] === FOLDER;
      if (!isFolder && !isGone) yield unescapeWord(this.#text(at + 2, end));
      isGone = false;
    }
  }

  /** The lines of each entry, in order. */
  *entries(): Generator<Placed, undefined> {
    for (let at = BEGINNING.length; at < this.bytes.length;) {
      const lines = this.#around(at, at);
      yield {...lines, path: this.#pathIn(lines)};
      at = lines.to;
    }
    return undefined;
  }

  /** The entry that has something at a place; `low`: where some entry begins, at or before it. */
  #around(place: number, low: number): Lines {
    let last = Math.max(low, this.#lineOf(place));
    while (this.bytes[last] === COMMENT) last = this.#lineAfter(last);
    let from = last;
    while (from > low) {
      const before = this.#lineOf(from - 1);
      if (before < low || this.bytes[before] !== COMMENT) break;
      from = before;
    }
    return {from, to: this.#lineAfter(last)};
  }

  /** Where the line of a place begins, and the one after it. */
  #lineOf(place: number): number {
    return this.bytes.lastIndexOf(NEWLINE, place - 1) + 1;
  }

  #lineAfter(place: number): number {
    return this.bytes.indexOf(NEWLINE, place) + 1;
  }

  #pathIn({from, to}: Lines): BytePath {
    const line = this.#lineOf(to - 1);
    if (line < from) throw new Bug('an entry without its line');
    return unescapeWord(this.#text(line + 2, this.bytes.indexOf(BLANK, line)));
  }

  #text(from: number, to: number): string {
    return this.bytes.toString('latin1', from, to);
  }

  #findLinked(): ReadonlySet<BytePath> {
    const found = new Set<BytePath>();
    const mark = '\n#hardlink ./';
    let at = this.bytes.indexOf(mark);
    for (; at >= 0; at = this.bytes.indexOf(mark, at + 1)) {
      const end = this.bytes.indexOf(NEWLINE, at + 1);
      found.add(unescapeWord(this.#text(at + mark.length, end)));
      found.add(this.#pathIn(this.#around(at + 1, at + 1)));
    }
    return found;
  }
}

function unreadable(): never {
  throw new Bug('a manifest that is not good');
}

export interface PathChange {
  /** Whether the first has something there. */
  readonly isKnown: boolean;
  /** What the second has there. */
  readonly now: TreeEntry | undefined;
}

/** Where the second of two manifests says something else than the first. */
export function changedPaths(a: ManifestText, b: ManifestText): Map<BytePath, PathChange> {
  const changes = new Map<BytePath, PathChange>();
  for (const [old, now] of pairsOf(a.entries(), b.entries())) {
    if (isSameText(a, old, b, now)) continue;
    const path = (old ?? now)?.path ?? '';
    changes.set(path, {isKnown: old !== undefined, now: b.read(now)});
  }
  return changes;
}

type Placed = Lines & {readonly path: BytePath};

/** Of two lists in order, what they have at each path. */
function* pairsOf(
  ours: Generator<Placed, undefined>,
  theirs: Generator<Placed, undefined>,
): Generator<readonly [Placed | undefined, Placed | undefined]> {
  let [a, b] = [ours.next().value, theirs.next().value];
  while (a !== undefined || b !== undefined) {
    const order = orderOf(a?.path, b?.path);
    yield [order <= 0 ? a : undefined, order >= 0 ? b : undefined];
    if (order <= 0) a = ours.next().value;
    if (order >= 0) b = theirs.next().value;
  }
}

/** What is no more comes last. */
function orderOf(a: BytePath | undefined, b: BytePath | undefined): number {
  if (a === undefined) return 1;
  return b === undefined ? -1 : comparePaths(a, b);
}

function isSameText(
  a: ManifestText,
  old: Lines | undefined,
  b: ManifestText,
  next: Lines | undefined,
): boolean {
  if (old === undefined || next === undefined) return false;
  return a.bytes.compare(b.bytes, next.from, next.to, old.from, old.to) === 0;
}

function readLines(lines: string): TreeEntry | undefined {
  return parseEntryLines(lines.slice(0, -1).split('\n'));
}

/**
 * The manifest with other entries at some paths, or none; the paths in the order of manifests.
 * Also gives the entries that were there.
 */
export function replaceEntries(
  manifest: ManifestText,
  changes: readonly (readonly [BytePath, TreeEntry | undefined])[],
): {readonly bytes: Buffer; readonly before: readonly TreeEntry[]} {
  const parts: Buffer[] = [];
  const before: TreeEntry[] = [];
  let [done, text] = [0, ''];
  for (const [path, entry] of changes) {
    const lines = manifest.find(path, Math.max(done, BEGINNING.length));
    const old = manifest.read(lines);
    if (old !== undefined) before.push(old);
    if (lines.from > done) {
      parts.push(Buffer.from(text, 'latin1'), manifest.bytes.subarray(done, lines.from));
      text = '';
    }
    if (entry !== undefined) text += encodeEntry(entry);
    done = lines.to;
  }
  parts.push(Buffer.from(text, 'latin1'), manifest.bytes.subarray(done));
  return {bytes: Buffer.concat(parts), before};
}
