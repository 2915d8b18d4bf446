/** Stored manifests: durable, verified, set aside when damaged, parsed once. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {treeDigest} from '../../../engine/base/hash.ts';
import {treeIn, workerStore} from '../../../store/layout.ts';
import {digestOf, encodeManifest} from '../../../store/manifest.ts';
import {hasTree, readTree, writeTree} from '../../../store/trees.ts';
import {
  codesOf,
  dir,
  emptyStore,
  file,
  filesBelow,
  isRoot,
  must,
  replaceByFolder,
  replaceByLink,
  skip,
  startPuppet,
  WORKER_OWNER,
} from './rig.ts';

const TREE = [dir('bin'), file('bin/x', 'hello', {mode: 0o755})];

test('a tree is stored as its manifest under its digest', (t) => {
  const store = emptyStore(t);
  const digest = writeTree(store, TREE);
  t.is(digest, digestOf(encodeManifest(TREE)));
  t.true(hasTree(store, digest));
  t.is(fs.readFileSync(treeIn(store, digest), 'utf8'), String(encodeManifest(TREE)));
  t.deepEqual(must(readTree(store, digest)), TREE);
  t.is(writeTree(store, TREE), digest);
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
});

test('another process reads it, and reads it once', (t) => {
  const store = emptyStore(t);
  const digest = writeTree(store, TREE);
  const other = workerStore(store.root);
  const first = must(readTree(other, digest));
  t.deepEqual(first, TREE);
  t.is(must(readTree(other, digest)), first);
});

test('a tree that is not there', (t) => {
  const store = emptyStore(t);
  const digest = treeDigest('0'.repeat(64));
  t.false(hasTree(store, digest));
  t.deepEqual(codesOf(readTree(store, digest)), ['store/corrupt']);
});

const damage: readonly (readonly [string, (at: string) => void])[] = [
  ['cut', (at) => fs.truncateSync(at, 30)],
  ['emptied', (at) => fs.truncateSync(at, 0)],
  [
    'changed by one character',
    (at) => fs.writeFileSync(at, String(encodeManifest(TREE)).replace('bin', 'bon')),
  ],
  ['given bytes that are no text', (at) => fs.appendFileSync(at, Buffer.from([0xff, 0xfe]))],
  ['replaced by a link', (at) => replaceByLink(at, '/dev/zero')],
  ['replaced by a folder', replaceByFolder],
];
for (const [what, spoil] of damage) {
  test(`a manifest that was ${what} is set aside, and written again`, (t) => {
    const store = emptyStore(t);
    const digest = writeTree(store, TREE);
    spoil(treeIn(store, digest));
    const fresh = workerStore(store.root);
    t.deepEqual(codesOf(readTree(fresh, digest)), ['store/corrupt']);
    t.false(hasTree(fresh, digest));
    t.is(fs.readdirSync(path.join(store.root, 'quarantine')).length, 1);
    writeTree(fresh, TREE);
    t.deepEqual(must(readTree(workerStore(store.root), digest)), TREE);
  });

  test(`writing replaces a manifest that was ${what}`, (t) => {
    const store = emptyStore(t);
    const digest = writeTree(store, TREE);
    spoil(treeIn(store, digest));
    writeTree(store, TREE);
    t.deepEqual(must(readTree(workerStore(store.root), digest)), TREE);
  });
}

test('a text with the right digest that is no manifest is refused', (t) => {
  const store = emptyStore(t);
  const text = '#mtree\n. type=dir\n./a type=dir\n';
  const digest = digestOf(text);
  fs.mkdirSync(path.dirname(treeIn(store, digest)), {recursive: true});
  fs.writeFileSync(treeIn(store, digest), text);
  const read = readTree(store, digest);
  t.deepEqual(codesOf(read), ['store/corrupt']);
  t.regex(read.ok ? '' : (read.error[0]?.message ?? ''), /line 3/);
});

test('memory holds the trees used last, not all', (t) => {
  const store = emptyStore(t);
  const big = Array.from({length: 200_000}, (_, n) => dir(String(n).padStart(6, '0')));
  const first = writeTree(store, TREE);
  const kept = must(readTree(store, first));
  for (const name of ['x', 'y', 'z']) writeTree(store, [...big, dir(name)]);
  const again = must(readTree(store, first));
  t.not(again, kept);
  t.deepEqual(again, kept);
});

test('as root, trees belong to the owner', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t, WORKER_OWNER);
  const at = treeIn(store, writeTree(store, TREE));
  t.is(fs.lstatSync(at).uid, WORKER_OWNER.uid);
  t.is(fs.lstatSync(path.dirname(at)).uid, WORKER_OWNER.uid);
});

test('the worker, whose store is its folder, sets damage aside under its whole name', async (t) => {
  const store = emptyStore(t);
  const tree = writeTree(store, [dir('a')]);
  fs.writeFileSync(treeIn(store, tree), 'x');
  await using puppet = startPuppet([], store.root);
  await puppet.ask('openAsWorker');
  t.like(await puppet.ask('readTree', tree), {ok: false});
  const [name = ''] = fs.readdirSync(path.join(store.root, 'quarantine'));
  t.true(name.startsWith(`trees_${tree.slice(0, 2)}_${tree.slice(2)}.`), name);
});
