/**
 * ELF files as values: header, program headers, dynamic section and strings, nothing that runs.
 * Each field can be set to a lie.
 */
export interface ElfText {
  readonly bits?: 32 | 64;
  readonly interpreter?: string;
  readonly libraries?: readonly string[];
  /** Where the file is loaded; its strings are found by this. */
  readonly address?: number;
  readonly lies?: {
    readonly class?: number;
    readonly data?: number;
    readonly tableAt?: number;
    readonly entrySize?: number;
    readonly entries?: number;
    readonly dynamicSize?: number;
    readonly interpreterSize?: number;
    readonly stringsAt?: number;
    /** Places of library names in the strings. */
    readonly names?: readonly number[];
  };
}

const PT_NULL = 0;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;

interface Shape {
  readonly bits: 32 | 64;
  readonly class: number;
  readonly headerSize: number;
  readonly entrySize: number;
  /** Where the header says table, entry size and count. */
  readonly fields: readonly [table: number, size: number, count: number];
}

const SHAPES: Readonly<Record<32 | 64, Shape>> = {
  32: {bits: 32, class: 1, headerSize: 52, entrySize: 32, fields: [28, 42, 44]},
  64: {bits: 64, class: 2, headerSize: 64, entrySize: 56, fields: [32, 54, 56]},
};

export function elfOf(text: ElfText = {}): Buffer {
  const shape = SHAPES[text.bits ?? 64];
  const {libraries = [], address = 0x1000, lies = {}} = text;
  const interp = bytes(`${text.interpreter ?? ''}\0`);
  const strings = bytes(['', ...libraries, ''].join('\0'));
  const names = libraries.map((name) => strings.indexOf(`\0${name}\0`, 0, 'latin1') + 1);
  const interpAt = shape.headerSize + 3 * shape.entrySize;
  const stringsAt = interpAt + interp.length;
  const dynamicAt = stringsAt + strings.length;
  const dynamic = dynamicOf(shape, lies.names ?? names, [
    [DT_STRSZ, strings.length],
    [DT_STRTAB, lies.stringsAt ?? address + stringsAt],
  ]);
  const dynamicSize = lies.dynamicSize ?? dynamic.length;
  const type = text.interpreter === undefined ? PT_NULL : PT_INTERP;
  return Buffer.concat([
    headerOf(shape, {entries: 3, ...lies}),
    segment(shape, PT_LOAD, 0, address, dynamicAt + dynamic.length),
    segment(shape, PT_DYNAMIC, dynamicAt, address + dynamicAt, dynamicSize),
    segment(shape, type, interpAt, 0, lies.interpreterSize ?? interp.length),
    interp,
    strings,
    dynamic,
  ]);
}

function headerOf(shape: Shape, lies: NonNullable<ElfText['lies']>): Buffer {
  const [table, size, count] = shape.fields;
  const header = Buffer.alloc(shape.headerSize);
  header.write('\x7fELF', 'latin1');
  header[4] = lies.class ?? shape.class;
  header[5] = lies.data ?? 1;
  words(shape, lies.tableAt ?? shape.headerSize).copy(header, table);
  header.writeUInt16LE(lies.entrySize ?? shape.entrySize, size);
  header.writeUInt16LE(lies.entries ?? 0, count);
  return header;
}

/** What comes after the end of the section must not be seen. */
function dynamicOf(
  shape: Shape,
  names: readonly number[],
  more: readonly (readonly [tag: number, value: number])[],
): Buffer {
  const needed = names.map((name) => [DT_NEEDED, name]);
  return words(shape, ...[...needed, ...more, [0, 0], [DT_NEEDED, 1]].flat());
}

/** A program header; the type takes a word, in 64 bits together with the flags. */
function segment(shape: Shape, type: number, at: number, address: number, size: number): Buffer {
  const entry = Buffer.alloc(shape.entrySize);
  entry.writeUInt32LE(type);
  // Offset, virtual and physical address, size in the file and in memory.
  words(shape, at, address, 0, size, size).copy(entry, shape.bits / 8);
  return entry;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function words({bits}: Shape, ...values: readonly number[]): Buffer {
  const word = (value: number): Buffer => {
    const made = Buffer.alloc(bits / 8);
    if (bits === 64) made.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    else made.writeUInt32LE(value >>> 0);
    return made;
  };
  return Buffer.concat(values.map(word));
}
