/**
 * Reads the headers of a tar archive piece by piece and gives each entry to a plan that judges it;
 * content is passed over. The format: ustar and pax (POSIX.1-2008 pax(1)) with GNU tar's long names
 * and base-256 numbers (tar(5) of libarchive). Whatever tar programs read in different ways counts
 * as damage or is refused. A reader of our own, since a header of a million must not take 5 µs.
 */
import {HeaderGroup} from './archive-headers.ts';
import {show, type ArchiveEntry, type ArchivePlan} from './archive-rules.ts';

export const BLOCK = 512;

/** Extended headers are read whole; real ones have some hundred bytes. */
const LONGEST_EXTENDED = 1 << 20;

/** The letters of types, by their names in messages. Others are refused by their letter. */
const TYPES: Readonly<Record<string, string>> = {
  '\0': 'File',
  '0': 'File',
  '1': 'Link',
  '2': 'SymbolicLink',
  '3': 'CharacterDevice',
  '4': 'BlockDevice',
  '5': 'Directory',
  '6': 'FIFO',
  '7': 'File',
  S: 'SparseFile',
};

/** Why nothing that follows can change the verdict. */
export type Stop = {readonly end: true} | {readonly damage: string} | {readonly refused: string};

export class TarReader {
  readonly #plan: ArchivePlan;
  readonly #extended = new HeaderGroup();
  /** Bytes of a header or an extended header that are here already. */
  #rest: Buffer = Buffer.alloc(0);
  /** The extended header whose content comes next. */
  #body: {readonly type: string; readonly size: number} | undefined;
  /** Content to pass over. */
  #skip = 0;
  #headers = 0;
  #emptyBlocks = 0;
  #stop: Stop | undefined;

  constructor(plan: ArchivePlan) {
    this.#plan = plan;
  }

  get stop(): Stop | undefined {
    return this.#stop;
  }

  /** Takes the next bytes of the archive, any number of them. */
  write(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    while (this.#stop === undefined) {
      const passed = Math.min(this.#skip, bytes.length - at);
      this.#skip -= passed;
      at += passed;
      const wanted = this.#body === undefined ? BLOCK : padded(this.#body.size);
      if (this.#skip > 0 || bytes.length - at < wanted) break;
      this.#take(bytes, at);
      at += wanted;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** There are no more bytes. */
  end(): Stop {
    // The two empty blocks of the end are missing in archives of some programs.
    const whole = this.#skip === 0 && this.#rest.length === 0 && this.#body === undefined;
    if (this.#headers === 0) this.#stop ??= {damage: 'it holds no entry'};
    if (!whole) this.#stop ??= {damage: 'its end is missing'};
    return (this.#stop ??= {end: true});
  }

  #take(bytes: Buffer, at: number): void {
    if (this.#body === undefined) return this.#takeHeader(bytes, at);
    const {type, size} = this.#body;
    this.#body = undefined;
    const content = bytes.subarray(at, at + size);
    this.#refuse(this.#plan.addText(size) ?? this.#extended.add(type, content));
  }

  #takeHeader(bytes: Buffer, at: number): void {
    const sum = checksumOf(bytes, at);
    // An empty block: the sum counts its own field as blanks.
    if (sum === 8 * BLANK && bytes[at + 148] === 0) return this.#takeEmpty();
    this.#emptyBlocks = 0;
    const size = numberAt(bytes, at + 124, 12);
    if (sum !== numberAt(bytes, at + 148, 8)) return this.#damaged('a header has a wrong checksum');
    if (size === undefined) return this.#damaged('a size cannot be read');
    this.#headers += 1;
    const letter = String.fromCharCode(bytes[at + 156] ?? 0);
    if (!EXTENDED.test(letter)) return this.#takeEntry(bytes, at, letter, size);
    if (size > LONGEST_EXTENDED) return this.#refuse('an extended header is too long');
    this.#body = {type: letter, size};
  }

  #takeEmpty(): void {
    this.#emptyBlocks += 1;
    if (this.#emptyBlocks < 2) return;
    this.#stop = this.#headers === 0 ? {damage: 'it holds no entry'} : {end: true};
  }

  #takeEntry(bytes: Buffer, at: number, letter: string, size: number): void {
    const said = this.#extended.take();
    if ('refused' in said) return this.#refuse(said.refused);
    const name = said.path ?? nameAt(bytes, at);
    if (name === undefined) return this.#damaged('a header has a name in no known notation');
    const content = said.size ?? size;
    this.#skip = padded(content);
    // A label of the medium is no file; tar passes over it.
    if (letter === 'V' && content === 0) return;
    const path = said.sparseName ?? name;
    const type = typeOf(letter, path);
    const target = isLink(type) ? (said.linkpath ?? textAt(bytes, at + 157, 100)) : undefined;
    if (target === '') return this.#damaged(`the link ${show(path)} has no target`);
    this.#judge({path, type, size: content, target}, said.sparseSize ?? 0);
  }

  /** A sparse file may be larger than its content here. */
  #judge(entry: ArchiveEntry, sparseSize: number): void {
    const more = sparseSize - entry.size;
    const trouble = more > 0 ? this.#plan.addBytes(more) : undefined;
    this.#refuse(trouble ?? this.#plan.add(entry));
  }

  #refuse(why: string | undefined): void {
    if (why !== undefined) this.#stop = {refused: why};
  }

  #damaged(why: string): void {
    this.#stop = {damage: why};
  }
}

const EXTENDED = /^[xgLK]$/;

function isLink(type: string): boolean {
  return type === 'Link' || type === 'SymbolicLink';
}

/** The oldest programs write a folder as a file whose name ends with a slash. */
function typeOf(letter: string, path: string): string {
  const type = TYPES[letter] ?? letter;
  return type === 'File' && path.endsWith('/') ? 'Directory' : type;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

const BLANK = 0x20;

/** The sum of a header's bytes, those of the sum itself counted as blanks. */
function checksumOf(bytes: Buffer, at: number): number {
  let sum = 8 * BLANK;
  for (let index = at; index < at + 148; index += 1) sum += bytes[index] ?? 0;
  for (let index = at + 156; index < at + BLOCK; index += 1) sum += bytes[index] ?? 0;
  return sum;
}

/** Octal between blanks up to a blank or NUL, 0 where nothing stands; or base 256, not negative. */
function numberAt(bytes: Buffer, start: number, length: number): number | undefined {
  const end = start + length;
  if (bytes[start] === 0x80) return bigNumberAt(bytes, start + 1, end);
  let at = start;
  while (at < end && bytes[at] === BLANK) at += 1;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const last = at === end ? 0 : bytes[at];
  return last === 0 || last === BLANK ? value : undefined;
}

function bigNumberAt(bytes: Buffer, start: number, end: number): number | undefined {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 256 + (bytes[at] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The name with its prefix, which only ustar has: in others times stand there. */
function nameAt(bytes: Buffer, at: number): string | undefined {
  const name = textAt(bytes, at, 100);
  if (bytes[at + 345] === 0) return name;
  const magic = bytes.toString('latin1', at + 257, at + 265);
  if (magic.startsWith('ustar\0')) return `${textAt(bytes, at + 345, 155)}/${name}`;
  return magic === 'ustar  \0' ? name : undefined;
}

/** Up to a NUL. */
function textAt(bytes: Buffer, at: number, most: number): string {
  let end = at;
  while (end < at + most && bytes[end] !== 0) end += 1;
  return bytes.toString('utf8', at, end);
}
