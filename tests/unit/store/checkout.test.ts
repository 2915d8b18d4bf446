/** Trees laid out: what shares an inode and what does not, what is restored, what a failure leaves. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {checkOut, makeFarm, makeMergedFarm} from '../../../store/checkout.ts';
import {fileIn, workerStore, type Store} from '../../../store/layout.ts';
import {sortEntries, type TreeEntry} from '../../../store/manifest.ts';
import {putBytes} from '../../../store/pool.ts';
import {writeTree} from '../../../store/trees.ts';
import {readXattrs} from '../../../store/xattrs.ts';
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
  startPuppet,
  WORKER_OWNER,
} from './rig.ts';

const LINKED = {copy: false, owners: false};

function storeWith(t: ExecutionContext, ...contents: readonly string[]): Store {
  const store = emptyStore(t);
  for (const content of contents) putBytes(store, content, 0o644);
  return store;
}

const inode = (at: string): number => fs.lstatSync(at).ino;
const modeOf = (at: string): number => fs.lstatSync(at).mode & 0o7777;

test('files are links into the pool; equal files and empty ones are not one inode', (t) => {
  const store = storeWith(t, 'hello', '');
  const dest = path.join(folder(t), 'out');
  const tree = [
    dir('d'),
    file('d/empty', ''),
    file('d/empty2', ''),
    file('one', 'hello'),
    file('three', 'hello', {mode: 0o755}),
    file('two', 'hello'),
  ];
  t.deepEqual(must(checkOut(store, tree, dest, LINKED)), {files: 5, linked: 2, left: []});
  const pooled = (mode: number): number => inode(fileIn(store, digestOfText('hello'), mode));
  t.is(inode(path.join(dest, 'one')), pooled(0o644));
  t.not(inode(path.join(dest, 'two')), pooled(0o644));
  t.is(inode(path.join(dest, 'three')), pooled(0o755));
  t.not(inode(path.join(dest, 'd/empty')), inode(path.join(dest, 'd/empty2')));
  for (const name of ['one', 'two', 'three']) {
    t.is(fs.readFileSync(path.join(dest, name), 'utf8'), 'hello');
  }
});

test('hard links of the tree are hard links, and only those', (t) => {
  const store = storeWith(t, 'hello');
  const dest = path.join(folder(t), 'out');
  const tree = [file('a', 'hello'), file('b', 'hello', {hardlink: 'a'}), file('c', 'hello')];
  must(checkOut(store, tree, dest, {copy: true, owners: false}));
  t.is(inode(path.join(dest, 'a')), inode(path.join(dest, 'b')));
  t.not(inode(path.join(dest, 'a')), inode(path.join(dest, 'c')));
  t.is(fs.lstatSync(path.join(dest, 'a')).nlink, 2);
});

test('copies share nothing with the store', (t) => {
  const store = storeWith(t, 'hello');
  const dest = path.join(folder(t), 'out');
  t.is(must(checkOut(store, [file('a', 'hello')], dest, {copy: true, owners: false})).linked, 0);
  fs.appendFileSync(path.join(dest, 'a'), ' you');
  t.is(fs.readFileSync(fileIn(store, digestOfText('hello'), 0o644), 'utf8'), 'hello');
});

test('modes, links, times and odd names are as in the tree', (t) => {
  const store = storeWith(t, 'hello', 'x');
  const dest = path.join(folder(t), 'out');
  const tree = sortEntries<TreeEntry>([
    dir('closed', {mode: 0o555}),
    file('closed/f', 'hello', {mode: 0o400}),
    file('a\n\xff b', 'x'),
    link('dangling', 'no/wh\xe9re'),
    {type: 'fifo', path: 'pipe', mode: 0o640, uid: 0, gid: 0, xattrs: []},
    dir('sticky', {mode: 0o1777}),
  ]);
  must(checkOut(store, tree, dest, LINKED));
  t.is(modeOf(dest), 0o755);
  t.is(modeOf(path.join(dest, 'closed')), 0o555);
  t.is(modeOf(path.join(dest, 'closed/f')), 0o400);
  t.is(modeOf(path.join(dest, 'sticky')), 0o1777);
  t.is(modeOf(path.join(dest, 'pipe')), 0o640);
  t.true(fs.lstatSync(path.join(dest, 'pipe')).isFIFO());
  const target = fs.readlinkSync(path.join(dest, 'dangling'), {encoding: 'buffer'});
  t.deepEqual(target, Buffer.from('no/wh\xe9re', 'latin1'));
  const odd = Buffer.concat([Buffer.from(`${dest}/`), Buffer.from('a\n\xff b', 'latin1')]);
  t.is(fs.readFileSync(odd, 'utf8'), 'x');
  for (const name of ['closed', 'closed/f', 'dangling', 'pipe', 'sticky']) {
    t.is(fs.lstatSync(path.join(dest, name)).mtimeMs, 1000, name);
  }
});

test('without owners no setuid or setgid bit is lent to the wrong user', (t) => {
  const store = storeWith(t, 'hello');
  const dest = path.join(folder(t), 'out');
  const tree = [dir('d', {mode: 0o2775}), file('su', 'hello', {mode: 0o6755, uid: 5})];
  must(checkOut(store, tree, dest, LINKED));
  t.is(modeOf(path.join(dest, 'su')), 0o755);
  t.is(modeOf(path.join(dest, 'd')), 0o775);
});

test('with owners, root restores owners, special bits, devices and capabilities', (t) => {
  if (!isRoot || !has('setfattr')) return skip(t, 'root, or setfattr (package attr)');
  const store = storeWith(t, 'hello');
  const dest = path.join(folder(t), 'out');
  const cap = {name: 'security.capability', value: 'AQAAAgAgAAAAAAAAAAAAAAAAAAA='};
  const tree: TreeEntry[] = [
    file('cap', 'hello', {mode: 0o755, xattrs: [cap]}),
    dir('d', {uid: 7, gid: 8, mode: 0o2775}),
    file('plain', 'hello'),
    link('s', 'x'),
    file('su', 'hello', {mode: 0o4755, uid: 12, gid: 34}),
    {
      type: 'char',
      path: 'tty',
      mode: 0o620,
      uid: 0,
      gid: 5,
      xattrs: [],
      device: {major: 5, minor: 0},
    },
  ];
  t.deepEqual(must(checkOut(store, tree, dest, {copy: false, owners: true})), {
    files: 3,
    linked: 1,
    left: [],
  });
  t.like(fs.lstatSync(path.join(dest, 'su')), {uid: 12, gid: 34});
  t.is(modeOf(path.join(dest, 'su')), 0o4755);
  t.is(modeOf(path.join(dest, 'd')), 0o2775);
  t.is(fs.lstatSync(path.join(dest, 'tty')).rdev, 0x500);
  t.is(modeOf(path.join(dest, 'tty')), 0o620);
  t.deepEqual(readXattrs(store, dest).get('cap'), [cap]);
  t.is(fs.lstatSync(path.join(dest, 'cap')).mtimeMs, 1000);
});

test('as root with an owner, files that ask for owners are copies: the pool stays the owner’s', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t, WORKER_OWNER);
  putBytes(store, 'hello', 0o644);
  const dest = path.join(folder(t), 'out');
  const made = must(checkOut(store, [file('a', 'hello')], dest, {copy: false, owners: true}));
  t.is(made.linked, 0);
  t.is(fs.lstatSync(path.join(dest, 'a')).uid, 0);
  t.is(fs.lstatSync(fileIn(store, digestOfText('hello'), 0o644)).uid, WORKER_OWNER.uid);
});

test('user xattrs are restored for everybody, others only with owners', (t) => {
  if (!has('setfattr')) return skip(t, 'setfattr (package attr)');
  const store = storeWith(t, 'hello');
  const dest = path.join(folder(t), 'out');
  const user = {name: 'user.note', value: 'aGk='};
  const xattrs = [{name: 'security.capability', value: 'AQAAAgAgAAAAAAAAAAAAAAAAAAA='}, user];
  const tree = [file('a', 'hello', {mode: 0o444, xattrs}), dir('d', {mode: 0o555, xattrs: [user]})];
  t.is(must(checkOut(store, tree, dest, LINKED)).linked, 0);
  const found = readXattrs(store, dest);
  t.deepEqual([found.get('a'), found.get('d')], [[user], [user]]);
});

test('whiteouts are left out and said', (t) => {
  const store = storeWith(t);
  const dest = path.join(folder(t), 'out');
  const made = must(checkOut(store, [{type: 'whiteout', path: 'gone'}], dest, LINKED));
  t.deepEqual(made, {files: 0, linked: 0, left: ['gone']});
  t.deepEqual(fs.readdirSync(dest), []);
});

// --- the place ---------------------------------------------------------------------------------------

test('an empty folder is filled, a full one and a file are refused and stay', (t) => {
  const store = storeWith(t, 'hello');
  const at = folder(t);
  const tree = [file('a', 'hello')];
  for (const name of ['empty', 'full']) fs.mkdirSync(path.join(at, name));
  fs.writeFileSync(path.join(at, 'full/x'), 'mine');
  fs.writeFileSync(path.join(at, 'file'), 'mine');
  must(checkOut(store, tree, path.join(at, 'empty'), LINKED));
  t.deepEqual(codesOf(checkOut(store, tree, path.join(at, 'full'), LINKED)), ['store/checkout']);
  t.deepEqual(codesOf(checkOut(store, tree, path.join(at, 'file'), LINKED)), ['store/checkout']);
  t.deepEqual(codesOf(checkOut(store, tree, path.join(at, 'file/x'), LINKED)), ['store/checkout']);
  t.deepEqual(filesBelow(at), ['empty/a', 'file', 'full/x']);
});

test('missing parents are made', (t) => {
  const store = storeWith(t, 'hello');
  const dest = path.join(folder(t), 'a/b/c');
  must(checkOut(store, [file('x', 'hello')], dest, LINKED));
  t.deepEqual(filesBelow(dest), ['x']);
});

test('a missing blob leaves nothing behind, in a new place and in an empty folder', (t) => {
  const store = storeWith(t, 'hello');
  const at = folder(t);
  const tree = [file('a', 'hello'), file('b', 'never stored')];
  t.deepEqual(codesOf(checkOut(store, tree, path.join(at, 'new'), LINKED)), ['store/corrupt']);
  fs.mkdirSync(path.join(at, 'empty'));
  t.deepEqual(codesOf(checkOut(store, tree, path.join(at, 'empty'), LINKED)), ['store/corrupt']);
  t.deepEqual(fs.readdirSync(at, {recursive: true}), ['empty']);
});

test('another disk gets copies', (t) => {
  const store = storeWith(t, 'hello');
  const elsewhere = '/dev/shm';
  const other =
    fs.existsSync(elsewhere) && fs.statSync(elsewhere).dev !== fs.statSync(store.root).dev;
  if (!other) return skip(t, 'a second file system at /dev/shm');
  const at = fs.mkdtempSync(path.join(elsewhere, 'recipes-'));
  t.teardown(() => fs.rmSync(at, {recursive: true}));
  const made = must(checkOut(store, [file('a', 'hello')], path.join(at, 'out'), LINKED));
  t.deepEqual(made, {files: 1, linked: 0, left: []});
  t.is(fs.readFileSync(path.join(at, 'out/a'), 'utf8'), 'hello');
});

test('an inode with all the links it can have is copied', (t) => {
  const store = storeWith(t, 'hello');
  const at = folder(t);
  const pooled = fileIn(store, digestOfText('hello'), 0o644);
  // ext4 allows 65,000 names.
  let names = 0;
  try {
    for (; names < 66_000; names += 1) fs.linkSync(pooled, path.join(at, `l${names}`));
  } catch {
    // This many, then.
  }
  if (names === 66_000) return skip(t, 'a file system that limits links (ext4)');
  const made = must(checkOut(store, [file('a', 'hello')], path.join(at, 'out'), LINKED));
  t.deepEqual(made, {files: 1, linked: 0, left: []});
});

// --- farms -------------------------------------------------------------------------------------------

test('a farm is made once, complete, below farms/', (t) => {
  const store = storeWith(t, 'hello');
  const entries = [dir('d', {mode: 0o700}), file('d/a', 'hello'), link('l', 'd')];
  const tree = writeTree(
    store,
    entries.map((one) => ({...one, ...store.ids})),
  );
  const farm = must(makeFarm(store, tree));
  t.is(farm, path.join(store.root, 'farms', tree));
  t.is(modeOf(farm), 0o755);
  t.is(inode(path.join(farm, 'd/a')), inode(fileIn(store, digestOfText('hello'), 0o644)));
  const before = inode(farm);
  t.is(must(makeFarm(store, tree)), farm);
  t.is(inode(farm), before);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'tmp')), []);
});

test('a merged farm has the name it is given; the empty tree has a farm too', (t) => {
  const store = storeWith(t, 'hello');
  const name = 'f'.repeat(64);
  const farm = must(makeMergedFarm(store, name, [file('a', 'hello', store.ids)]));
  t.deepEqual(filesBelow(farm), ['a']);
  t.deepEqual(fs.readdirSync(must(makeFarm(store, writeTree(store, [])))), []);
});

test('a farm of a tree that is not there, or lacks a blob', (t) => {
  const store = storeWith(t);
  const broken = writeTree(store, [file('a', 'never stored')]);
  t.deepEqual(codesOf(makeFarm(store, broken)), ['store/corrupt']);
  t.deepEqual(codesOf(makeFarm(workerStore(store.root), 'e'.repeat(64) as never)), [
    'store/corrupt',
  ]);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'farms')), []);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'tmp')), []);
});

/** A child whose uid 0 is us, or the worker's owner when we are root: what the worker is. */
const IN_NAMESPACE = [
  ...(isRoot
    ? ['setpriv', `--reuid=${WORKER_OWNER.uid}`, `--regid=${WORKER_OWNER.gid}`, '--clear-groups']
    : []),
  ...['unshare', '--user', '--map-root-user'],
];

test('in a user namespace farms have whiteouts, capabilities and setuid files', async (t) => {
  if (spawnSync('unshare', ['--user', 'true']).status !== 0) return skip(t, 'user namespaces');
  if (!has('setfattr')) return skip(t, 'setfattr (package attr)');
  const store = emptyStore(t, isRoot ? WORKER_OWNER : undefined);
  await using worker = startPuppet(IN_NAMESPACE, store.root);
  await worker.ask('openAsWorker');
  await worker.ask('put', 'hello', 0o755);
  const cap = {name: 'security.capability', value: 'AQAAAgAgAAAAAAAAAAAAAAAAAAA='};
  const tree = await worker.ask('writeTree', [
    file('cap', 'hello', {mode: 0o755, xattrs: [cap]}),
    {type: 'whiteout', path: 'gone'},
    {type: 'whiteout', path: 'gone too'},
    file('plain', 'hello', {mode: 0o755}),
    file('su', 'hello', {mode: 0o4755}),
  ]);
  const farm = (await worker.ask('farm', tree)) as {ok: boolean; value: string};
  t.true(farm.ok, JSON.stringify(farm));
  const at = path.join(store.root, farm.value);
  for (const name of ['gone', 'gone too']) {
    const stat = fs.lstatSync(path.join(at, name));
    t.true(stat.isCharacterDevice() && stat.rdev === 0, name);
  }
  t.is(modeOf(path.join(at, 'su')), 0o4755);
  t.is(inode(path.join(at, 'plain')), inode(fileIn(store, digestOfText('hello'), 0o755)));
  t.not(inode(path.join(at, 'cap')), inode(path.join(at, 'plain')));
});

test('an owner that cannot be given says which file and which ids', async (t) => {
  if (spawnSync('unshare', ['--user', 'true']).status !== 0) return skip(t, 'user namespaces');
  const store = emptyStore(t, isRoot ? WORKER_OWNER : undefined);
  await using worker = startPuppet(IN_NAMESPACE, store.root);
  await worker.ask('openAsWorker');
  await worker.ask('put', 'hello', 0o644);
  const tree = await worker.ask('writeTree', [file('mail', 'hello', {gid: 8})]);
  t.like(await worker.ask('farm', tree), {
    ok: false,
    error: [{code: 'store/privilege'}],
  });
  t.deepEqual(await worker.ask('names', 'tmp'), []);
  const device = {type: 'block', path: 'sda', mode: 0o600, uid: 0, gid: 0, xattrs: []};
  const disk = await worker.ask('writeTree', [{...device, device: {major: 8, minor: 0}}]);
  t.like(await worker.ask('farm', disk), {ok: false, error: [{code: 'store/privilege'}]});
});
