/**
 * Extended headers of an archive: pax records (pax(1), "pax Extended Header") and GNU long names.
 * Whatever tar programs could read in two ways, and records GNU tar obeys beyond the standard
 * (GNU.sparse.*), must not carry a name past us. Knows nothing of files.
 */
import {nameTrouble, show} from './archive-rules.ts';

/** What the extended headers before one entry said. */
export interface Extended {
  readonly path?: string | undefined;
  readonly linkpath?: string | undefined;
  /** Of the content that follows, in bytes. */
  readonly size?: number | undefined;
  /** GNU tar unpacks a sparse file under this name, not under the header's. */
  readonly sparseName?: string | undefined;
  readonly sparseSize?: number | undefined;
}

/** Records that decide where an entry goes and how long it is. */
const WEIGHTY = new Set([
  'path',
  'linkpath',
  'size',
  'GNU.sparse.name',
  'GNU.sparse.realsize',
  'GNU.sparse.size',
]);
const WEIGHTY_RECORD = /(?:^|\n)[ \t]*\d+[ \t]+(?:path|linkpath|size|GNU\.sparse\.[a-z]+)=/;

const NOTHING: Extended = {};

/** Collects the extended headers up to the next entry. */
export class HeaderGroup {
  readonly #weighty = new Map<string, string>();

  /**
   * Takes the content of one extended header: `x` and `g` are records for the next entry and for
   * all, `L` and `K` the next one's name and target. Says why not when it is ambiguous.
   */
  add(type: string, content: Buffer): string | undefined {
    if (type === 'L' || type === 'K') return this.#addLong(type, content);
    const records = readRecords(content);
    if (records === undefined) return 'an extended header cannot be read with certainty';
    for (const [key, value] of records) {
      const trouble = this.#addRecord(key, value, type === 'g');
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  }

  /** What holds for the entry that follows; begins anew. */
  take(): Extended | {readonly refused: string} {
    if (this.#weighty.size === 0) return NOTHING;
    const said = (key: string): string | undefined => this.#weighty.get(key);
    const size = said('size');
    const sparse = said('GNU.sparse.realsize') ?? said('GNU.sparse.size');
    const clash = (['path', 'linkpath'] as const).some(
      (key) => said(key) !== undefined && said(`long ${key}`) !== undefined,
    );
    const found = {
      path: said('path') ?? said('long path'),
      linkpath: said('linkpath') ?? said('long linkpath'),
      size: size === undefined ? undefined : Number(size),
      sparseName: said('GNU.sparse.name'),
      sparseSize: sparse === undefined ? undefined : Number(sparse),
    };
    this.#weighty.clear();
    return clash ? {refused: 'an entry is given two names'} : found;
  }

  #addLong(type: 'L' | 'K', content: Buffer): string | undefined {
    const end = content.indexOf(0);
    const text = end < 0 ? content : content.subarray(0, end);
    if (end >= 0 && content.subarray(end).some((byte) => byte !== 0)) {
      return 'a long name goes on after its end';
    }
    const key = type === 'L' ? 'long path' : 'long linkpath';
    if (this.#weighty.has(key)) return 'an entry is given two names';
    this.#weighty.set(key, text.toString('utf8'));
    return undefined;
  }

  #addRecord(key: string, value: string, isGlobal: boolean): string | undefined {
    if (!WEIGHTY.has(key)) {
      return WEIGHTY_RECORD.test(value) ? `the header ${show(key)} hides another one` : undefined;
    }
    // Dates and comments for all entries are fine, names are not.
    if (isGlobal) return 'a global header sets a name or size';
    if (this.#weighty.has(key)) return `the header ${show(key)} is there twice`;
    this.#weighty.set(key, value);
    if (/size$/.test(key)) {
      return /^\d{1,15}$/.test(value) ? undefined : `the size ${show(value)} is no number`;
    }
    if (/[\0\n\r]/.test(value)) return `the name ${show(value)} holds a line break or NUL`;
    return key === 'linkpath' ? undefined : nameTrouble(value, 'the name');
  }
}

/** `LENGTH key=value\n` one after the other, LENGTH in bytes of the whole record. */
function readRecords(bytes: Buffer): readonly [string, string][] | undefined {
  const records: [string, string][] = [];
  for (let at = 0; at < bytes.length;) {
    const head = /^([1-9]\d{0,6}) ([^=\n]+)=/.exec(
      bytes.toString('latin1', at, Math.min(at + 300, bytes.length)),
    );
    const start = at + (head?.[0].length ?? 0);
    const end = at + Number(head?.[1] ?? 0);
    if (head === null || end > bytes.length || end <= start || bytes[end - 1] !== NEWLINE) return;
    records.push([head[2] ?? '', bytes.toString('utf8', start, end - 1)]);
    at = end;
  }
  return records;
}

const NEWLINE = 0x0a;
