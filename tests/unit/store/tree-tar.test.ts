/** Trees as tar: the headers byte by byte where they matter, read back by GNU tar. */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {blobDigest} from '../../../engine/base/hash.ts';
import {fromBytes} from '../../../store/bytes.ts';
import {fileIn} from '../../../store/layout.ts';
import {sortEntries} from '../../../store/manifest.ts';
import {putBytes} from '../../../store/pool.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {writeTar} from '../../../store/tree-tar.ts';
import {emptyStore} from './rig.ts';

const plain = {uid: 0, gid: 0, xattrs: []};

function file(path: string, more: Partial<TreeEntry> = {}): TreeEntry {
  const digest = blobDigest('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  const content = {size: 0, digest, hardlink: undefined};
  return {type: 'file', path, mode: 0o644, ...plain, ...content, ...more} as TreeEntry;
}

interface Written {
  readonly bytes: Buffer;
  readonly left: readonly string[];
}

function written(t: ExecutionContext, entries: readonly TreeEntry[]): Written {
  const pieces: Buffer[] = [];
  const done = writeTar(emptyStore(t), sortEntries(entries), (piece) => pieces.push(piece));
  if (!done.ok) throw new Error(JSON.stringify(done.error));
  return {bytes: Buffer.concat(pieces), left: done.value};
}

/** What `tar -tv` says, without times. */
function listed(t: ExecutionContext, entries: readonly TreeEntry[]): readonly string[] {
  const {bytes} = written(t, entries);
  const said = execFileSync(
    'tar',
    ['-tv', '--numeric-owner', '--quoting-style=escape', '-f', '-'],
    {
      input: bytes,
      encoding: 'latin1',
      env: {...process.env, TZ: 'UTC', LC_ALL: 'C'},
    },
  );
  return said
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' ').replace(' 1970-01-01 00:00', ''));
}

test('kinds, modes and owners', (t) => {
  const entries: readonly TreeEntry[] = [
    {type: 'dir', path: 'd', mode: 0o1777, ...plain},
    file('d/set', {mode: 0o4755, uid: 3, gid: 4}),
    file('d/two', {hardlink: 'd/set', mode: 0o4755, uid: 3, gid: 4}),
    {type: 'link', path: 'd/link', mode: 0o777, target: '../x', ...plain},
    {type: 'fifo', path: 'd/pipe', mode: 0o600, ...plain},
    {type: 'char', path: 'd/tty', mode: 0o620, ...plain, device: {major: 4, minor: 70000}},
    {type: 'block', path: 'd/disk', mode: 0o660, ...plain, device: {major: 8, minor: 1}},
  ];
  t.deepEqual(listed(t, entries), [
    'drwxrwxrwt 0/0 0 d/',
    'brw-rw---- 0/0 8,1 d/disk',
    'lrwxrwxrwx 0/0 0 d/link -> ../x',
    'prw------- 0/0 0 d/pipe',
    '-rwsr-xr-x 3/4 0 d/set',
    'crw--w---- 0/0 4,70000 d/tty',
    'hrwsr-xr-x 3/4 0 d/two link to d/set',
  ]);
});

test('names and numbers that do not fit are whole in the pax header', (t) => {
  const [folder, name] = ['f'.repeat(99), 'n'.repeat(255)];
  const entries: readonly TreeEntry[] = [
    {type: 'dir', path: folder, mode: 0o755, ...plain},
    file(`${folder}/${name}`, {uid: 4_294_967_294, gid: 2_097_152}),
    {type: 'link', path: 'l', mode: 0o777, target: `${folder}/${name}`, ...plain},
  ];
  t.deepEqual(listed(t, entries), [
    `drwxr-xr-x 0/0 0 ${folder}/`,
    `-rw-r--r-- 4294967294/2097152 0 ${folder}/${name}`,
    `lrwxrwxrwx 0/0 0 l -> ${folder}/${name}`,
  ]);
});

test('the length of a record counts its own digits', (t) => {
  // Values around the lengths at which the number gets another digit.
  for (const length of [85, 86, 87, 88, 89, 90, 91, 92, 93, 985, 986, 987, 988, 989, 990]) {
    const value = Buffer.alloc(length, 'v').toString('base64');
    const entry = file('f', {xattrs: [{name: 'user.x', value}]});
    const {bytes} = written(t, [entry]);
    const size = parseInt(bytes.subarray(124, 135).toString(), 8);
    const record = bytes.subarray(512, 512 + size).toString();
    t.is(record, `${size} SCHILY.xattr.user.x=${'v'.repeat(length)}\n`);
  }
});

test('names that are no text stay bytes', (t) => {
  const long = fromBytes(Buffer.concat([Buffer.alloc(120, 'a'), Buffer.from([0xe9])]));
  t.deepEqual(listed(t, [file(fromBytes(Buffer.from([0x62, 0xe9]))), file(long)]), [
    `-rw-r--r-- 0/0 0 ${'a'.repeat(120)}\\351`,
    '-rw-r--r-- 0/0 0 b\\351',
  ]);
  const {bytes} = written(t, [file(long)]);
  t.true(bytes.includes('21 hdrcharset=BINARY\n'));
});

test('what tar has no word for is left out and told; the end is a whole record', (t) => {
  const {bytes, left} = written(t, [{type: 'whiteout', path: 'gone'}]);
  t.deepEqual(left, ['gone']);
  t.is(bytes.length, 10_240);
  t.true(bytes.every((byte) => byte === 0));
});

test('a damaged file is not handed on', (t) => {
  const store = emptyStore(t);
  const digest = putBytes(store, 'whole', 0o644);
  const entry = file('f', {digest, size: 5});
  const pooled = fileIn(store, digest, 0o644);
  const {atime, mtime} = fs.statSync(pooled);
  fs.chmodSync(pooled, 0o600);
  fs.writeFileSync(pooled, 'whale');
  fs.chmodSync(pooled, 0o644);
  fs.utimesSync(pooled, atime, mtime);
  const done = writeTar(store, [entry], () => undefined);
  t.false(done.ok);
  t.regex(JSON.stringify(done), /damaged|corrupt|missing/);
  t.true(fs.existsSync(path.dirname(pooled)));
});
