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
import {sha256, treeDigest, type BlobDigest, type TreeDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';
import {err, ok} from '../engine/base/result.ts';
import {ActionLog, rowOf} from './action-log.ts';
import type {RunHandle} from './claims.ts';
import {
  HEAD,
  LARGEST_HEAD,
  LARGEST_MANIFEST,
  LARGEST_RECORD,
  ORDER,
  parseHead,
  partOf,
  type Head,
  type Part,
} from './archive-format.ts';
import {linkStaged} from './batch.ts';
import {BadExport, ExportReader, refuse, type Source} from './export-reader.ts';
import {readForeignRecord} from './foreign-record.ts';
import {ensureFolder, stageText, syncFileSystem, syncFolders} from './commit.ts';
import {treeIn, type Store} from './layout.ts';
import {parseManifest} from './manifest.ts';
import {hasBlob} from './pool.ts';
import {protect, type Name, type Patience, type TemporaryRoot} from './protect.ts';
import {readRecord, writeRecord, type ActionRecord} from './records.ts';
import {stage, unstage, type Staged} from './stage.ts';
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

/**
 * Imports an export in the name of a run. Errors: store/bad-export, and those of the store.
 */
export function importArchive(
  store: Store,
  run: Pick<RunHandle, 'id'>,
  source: Source,
  patience?: Patience,
): Checked<Imported> {
  const load: Load = {
    ...{store, staged: [], trees: new Map(), records: [], sizes: new Map(), needed: new Set()},
  };
  try {
    const head = readAll(load, new ExportReader(source));
    const work = (name: Name): Imported => {
      // What is here already must still be here when the new things refer to it.
      name(rootsIn(load));
      checkReferences(load, head);
      return commit(load, head);
    };
    const done = protect(store, run, [], work, patience);
    return ok(done);
  } catch (error) {
    return error instanceof BadExport
      ? fail('store/bad-export', `this is no whole export: ${error.message}`)
      : err(storeTrouble(error, store.root));
  } finally {
    unstage(load.staged);
    for (const file of load.trees.values()) files.unless(['ENOENT'], () => files.unlink(file));
  }
}

function rootsIn({trees, records}: Load): TemporaryRoot[] {
  return [
    ...[...trees.keys()].map((tree) => `tree ${tree}` as const),
    ...records.map(({key}) => `key ${key}` as const),
  ];
}

interface Load {
  readonly store: Store;
  readonly staged: Staged[];
  /** Of manifests, in tmp/: together they may be large. */
  readonly trees: Map<TreeDigest, string>;
  readonly records: ActionRecord[];
  /** Of blobs of the file. */
  readonly sizes: Map<string, number>;
  /** Blobs the trees name that are not of the file. */
  readonly needed: Set<BlobDigest>;
}

// --- reading -------------------------------------------------------------------------------------

function readAll(load: Load, reader: ExportReader): Head {
  const first = reader.next() ?? refuse('it is empty');
  if (first.name !== HEAD) refuse(`it begins with ${JSON.stringify(first.name.slice(0, 80))}`);
  const head =
    parseHead(reader.text(first.size, LARGEST_HEAD).toString()) ?? refuse('its head is not read');
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
  }
  for (const kind of ORDER) {
    if (seen[kind] !== head[kind]) refuse(`${seen[kind]} ${kind} of ${head[kind]} are there`);
  }
  return head;
}

function take(load: Load, reader: ExportReader, part: Part, size: number): void {
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
  reader: ExportReader,
  part: Extract<Part, {kind: 'files'}>,
  size: number,
): void {
  const staged = stage(load.store, part.mode, (write) => reader.body(size, write));
  load.staged.push(staged);
  if (staged.digest !== part.digest) refuse(`the file ${part.digest} has other bytes`);
  load.sizes.set(part.digest, size);
}

/** Its files came before it. */
function takeTree(load: Load, reader: ExportReader, digest: string, size: number): void {
  const bytes = reader.text(size, LARGEST_MANIFEST);
  if (sha256(bytes) !== digest) refuse(`the tree ${digest} has other bytes`);
  const entries = parseManifest(bytes.toString('latin1'));
  if (!entries.ok) return refuse(`the tree ${digest}: ${entries.error}`);
  for (const file of filesOf(entries.value)) {
    const here = load.sizes.get(file.digest);
    if (here === undefined) need(load, file.digest, digest);
    else if (here !== file.size) refuse(`the tree ${digest} lies about ${file.digest}`);
  }
  load.trees.set(treeDigest(digest), stageText(load.store, bytes));
}

function need({store, needed}: Load, digest: BlobDigest, tree: string): void {
  const isHere = needed.has(digest) || hasBlob(store, digest) !== undefined;
  if (!isHere) refuse(`the file ${digest} of the tree ${tree} is missing`);
  needed.add(digest);
}

function takeRecord(load: Load, reader: ExportReader, key: string, size: number): void {
  const record = readForeignRecord(reader.text(size, LARGEST_RECORD).toString(), key);
  if (record === 'not believed') return refuse(`the record ${key} cannot be believed`);
  if (record === 'not covered') return refuse(`the record ${key} does not say what its key covers`);
  load.records.push(record);
}

/** Every tree can be laid out afterwards, and every record names a tree. */
function checkReferences(load: Load, head: Head): void {
  const {store, trees, records} = load;
  const gone = [...load.needed].find((digest) => hasBlob(store, digest) === undefined);
  if (gone !== undefined) refuse(`the file ${gone} is missing`);
  for (const {key, tree} of records) {
    if (tree === undefined || (!trees.has(tree) && !hasTree(store, tree))) {
      refuse(`the tree of the record ${key} is missing`);
    }
  }
  const keys = new Set<string>(records.map((one) => one.key));
  const lost = head.artifacts.find((one) => !keys.has(one.key));
  if (lost !== undefined) refuse(`the record of ${lost.label} is missing`);
}

// --- storing ---------------------------------------------------------------------------------------

function commit(load: Load, head: Head): Imported {
  const {store, staged, trees, records} = load;
  const blobs = staged.filter(({digest}) => hasBlob(store, digest) === undefined).length;
  const news = [...trees].filter(([digest]) => !hasTree(store, digest));
  const unknown = records.filter((one) => !isKnown(store, one));
  const manifests = news.map(([digest, file]) => ({file, final: treeIn(store, digest)}));
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
