/**
 * Several pieces of bytes in one, each found by its name, all vouched for by one sha256: how caches
 * are written. A reader gets views of what was read, so that nothing is copied.
 *
 *     <64 hex digits>\n<length of the table, 8 digits> <table: JSON, name → [start, end]>\n<pieces>
 *
 * Knows nothing of what is in the pieces.
 */
import {sha256, sha256Stream} from './hash.ts';

export type Sections = Readonly<Record<string, Buffer>>;

const DIGEST = 64;
const DIGITS = 8;

export function packSections(sections: Sections): Buffer {
  return Buffer.concat(packPieces(sections));
}

/** The same in the pieces it is made of: for who writes them one after the other. */
export function packPieces(sections: Sections): readonly Buffer[] {
  const table: Record<string, readonly [number, number]> = {};
  let at = 0;
  for (const [name, bytes] of Object.entries(sections)) {
    table[name] = [at, at + bytes.length];
    at += bytes.length;
  }
  const text = JSON.stringify(table);
  const size = String(Buffer.byteLength(text)).padStart(DIGITS, '0');
  const rest = [Buffer.from(`${size} ${text}`), ...Object.values(sections)];
  const seal = sha256Stream();
  for (const piece of rest) seal.update(piece);
  return [Buffer.from(`${seal.digest('hex')}\n`), ...rest];
}

/** Undefined for bytes that are not as they were packed. */
export function unpackSections(bytes: Buffer): Sections | undefined {
  const rest = bytes.subarray(DIGEST + 1);
  if (bytes.toString('latin1', 0, DIGEST) !== sha256(rest)) return undefined;
  const size = Number(rest.toString('latin1', 0, DIGITS));
  const start = DIGITS + 1 + size;
  const table = JSON.parse(rest.toString('utf8', DIGITS + 1, start)) as Record<
    string,
    [number, number]
  >;
  return Object.fromEntries(
    Object.entries(table).map(([name, [from, to]]) => [
      name,
      rest.subarray(start + from, start + to),
    ]),
  );
}

export function packNumbers(numbers: Uint32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Copied, since numbers lie at multiples of their size. */
export function unpackNumbers(bytes: Buffer): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}
