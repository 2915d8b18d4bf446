/**
 * Small state files that must not be believed when they are damaged: records, roots, generations.
 * JSON text, and a last line with the sha256 of everything before it. Knows nothing of what the
 * JSON says; a value read back has the shape it was written with, since the checksum vouches.
 */
import {sha256} from '../engine/base/hash.ts';

/** The whole content of the file. */
export function encodeSealed(value: object): string {
  const text = `${JSON.stringify(value, null, 1)}\n`;
  return `${text}sha256 ${sha256(text)}\n`;
}

const TRAILER = /^sha256 ([0-9a-f]{64})\n$/;

/** What was written; undefined when it is damaged. */
export function decodeSealed(content: string): unknown {
  const end = content.lastIndexOf('\n', content.length - 2) + 1;
  const text = content.slice(0, end);
  if (TRAILER.exec(content.slice(end))?.[1] !== sha256(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
