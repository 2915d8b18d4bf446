/**
 * A download that is not finished: its bytes in the store's downloads/, the hash over them, and
 * beside it a note of where they come from, so that a later run can go on.
 * The note is a hint only: what counts is the sha256 of the whole file in the end.
 */
import * as files from '../base/files.ts';
import {blobDigest, sha256Stream, type BlobDigest} from '../base/hash.ts';
import {piecesOf} from './archive-stream.ts';

/** What the server said of the file the bytes belong to. */
export interface Origin {
  readonly url: string;
  /** A strong ETag or else Last-Modified: what If-Range takes. */
  readonly validator: string | null;
  readonly total: number | null;
}

/** Enough to recognise an HTML page. */
const HEAD = 1024;

/** An open part file. Invariant: hash, size and head are those of the bytes in the file. */
export class Part {
  readonly path: string;
  readonly #fd: number;
  #hash = sha256Stream();
  #size = 0;
  #head: Buffer = Buffer.alloc(0);

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Opens what is there of a download, or begins one. Throws system errors. */
  static open(path: string): Part {
    // Reading a fifo would wait for ever.
    for (const at of [path, noteOf(path)]) {
      if (files.lookAt(at)?.isFile() === false) files.removeTree(at);
    }
    const part = new Part(path, files.openAppend(path, 0o600));
    for (const piece of piecesOf(part.#fd)) part.#count(piece);
    return part;
  }

  get size(): number {
    return this.#size;
  }

  /** The first bytes. */
  get head(): Buffer {
    return this.#head;
  }

  get digest(): BlobDigest {
    return blobDigest(this.#hash.copy().digest('hex'));
  }

  write(bytes: Buffer): void {
    files.writeAll(this.#fd, bytes);
    this.#count(bytes);
  }

  /** Throws away what is there. */
  restart(): void {
    files.truncate(this.path, 0);
    this.#hash = sha256Stream();
    this.#size = 0;
    this.#head = Buffer.alloc(0);
  }

  close(): void {
    files.closeFile(this.#fd);
  }

  /** Where the bytes come from, as far as the note beside the part can be read. */
  origin(): Origin | undefined {
    const text = files.unless(['ENOENT'], () => files.readText(this.#note));
    return text === undefined ? undefined : parseOrigin(text);
  }

  setOrigin(origin: Origin): void {
    files.writeFileAtomic(this.#note, JSON.stringify(origin), {durable: false});
  }

  /** Removes the file's name and the note. */
  remove(): void {
    for (const file of [this.#note, this.path]) files.unless(['ENOENT'], () => files.unlink(file));
  }

  get #note(): string {
    return noteOf(this.path);
  }

  #count(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    if (this.#head.length < HEAD) {
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, HEAD - this.#head.length)]);
    }
  }
}

function noteOf(path: string): string {
  return `${path}.from`;
}

function parseOrigin(text: string): Origin | undefined {
  try {
    const {url, validator, total} = JSON.parse(text) as Record<string, unknown>;
    if (typeof url !== 'string') return undefined;
    return {
      url,
      validator: typeof validator === 'string' ? validator : null,
      total: typeof total === 'number' ? total : null,
    };
  } catch {
    return undefined;
  }
}
