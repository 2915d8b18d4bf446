/** Folders taken in: what a source keeps, what it loses, what is refused. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {checkOut} from '../../../store/checkout.ts';
import {importFolder, type ImportRules} from '../../../store/import-folder.ts';
import {fileIn} from '../../../store/layout.ts';
import {StatCache} from '../../../store/stat-cache.ts';
import {hasTree, readTree} from '../../../store/trees.ts';
import {
  codesOf,
  digestOfText,
  dir,
  emptyStore,
  file,
  filesBelow,
  folder,
  has,
  isRoot,
  link,
  must,
  skip,
  WORKER_OWNER,
} from './rig.ts';

const SOURCE: ImportRules = {normalize: true, ignore: () => false};
const EXACT: ImportRules = {normalize: false, ignore: () => false};

/** A small source with every mode that matters. */
function sample(t: ExecutionContext): string {
  const at = folder(t);
  fs.mkdirSync(path.join(at, 'src'));
  fs.writeFileSync(path.join(at, 'src/main.c'), 'main', {mode: 0o600});
  fs.writeFileSync(path.join(at, 'src/again.c'), 'main', {mode: 0o640});
  fs.writeFileSync(path.join(at, 'configure'), '#!/bin/sh', {mode: 0o700});
  fs.symlinkSync('../configure', path.join(at, 'src/up'));
  fs.symlinkSync('nowhere', path.join(at, 'dangling'));
  return at;
}

test('a source keeps names, content, execute bit and links, and nothing else', (t) => {
  const store = emptyStore(t);
  const at = sample(t);
  fs.chmodSync(path.join(at, 'src'), 0o2700);
  const {tree, entries} = must(importFolder(store, at, SOURCE));
  t.deepEqual(entries, [
    file('configure', '#!/bin/sh', {mode: 0o755}),
    link('dangling', 'nowhere'),
    dir('src'),
    file('src/again.c', 'main'),
    file('src/main.c', 'main'),
    link('src/up', '../configure'),
  ]);
  t.true(hasTree(store, tree));
  t.is(fs.readFileSync(fileIn(store, digestOfText('main'), 0o644), 'utf8'), 'main');
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
});

test('the digest does not depend on place, times, umask, owner or the order files were made', (t) => {
  const store = emptyStore(t);
  const first = must(importFolder(store, sample(t), SOURCE)).tree;
  const other = folder(t);
  spawnSync('cp', ['-r', '--no-preserve=all', `${sample(t)}/.`, other]);
  fs.chmodSync(path.join(other, 'configure'), 0o755);
  fs.utimesSync(path.join(other, 'src/main.c'), 5, 5);
  if (isRoot) fs.chownSync(path.join(other, 'configure'), 7, 7);
  t.is(must(importFolder(store, other, SOURCE)).tree, first);
});

test('what is ignored stays out with all below it', (t) => {
  const store = emptyStore(t);
  const asked: string[] = [];
  const ignore = (one: string): boolean => (asked.push(one), one === 'src');
  const {entries} = must(importFolder(store, sample(t), {normalize: true, ignore}));
  t.deepEqual(
    entries.map((one) => one.path),
    ['configure', 'dangling'],
  );
  t.false(asked.some((one) => one.startsWith('src/')));
});

for (const target of ['/etc/passwd', '..', 'a/../../x', '../../up']) {
  test(`a link that leaves the folder is refused: ${target}`, (t) => {
    const store = emptyStore(t);
    const at = folder(t);
    fs.symlinkSync(target, path.join(at, 'l'));
    const refused = importFolder(store, at, SOURCE);
    t.deepEqual(codesOf(refused), ['store/import']);
    t.regex(refused.ok ? '' : (refused.error[0]?.message ?? ''), /^l is a link to /);
    t.is(must(importFolder(store, at, {...SOURCE, outsideLinks: 'keep'})).entries.length, 1);
  });
}

test('links that climb and stay inside are fine', (t) => {
  const store = emptyStore(t);
  const at = folder(t);
  fs.mkdirSync(path.join(at, 'a/b'), {recursive: true});
  fs.symlinkSync('../../a/./b//..', path.join(at, 'a/b/l'));
  t.is(must(importFolder(store, at, SOURCE)).entries.length, 3);
});

test('a fifo in a source is refused, and nothing of the source is stored', (t) => {
  if (!has('mkfifo')) return skip(t, 'mkfifo');
  const store = emptyStore(t);
  const at = sample(t);
  spawnSync('mkfifo', [path.join(at, 'zz')]);
  t.deepEqual(codesOf(importFolder(store, at, SOURCE)), ['store/import']);
  t.deepEqual(filesBelow(path.join(store.root, 'files')), []);
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
});

test('a folder that is missing, is a file, or is closed', (t) => {
  const store = emptyStore(t);
  const at = sample(t);
  t.deepEqual(codesOf(importFolder(store, path.join(at, 'none'), SOURCE)), ['store/import']);
  t.deepEqual(codesOf(importFolder(store, path.join(at, 'configure'), SOURCE)), ['store/import']);
  if (isRoot) return skip(t, 'an ordinary user: root may read everything');
  fs.chmodSync(path.join(at, 'src'), 0);
  t.deepEqual(codesOf(importFolder(store, at, SOURCE)), ['store/import']);
});

test('names that are no text', (t) => {
  const store = emptyStore(t);
  const at = folder(t);
  fs.writeFileSync(Buffer.concat([Buffer.from(`${at}/`), Buffer.from([0xff, 10, 0x20])]), 'x');
  const {tree, entries} = must(importFolder(store, at, SOURCE));
  t.deepEqual(entries, [file('\xff\n ', 'x')]);
  t.deepEqual(must(readTree({...store}, tree)), entries);
});

test('exactly: modes, owners, hard links, xattrs, fifos are kept, and come back the same', (t) => {
  if (!has('setfattr') || !has('mkfifo')) return skip(t, 'setfattr (package attr), mkfifo');
  const store = emptyStore(t);
  const at = sample(t);
  fs.linkSync(path.join(at, 'configure'), path.join(at, 'src/linked'));
  fs.chmodSync(path.join(at, 'configure'), 0o4711);
  spawnSync('mkfifo', ['-m', '620', path.join(at, 'pipe')]);
  spawnSync('setfattr', ['-n', 'user.note', '-v', 'hi', path.join(at, 'src/main.c')]);
  const {tree, entries} = must(importFolder(store, at, EXACT));
  const {uid, gid} = fs.statSync(at);
  const facts = {uid, gid};
  t.deepEqual(entries, [
    file('configure', '#!/bin/sh', {...facts, mode: 0o4711}),
    {...link('dangling', 'nowhere'), ...facts},
    {type: 'fifo', path: 'pipe', mode: 0o620, ...facts, xattrs: []},
    dir('src', facts),
    file('src/again.c', 'main', {...facts, mode: 0o640}),
    file('src/linked', '#!/bin/sh', {...facts, mode: 0o4711, hardlink: 'configure'}),
    file('src/main.c', 'main', {
      ...facts,
      mode: 0o600,
      xattrs: [{name: 'user.note', value: 'aGk='}],
    }),
    {...link('src/up', '../configure'), ...facts},
  ]);
  const out = path.join(folder(t), 'out');
  must(checkOut(store, entries, out, {copy: true, owners: true}));
  t.is(must(importFolder(store, out, EXACT)).tree, tree);
});

test('devices and whiteouts are kept exactly', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t);
  const at = folder(t);
  for (const argv of [
    ['-m', '640', 'disk', 'b', '259', '300000'],
    ['-m', '600', 'gone', 'c', '0', '0'],
    ['-m', '666', 'null', 'c', '1', '3'],
  ]) {
    spawnSync('mknod', argv, {cwd: at});
  }
  const facts = {uid: 0, gid: 0, xattrs: []};
  t.deepEqual(must(importFolder(store, at, EXACT)).entries, [
    {type: 'block', path: 'disk', mode: 0o640, ...facts, device: {major: 259, minor: 300_000}},
    {type: 'whiteout', path: 'gone'},
    {type: 'char', path: 'null', mode: 0o666, ...facts, device: {major: 1, minor: 3}},
  ]);
});

test('with a cache, files that look as they did are not read again', (t) => {
  const store = emptyStore(t);
  const at = sample(t);
  const known = new Map<string, string>();
  let reads = 0;
  const cache: ImportRules['cache'] = {
    get: (one, stat) => known.get(`${one} ${stat.mtimeNs}`),
    set: (one, stat, digest) => {
      reads += 1;
      known.set(`${one} ${stat.mtimeNs}`, digest);
    },
  };
  const first = must(importFolder(store, at, {...SOURCE, cache}));
  t.is(reads, 3);
  t.deepEqual(must(importFolder(store, at, {...SOURCE, cache})), first);
  t.is(reads, 3);
  fs.writeFileSync(path.join(at, 'src/main.c'), 'changed');
  t.not(must(importFolder(store, at, {...SOURCE, cache})).tree, first.tree);
  t.is(reads, 4);
});

test('a digest of the cache is worth nothing when the store has lost the blob', (t) => {
  const store = emptyStore(t);
  const at = sample(t);
  const cache = {get: () => digestOfText('lost'), set: () => undefined};
  const {entries} = must(importFolder(store, at, {...SOURCE, cache}));
  t.deepEqual(entries[0], file('configure', '#!/bin/sh', {mode: 0o755}));
});

test('the stat cache fits as it is', (t) => {
  const store = emptyStore(t);
  const stats = StatCache.load(store);
  const cache: ImportRules['cache'] = {
    get: (one, stat) => stats.get(one, stat),
    set: (one, stat, digest) => stats.set(one, stat, digest, Date.now() + 10_000),
  };
  const at = sample(t);
  const {tree} = must(importFolder(store, at, {...SOURCE, cache}));
  const place = path.join(at, 'configure');
  t.is(stats.get(place, fs.lstatSync(place, {bigint: true})), digestOfText('#!/bin/sh'));
  t.is(must(importFolder(store, at, {...SOURCE, cache})).tree, tree);
});

test('a thousand files, and as root all of them are the owner’s', (t) => {
  const store = emptyStore(t, isRoot ? WORKER_OWNER : undefined);
  const at = folder(t);
  for (let n = 0; n < 1000; n += 1) fs.writeFileSync(path.join(at, `f${n}`), `content ${n}`);
  t.is(must(importFolder(store, at, SOURCE)).entries.length, 1000);
  const pool = path.join(store.root, 'files');
  const stored = filesBelow(pool);
  t.is(stored.length, 1000);
  t.true(stored.every((one) => fs.lstatSync(path.join(pool, one)).uid === store.ids.uid));
});
