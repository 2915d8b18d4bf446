/**
 * Takes the artifacts of an export (archive-format.ts) into the store. Everything is read,
 * hashed and judged before anything has a name; then blobs, manifests, records, rows, in this
 * order, behind one sync of the file system. Whatever is wrong with the file, the store stays as
 * it was. What the store has already stays too: an import replaces nothing.
 *
 * A record is a claim that a key came to a tree. Its key is the sha256 of what it says the key
 * covers, and it is known for which inputs it is; that the tree is what they come to is taken from
 * whoever made the export.
 */
import path from 'node:path';
import {fail, type Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import {actionKey, sha256, treeDigest, type TreeDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';
import {err, ok} from '../engine/base/result.ts';
import {ActionLog, rowOf} from './action-log.ts';
import type {RunHandle} from './claims.ts';
import {
  HEAD,
  LARGEST_HEAD,
  LARGEST_TEXT,
  ORDER,
  parseHead,
  partOf,
  type Head,
  type Part,
} from './archive-format.ts';
import {linkStaged} from './batch.ts';
import {ensureFolder, stageText, syncFileSystem, syncFolders} from './commit.ts';
import {treeIn, type Store} from './layout.ts';
import {parseManifest} from './manifest.ts';
import {hasBlob} from './pool.ts';
import {protect, type TemporaryRoot} from './protect.ts';
import {decodeRecord, readRecord, writeRecord, type ActionRecord} from './records.ts';
import {stage, unstage, type Staged} from './stage.ts';
import {BLOCK, decodeHeader} from './tar-header.ts';
import {hasTree} from './trees.ts';
import {storeTrouble} from './trouble.ts';
import {filesOf} from './verified.ts';

export interface Imported {
  readonly artifacts: readonly {readonly label: Label; readonly key: string}[];
  /** How many of each the store did not have. */
  readonly files: number;
  readonly trees: number;
  readonly records: number;
}

/** Gives the next bytes of the file, at most as many as fit; 0 at the end. */
export type Source = (into: Uint8Array) => number;

/**
 * Imports an export in the name of a run; `pause` is awaited after each entry and may throw to
 * stop. Errors: store/bad-export, and those of the store.
 */
export async function importArchive(
  store: Store,
  run: Pick<RunHandle, 'id'>,
  source: Source,
  pause: () => Promise<void> = () => Promise.resolve(),
): Promise<Checked<Imported>> {
  const load: Load = {store, staged: [], trees: new Map(), records: [], sizes: new Map()};
  const temporary: string[] = [];
  try {
    const head = await readAll(load, new Reader(source), pause);
    const done = protect(store, run, [], (name) => {
      // What is here already must still be here when the new things refer to it.
      name(rootsIn(load));
      checkReferences(load, head);
      return commit(load, head, temporary);
    });
    return ok(done);
  } catch (error) {
    return error instanceof BadExport
      ? fail('store/bad-export', `this is no whole export: ${error.message}`)
      : err(storeTrouble(error, store.root));
  } finally {
    unstage(load.staged);
    for (const file of temporary) files.unless(['ENOENT'], () => files.unlink(file));
  }
}

function rootsIn({trees, records}: Load): TemporaryRoot[] {
  return [
    ...[...trees.keys()].map((tree) => `tree ${tree}` as const),
    ...records.map(({key}) => `key ${key}` as const),
  ];
}

/** Why a file is refused. */
class BadExport extends Error {
  override readonly name = 'BadExport';
}

function refuse(why: string): never {
  throw new BadExport(why);
}

interface Load {
  readonly store: Store;
  readonly staged: Staged[];
  /** Digest → manifest. */
  readonly trees: Map<TreeDigest, string>;
  readonly records: ActionRecord[];
  /** Of blobs of the file. */
  readonly sizes: Map<string, number>;
}

// --- reading -------------------------------------------------------------------------------------

async function readAll(load: Load, reader: Reader, pause: () => Promise<void>): Promise<Head> {
  const first = reader.next() ?? refuse('it is empty');
  if (first.name !== HEAD) refuse(`it begins with ${JSON.stringify(first.name.slice(0, 80))}`);
  const head = parseHead(reader.text(first.size, LARGEST_HEAD)) ?? refuse('its head is not read');
  const seen = {files: 0, trees: 0, records: 0};
  let before = '';
  for (let entry = reader.next(); entry !== undefined; entry = reader.next()) {
    const part =
      partOf(entry.name) ?? refuse(`an entry ${JSON.stringify(entry.name.slice(0, 80))}`);
    const order = `${ORDER.indexOf(part.kind)} ${entry.name}`;
    if (order <= before) refuse(`${entry.name} is out of order or twice`);
    before = order;
    seen[part.kind] += 1;
    take(load, reader, part, entry.size);
    await pause();
  }
  for (const kind of ORDER) {
    if (seen[kind] !== head[kind]) refuse(`${seen[kind]} ${kind} of ${head[kind]} are there`);
  }
  return head;
}

function take(load: Load, reader: Reader, part: Part, size: number): void {
  switch (part.kind) {
    case 'files':
      return takeBlob(load, reader, part, size);
    case 'trees':
      return takeTree(load, reader, part.digest, size);
    case 'records':
      return takeRecord(load, reader, part.digest, size);
  }
}

function takeBlob(
  load: Load,
  reader: Reader,
  part: Extract<Part, {kind: 'files'}>,
  size: number,
): void {
  const staged = stage(load.store, part.mode, (write) => reader.body(size, write));
  load.staged.push(staged);
  if (staged.digest !== part.digest) refuse(`the file ${part.digest} has other bytes`);
  load.sizes.set(part.digest, size);
}

function takeTree(load: Load, reader: Reader, digest: string, size: number): void {
  const text = reader.text(size, LARGEST_TEXT);
  if (sha256(text) !== digest) refuse(`the tree ${digest} has other bytes`);
  load.trees.set(treeDigest(digest), text);
}

/** Only good builds: a failure is of no use to anybody else. */
function takeRecord(load: Load, reader: Reader, key: string, size: number): void {
  const record = decodeRecord(reader.text(size, LARGEST_TEXT), actionKey(key));
  if (record === undefined || !isPlain(record)) refuse(`the record ${key} cannot be believed`);
  const covered = record.manifest.map((line) => `${line}\n`).join('');
  if (sha256(covered) !== key) refuse(`the record ${key} does not say what its key covers`);
  load.records.push(record);
}

/** What other parts of the program do with a record must not depend on who wrote it. */
function isPlain(record: ActionRecord): boolean {
  const {label, outcome, kind, tree, manifest, finishedAt, recipeKey} = record;
  return (
    LABEL.test(label) &&
    outcome === 'ok' &&
    kind === 'build' &&
    HEX.test(tree ?? '') &&
    HEX.test(recipeKey) &&
    isListOf(manifest, (line) => typeof line === 'string') &&
    Number.isFinite(finishedAt) &&
    hasPlainOrigin(record)
  );
}

function hasPlainOrigin({provenance}: Partial<ActionRecord>): boolean {
  if (provenance === undefined) return false;
  const {milliseconds, log, sources} = provenance;
  const isSource = (one: unknown): boolean => {
    const {name, digest} = one as {name?: unknown; digest?: unknown};
    return typeof name === 'string' && typeof digest === 'string' && HEX.test(digest);
  };
  return Number.isFinite(milliseconds) && LOG.test(log) && isListOf(sources, isSource);
}

function isListOf(value: unknown, fits: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}

const HEX = /^[0-9a-f]{64}$/;
const LABEL = /^[a-z0-9][a-z0-9+._/:-]{0,400}$/;
const LOG = /^[A-Za-z0-9+._:#-]{0,255}$/;

/** Every tree can be laid out afterwards, and every record names a tree. */
function checkReferences(load: Load, head: Head): void {
  const {store, trees, records} = load;
  for (const [digest, text] of trees) checkFiles(load, digest, text);
  for (const {key, tree} of records) {
    if (tree === undefined || (!trees.has(tree) && !hasTree(store, tree))) {
      refuse(`the tree of the record ${key} is missing`);
    }
  }
  const keys = new Set<string>(records.map((one) => one.key));
  const lost = head.artifacts.find((one) => !keys.has(one.key));
  if (lost !== undefined) refuse(`the record of ${lost.label} is missing`);
}

function checkFiles({store, sizes}: Load, tree: TreeDigest, text: string): void {
  const entries = parseManifest(text);
  if (!entries.ok) return refuse(`the tree ${tree}: ${entries.error}`);
  for (const {digest, size} of filesOf(entries.value)) {
    const here = sizes.get(digest);
    if (here === undefined && hasBlob(store, digest) === undefined) {
      refuse(`the file ${digest} of the tree ${tree} is missing`);
    }
    if (here !== undefined && here !== size) refuse(`the tree ${tree} lies about ${digest}`);
  }
}

// --- storing ---------------------------------------------------------------------------------------

function commit(load: Load, head: Head, temporary: string[]): Imported {
  const {store, staged, trees, records} = load;
  const blobs = staged.filter(({digest}) => hasBlob(store, digest) === undefined).length;
  const news = [...trees].filter(([digest]) => !hasTree(store, digest));
  const unknown = records.filter((one) => !isKnown(store, one));
  const manifests = news.map(([digest, text]) => {
    const file = stageText(store, text);
    temporary.push(file);
    return {file, final: treeIn(store, digest)};
  });
  syncFileSystem(store);
  linkStaged(store, staged);
  for (const {file, final} of manifests) {
    ensureFolder(store, path.dirname(final));
    files.unless(['EEXIST'], () => files.link(file, final));
  }
  syncFolders(manifests.map((one) => path.dirname(one.final)));
  for (const record of unknown) writeRecord(store, record);
  ActionLog.open(store).appendAll(unknown.map(rowOf));
  const artifacts = head.artifacts.map(({label, key}) => ({label, key}));
  return {artifacts, files: blobs, trees: news.length, records: unknown.length};
}

/** What was found out here stands: another's claim does not replace it. */
function isKnown(store: Store, {key}: ActionRecord): boolean {
  const known = readRecord(store, key);
  if (!known.ok || known.value?.outcome !== 'ok') return false;
  return known.value.tree === undefined || hasTree(store, known.value.tree);
}

// --- the tar ---------------------------------------------------------------------------------------

interface Entry {
  readonly name: string;
  readonly size: number;
}

/** Reads a tar of plain files from front to back. Whatever else a tar may be is refused. */
class Reader {
  readonly #source: Source;
  readonly #buffer = Buffer.alloc(1 << 18);
  #start = 0;
  #end = 0;
  /** Bytes up to the next block after a body. */
  #padding = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The next header; undefined at the two empty blocks that end a tar. */
  next(): Entry | undefined {
    this.#expectZeros(this.#padding);
    this.#padding = 0;
    const block = this.#exactly(BLOCK);
    const header = decodeHeader(block);
    if (header.type === 'end') {
      this.#finish();
      return;
    }
    return header.type === 'bad' ? refuse(header.why) : header;
  }

  /** A body as text, which every byte of it has to be. */
  text(size: number, most: number): string {
    if (size > most) refuse(`an entry of ${size} bytes is too large to be read whole`);
    const parts: Buffer[] = [];
    this.body(size, (bytes) => {
      parts.push(Buffer.from(bytes));
    });
    const bytes = Buffer.concat(parts);
    const text = bytes.toString('utf8');
    return Buffer.from(text).equals(bytes) ? text : refuse('an entry is no text');
  }

  body(size: number, write: (bytes: Uint8Array) => void): void {
    for (let left = size; left > 0;) {
      const piece = this.#some(left);
      write(piece);
      left -= piece.length;
    }
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  #finish(): undefined {
    this.#expectZeros(BLOCK);
    // Other tar programs fill the last record with zeros.
    while (this.#fill()) {
      if (this.#take(this.#end - this.#start).some((byte) => byte !== 0)) {
        refuse('something follows its end');
      }
    }
    return undefined;
  }

  #expectZeros(count: number): void {
    if (count > 0 && this.#exactly(count).some((byte) => byte !== 0)) refuse('it is damaged');
  }

  #exactly(count: number): Buffer {
    const parts: Buffer[] = [];
    for (let left = count; left > 0;) {
      const piece = Buffer.from(this.#some(left));
      parts.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(parts);
  }

  /** From 1 to `most` bytes; valid until the next call. */
  #some(most: number): Buffer {
    if (this.#start === this.#end && !this.#fill()) refuse('its end is missing');
    return this.#take(Math.min(most, this.#end - this.#start));
  }

  #take(count: number): Buffer {
    const piece = this.#buffer.subarray(this.#start, this.#start + count);
    this.#start += count;
    return piece;
  }

  #fill(): boolean {
    if (this.#start < this.#end) return true;
    this.#start = 0;
    this.#end = this.#source(this.#buffer);
    return this.#end > 0;
  }
}
