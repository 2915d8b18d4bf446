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

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;

export function elfOf(text: ElfText = {}): Buffer {
  const {bits = 64, interpreter, libraries = [], address = 0x1000, lies = {}} = text;
  const is64 = bits === 64;
  const strings = Buffer.from(['', ...libraries, ''].join('\0'), 'latin1');
  const names =
    lies.names ?? libraries.map((name) => strings.indexOf(`\0${name}\0`, 0, 'latin1') + 1);
  const interp = Buffer.from(`${interpreter ?? ''}\0`, 'latin1');
  const wanted = interpreter === undefined ? 2 : 3;
  const tableAt = is64 ? 64 : 52;
  const entrySize = is64 ? 56 : 32;
  const interpAt = tableAt + wanted * entrySize;
  const stringsAt = interpAt + interp.length;
  const dynamicAt = stringsAt + strings.length;
  const dynamic = Buffer.concat([
    ...names.map((name) => words(bits, 1, name)),
    words(bits, 10, strings.length),
    words(bits, 5, lies.stringsAt ?? address + stringsAt),
    words(bits, 0, 0),
    words(bits, 1, 1),
  ]);
  const size = dynamicAt + dynamic.length;
  const segments = [
    segment(bits, PT_LOAD, 0, address, size),
    segment(bits, PT_DYNAMIC, dynamicAt, address + dynamicAt, lies.dynamicSize ?? dynamic.length),
    ...(interpreter === undefined
      ? []
      : [segment(bits, PT_INTERP, interpAt, 0, lies.interpreterSize ?? interp.length)]),
  ];
  const header = Buffer.alloc(tableAt);
  header.write('\x7fELF', 'latin1');
  header[4] = lies.class ?? (is64 ? 2 : 1);
  header[5] = lies.data ?? 1;
  words(bits, lies.tableAt ?? tableAt).copy(header, is64 ? 32 : 28);
  header.writeUInt16LE(lies.entrySize ?? entrySize, is64 ? 54 : 42);
  header.writeUInt16LE(lies.entries ?? segments.length, is64 ? 56 : 44);
  return Buffer.concat([header, ...segments, interp, strings, dynamic]);
}

function segment(
  bits: 32 | 64,
  type: number,
  offset: number,
  address: number,
  size: number,
): Buffer {
  const start = Buffer.alloc(bits === 64 ? 8 : 4);
  start.writeUInt32LE(type);
  // Offset, virtual address, physical address, sizes in file and memory; flags and alignment.
  return Buffer.concat([
    start,
    words(bits, offset, address, 0, size, size),
    words(bits, 0),
    pad(bits),
  ]);
}

const pad = (bits: 32 | 64): Buffer => Buffer.alloc(bits === 64 ? 0 : 4);

function words(bits: 32 | 64, ...values: readonly number[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const word = Buffer.alloc(bits / 8);
      if (bits === 64) word.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
      else word.writeUInt32LE(value >>> 0);
      return word;
    }),
  );
}
