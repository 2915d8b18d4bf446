/**
 * Reads the headers of an archive before it is unpacked and refuses what could do harm: names
 * and links that lead outside, devices, masses of entries, sizes no source has. node-tar's parser
 * reads, nothing is written. Knows nothing of recipes; the rules are in archive-rules.ts.
 */
import {Parser} from 'tar';
import {fail, type Checked} from '../base/diagnostic.ts';
import {lookAt} from '../base/files.ts';
import {ok} from '../base/result.ts';
import {HeaderGroup} from './archive-headers.ts';
import {ArchivePlan, show, type ArchiveFacts, type ArchiveLimits} from './archive-rules.ts';
import {unpack, UnpackError, type ArchiveFormat} from './archive-stream.ts';

export type {ArchiveFacts, ArchiveLimits} from './archive-rules.ts';
export {formatOf, type ArchiveFormat} from './archive-stream.ts';

/** What node-tar tells of an entry; its own class is not needed beyond this. */
interface Header {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly meta: boolean;
  readonly linkpath?: string | undefined;
  readonly globalExtended?: object | undefined;
}

const GIB = 1024 ** 3;

/** For an archive of this many bytes: real ones unpack to ten times their size, never to 200. */
export function limitsFor(compressedBytes: number): ArchiveLimits {
  return {entries: 300_000, bytes: Math.max(GIB, 200 * compressedBytes)};
}

/**
 * The facts of an archive that may be unpacked. Errors: `source/archive-refused` names the
 * entry, `source/archive-damaged`, `machine/missing-tool`. `name` is for messages.
 */
export async function checkArchive(
  file: string,
  format: ArchiveFormat,
  limits: ArchiveLimits = limitsFor(lookAt(file)?.size ?? 0),
  name: string = file,
): Promise<Checked<ArchiveFacts>> {
  const reader = new HeaderReader(limits);
  try {
    for await (const piece of wholeCharacters(unpack(file, format))) {
      reader.write(piece);
      if (reader.isDone) break;
    }
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error;
    if (error.missing !== undefined) return missingTool(error.missing, name);
    return fail('source/archive-damaged', `${name} cannot be unpacked: ${error.message}`);
  }
  return verdictOf(reader, name);
}

function verdictOf(reader: HeaderReader, name: string): Checked<ArchiveFacts> {
  const {damage, refused} = reader.end();
  if (damage !== undefined) return fail('source/archive-damaged', `${name} is damaged: ${damage}`);
  const facts = refused === undefined ? reader.plan.finish() : {refused};
  if (!('refused' in facts)) return ok(facts);
  return fail('source/archive-refused', `${name} is not unpacked: ${facts.refused}`);
}

/** Debian's package is named like the program, except where this says otherwise. */
const PACKAGES: Readonly<Record<string, string>> = {xz: 'xz-utils'};

function missingTool(tool: string, name: string): Checked<never> {
  const hint = `install it: apt install ${PACKAGES[tool] ?? tool}`;
  return fail('machine/missing-tool', `${tool} is needed to unpack ${name}`, {hint});
}

/** Feeds node-tar and judges what it finds, until the first thing that is not right. */
class HeaderReader {
  readonly plan: ArchivePlan;
  readonly #headers = new HeaderGroup();
  // No entry is wanted: the content of an unwanted one is passed over without being kept.
  readonly #parser = new Parser({filter: () => false});
  #refused: string | undefined;
  #damage: string | undefined;
  #begun = false;
  #ended = false;

  constructor(limits: ArchiveLimits) {
    this.plan = new ArchivePlan(limits);
    this.#parser.on('ignoredEntry', (entry: Header) => {
      this.#refused ??= this.#judge(entry);
    });
    this.#parser.on('meta', (text: string) => {
      this.#refused ??= this.plan.addText(text.length) ?? this.#headers.add(text);
    });
    this.#parser.on('warn', (_code: string, message: string | Error) => {
      this.#damage ??= typeof message === 'string' ? message : message.message;
    });
    this.#parser.on('eof', () => {
      this.#ended = true;
    });
  }

  /** Nothing that follows can change the verdict. */
  get isDone(): boolean {
    return this.#ended || this.#refused !== undefined || this.#damage !== undefined;
  }

  write(piece: Buffer): void {
    if (!this.#begun && isCompressed(piece)) this.#refused = 'it is compressed twice';
    this.#begun = true;
    if (!this.isDone) this.#parser.write(piece);
  }

  end(): {readonly damage: string | undefined; readonly refused: string | undefined} {
    // After a refusal the rest is not there and would count as damage.
    if (!this.isDone) this.#parser.end();
    return {damage: this.#refused === undefined ? this.#damage : undefined, refused: this.#refused};
  }

  #judge(entry: Header): string | undefined {
    if (entry.meta) return `the extended header ${show(entry.path)} is too long`;
    const extended = this.#headers.take();
    if ('refused' in extended) return extended.refused;
    // A label of the medium is no file; tar passes over it.
    if (entry.type === 'TapeVolumeHeader' && entry.size === 0) return undefined;
    if (overridesAll(entry.globalExtended)) return 'a global header sets a name or size';
    const path = extended.sparseName ?? entry.path;
    const more = (extended.sparseSize ?? 0) - entry.size;
    const trouble = more > 0 ? this.plan.addBytes(more) : undefined;
    const {type, size} = entry;
    return trouble ?? this.plan.add({path, type, size, target: entry.linkpath});
  }
}

/** Global headers hold for all entries: dates and comments are fine, names are not. */
function overridesAll(header: object | undefined): boolean {
  const {path, linkpath, size} = (header ?? {}) as Record<string, unknown>;
  return [path, linkpath, size].some((one) => one !== undefined);
}

/** node-tar unpacks gzip and zstd by itself, unlike tar, and without our limits. */
function isCompressed(piece: Buffer): boolean {
  const magic = piece.toString('hex', 0, 4);
  return magic.startsWith('1f8b') || magic === '28b52ffd';
}

const SMALLEST = 512;

/**
 * The same bytes in pieces of at least one block that never end inside a character of UTF-8:
 * node-tar decodes the pieces of a long name one by one.
 */
async function* wholeCharacters(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = bytes.length < SMALLEST ? 0 : lastBoundary(bytes);
    rest = bytes.subarray(end);
    if (end > 0) yield bytes.subarray(0, end);
  }
  if (rest.length > 0) yield rest;
}

/** Where the last character of UTF-8 ends; in other data at most three bytes before the end. */
function lastBoundary(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= bytes.length - 4; at -= 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) return at + 1;
    if (byte >= 0xc0) return at;
  }
  return bytes.length;
}
