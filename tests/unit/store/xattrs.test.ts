/** Extended attributes there and back, with every kind of name. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {joinBytes} from '../../../store/bytes.ts';
import {StoreFault} from '../../../store/trouble.ts';
import {readXattrs, writeXattrs} from '../../../store/xattrs.ts';
import {emptyStore, folder, has, skip} from './rig.ts';

const NAMES = [
  'a b',
  'q\\w',
  'n\nl',
  'e=q',
  '\xff\xfe',
  'd/x',
  '-dash',
  'tab\t',
  '"quo"',
  '# file: y',
];
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

test('odd names and values come back as they were set', (t) => {
  if (!has('setfattr')) return skip(t, 'setfattr (package attr)');
  const store = emptyStore(t);
  const at = folder(t);
  fs.mkdirSync(path.join(at, 'd'));
  for (const name of NAMES) fs.writeFileSync(joinBytes(at, name), 'x');
  fs.symlinkSync('a b', path.join(at, 'link'));
  const wanted = [...NAMES, 'd'].map((name) => ({
    path: name,
    xattrs: [
      {name: 'user.a', value: base64(`v\0\n${name}`)},
      {name: 'user.e\\x=y z', value: ''},
      {name: 'user.long', value: base64('x'.repeat(1000))},
    ],
  }));
  writeXattrs(store, at, [...wanted, {path: 'link', xattrs: []}]);
  const found = readXattrs(store, at);
  t.is(found.size, wanted.length);
  for (const one of wanted) t.deepEqual(found.get(one.path), one.xattrs, one.path);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'tmp')), []);
});

test('a folder without any, and its own', (t) => {
  if (!has('setfattr')) return skip(t, 'setfattr (package attr)');
  const store = emptyStore(t);
  const at = folder(t);
  t.is(readXattrs(store, at).size, 0);
  writeXattrs(store, path.dirname(at), [
    {path: path.basename(at), xattrs: [{name: 'user.own', value: 'eA=='}]},
  ]);
  t.deepEqual([...readXattrs(store, at)], [['', [{name: 'user.own', value: 'eA=='}]]]);
});

test('what cannot be set is a fault that says so', (t) => {
  if (!has('setfattr')) return skip(t, 'setfattr (package attr)');
  const store = emptyStore(t);
  const at = folder(t);
  const wanted = [{path: 'none', xattrs: [{name: 'user.a', value: ''}]}];
  const error = t.throws(() => writeXattrs(store, at, wanted), {instanceOf: StoreFault});
  t.regex(error.message, /setfattr failed: .*none: No such file/);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'tmp')), []);
});
