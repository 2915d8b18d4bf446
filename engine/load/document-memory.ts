/**
 * Documents as they were read before, for whoever loads a project again and again.
 * Conditions of reuse: the file has the same name and the same bytes, and is read for the same
 * schema. Knows nothing of times: files are read each time, only not parsed.
 */
import type {SchemaName} from '../../schemas/shape.ts';
import {readDocument, type DocumentResult} from './document.ts';

interface Known {
  readonly name: SchemaName;
  readonly bytes: Uint8Array;
  readonly result: DocumentResult<SchemaName>;
}

/** Invariant: holds what was read since the round before this one began, nothing older. */
export class DocumentMemory {
  #before = new Map<string, Known>();
  #now = new Map<string, Known>();

  /** `file` is its name as shown to people, and the same file each time. */
  read<Name extends SchemaName>(name: Name, file: string, bytes: Uint8Array): DocumentResult<Name> {
    const known = this.#before.get(file);
    const same = known?.name === name && Buffer.compare(known.bytes, bytes) === 0;
    const result = same ? known.result : readDocument(name, file, bytes);
    this.#now.set(file, {name, bytes, result});
    // It was read for this very schema.
    return result as DocumentResult<Name>;
  }

  /** All files were read once more: what was read before that is forgotten. */
  endRound(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
