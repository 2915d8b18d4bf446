/**
 * The other process in tests of the store: reads orders as JSON lines, answers each with one.
 * An order is a name from the table below and its arguments; an error is answered, not thrown.
 */
import {createInterface} from 'node:readline';
import fs from 'node:fs';
import path from 'node:path';
import {realHost} from '../../../engine/base/host.ts';
import {ActionLog, type LogRow} from '../../../store/action-log.ts';
import {adoptAll} from '../../../store/batch.ts';
import {checkOut, makeFarm} from '../../../store/checkout.ts';
import {claim, openRun, releaseClaim, type RunHandle} from '../../../store/claims.ts';
import {importFolder} from '../../../store/import-folder.ts';
import {
  openStore,
  openStoreToRead,
  workerStore,
  type Owner,
  type Store,
} from '../../../store/layout.ts';
import {putBytes, putFile} from '../../../store/pool.ts';
import {appendLog} from '../../../store/quick-log.ts';
import {writeRecords, type ActionRecord} from '../../../store/records.ts';
import {storeTrees} from '../../../store/store-trees.ts';
import {sweepScratch} from '../../../store/sweep.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {readTree, writeTree} from '../../../store/trees.ts';
import {storeTrouble} from '../../../store/trouble.ts';
import {
  actionKey,
  recipeKey,
  sha256,
  type BlobDigest,
  type TreeDigest,
} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {file} from './rig.ts';
import type {Checked} from '../../../engine/base/diagnostic.ts';

let store: Store | undefined;
let run: RunHandle | undefined;

function opened(): Store {
  if (store === undefined) throw new Error('no store is open');
  return store;
}

function running(): RunHandle {
  if (run === undefined) throw new Error('no run is open');
  return run;
}

function use(checked: Checked<Store>): unknown {
  if (checked.ok) store = checked.value;
  return checked;
}

/** What follows every build: files, tree, record, log; as the sandbox and the scheduler do it. */
async function publish(content: string): Promise<unknown> {
  const own = opened();
  const made = path.join(own.root, 'scratch', 'made');
  fs.writeFileSync(made, content);
  const entry = file('made', content);
  const empty = file('second', '');
  const adoption = {path: Buffer.from(made), digest: entry.digest, mode: 0o644, xattrs: false};
  putBytes(own, '');
  const [tree] = await storeTrees(own, [{entries: [entry, empty], adoptions: [adoption]}]);
  if (tree === undefined) throw new Error('no tree');
  const row = rowOf(content, tree);
  await writeRecords(own, [recordOf(row)]);
  ActionLog.open(own).append(row);
  return tree;
}

function rowOf(content: string, tree: TreeDigest): LogRow {
  const hex = sha256(content);
  const label = 'a/b' as Label;
  const keys = {key: actionKey(hex), recipeKey: recipeKey(hex)};
  return {label, ...keys, outcome: 'ok', tree, milliseconds: 1, at: 2, log: 'x.log'};
}

function recordOf(row: LogRow): ActionRecord {
  const {label, key, recipeKey: recipe, outcome, tree} = row;
  const used = {milliseconds: 1, cpuMilliseconds: 1, peakBytes: 1, log: 'x.log', engine: '0'};
  const provenance = {
    ...used,
    sources: [],
    idMode: 'single',
    host: false,
    copiedRoot: false,
  } as const;
  const known = {label, key, recipeKey: recipe, outcome, tree, kind: 'build'} as const;
  return {...known, manifest: [], provenance, finishedAt: 0};
}

const ORDERS: Readonly<Record<string, (...args: never[]) => unknown>> = {
  open: (root: string, owner?: Owner | null) => use(openStore(root, owner ?? undefined)),
  openToRead: (root: string) => use(openStoreToRead(root, undefined)),
  openAsWorker: () => {
    store = workerStore('.');
    return store.ids;
  },
  openRun: () => {
    run = openRun(opened(), realHost());
    return run.id;
  },
  release: () => running().release(),
  claim: (name: string) => claim(opened(), running(), name),
  releaseClaim: (name: string) => releaseClaim(opened(), running(), name),
  put: (text: string, mode: number) => putBytes(opened(), text, mode),
  putMany: (texts: string[]) => texts.map((text) => putBytes(opened(), text, 0o644)),
  putFile: (file: string, mode: number) => putFile(opened(), file, mode),
  adopt: (files: {path: string; digest: BlobDigest; mode: number}[]) =>
    adoptAll(
      opened(),
      files.map((one) => ({...one, path: Buffer.from(one.path), xattrs: false})),
    ),
  importFolder: (from: string) =>
    importFolder(opened(), from, {normalize: true, ignore: () => false}),
  writeTree: (entries: TreeEntry[]) => writeTree(opened(), entries),
  checkOut: (entries: TreeEntry[], dest: string) =>
    checkOut(opened(), entries, dest, {copy: false, owners: false}),
  farm: (tree: TreeDigest) => makeFarm(opened(), tree),
  readTree: (tree: TreeDigest) => readTree(opened(), tree),
  sweep: () => sweepScratch(opened()),
  publish: (content: string) => publish(content),
  append: (row: LogRow, times: number) => {
    const log = ActionLog.open(opened());
    for (let n = 0; n < times; n += 1) log.append({...row, milliseconds: n});
  },
  appendText: (file: string, texts: string[]) => {
    for (const text of texts) appendLog(opened(), file, [text]);
  },
  /** What storeTrouble makes of filling the disk with a file. */
  fill: (file: string) => {
    const fd = fs.openSync(file, 'w');
    const block = Buffer.alloc(4096);
    try {
      while (fs.writeSync(fd, block) === block.length);
      fs.writeSync(fd, block);
      return 'endless';
    } catch (error) {
      return storeTrouble(error, file);
    } finally {
      fs.closeSync(fd);
    }
  },
  remove: (file: string) => fs.unlinkSync(file),
  stat: (file: string) => {
    const {uid, gid, mode, size} = fs.lstatSync(file);
    return {uid, gid, mode: mode & 0o7777, size};
  },
  names: (at: string) => fs.readdirSync(at, {recursive: true}),
};

async function answer(line: string): Promise<unknown> {
  const [order, ...args] = JSON.parse(line) as [string, ...never[]];
  const work = ORDERS[order];
  if (work === undefined) return {error: `no such order: ${order}`};
  try {
    return {value: await work(...args)};
  } catch (error) {
    return {error: error instanceof Error ? `${error.name} ${error.message}` : String(error)};
  }
}

// One after the other, as they come.
for await (const line of createInterface({input: process.stdin})) {
  process.stdout.write(`${JSON.stringify((await answer(line)) ?? {})}\n`);
}
