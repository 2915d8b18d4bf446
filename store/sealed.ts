/**
 * Small state files that must not be believed when they are damaged: records, roots, generations.
 * JSON text, and a last line with the sha256 of everything before it. Knows nothing of what the
 * JSON says; a value read back has the shape it was written with, since the checksum vouches.
 */
import {sha256} from '../engine/base/hash.ts';

/** The whole content of the file. */
export function encodeSealed(value: object): Buffer {
  const part = Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
  return Buffer.concat([part, sealOf(part)]);
}

/** The last line of a file that begins with these bytes. */
export function sealOf(part: Buffer): Buffer {
  return Buffer.from(`sha256 ${sha256(part)}\n`);
}

/** What the seal vouches for; undefined when it is damaged. */
export function sealedPart(bytes: Buffer): Buffer | undefined {
  const part = bytes.subarray(0, bytes.lastIndexOf('\n', bytes.length - 2) + 1);
  return bytes.subarray(part.length).equals(sealOf(part)) ? part : undefined;
}

/** What was written; undefined when it is damaged. */
export function decodeSealed(content: string | Buffer): unknown {
  const part = sealedPart(typeof content === 'string' ? Buffer.from(content) : content);
  if (part === undefined) return undefined;
  try {
    return JSON.parse(part.toString('utf8'));
  } catch {
    return undefined;
  }
}
