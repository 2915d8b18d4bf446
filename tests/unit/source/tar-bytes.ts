/** Archives made byte by byte, so that tests can make those no tar program would write. */

export interface RawEntry {
  readonly name: string | Buffer;
  /** The type flag; default a file. */
  readonly type?: string;
  readonly link?: string;
  readonly content?: string | Buffer;
  /** The size in the header when it is not that of the content. */
  readonly size?: number | string;
  readonly prefix?: string;
  /** The eight bytes that tell the notation; default those of ustar. */
  readonly magic?: string;
  readonly badSum?: boolean;
}

const BLOCK = 512;

/** A ustar archive of these entries with its end. */
export function tar(...entries: readonly RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(rawEntry), Buffer.alloc(2 * BLOCK)]);
}

export function rawEntry(entry: RawEntry): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header(entry, content.length), content, padding]);
}

/** A pax extended header (`x`, or `g` for a global one) of these records. */
export function pax(
  records: readonly (readonly [string, string | Buffer])[],
  type = 'x',
): RawEntry {
  const content = Buffer.concat(records.map(([key, value]) => record(key, value)));
  return {name: 'pax', type, content};
}

/** `LENGTH key=value\n`, LENGTH counting itself. */
export function record(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = body.length;
  while (String(length).length + body.length !== length)
    length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** GNU long name (`L`) or long link target (`K`) of the next entry. */
export function long(type: 'L' | 'K', name: string): RawEntry {
  return {name: '././@LongLink', type, content: `${name}\0`};
}

function header(entry: RawEntry, length: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = (text: string | Buffer, at: number, most: number): void => {
    Buffer.from(text).copy(block, at, 0, most);
  };
  put(entry.name, 0, 100);
  put('0000644\0' + '0000000\0' + '0000000\0', 100, 24);
  const size = entry.size ?? length;
  put(typeof size === 'string' ? Buffer.from(size, 'latin1') : sizeField(size), 124, 12);
  put('00000000000\0', 136, 12);
  put(entry.type ?? '0', 156, 1);
  put(entry.link ?? '', 157, 100);
  put(entry.magic ?? 'ustar\0' + '00', 257, 8);
  put(entry.prefix ?? '', 345, 155);
  put('        ', 148, 8);
  let sum = entry.badSum === true ? 1 : 0;
  for (const byte of block) sum += byte;
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}

/** Octal, or base 256 where that has no room. */
function sizeField(size: number): Buffer {
  if (size < 8 ** 11) return Buffer.from(`${size.toString(8).padStart(11, '0')}\0`);
  const field = Buffer.alloc(12);
  field.writeBigUInt64BE(BigInt(size), 4);
  field[0] = 0x80;
  return field;
}
