/** Records: there whole or not at all, and never believed when damaged. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {Diagnostic} from '../../../engine/base/diagnostic.ts';
import {actionKey, recipeKey, sha256, treeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {recordIn} from '../../../store/layout.ts';
import {readRecord, writeRecord, type ActionRecord} from '../../../store/records.ts';
import {
  digestOfText,
  emptyStore,
  isRoot,
  must,
  replaceByFolder,
  replaceByLink,
  skip,
  WORKER_OWNER,
} from './rig.ts';

const KEY = actionKey(sha256('key'));

const RECORD: ActionRecord = {
  key: KEY,
  recipeKey: recipeKey(sha256('recipe')),
  label: 'examples/hello' as Label,
  kind: 'build',
  outcome: 'ok',
  tree: treeDigest(sha256('tree')),
  manifest: ['step.compile = make\n  -C "ü"', 'env.CFLAGS = -O2'],
  provenance: {
    sources: [{name: 'hello-2.10.tar.gz', digest: digestOfText('x'), url: 'https://example.org/x'}],
    milliseconds: 1200,
    cpuMilliseconds: 2300,
    peakBytes: 4096,
    log: 'hello.log',
    engine: '0.1.0',
    idMode: 'range',
    host: true,
    copiedRoot: false,
  },
  finishedAt: 1_700_000_000_000,
};

test('a record comes back as it was written', (t) => {
  const store = emptyStore(t);
  t.is(must(readRecord(store, KEY)), undefined);
  writeRecord(store, RECORD);
  t.deepEqual(must(readRecord(store, KEY)), RECORD);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'tmp')), []);
});

test('a later result takes the place of an earlier one', (t) => {
  const store = emptyStore(t);
  const failure = {step: 'compile', exit: 2, diagnostics: [], kept: `failed/${KEY}`};
  const failed: ActionRecord = {...RECORD, outcome: 'failed', failure, counts: {failed: 1}};
  writeRecord(store, failed);
  t.deepEqual(must(readRecord(store, KEY)), failed);
  writeRecord(store, RECORD);
  t.deepEqual(must(readRecord(store, KEY)), RECORD);
});

const damage: readonly (readonly [string, (at: string) => void])[] = [
  ['emptied', (at) => fs.truncateSync(at, 0)],
  ['cut in the middle', (at) => fs.truncateSync(at, 100)],
  ['cut before its last newline', (at) => fs.truncateSync(at, fs.statSync(at).size - 1)],
  ['without trailer', (at) => fs.truncateSync(at, fs.statSync(at).size - 72)],
  ['changed by one character', (at) => edit(at, '"ok"', '"no"')],
  ['with another trailer', (at) => edit(at, /sha256 \w+/, `sha256 ${sha256('')}`)],
  ['garbage', (at) => fs.writeFileSync(at, Buffer.alloc(1000, 0xfe))],
  ['another format', (at) => reseal(at, '"format": 1', '"format": 2')],
  ['the record of another key', (at) => reseal(at, KEY, sha256('other'))],
  ['a folder', replaceByFolder],
  ['a link', (at) => replaceByLink(at, '/dev/zero')],
];
for (const [what, spoil] of damage) {
  test(`set aside with a warning, and then absent: ${what}`, (t) => {
    const store = emptyStore(t);
    writeRecord(store, RECORD);
    spoil(recordIn(store, KEY));
    const warnings: Diagnostic[] = [];
    t.is(must(readRecord(store, KEY, (one) => warnings.push(one))), undefined);
    t.like(warnings, [{code: 'store/corrupt', severity: 'warning'}]);
    t.is(fs.readdirSync(path.join(store.root, 'quarantine')).length, 1);
    t.is(must(readRecord(store, KEY, (one) => warnings.push(one))), undefined);
    t.is(warnings.length, 1);
    writeRecord(store, RECORD);
    t.deepEqual(must(readRecord(store, KEY)), RECORD);
  });
}

test('as root, records belong to the owner', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t, WORKER_OWNER);
  writeRecord(store, RECORD);
  t.is(fs.lstatSync(recordIn(store, KEY)).uid, WORKER_OWNER.uid);
});

function edit(at: string, from: string | RegExp, to: string): void {
  fs.writeFileSync(at, fs.readFileSync(at, 'utf8').replace(from, to));
}

/** The same, with a trailer that fits. */
function reseal(at: string, from: string, to: string): void {
  const text = fs
    .readFileSync(at, 'utf8')
    .replace(/sha256 \w+\n$/, '')
    .replace(from, to);
  fs.writeFileSync(at, `${text}sha256 ${sha256(text)}\n`);
}
