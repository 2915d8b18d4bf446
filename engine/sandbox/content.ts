/**
 * Reads the bytes of a captured file once: for its digest, and for the names of sandbox folders
 * that must not get out. Knows nothing of trees.
 */
import * as files from '../base/files.ts';
import {blobDigest, sha256Stream, type BlobDigest} from '../base/hash.ts';
import {INSIDE} from './places.ts';

export interface Content {
  readonly digest: BlobDigest;
  /** The first text that names a folder of the sandbox, with what stands around it. */
  readonly leak: string | undefined;
}

const NEEDLES = [INSIDE.sysroot, `${INSIDE.build}/`, `${INSIDE.tools}/`].map((one) =>
  Buffer.from(one),
);
const CHUNK = 1 << 18;
/** What is kept of a chunk for texts that cross its end, and for what stands before them. */
const OVERLAP = 64;

/** One for all: whoever fills it is done with it before the next call. */
const buffer = Buffer.allocUnsafeSlow(OVERLAP + CHUNK);

export function readContent(file: Buffer): Content {
  const hash = sha256Stream();
  let kept = 0;
  let leak: string | undefined;
  const fd = files.openRead(file);
  try {
    for (;;) {
      const space = buffer.subarray(kept, kept + CHUNK);
      const count = files.readInto(fd, space);
      if (count === 0) break;
      hash.update(space.subarray(0, count));
      const seen = buffer.subarray(0, kept + count);
      leak ??= leakIn(seen);
      kept = Math.min(OVERLAP, seen.length);
      seen.copy(buffer, 0, seen.length - kept);
    }
  } finally {
    files.closeFile(fd);
  }
  return {digest: blobDigest(hash.digest('hex')), leak};
}

/** The first path of the sandbox in some bytes: not a folder of that name inside another. */
export function leakIn(bytes: Buffer): string | undefined {
  for (const needle of NEEDLES) {
    let at = bytes.indexOf(needle);
    while (at >= 0) {
      if (startsPath(bytes, at)) return excerpt(bytes, at);
      at = bytes.indexOf(needle, at + 1);
    }
  }
  return undefined;
}

const LETTER = /[A-Za-z]/;
const PATH_CHARACTER = /[A-Za-z0-9._+~@%/-]/;

/** A path begins where no path character stands before it, or the letters of an option do (-I). */
function startsPath(bytes: Buffer, at: number): boolean {
  const character = (index: number): string => String.fromCharCode(bytes[index] ?? 0);
  if (at === 0 || !PATH_CHARACTER.test(character(at - 1))) return true;
  let start = at;
  while (start > 0 && LETTER.test(character(start - 1))) start -= 1;
  const option = start < at && start > 0 && character(start - 1) === '-';
  return option && (start < 2 || !PATH_CHARACTER.test(character(start - 2)));
}

function excerpt(bytes: Buffer, at: number): string {
  const text = bytes.subarray(at, at + 60).toString('latin1');
  return /^[\x20-\x7e]*/.exec(text)?.[0] ?? '';
}
