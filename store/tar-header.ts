/**
 * Headers of the one kind of tar entry that an export has: plain files, mode 0644, owner 0:0,
 * time 1 (archive-format.ts). The only file of the store that knows the library.
 */
import {Header} from 'tar';

/** Tar is made of blocks of so many bytes. */
export const BLOCK = 512;

/** The block before a file of `size` bytes. */
export function encodeHeader(path: string, size: number): Buffer {
  const header = new Header({path, size, mode: 0o644, uid: 0, gid: 0, type: 'File'});
  header.mtime = new Date(1000);
  const block = Buffer.alloc(BLOCK);
  header.encode(block, 0);
  return block;
}

export type Decoded =
  | {readonly type: 'end'}
  | {readonly type: 'file'; readonly name: string; readonly size: number}
  | {readonly type: 'bad'; readonly why: string};

/** What a block says; of all the kinds of entries only plain files are taken. */
export function decodeHeader(block: Buffer): Decoded {
  const header = headerOf(block);
  if (header === undefined) return {type: 'bad', why: 'a header has a number that is none'};
  if (header.nullBlock) return {type: 'end'};
  if (!header.cksumValid) return {type: 'bad', why: 'a header has a wrong checksum'};
  const {type, path: name = '', size = Number.NaN} = header;
  if (type !== 'File' && type !== 'OldFile') {
    return {type: 'bad', why: `an entry of the kind ${type}`};
  }
  if (!Number.isSafeInteger(size) || size < 0) return {type: 'bad', why: 'an entry without a size'};
  return {type: 'file', name, size};
}

/** The library throws where a number in base 256 has bits it must not have. */
function headerOf(block: Buffer): Header | undefined {
  try {
    return new Header(block, 0);
  } catch {
    return undefined;
  }
}
