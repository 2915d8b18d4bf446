/**
 * What an archive may hold to be unpacked: judges its entries one by one as they are read, and
 * its links once all are known. Knows neither file nor compression; see archive-check.ts.
 *
 * The rules are stricter than those of tar(1): whoever reads the same bytes differently, what was
 * judged here cannot reach outside the folder it is unpacked into.
 */
import {addName, find, followLink, newNames, partsOf, type Names} from './names.ts';

export interface ArchiveLimits {
  readonly entries: number;
  /** Unpacked, all files together. */
  readonly bytes: number;
}

export interface ArchiveFacts {
  /** The one folder that holds everything, where there is one. */
  readonly top: string | undefined;
  readonly entries: number;
  /** Unpacked size of all files. */
  readonly bytes: number;
}

/** An entry as its header says it. */
export interface ArchiveEntry {
  readonly path: string;
  /** The name of the type (archive-reader.ts), or the letter nobody knows. */
  readonly type: string;
  readonly size: number;
  readonly target: string | undefined;
}

/** PATH_MAX and NAME_MAX of Linux: longer names cannot be unpacked anyway. */
const LONGEST_PATH = 4096;
const LONGEST_NAME = 255;
/** Names and extended headers in all; the largest real archives have a tenth of it. */
const MOST_TEXT = 64 * 1024 * 1024;
/** Parts of link targets walked in all, links of links included. */
const MOST_STEPS = 5_000_000;

const SPECIAL: Readonly<Record<string, string>> = {
  CharacterDevice: 'a character device',
  BlockDevice: 'a block device',
  FIFO: 'a named pipe',
};

/** Grows with each entry; holds only what was found good. */
export class ArchivePlan {
  readonly #limits: ArchiveLimits;
  readonly #names: Names = newNames();
  readonly #links: string[] = [];
  #entries = 0;
  #bytes = 0;
  #text = 0;
  #nodes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  /** Takes one entry; says why not when it must not be unpacked. */
  add(entry: ArchiveEntry): string | undefined {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries)
      return `it holds more than ${this.#limits.entries} entries`;
    return (
      this.addText(entry.path.length + (entry.target?.length ?? 0)) ??
      nameTrouble(entry.path, 'the name') ??
      this.#addSize(entry) ??
      this.#addNode(entry)
    );
  }

  /** Counts header text that is kept or parsed. */
  addText(characters: number): string | undefined {
    this.#text += characters;
    return this.#text > MOST_TEXT
      ? 'its names and headers are too long to be those of a source'
      : undefined;
  }

  /** Counts bytes that unpacking writes beyond what the headers say (sparse files). */
  addBytes(count: number): string | undefined {
    if (!Number.isFinite(count) || count < 0) return 'it states a size that is no number';
    this.#bytes += count;
    return this.#bytes > this.#limits.bytes
      ? `it unpacks to more than ${this.#limits.bytes} bytes`
      : undefined;
  }

  /** Judges the links; the facts when all is well. */
  finish(): {readonly refused: string} | ArchiveFacts {
    const top = this.#top();
    const root = top === undefined ? this.#names : (find(this.#names, top) ?? this.#names);
    let steps = 0;
    for (const at of this.#links) {
      const inTop = top === undefined ? at : at.slice(top.length + 1);
      const followed = followLink(root, inTop);
      if (!followed.ok)
        return {refused: linkTrouble(at, find(root, inTop)?.target, followed.error)};
      if ((steps += followed.value) > MOST_STEPS) return {refused: 'its links are too tangled'};
    }
    return {top, entries: this.#entries, bytes: this.#bytes};
  }

  #addSize(entry: ArchiveEntry): string | undefined {
    if (entry.type === 'File') return this.addBytes(entry.size);
    // A link with content: tar programs disagree on whether the next header follows at once.
    return entry.size > 0 ? `${show(entry.path)} has content but is no file` : undefined;
  }

  #addNode(entry: ArchiveEntry): string | undefined {
    if (entry.type === 'File') return this.#put(entry, 'file');
    switch (entry.type) {
      case 'Directory':
        return this.#put(entry, 'folder');
      case 'SymbolicLink':
        return this.#putLink(entry, entry.target ?? '');
      case 'Link':
        return this.#putHardLink(entry);
      default:
        return `${show(entry.path)} is ${SPECIAL[entry.type] ?? `of a type that is not unpacked (${entry.type})`}`;
    }
  }

  #put(entry: ArchiveEntry, is: 'folder' | 'file' | 'link', target?: string): string | undefined {
    if (is !== 'folder' && /^[./]*$/.test(entry.path))
      return 'an entry without a name is no folder';
    const added = addName(this.#names, entry.path, is, target);
    if (!added.ok) return nodeTrouble(entry.path, added.error);
    // Folders that are only implied by names below them count too: each takes memory.
    this.#nodes += added.value;
    return this.#nodes > 2 * this.#limits.entries ? 'it implies too many folders' : undefined;
  }

  #putLink(entry: ArchiveEntry, target: string): string | undefined {
    const trouble = target === '' ? 'it has no target' : targetTrouble(target);
    if (trouble !== undefined) return `${show(entry.path)} is a link and ${trouble}`;
    this.#links.push(partsOf(entry.path).join('/'));
    return this.#put(entry, 'link', target);
  }

  /** Only to files (or links) that came before: tar could make no other. */
  #putHardLink(entry: ArchiveEntry): string | undefined {
    const target = entry.target ?? '';
    const bad = nameTrouble(target, `the target of the hard link ${show(entry.path)}`);
    if (bad !== undefined) return bad;
    const other = find(this.#names, partsOf(target).join('/'));
    if (other?.is === 'link') return this.#putLink(entry, other.target ?? '');
    if (other?.is === 'file') return this.#put(entry, 'file');
    return `${show(entry.path)} is a hard link to ${show(target)}, which is no file before it`;
  }

  #top(): string | undefined {
    const [first, ...more] = this.#names.inside ?? [];
    const single = first !== undefined && more.length === 0 && first[1].inside !== undefined;
    return single ? first[0] : undefined;
  }
}

/** Why a name is not taken; undefined for a good one. */
export function nameTrouble(path: string, what: string): string | undefined {
  if (path.startsWith('/')) return `${what} ${show(path)} is absolute`;
  if (/[\0\n\r]/.test(path)) return `${what} ${show(path)} holds a line break or NUL`;
  if (path.length > LONGEST_PATH) return `${what} ${show(path)} is too long`;
  if (/(?:^|\/)\.\.(?:\/|$)/.test(path)) return `${what} ${show(path)} leads out with ..`;
  if (path.length <= LONGEST_NAME) return undefined;
  const isLong = path.split('/').some((part) => part.length > LONGEST_NAME);
  return isLong ? `${what} ${show(path)} is too long` : undefined;
}

function nodeTrouble(path: string, why: 'below-file' | 'below-link' | 'twice'): string {
  switch (why) {
    case 'below-file':
      return `${show(path)} lies below a file`;
    case 'below-link':
      return `${show(path)} would be written through a link`;
    case 'twice':
      return `${show(path)} is there twice, as different things`;
  }
}

function targetTrouble(target: string): string | undefined {
  if (/[\0\n\r]/.test(target)) return 'its target holds a line break or NUL';
  return target.length > LONGEST_PATH ? 'its target is too long' : undefined;
}

function linkTrouble(at: string, target: string | undefined, why: 'leaves' | 'loops'): string {
  const link = `the link ${show(at)} → ${show(target ?? '')}`;
  return why === 'leaves' ? `${link} leads out of the archive` : `${link} leads to itself`;
}

/** A name as it may be printed: control characters escaped, long ones cut. */
export function show(name: string): string {
  const cut = name.length > 120 ? `${name.slice(0, 60)}…${name.slice(-40)}` : name;
  return cut.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u{${character.charCodeAt(0).toString(16)}}`;
  });
}
