/**
 * Small artifacts in real stores, for tests of gc: made as a build makes them, with few words.
 * Knows nothing of what the tests look for.
 */
import fs from 'node:fs';
import path from 'node:path';
import {realHost} from '../../../engine/base/host.ts';
import {
  actionKey,
  recipeKey,
  sha256,
  type ActionKey,
  type BlobDigest,
  type TreeDigest,
} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {claim, COLLECTING, openRun, releaseClaim, type RunHandle} from '../../../store/claims.ts';
import {collect, type Collected} from '../../../store/collect.ts';
import type {Policy} from '../../../store/gc-policy.ts';
import {fileIn, logIn, recordIn, treeIn, type Store} from '../../../store/layout.ts';
import {putBytes} from '../../../store/pool.ts';
import {protect} from '../../../store/protect.ts';
import {readRecord, writeRecord, type UsedSource} from '../../../store/records.ts';
import {writeRoot} from '../../../store/roots.ts';
import {readTree, writeTree} from '../../../store/trees.ts';
import {file, must} from './rig.ts';

export interface Artifact {
  readonly key: ActionKey;
  readonly tree: TreeDigest;
  readonly blobs: readonly BlobDigest[];
}

export const keyOf = (name: string): ActionKey => actionKey(sha256(`key ${name}`));

/** Publishes as the worker and the engine of a run do: named before gc may look again. */
export function publish(
  store: Store,
  run: Pick<RunHandle, 'id'>,
  name: string,
  contents: readonly string[],
  sources: readonly UsedSource[] = [],
): Artifact {
  const key = keyOf(name);
  const {tree, blobs} = protect(store, run, [`key ${key}`], (say) => {
    const made = storeFiles(store, contents);
    say([`tree ${made.tree}`]);
    return made;
  });
  const log = `${name}-${key.slice(0, 8)}-1.log`;
  fs.writeFileSync(logIn(store, log), `log of ${name}\n`);
  const used = {milliseconds: 1, cpuMilliseconds: 1, peakBytes: 1, log, engine: '0'};
  writeRecord(store, {
    ...{key, recipeKey: recipeKey(sha256(name)), label: `t/${name}` as Label, kind: 'build'},
    ...{outcome: 'ok', tree, manifest: [], finishedAt: 0},
    provenance: {...used, sources, idMode: 'single', host: false, copiedRoot: false},
  });
  return {key, tree, blobs};
}

function storeFiles(
  store: Store,
  contents: readonly string[],
): {tree: TreeDigest; blobs: BlobDigest[]} {
  const blobs = contents.map((text) => putBytes(store, text));
  const entries = contents.map((text, at) => file(`f${String(at)}`, text));
  return {tree: writeTree(store, entries), blobs};
}

/** Without a run that lives: as an earlier command has left it. */
export function published(store: Store, name: string, contents: readonly string[]): Artifact {
  const run = openRun(store, realHost());
  try {
    return publish(store, run, name, contents);
  } finally {
    run.release();
  }
}

export function pin(store: Store, name: string, {key, tree}: Artifact): void {
  const held = {keys: [key], trees: [tree], blobs: []};
  writeRoot(store, `pins/${name}`, {kind: 'pin', name, label: 'a/b' as Label, at: 0, held});
}

/** Everything goes that is dead, of whatever age. */
export const AT_ONCE: Policy = {now: Date.now() + 3_600_000, grace: 0};

export interface GcOptions {
  readonly policy?: Partial<Policy>;
  readonly dryRun?: boolean;
  readonly run?: RunHandle;
  readonly window?: number;
  readonly beforeWindow?: () => void;
}

/** One whole gc. */
export function gc(
  store: Store,
  {policy = {}, dryRun = false, run, ...more}: GcOptions = {},
): Collected {
  const own = run ?? openRun(store, realHost());
  try {
    if (claim(store, own, COLLECTING) !== 'mine') throw new Error('another gc is at work');
    const patience = {wait: false, tell: () => undefined};
    const all = {run: own, policy: {...AT_ONCE, ...policy}, dryRun, patience, ...more};
    return collect(store, all);
  } finally {
    releaseClaim(store, own, COLLECTING);
    if (run === undefined) own.release();
  }
}

/** What of an artifact is there. */
export function partsOf(store: Store, {key, tree, blobs}: Artifact): string {
  const there = [
    fs.existsSync(recordIn(store, key)) ? 'record' : '',
    fs.existsSync(treeIn(store, tree)) ? 'tree' : '',
    ...blobs.map((blob, at) =>
      fs.existsSync(fileIn(store, blob, 0o644)) ? `blob${String(at)}` : '',
    ),
  ];
  return there.filter((part) => part !== '').join(' ');
}

/** Every reference that leads nowhere: of records to trees, of trees to blobs. */
export function dangling(store: Store): string[] {
  const found: string[] = [];
  for (const key of objectsIn(store, 'records')) {
    const record = must(readRecord(store, actionKey(key)));
    const {tree} = record ?? {};
    if (tree !== undefined && !fs.existsSync(treeIn(store, tree))) found.push(`${key} → ${tree}`);
  }
  for (const tree of objectsIn(store, 'trees')) {
    for (const entry of must(readTree(store, tree as TreeDigest))) {
      if (entry.type !== 'file') continue;
      const pooled = fileIn(store, entry.digest, entry.mode);
      if (!fs.existsSync(pooled)) found.push(`${tree} → ${entry.digest}`);
    }
  }
  return found;
}

export function objectsIn(store: Store, kind: 'records' | 'trees' | 'files'): string[] {
  const top = path.join(store.root, kind);
  return fs
    .readdirSync(top)
    .flatMap((head) => fs.readdirSync(path.join(top, head)).map((name) => head + name))
    .sort();
}
