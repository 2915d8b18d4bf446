/**
 * The process whose power is cut: publishes what a build has made, or switches a profile, by the
 * calls the engine makes. Prints what it came to, and how many calls it has made to files.
 *
 * Usage: node power-writer.js publish STORE FILES | import STORE FOLDER |
 *        switch STORE PROFILE TREE link|copy
 * FILES are written by plain calls first, as a build does, and are not durable then.
 */
import fs from 'node:fs';
import path from 'node:path';
import {mutatingCalls} from '../../engine/base/crash.ts';
import type {Checked} from '../../engine/base/diagnostic.ts';
import {
  actionKey,
  blobDigest,
  recipeKey,
  sha256,
  treeDigest,
  type TreeDigest,
} from '../../engine/base/hash.ts';
import {realHost} from '../../engine/base/host.ts';
import type {Label} from '../../engine/base/label.ts';
import {ActionLog, rowOf} from '../../store/action-log.ts';
import {checkOut} from '../../store/checkout.ts';
import {openRun, type RunHandle} from '../../store/claims.ts';
import {addGeneration, prepareFolder, switchTo, tidy} from '../../store/generations.ts';
import {importFolder} from '../../store/import-folder.ts';
import {openStore, scratchIn, type Store} from '../../store/layout.ts';
import {readProfile} from '../../store/profiles.ts';
import {protect, protectLater} from '../../store/protect.ts';
import {writeRecords, type ActionRecord} from '../../store/records.ts';
import {storeTrees} from '../../store/store-trees.ts';
import {sweepScratch} from '../../store/sweep.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {readTree} from '../../store/trees.ts';
import {contentAt, PROFILE} from './power-content.ts';

const LABEL = 't/made' as Label;

function must<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  throw new Error(checked.error.map((one) => `${one.code}: ${one.message}`).join('\n'));
}

/** A build has made files: they become the pool's, then the tree, the record, the row. */
async function publish(store: Store, run: RunHandle, count: number): Promise<TreeDigest> {
  const folder = scratchIn(store, run.id);
  fs.mkdirSync(folder);
  const files = Array.from({length: count}, (_, n) => {
    const file = path.join(folder, String(n));
    fs.writeFileSync(file, contentAt(n));
    return {file, name: `f${String(n).padStart(5, '0')}`, content: contentAt(n)};
  });
  const entries = files.map(({name, content}): TreeEntry => {
    const facts = {size: content.length, digest: blobDigest(sha256(content)), hardlink: undefined};
    return {type: 'file', path: name, mode: 0o644, uid: 0, gid: 0, xattrs: [], ...facts};
  });
  const adoptions = files.map(({file, content}) => {
    const digest = blobDigest(sha256(content));
    return {path: Buffer.from(file), digest, mode: 0o644, xattrs: false};
  });
  const [tree] = await protectLater(store, () => storeTrees(store, [{entries, adoptions}]));
  if (tree === undefined) throw new Error('no tree');
  return recorded(store, tree);
}

function importAll(store: Store, run: RunHandle, folder: string): Promise<TreeDigest> {
  const rules = {normalize: true, ignore: () => false};
  const {tree} = protect(store, run, [], () => must(importFolder(store, folder, rules)));
  return recorded(store, tree);
}

async function recorded(store: Store, tree: TreeDigest): Promise<TreeDigest> {
  const used = {milliseconds: 1, cpuMilliseconds: 1, peakBytes: 1, log: 'x.log', engine: '0'};
  const machine = {idMode: 'single', host: false, copiedRoot: false} as const;
  const record: ActionRecord = {
    ...{key: actionKey(sha256('key')), recipeKey: recipeKey(sha256('recipe')), label: LABEL},
    ...{kind: 'build', outcome: 'ok', tree, manifest: [], finishedAt: 0},
    provenance: {...used, ...machine, sources: []},
  };
  await writeRecords(store, [record]);
  ActionLog.open(store).append(rowOf(record));
  return tree;
}

function switchProfile(store: Store, run: RunHandle, wanted: string, tree: TreeDigest): TreeDigest {
  const copied = process.argv[6] === 'copy';
  const folder = must(prepareFolder(store, readProfile(store, PROFILE), wanted));
  tidy(store, PROFILE, folder);
  const current = readProfile(store, PROFILE)?.generations.at(-1);
  const facts = {profile: PROFILE, label: LABEL, key: actionKey(sha256('key')), tree, copied};
  const held = {keys: [], trees: [tree], blobs: []};
  const made = (): number => {
    protect(store, run, [`tree ${tree}`], () => undefined);
    const entries = must(readTree(store, tree));
    const fill = (at: string): Checked<unknown> =>
      checkOut(store, entries, at, {copy: copied, owners: false});
    return must(addGeneration(store, folder, {...facts, at: 1, held}, fill)).n;
  };
  const newest = current?.isThere === true && current.root.tree === tree ? current.n : made();
  must(switchTo(folder, newest));
  return tree;
}

const [what, root = '', argument = '', digest = ''] = process.argv.slice(2);
const store = must(openStore(root, undefined));
const run = openRun(store, realHost());
sweepScratch(store, run);
const tree =
  what === 'publish'
    ? await publish(store, run, Number(argument))
    : what === 'import'
      ? await importAll(store, run, argument)
      : switchProfile(store, run, argument, treeDigest(digest));
run.release();
sweepScratch(store);
process.stdout.write(JSON.stringify({tree, calls: mutatingCalls()}));
