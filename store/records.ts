/**
 * The record of each executed action: what it made, from what, and how it went.
 * Its last line is the sha256 of everything before it; a record that does not fit it, or that
 * another key names, is set aside and counts as absent. Knows nothing of keys but their text.
 */
import path from 'node:path';
import {warning, type Checked, type Diagnostic} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import type {ActionKey, BlobDigest, RecipeKey, TreeDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';
import {contentsDurable, foldersDurable} from './barrier.ts';
import {commitBytes, makeFolders, setAside, stageText} from './commit.ts';
import {recordIn, type Store} from './layout.ts';
import {decodeSealed, encodeSealed} from './sealed.ts';
import {guard} from './trouble.ts';

export interface ActionRecord {
  readonly key: ActionKey;
  readonly recipeKey: RecipeKey;
  readonly label: Label;
  readonly kind: 'build' | 'test';
  /** A failure is kept for `log` and `shell --failed`; it is never a hit. */
  readonly outcome: 'ok' | 'failed';
  readonly tree?: TreeDigest | undefined;
  /** What the key covers, one `field = value` a line; its sha256 is the key. */
  readonly manifest: readonly string[];
  readonly provenance: Provenance;
  /** Milliseconds since 1970; for people. */
  readonly finishedAt: number;
  readonly failure?: RecordedFailure | undefined;
  /** Of a test node: passed, failed, skipped, … */
  readonly counts?: Readonly<Record<string, number>> | undefined;
}

export interface Provenance {
  readonly sources: readonly UsedSource[];
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
  /** Name of the log file in logs/. */
  readonly log: string;
  /** Version of the engine. */
  readonly engine: string;
  readonly idMode: 'range' | 'single';
  /** Whether it saw the machine's own /usr: then it is never sent to others. */
  readonly host: boolean;
  readonly copiedRoot: boolean;
}

export interface UsedSource {
  readonly name: string;
  readonly digest: BlobDigest | TreeDigest;
  readonly url?: string | undefined;
}

export interface RecordedFailure {
  readonly step?: string | undefined;
  readonly exit?: number | undefined;
  readonly signal?: string | undefined;
  /** The folder inside the sandbox in which it failed. */
  readonly cwd?: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Relative to the store: what it left, for `shell --failed`. */
  readonly kept?: string | undefined;
}

/** Stores a record, in place of an older one of this key; durable on return. What it names is
 * durable before. Throws system errors. */
export function writeRecord(store: Store, record: ActionRecord): void {
  commitBytes(store, recordIn(store, record.key), encodeSealed({format: 1, ...record}), true);
}

/** The same of several, with the same barriers. */
export async function writeRecords(store: Store, records: readonly ActionRecord[]): Promise<void> {
  const staged: {readonly file: string; readonly final: string}[] = [];
  try {
    for (const record of records) {
      const final = recordIn(store, record.key);
      staged.push({file: stageText(store, encodeSealed({format: 1, ...record})), final});
    }
    await contentsDurable(
      store,
      staged.map((one) => one.file),
    );
    const finals = staged.map((one) => one.final);
    const parents = makeFolders(store, finals);
    for (const {file, final} of staged) files.rename(file, final);
    await foldersDurable([...parents, ...finals.map((one) => path.dirname(one))]);
  } catch (error) {
    for (const {file} of staged) files.unless(['ENOENT'], () => files.unlink(file));
    throw error;
  }
}

/** Whether there is a record of an action, whatever it says. */
export function hasRecord(store: Store, key: ActionKey): boolean {
  return files.exists(recordIn(store, key));
}

/** The record of an action, undefined when there is none. A damaged one is set aside: `warn`. */
export function readRecord(
  store: Store,
  key: ActionKey,
  warn: (diagnostic: Diagnostic) => void = () => undefined,
  damaged: 'set aside' | 'leave' = 'set aside',
): Checked<ActionRecord | undefined> {
  const file = recordIn(store, key);
  return guard(file, () => {
    const stat = files.lookAt(file);
    if (stat === undefined) return undefined;
    const record = stat.isFile() ? decodeRecord(files.readText(file), key) : undefined;
    if (record === undefined && damaged === 'set aside') {
      setAside(store, file);
      warn(warning('store/corrupt', `the record of ${key} is damaged; it was set aside`));
    }
    return record;
  });
}

/** The record in the content of its file; undefined when it is damaged or another key's. */
export function decodeRecord(content: string, key: ActionKey): ActionRecord | undefined {
  const sealed = decodeSealed(content);
  if (typeof sealed !== 'object' || sealed === null) return undefined;
  // The checksum vouches for the shape; the key for a file that was moved.
  const {format, ...record} = sealed as ActionRecord & {readonly format: unknown};
  return format === 1 && record.key === key ? record : undefined;
}
