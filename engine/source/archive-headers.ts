/**
 * Extended headers of an archive: pax records (pax(1), "pax Extended Header") and GNU long names.
 * node-tar applies them; here they are judged: whatever tar programs could read in two ways, and
 * records node-tar does not know but GNU tar obeys (GNU.sparse.*), must not carry a name past us.
 * Knows nothing of files.
 */
import {nameTrouble, show} from './archive-rules.ts';

/** What the extended headers before one entry said. */
export interface Extended {
  /** GNU tar unpacks a sparse file under this name, not under the header's. */
  readonly sparseName: string | undefined;
  readonly sparseSize: number | undefined;
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

const NOTHING: Extended = {sparseName: undefined, sparseSize: undefined};

/** Collects the extended headers up to the next entry. */
export class HeaderGroup {
  readonly #weighty = new Map<string, string>();
  #longNames = false;

  /** Takes the text of one extended header; says why not when it is ambiguous. */
  add(text: string): string | undefined {
    const {records, rest} = readRecords(text);
    // Binary attributes (macOS writes them) are mangled by the decoding as UTF-8 and end the
    // reading of records; that is fine as long as nothing of weight can follow.
    if (WEIGHTY_RECORD.test(rest)) return 'an extended header cannot be read with certainty';
    if (records.length === 0 && /[^\0]/.test(rest)) {
      this.#longNames = true;
      if (/\0+[^\0]/.test(rest)) return 'a long name goes on after its end';
    }
    for (const [key, value] of records) {
      const trouble = this.#addRecord(key, value);
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  }

  /** What holds for the entry that follows; begins anew. */
  take(): Extended | {readonly refused: string} {
    if (this.#weighty.size === 0) {
      this.#longNames = false;
      return NOTHING;
    }
    const clash = this.#longNames && (this.#weighty.has('path') || this.#weighty.has('linkpath'));
    const sparseName = this.#weighty.get('GNU.sparse.name');
    const size = this.#weighty.get('GNU.sparse.realsize') ?? this.#weighty.get('GNU.sparse.size');
    this.#weighty.clear();
    this.#longNames = false;
    if (clash) return {refused: 'an entry is given two names'};
    return {sparseName, sparseSize: size === undefined ? undefined : Number(size)};
  }

  #addRecord(key: string, value: string): string | undefined {
    if (!WEIGHTY.has(key)) {
      return WEIGHTY_RECORD.test(value) ? `the header ${show(key)} hides another one` : undefined;
    }
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
function readRecords(text: string): {records: [string, string][]; rest: string} {
  const bytes = Buffer.from(text);
  const records: [string, string][] = [];
  let at = 0;
  while (at < bytes.length) {
    const head = /^(\d{1,7}) ([^=\n]+)=/.exec(bytes.toString('utf8', at, at + 300));
    const end = at + Number(head?.[1] ?? 0);
    if (head === null || end > bytes.length || bytes[end - 1] !== NEWLINE) break;
    const start = at + Buffer.byteLength(head[0]);
    if (end <= start) break;
    records.push([head[2] ?? '', bytes.toString('utf8', start, end - 1)]);
    at = end;
  }
  return {records, rest: bytes.toString('utf8', at)};
}

const NEWLINE = 0x0a;
