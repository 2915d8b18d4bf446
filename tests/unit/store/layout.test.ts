/** Opening stores: what is made, what is refused, and that a refused one stays as it was. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {actionKey, blobDigest, treeDigest} from '../../../engine/base/hash.ts';
import * as layout from '../../../store/layout.ts';
import {sweepScratch} from '../../../store/sweep.ts';
import {codesOf, folder, isRoot, must, skip, startPuppet, WORKER_OWNER} from './rig.ts';

const HEX = `ab${'0'.repeat(60)}ff`;

test('a store is made with all its folders, closed to others', (t) => {
  const root = path.join(folder(t), 'deep/er/store');
  const store = must(layout.openStore(root, undefined));
  t.is(fs.statSync(root).mode & 0o7777, 0o700);
  t.is(fs.readFileSync(path.join(root, 'VERSION'), 'utf8'), 'recipes store 1\n');
  // The reserve is made where there is room for it.
  const names = fs.readdirSync(root).filter((name) => name !== 'reserve');
  t.deepEqual(names.sort(), [
    ...['VERSION', 'aux', 'claims', 'downloads', 'failed', 'farms', 'files', 'gc.lock', 'git'],
    ...['kept', 'logs', 'quarantine', 'records', 'roots', 'runs', 'scratch', 'tmp', 'trees'],
  ]);
  t.deepEqual(fs.readdirSync(path.join(root, 'tmp')), []);
  t.is(store.ids.uid, fs.statSync(root).uid);
});

test('opening again changes nothing but missing folders', (t) => {
  const root = path.join(folder(t), 'store');
  must(layout.openStore(root, undefined));
  fs.writeFileSync(path.join(root, 'actions.log'), 'x\n');
  fs.rmdirSync(path.join(root, 'farms'));
  must(layout.openStore(root, undefined));
  t.is(fs.readFileSync(path.join(root, 'actions.log'), 'utf8'), 'x\n');
  t.true(fs.existsSync(path.join(root, 'farms')));
});

test('an opening that was cut off is finished by the next one', (t) => {
  const root = path.join(folder(t), 'store');
  fs.mkdirSync(path.join(root, 'files'), {recursive: true});
  fs.writeFileSync(path.join(root, 'VERSION.tmp-12-1'), 'rec');
  must(layout.openStore(root, undefined));
  t.is(fs.readFileSync(path.join(root, 'VERSION'), 'utf8'), 'recipes store 1\n');
});

test('the root may be reached by a link', (t) => {
  const real = path.join(folder(t), 'real');
  const root = path.join(folder(t), 'link');
  fs.mkdirSync(real);
  fs.symlinkSync(real, root);
  t.is(must(layout.openStore(root, undefined)).root, real);
});

for (const version of ['', 'recipes store 2\n', 'recipes store 1', '\0\0\0\0']) {
  test(`another format is refused and left alone: ${JSON.stringify(version)}`, (t) => {
    const root = path.join(folder(t), 'store');
    must(layout.openStore(root, undefined));
    fs.rmSync(path.join(root, 'farms'), {recursive: true});
    fs.writeFileSync(path.join(root, 'VERSION'), version);
    const before = fs.readdirSync(root);
    t.deepEqual(codesOf(layout.openStore(root, undefined)), ['store/version']);
    t.deepEqual(codesOf(layout.openStoreToRead(root, undefined)), ['store/version']);
    t.deepEqual(fs.readdirSync(root), before);
  });
}

test('a folder of something else is refused and left alone', (t) => {
  const root = folder(t);
  fs.writeFileSync(path.join(root, 'thesis.txt'), 'x');
  const opened = layout.openStore(root, undefined);
  t.deepEqual(codesOf(opened), ['store/unusable']);
  t.regex(opened.ok ? '' : (opened.error[0]?.message ?? ''), /holds "thesis.txt"/);
  t.deepEqual(fs.readdirSync(root), ['thesis.txt']);
});

test('a file in the place of the store', (t) => {
  const root = path.join(folder(t), 'store');
  fs.writeFileSync(root, '');
  t.deepEqual(codesOf(layout.openStore(root, undefined)), ['store/unusable']);
  t.deepEqual(codesOf(layout.openStore(path.join(root, 'below'), undefined)), ['store/unusable']);
});

test('to read only: nothing is made, a missing store is an error', (t) => {
  const root = path.join(folder(t), 'store');
  t.deepEqual(codesOf(layout.openStoreToRead(root, undefined)), ['store/unusable']);
  t.false(fs.existsSync(root));
  must(layout.openStore(root, undefined));
  fs.rmdirSync(path.join(root, 'farms'));
  t.is(must(layout.openStoreToRead(root, undefined)).root, root);
  t.false(fs.existsSync(path.join(root, 'farms')));
});

test('root gives the store to the owner, and refuses the store of a user', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const root = path.join(folder(t), 'store');
  const store = must(layout.openStore(root, WORKER_OWNER));
  t.deepEqual(store.ids, WORKER_OWNER);
  for (const name of fs.readdirSync(root)) {
    t.is(fs.lstatSync(path.join(root, name)).uid, WORKER_OWNER.uid, name);
  }
  fs.lchownSync(root, 1000, 1000);
  const refused = layout.openStore(root, WORKER_OWNER);
  t.deepEqual(codesOf(refused), ['store/unusable']);
  t.regex(refused.ok ? '' : (refused.error[0]?.hint ?? ''), /run as uid 1000/);
});

test('a user cannot open a store that is closed to him', async (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const parent = folder(t);
  fs.chmodSync(parent, 0o755);
  const root = path.join(parent, 'store');
  must(layout.openStore(root, WORKER_OWNER));
  await using user = startPuppet(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
  t.like(await user.ask('open', root), {ok: false, error: [{code: 'store/unusable'}]});
});

test('the places of things', (t) => {
  const store = {root: '/s', owner: undefined, ids: {uid: 0, gid: 0}};
  const rest = `${'0'.repeat(60)}ff`;
  const key = actionKey(HEX);
  t.is(layout.fileIn(store, blobDigest(HEX), 0o4755), `/s/files/ab/${rest}.755`);
  t.is(layout.fileIn(store, blobDigest(HEX), 0o4), `/s/files/ab/${rest}.004`);
  t.is(layout.treeIn(store, treeDigest(HEX)), `/s/trees/ab/${rest}`);
  t.is(layout.recordIn(store, key), `/s/records/ab/${rest}`);
  t.is(layout.farmIn(store, HEX), `/s/farms/${HEX}`);
  t.is(layout.failedIn(store, key), `/s/failed/${HEX}`);
  t.is(layout.keptIn(store, key), `/s/kept/${HEX}`);
  t.is(layout.logIn(store, 'x.log'), '/s/logs/x.log');
  t.is(layout.scratchIn(store, '12-ab'), '/s/scratch/12-ab');
  t.is(layout.auxIn(store, 'x'), '/s/aux/x');
  t.is(layout.downloadsDir(store), '/s/downloads');
  t.is(layout.gitDir(store), '/s/git');
  t.is(layout.statCacheFile({...store, root: '.'}), 'aux/stat-cache');
  t.not(layout.temporaryIn(store), layout.temporaryIn(store));
});

test('folders whose maker was killed before he could give them away are given away', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const root = path.join(folder(t), 'store');
  const store = must(layout.openStore(root, WORKER_OWNER));
  for (const name of ['files', 'tmp', 'gc.lock']) fs.chownSync(path.join(root, name), 0, 0);
  must(layout.openStore(root, WORKER_OWNER));
  for (const name of ['files', 'tmp', 'gc.lock']) {
    t.is(fs.statSync(path.join(root, name)).uid, WORKER_OWNER.uid, name);
  }
  fs.mkdirSync(path.join(root, 'trees/ab'));
  // Without a dead run nobody was killed, and nothing is looked at.
  sweepScratch(store);
  t.is(fs.statSync(path.join(root, 'trees/ab')).uid, 0);
  fs.writeFileSync(path.join(root, 'runs/1-00000000'), '{"pid":1}');
  sweepScratch(store);
  t.is(fs.statSync(path.join(root, 'trees/ab')).uid, WORKER_OWNER.uid);
});
