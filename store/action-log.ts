/**
 * The log of actions: which action each label came to, with what result, how long it took.
 * It answers "is this fresh" without opening records, and feeds estimates and `log`. Records are
 * the truth; a lost row means one more look, never a wrong answer.
 *
 * A row is one JSON object in a line of quick-log.ts, `label` and `key` first, so that loading
 * needs to parse no JSON: a row is parsed when it is asked for.
 */
import * as files from '../engine/base/files.ts';
import type {ActionKey, RecipeKey, TreeDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';
import {actionLogFile, type Store} from './layout.ts';
import {appendLog, appendLogLater, readLog, rewriteLog} from './quick-log.ts';
import type {ActionRecord} from './records.ts';

export interface LogRow {
  readonly label: Label;
  readonly key: ActionKey;
  readonly recipeKey: RecipeKey;
  readonly outcome: 'ok' | 'failed';
  /** What was made; undefined for a failure without a captured tree. */
  readonly tree: TreeDigest | undefined;
  readonly milliseconds: number;
  /** When it ended, milliseconds since 1970; for people. */
  readonly at: number;
  /** Name of the log file in logs/. */
  readonly log: string;
}

/** Rows kept of each label when the log is shortened. */
const KEPT_EACH = 20;
/** Rows from which on it is worth looking whether the log should be shortened. */
const MANY = 10_000;

/** The rows of a log, and where each is. */
interface Rows {
  readonly texts: string[];
  readonly ofLabel: Map<string, number[]>;
  readonly ofKey: Map<string, number>;
}

/**
 * Invariant: the rows are the log as of the first question plus all rows appended by this object
 * since, in order. Damaged and torn lines are left out. Questions throw system errors.
 */
export class ActionLog {
  readonly #store: Store;
  #read: Rows | undefined;
  #looked = false;

  private constructor(store: Store) {
    this.#store = store;
  }

  /** Throws system errors. The log is read when it is first asked something. */
  static open(store: Store): ActionLog {
    return new ActionLog(store);
  }

  get #rows(): Rows {
    if (this.#read !== undefined) return this.#read;
    const rows: Rows = {texts: [], ofLabel: new Map(), ofKey: new Map()};
    for (const text of readLog(actionLogFile(this.#store))) index(rows, text);
    return (this.#read = rows);
  }

  /** The newest row of a label, or the newest with this outcome. */
  latest(label: Label, outcome?: LogRow['outcome']): LogRow | undefined {
    const places = this.#rows.ofLabel.get(label) ?? [];
    for (let at = places.length - 1; at >= 0; at -= 1) {
      const row = this.#row(places[at]);
      if (row !== undefined && (outcome === undefined || row.outcome === outcome)) return row;
    }
    return undefined;
  }

  /** The newest row of an action. */
  byKey(key: ActionKey): LogRow | undefined {
    return this.#row(this.#rows.ofKey.get(key));
  }

  /** All rows of a label, oldest first. */
  history(label: Label): readonly LogRow[] {
    return (this.#rows.ofLabel.get(label) ?? []).flatMap((at) => this.#row(at) ?? []);
  }

  append(row: LogRow): void {
    this.appendAll([row]);
  }

  /** Appends rows with one write; durable on return. What they name is durable already. */
  appendAll(rows: readonly LogRow[]): void {
    const texts = rows.map(encodeRow);
    const before = this.#mebibytes();
    appendLog(this.#store, actionLogFile(this.#store), texts);
    this.#appended(texts, before);
  }

  /** The same; durable when it resolves. */
  async appendAllLater(rows: readonly LogRow[]): Promise<void> {
    const texts = rows.map(encodeRow);
    const [before, wasRead] = [this.#mebibytes(), this.#read !== undefined];
    await appendLogLater(this.#store, actionLogFile(this.#store), texts);
    // Who has read it meanwhile has them already.
    if (wasRead || this.#read === undefined) this.#appended(texts, before);
  }

  /** `before`: the whole mebibytes the file had before. */
  #appended(texts: readonly string[], before: number): void {
    // What was never read has them when it is; it is read when it has grown by much.
    if (this.#read === undefined) {
      if (this.#mebibytes() > before) this.#shorten(this.#rows);
      return;
    }
    for (const text of texts) index(this.#read, text);
    this.#shorten(this.#read);
  }

  #row(at: number | undefined): LogRow | undefined {
    const text = at === undefined ? undefined : this.#rows.texts[at];
    return text === undefined ? undefined : decodeRow(text);
  }

  /** Whether the log has no row at all: then records may know more. */
  get isEmpty(): boolean {
    return this.#rows.texts.length === 0;
  }

  #mebibytes(): number {
    return Math.floor((files.lookAt(actionLogFile(this.#store))?.size ?? 0) / 2 ** 20);
  }

  /** Rewrites the file, once per process, when more than half of its rows are old. */
  #shorten({texts, ofLabel}: Rows): void {
    if (this.#looked || texts.length < MANY) return;
    this.#looked = true;
    const kept = [...ofLabel.values()].reduce((n, all) => n + Math.min(all.length, KEPT_EACH), 0);
    if (kept * 2 < texts.length) rewriteLog(this.#store, actionLogFile(this.#store), newest);
  }
}

function index({texts, ofLabel, ofKey}: Rows, text: string): void {
  const label = fieldAfter(text, LABEL_AT, '{"label":"');
  const keyAt = LABEL_AT + (label?.length ?? 0) + KEY_GAP.length;
  const key = label === undefined ? undefined : fieldAfter(text, keyAt, KEY_GAP);
  if (label === undefined || key === undefined) return;
  const at = texts.push(text) - 1;
  ofKey.set(key, at);
  const places = ofLabel.get(label);
  if (places === undefined) ofLabel.set(label, [at]);
  else places.push(at);
}

/** What stat(2) says of the log: the same print, the same rows. */
export function printOfLog(store: Store): string {
  const stat = files.lookAt(actionLogFile(store));
  return [stat?.ino, stat?.size, stat?.mtimeMs, stat?.ctimeMs].join(' ');
}

/** The row of a record. */
export function rowOf(record: ActionRecord): LogRow {
  const {label, key, recipeKey, outcome, tree, finishedAt, provenance} = record;
  const {milliseconds, log} = provenance;
  return {label, key, recipeKey, outcome, tree, milliseconds, at: finishedAt, log};
}

/** Makes these the rows of the log, in place of all older ones; durable on return. */
export function writeRows(store: Store, rows: readonly LogRow[]): void {
  const file = actionLogFile(store);
  const texts = rows.map(encodeRow);
  if (!files.exists(file)) return appendLog(store, file, texts);
  rewriteLog(store, file, () => texts);
}

/** The newest rows of each label, in order. */
function newest(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  const kept: string[] = [];
  for (const text of [...texts].reverse()) {
    const label = fieldAfter(text, LABEL_AT, '{"label":"') ?? '';
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    if (count <= KEPT_EACH) kept.push(text);
  }
  return kept.reverse();
}

const LABEL_AT = '{"label":"'.length;
const KEY_GAP = '","key":"';

/** The text from `at` to the next quote, when `before` stands in front. No field has escapes. */
function fieldAfter(text: string, at: number, before: string): string | undefined {
  if (!text.startsWith(before, at - before.length)) return undefined;
  const end = text.indexOf('"', at);
  return end < 0 ? undefined : text.slice(at, end);
}

function encodeRow(row: LogRow): string {
  const {label, key, recipeKey, outcome, tree, milliseconds, at, log} = row;
  return JSON.stringify({label, key, recipeKey, outcome, tree, milliseconds, at, log});
}

/** The checksum of the line vouches for its shape. */
function decodeRow(text: string): LogRow {
  const row = JSON.parse(text) as LogRow & {readonly tree?: TreeDigest};
  // A field without value is not written.
  return {...row, tree: row.tree};
}
