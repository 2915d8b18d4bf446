/**
 * A process that publishes a result is ended before each of its mutating calls in turn: what is in
 * the store then is whole, and the next process finishes the work.
 */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {actionKey, blobDigest, sha256, type TreeDigest} from '../../../engine/base/hash.ts';
import {ActionLog} from '../../../store/action-log.ts';
import type {Label} from '../../../engine/base/label.ts';
import {openStore, workerStore, type Store} from '../../../store/layout.ts';
import {verifyCheaply} from '../../../store/pool.ts';
import {readRecord} from '../../../store/records.ts';
import {sweepScratch} from '../../../store/sweep.ts';
import {readTree} from '../../../store/trees.ts';
import {filesBelow, folder, must, startPuppet} from './rig.ts';

const CONTENT = 'what a build has made';

/** Everything with a final name is what its name says, and names only what is there. */
function problems(store: Store): string[] {
  const found: string[] = [];
  for (const name of filesBelow(path.join(store.root, 'files'))) {
    const digest = name.replace('/', '').replace(/\.\d+$/, '');
    const bytes = fs.readFileSync(path.join(store.root, 'files', name));
    if (sha256(bytes) !== digest) found.push(`blob ${name}`);
  }
  for (const name of filesBelow(path.join(store.root, 'trees'))) {
    const tree = readTree(store, name.replace('/', '') as TreeDigest);
    if (!tree.ok) found.push(`tree ${name}`);
    else if (!tree.value.every(isThere(store))) found.push(`tree ${name} lacks a blob`);
  }
  const warn = (): void => void found.push('record');
  const record = must(readRecord(store, actionKey(sha256(CONTENT)), warn));
  if (record?.tree !== undefined && !readTree(store, record.tree).ok) found.push('record: tree');
  const row = ActionLog.open(store).latest('a/b' as Label);
  if (row !== undefined && record === undefined) found.push('row without record');
  return found;
}

const isThere =
  (store: Store) =>
  (entry: {readonly type: string; readonly digest?: string; readonly mode?: number}): boolean =>
    entry.type !== 'file' || verifyCheaply(store, blobDigest(entry.digest ?? ''), entry.mode ?? 0);

test('every stop on the way to a published result leaves a store that is right', async (t) => {
  let stops = 0;
  for (let finished = false; !finished; stops += 1) {
    const root = path.join(folder(t), 'store');
    const env = {RECIPES_CRASH_AT: String(stops + 1)};
    const puppet = startPuppet([], undefined, env);
    try {
      await puppet.ask('open', root);
      await puppet.ask('openRun');
      await puppet.ask('publish', CONTENT);
      finished = true;
    } catch (error) {
      t.regex(String(error), /it died/);
    }
    await puppet.kill();
    const store = must(openStore(root, undefined));
    t.deepEqual(problems(workerStore(store.root)), [], `stopped before call ${stops + 1}`);
    sweepScratch(store);
    t.deepEqual(filesBelow(path.join(root, 'tmp')), []);
    t.deepEqual(filesBelow(path.join(root, 'runs')), []);
    await using next = startPuppet();
    await next.ask('open', root);
    await next.ask('publish', CONTENT);
    t.deepEqual(problems(workerStore(store.root)), []);
    t.is(ActionLog.open(store).latest('a/b' as Label)?.outcome, 'ok');
    t.deepEqual(fs.readdirSync(path.join(root, 'quarantine')), []);
  }
  t.log(`${stops - 1} stops`);
  t.true(stops > 30);
});
