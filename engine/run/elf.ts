/**
 * What an ELF file asks for at run time: its interpreter and the libraries it is linked with.
 * Reads the header, the program headers and the dynamic section, of 64-bit and 32-bit
 * little-endian files; anything else, or anything broken, asks for nothing. Every offset in the
 * file is taken for a lie until bytes come back. Format: System V ABI, chapters 4 and 5.
 */
import {fromBytes, type BytePath} from '../../store/bytes.ts';

/** Bytes of a file: fewer than asked for at its end, none outside it. Never throws for a number. */
export type ReadAt = (position: number, length: number) => Buffer;

export interface ElfNeeds {
  readonly interpreter: BytePath | undefined;
  /** As written: mostly bare names, in the order of the file. */
  readonly libraries: readonly BytePath[];
}

/** Where the fields of a class lie; a word is an address, an offset or a size. */
interface Layout {
  readonly word: 4 | 8;
  /** In the file header: offset, entry size and number of program headers. */
  readonly header: {readonly at: number; readonly size: number; readonly count: number};
  /** In a program header. */
  readonly segment: {
    readonly length: number;
    readonly offset: number;
    readonly address: number;
    readonly size: number;
  };
}

const LAYOUTS: Readonly<Record<number, Layout>> = {
  1: {
    word: 4,
    header: {at: 28, size: 42, count: 44},
    segment: {length: 32, offset: 4, address: 8, size: 16},
  },
  2: {
    word: 8,
    header: {at: 32, size: 54, count: 56},
    segment: {length: 56, offset: 8, address: 16, size: 32},
  },
};

const HEADER = 64;
const MAGIC = Buffer.from('\x7fELF', 'latin1');
const LITTLE_ENDIAN = 1;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

/** More than any real file has; what lies beyond is not looked at. */
const MOST = {segments: 256, dynamicBytes: 1 << 16, libraries: 1024, path: 4096, name: 512};

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Undefined where the bytes are no ELF file of a kind that is read. */
export function readElf(read: ReadAt): ElfNeeds | undefined {
  const header = read(0, HEADER);
  const layout = LAYOUTS[header[4] ?? 0];
  const isElf = header.length === HEADER && header.subarray(0, 4).equals(MAGIC);
  if (!isElf || layout === undefined || header[5] !== LITTLE_ENDIAN) return undefined;
  const segments = segmentsOf(read, header, layout);
  const interp = segments.find((one) => one.type === PT_INTERP);
  return {
    interpreter: interp === undefined ? undefined : textAt(read, interp.offset, interp.size),
    libraries: librariesOf(read, segments, layout),
  };
}

function segmentsOf(read: ReadAt, header: Buffer, layout: Layout): readonly Segment[] {
  const {segment} = layout;
  const length = header.readUInt16LE(layout.header.size);
  const count = Math.min(header.readUInt16LE(layout.header.count), MOST.segments);
  if (length < segment.length) return [];
  const table = read(wordAt(header, layout.header.at, layout), count * length);
  return Array.from({length: Math.floor(table.length / length)}, (_, at) => {
    const field = (offset: number): number => wordAt(table, at * length + offset, layout);
    return {
      type: table.readUInt32LE(at * length),
      offset: field(segment.offset),
      address: field(segment.address),
      size: field(segment.size),
    };
  });
}

function librariesOf(
  read: ReadAt,
  segments: readonly Segment[],
  layout: Layout,
): readonly BytePath[] {
  const dynamic = segments.find((one) => one.type === PT_DYNAMIC);
  if (dynamic === undefined) return [];
  const table = read(dynamic.offset, Math.min(dynamic.size, MOST.dynamicBytes));
  const names: number[] = [];
  let strings: number | undefined;
  for (let at = 0; at + 2 * layout.word <= table.length; at += 2 * layout.word) {
    const tag = wordAt(table, at, layout);
    const value = wordAt(table, at + layout.word, layout);
    if (tag === DT_NULL) break;
    if (tag === DT_NEEDED && names.length < MOST.libraries) names.push(value);
    if (tag === DT_STRTAB) strings = offsetOf(segments, value);
  }
  if (strings === undefined) return [];
  const from = strings;
  return names.flatMap((name) => textAt(read, from + name, MOST.name) ?? []);
}

/** The place in the file of an address in memory. */
function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  const holds = ({type, address: start, size}: Segment): boolean =>
    type === PT_LOAD && address >= start && address < start + size;
  const load = segments.find(holds);
  return load === undefined ? undefined : load.offset + (address - load.address);
}

/** A text that ends with a zero byte, and is one that a path can be. */
function textAt(read: ReadAt, position: number, length: number): BytePath | undefined {
  const bytes = read(position, Math.min(length, MOST.path));
  const end = bytes.indexOf(0);
  const text = fromBytes(bytes.subarray(0, Math.max(end, 0)));
  // Files of debug information keep these headers, with other bytes where they point.
  return /^[^\0-\x1f\x7f]+$/.test(text) ? text : undefined;
}

/** Above 2^53 the value is inexact, and outside of any file all the same. */
function wordAt(bytes: Buffer, at: number, {word}: Layout): number {
  return word === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at);
}
