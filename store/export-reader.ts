/**
 * Reads an export (archive-format.ts) from front to back, entry by entry, trusting nothing of it.
 * Knows the tar, not what the entries mean.
 */
import {isUtf8} from 'node:buffer';
import {BLOCK, decodeHeader} from './tar-header.ts';

/** Gives the next bytes of the file, at most as many as fit; 0 at the end. */
export type Source = (into: Uint8Array) => number;

/** Why a file is refused. */
export class BadExport extends Error {
  override readonly name = 'BadExport';
}

export function refuse(why: string): never {
  throw new BadExport(why);
}

/** Tar programs fill the last record with zeros: 10 KiB by default, some MiB on tapes. */
const MOST_ZEROS = 16 << 20;

export interface Entry {
  readonly name: string;
  readonly size: number;
}

/** Reads a tar of plain files from front to back. Whatever else a tar may be is refused. */
export class ExportReader {
  readonly #source: Source;
  readonly #buffer = Buffer.alloc(1 << 18);
  #start = 0;
  #end = 0;
  /** Bytes up to the next block after a body. */
  #padding = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The next header; undefined at the two empty blocks that end a tar. */
  next(): Entry | undefined {
    this.#expectZeros(this.#padding);
    this.#padding = 0;
    const block = this.#exactly(BLOCK);
    const header = decodeHeader(block);
    if (header.type === 'end') {
      this.#finish();
      return;
    }
    return header.type === 'bad' ? refuse(header.why) : header;
  }

  /** A body at once, which is all text. */
  text(size: number, most: number): Buffer {
    if (size > most) refuse(`an entry of ${size} bytes is too large to be read whole`);
    // Not zeroed: what is only claimed to follow takes no memory.
    const bytes = Buffer.allocUnsafeSlow(size);
    let at = 0;
    this.body(size, (piece) => {
      bytes.set(piece, at);
      at += piece.length;
    });
    return isUtf8(bytes) ? bytes : refuse('an entry is no text');
  }

  body(size: number, write: (bytes: Uint8Array) => void): void {
    for (let left = size; left > 0;) {
      const piece = this.#some(left);
      write(piece);
      left -= piece.length;
    }
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  #finish(): undefined {
    this.#expectZeros(BLOCK);
    // Other tar programs fill the last record with zeros.
    for (let zeros = 0; this.#fill();) {
      const rest = this.#take(this.#end - this.#start);
      zeros += rest.length;
      if (zeros > MOST_ZEROS || rest.some((byte) => byte !== 0))
        refuse('something follows its end');
    }
    return undefined;
  }

  #expectZeros(count: number): void {
    if (count > 0 && this.#exactly(count).some((byte) => byte !== 0)) refuse('it is damaged');
  }

  #exactly(count: number): Buffer {
    const parts: Buffer[] = [];
    for (let left = count; left > 0;) {
      const piece = Buffer.from(this.#some(left));
      parts.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(parts);
  }

  /** From 1 to `most` bytes; valid until the next call. */
  #some(most: number): Buffer {
    if (this.#start === this.#end && !this.#fill()) refuse('its end is missing');
    return this.#take(Math.min(most, this.#end - this.#start));
  }

  #take(count: number): Buffer {
    const piece = this.#buffer.subarray(this.#start, this.#start + count);
    this.#start += count;
    return piece;
  }

  #fill(): boolean {
    if (this.#start < this.#end) return true;
    this.#start = 0;
    this.#end = this.#source(this.#buffer);
    return this.#end > 0;
  }
}
