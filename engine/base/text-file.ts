/**
 * Many texts in one file, each read when it is asked for: what is opened is only the table, which
 * somebody else keeps and vouches for. The table has a print of each text, so that no other bytes
 * are ever taken for it. Knows nothing of what the texts say.
 *
 * Table: the end of each text (uint32, little-endian, after a 0), then 16 bytes of the sha256 of each.
 */
import * as files from './files.ts';
import {sha256} from './hash.ts';
import {packNumbers, unpackNumbers} from './sections.ts';

/** Bytes of the print of a text. */
export const PRINT = 16;

export interface PackedTexts {
  readonly file: Buffer;
  readonly table: Buffer;
}

export function packTextFile(texts: readonly string[]): PackedTexts {
  const parts = texts.map((text) => Buffer.from(text));
  const ends = new Uint32Array(parts.length + 1);
  parts.forEach((part, at) => {
    ends[at + 1] = (ends[at] ?? 0) + part.length;
  });
  return {
    file: Buffer.concat(parts),
    table: Buffer.concat([packNumbers(ends), printTexts(parts)]),
  };
}

/** The prints of some texts, PRINT bytes each. */
export function printTexts(texts: readonly (string | Uint8Array)[]): Buffer {
  const prints = Buffer.alloc(texts.length * PRINT);
  texts.forEach((text, at) => {
    prints.write(sha256(text).slice(0, PRINT * 2), at * PRINT, 'hex');
  });
  return prints;
}

/** Bytes that are not those that were written: no change of the file, but damage below it. */
export class DamagedTexts extends Error {}

export interface TextFile {
  /** The text of a number. Throws `DamagedTexts`, and system errors. */
  textOf(at: number): string;
  /** The prints of all texts. */
  readonly prints: Buffer;
}

/** `fd` stays open as long as texts may be asked for. */
export function openTexts(fd: number, table: Buffer): TextFile {
  const count = Math.floor((table.length - 4) / (4 + PRINT));
  const ends = unpackNumbers(table.subarray(0, 4 * (count + 1)));
  const prints = table.subarray(4 * (count + 1));
  const textOf = (at: number): string => {
    const from = ends[at] ?? 0;
    const bytes = Buffer.alloc((ends[at + 1] ?? from) - from);
    const read = files.readInto(fd, bytes, from);
    const print = prints.subarray(at * PRINT, (at + 1) * PRINT);
    if (read !== bytes.length || !printTexts([bytes]).equals(print)) {
      throw new DamagedTexts('a cache is damaged: remove ~/.cache/recipes and repeat the command');
    }
    return bytes.toString('utf8');
  };
  return {textOf, prints};
}
