/**
 * Names in trees are bytes, not text: how they are held, joined, shown and escaped.
 * Knows nothing of trees or files.
 */

/**
 * A path (or name, or link target) as a string with one character per byte: the latin1 reading of
 * its bytes. So `<` compares bytewise and any name survives. Never pass it to a file call as it
 * is: `toBytes` first. Inside trees paths are relative, without a leading `./`.
 */
export type BytePath = string;

export function toBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

export function fromBytes(bytes: Uint8Array): BytePath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The bytes of a text in UTF-8. */
export function fromText(text: string): BytePath {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

/** For people: as UTF-8 where it is, control characters and stray bytes as `\ooo`. */
export function toText(path: BytePath): string {
  try {
    return decoder.decode(toBytes(path)).replace(UNSHOWN, octals);
  } catch {
    return path.replace(/[^\x20-\x7e]/g, octal);
  }
}

/** Control characters, ends of lines, and signs that turn the order of reading around. */
const UNSHOWN = /[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

function octals(text: string): string {
  return fromBytes(Buffer.from(text)).replace(/[^]/g, octal);
}

/** The place of a tree's path below a folder, for file calls. */
export function joinBytes(folder: string, path: BytePath): Buffer {
  if (ASCII.test(folder)) return toBytes(`${folder}/${path}`);
  return Buffer.concat([Buffer.from(`${folder}/`), toBytes(path)]);
}

/**
 * A long text with one character for each byte, put together as bytes: neither the pieces nor the
 * whole are kept as text. `size`: how many there will be, as far as one knows.
 */
export class ByteText {
  #bytes: Buffer;
  #size = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Gives how many there are then. */
  add(text: string): number {
    const end = this.#size + text.length;
    if (end > this.#bytes.length) {
      const more = Buffer.allocUnsafeSlow(2 * end);
      this.#bytes.copy(more, 0, 0, this.#size);
      this.#bytes = more;
    }
    this.#bytes.write(text, this.#size, 'latin1');
    this.#size = end;
    return end;
  }

  /** What was put together; nothing is to be added any more. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** What has the same bytes in latin1 and in UTF-8. */
const ASCII = /^[\0-\x7f]*$/;

/** The folder a path lies in; empty at the top. */
export function parentOf(path: BytePath): BytePath {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Whether a path stays below its root by its spelling: relative, and no empty, `.` or `..` part. */
export function isInnerPath(path: BytePath): boolean {
  return INNER.test(`/${path}`) && !DOTS.test(`/${path}/`);
}

const INNER = /^(?:\/[^/\0]+)+$/;
const DOTS = /\/\.\.?\//;

// What mtree(5) asks to be escaped, and `[` besides (NetBSD reads names as patterns).
const SPECIAL = /[^\x21-\x7e]|[#=\\*?[]/;
const EVERY_SPECIAL = new RegExp(SPECIAL, 'g');

/** As a word of a manifest: bytes outside 0x21–0x7e and `# = \ * ? [` as `\ooo`. */
export function escapeWord(path: BytePath): string {
  return SPECIAL.test(path) ? path.replace(EVERY_SPECIAL, octal) : path;
}

/** Undoes `escapeWord`. Anything else than its output may come back changed: compare again. */
export function unescapeWord(word: string): BytePath {
  if (!word.includes('\\')) return word;
  return word.replace(/\\([0-3][0-7]{2})/g, (_all, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
