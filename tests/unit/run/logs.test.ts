/** Names of logs, which there are, and their last lines whatever is in them. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {actionKey} from '../../../engine/base/hash.ts';
import {lastLines, logsOf, newLogName} from '../../../engine/run/logs.ts';
import {logIn, type Store} from '../../../store/layout.ts';
import {label} from '../graph/values.ts';
import {emptyStore, folder} from '../store/rig.ts';

const KEY = actionKey('0123456789abcdef'.repeat(4));
const OTHER = actionKey('f'.repeat(64));

function attempt(store: Store, name: string, key = KEY): string {
  const log = newLogName(store, label(name), key);
  fs.writeFileSync(logIn(store, log), '');
  return log;
}

test('each attempt has a name of its own, made of label, key and number', (t) => {
  const store = emptyStore(t);
  t.is(attempt(store, 'lfs/gcc'), 'lfs_gcc-01234567-1.log');
  t.is(attempt(store, 'lfs/gcc'), 'lfs_gcc-01234567-2.log');
  t.is(attempt(store, 'lfs/gcc', OTHER), 'lfs_gcc-ffffffff-1.log');
  t.is(attempt(store, 'lfs/gcc:pass1'), 'lfs_gcc_pass1-01234567-1.log');
  const test = attempt(store, 'lfs/gcc#test');
  t.false(test.includes('/'));
  t.not(test, 'lfs_gcc-01234567-3.log');
});

test('a number that was removed is used again, none is overwritten', (t) => {
  const store = emptyStore(t);
  const [, second = ''] = [1, 2, 3].map(() => attempt(store, 'lfs/a'));
  fs.unlinkSync(logIn(store, second));
  t.is(attempt(store, 'lfs/a'), second);
  t.is(attempt(store, 'lfs/a'), 'lfs_a-01234567-4.log');
});

test('no two labels have logs of one name, however long they are', (t) => {
  const store = emptyStore(t);
  const long = 'a'.repeat(128);
  const labels = [
    ...['a_b/c', 'a/b_c', 'a/b:c', 'a_/b', 'a/b', 'a__b/c', 'a_b/c:d', 'a/b_c:d', 'a/b:c_d'],
    ...[`${long}/${long}:${long}`, `${long}/${long}:${long}#test`, `${long}/${long}`],
  ];
  const names = labels.map((one) => attempt(store, one));
  t.is(new Set(names).size, labels.length);
  labels.forEach((one, place) => {
    const found = logsOf(store, label(one)).map((file) => path.basename(file));
    t.deepEqual(found, [names[place]], one);
  });
});

test('the logs of a label, the one written to last first', (t) => {
  const store = emptyStore(t);
  const first = attempt(store, 'lfs/gcc');
  const second = attempt(store, 'lfs/gcc', OTHER);
  const third = attempt(store, 'lfs/gcc');
  for (const other of ['lfs/gcc:pass1', 'lfs/gcc#test', 'lfs/gc', 'lfs/gcc-ada', 'x/gcc']) {
    attempt(store, other);
  }
  fs.writeFileSync(logIn(store, 'lfs_gcc-notes.txt'), '');
  [second, third, first].forEach((name, at) =>
    fs.utimesSync(logIn(store, name), 1000 + at, 1000 + at),
  );
  t.deepEqual(
    logsOf(store, label('lfs/gcc')).map((file) => path.basename(file)),
    [first, third, second],
  );
  t.deepEqual(logsOf(store, label('lfs/none')), []);
});

const long = 'x'.repeat(40_000);

const CONTENTS: readonly (readonly [string, string | Buffer, number, readonly string[]])[] = [
  ['nothing', '', 5, []],
  ['a line feed', '\n', 5, ['']],
  ['one line', 'one\n', 5, ['one']],
  ['no line feed at the end', 'one\ntwo', 5, ['one', 'two']],
  ['more lines than wanted', 'one\ntwo\nthree\n', 2, ['two', 'three']],
  ['empty lines at the end', 'one\n\n\n', 2, ['', '']],
  ['a line longer than is read', long, 1, ['x'.repeat(16_384)]],
  ['a long line before', `${long}\nlast\n`, 1, ['last']],
  ['many lines', 'line\n'.repeat(100_000), 3, ['line', 'line', 'line']],
  ['bytes that are no text', Buffer.from([0x61, 0xff, 0x0a, 0x00]), 2, ['a\ufffd', '\0']],
];

for (const [what, content, wanted, expected] of CONTENTS) {
  test(`the last lines of ${what}`, (t) => {
    const file = path.join(folder(t), 'log');
    fs.writeFileSync(file, content);
    t.deepEqual(lastLines(file, wanted), expected);
  });
}

test('a log that is not there, or is gone again, has no lines', (t) => {
  t.deepEqual(lastLines(path.join(folder(t), 'none'), 20), []);
});

test('of a log that holes make huge only the end is read', (t) => {
  const file = path.join(folder(t), 'log');
  fs.writeFileSync(file, '');
  fs.truncateSync(file, 2 ** 40);
  fs.appendFileSync(file, '\nthe end\n');
  t.deepEqual(lastLines(file, 1), ['the end']);
});
