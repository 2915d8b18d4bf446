/** Blobs: what a pool file is, how damage is met, what is shared and what is copied. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {blobDigest, sha256, type BlobDigest} from '../../../engine/base/hash.ts';
import {adoptAll} from '../../../store/batch.ts';
import {fileIn, type Store} from '../../../store/layout.ts';
import {
  adoptFile,
  blobPath,
  hasBlob,
  putBytes,
  putFile,
  verifyCheaply,
} from '../../../store/pool.ts';
import {StoreFault} from '../../../store/trouble.ts';
import {
  codesOf,
  digestOfText,
  emptyStore,
  filesBelow,
  folder,
  has,
  isRoot,
  must,
  replaceByFolder,
  replaceByLink,
  skip,
  startPuppet,
  WORKER_OWNER,
} from './rig.ts';

const HELLO = digestOfText('hello');

function facts(store: Store, digest: BlobDigest, mode: number): Record<string, number> {
  const {mode: bits, mtimeMs, size, uid, nlink} = fs.lstatSync(fileIn(store, digest, mode));
  return {mode: bits & 0o7777, mtimeMs, size, uid, nlink};
}

test('bytes become a pool file with these permissions, time 1 and nothing beside it', (t) => {
  const store = emptyStore(t);
  t.is(putBytes(store, 'hello', 0o6755), HELLO);
  t.deepEqual(facts(store, HELLO, 0o755), {
    mode: 0o755,
    mtimeMs: 1000,
    size: 5,
    uid: store.ids.uid,
    nlink: 1,
  });
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
  t.is(fs.readFileSync(fileIn(store, HELLO, 0o755), 'utf8'), 'hello');
});

test('the umask does not matter', async (t) => {
  const store = emptyStore(t);
  await using other = startPuppet(['sh', '-c', 'umask 077; exec "$@"', 'sh']);
  await other.ask('open', store.root);
  await other.ask('put', 'hello', 0o664);
  t.is(facts(store, HELLO, 0o664)['mode'], 0o664);
});

test('one content with two modes is two pool files, each kept as it was', (t) => {
  const store = emptyStore(t);
  putBytes(store, 'hello', 0o644);
  const first = fs.lstatSync(fileIn(store, HELLO, 0o644)).ino;
  putBytes(store, 'hello', 0o755);
  putBytes(store, 'hello', 0o644);
  t.is(fs.lstatSync(fileIn(store, HELLO, 0o644)).ino, first);
  t.is(filesBelow(path.join(store.root, 'files')).length, 2);
});

test('a file is copied in; with another digest than expected nothing is', (t) => {
  const store = emptyStore(t);
  const from = path.join(folder(t), 'big');
  const content = Buffer.alloc(1_000_000, 'abc');
  fs.writeFileSync(from, content);
  t.deepEqual(codesOf(putFile(store, from, 0o644, HELLO)), ['store/corrupt']);
  t.deepEqual(filesBelow(path.join(store.root, 'files')), []);
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
  const digest = blobDigest(sha256(content));
  t.is(must(putFile(store, from, 0o644, digest)), digest);
  t.deepEqual(fs.readFileSync(fileIn(store, digest, 0o644)), content);
});

test('a link is not followed, a missing file is an error', (t) => {
  const store = emptyStore(t);
  const at = folder(t);
  fs.symlinkSync('/etc/passwd', path.join(at, 'link'));
  t.deepEqual(codesOf(putFile(store, path.join(at, 'link'), 0o644)), ['store/unusable']);
  t.deepEqual(codesOf(putFile(store, path.join(at, 'none'), 0o644)), ['store/unusable']);
});

test('hasBlob gives a mode that is there', (t) => {
  const store = emptyStore(t);
  t.is(hasBlob(store, HELLO), undefined);
  putBytes(store, 'hello', 0o711);
  t.is(hasBlob(store, HELLO), 0o711);
  putBytes(store, 'hello', 0o644);
  t.is(hasBlob(store, HELLO), 0o644);
});

test('a blob that is only there damaged is not there', (t) => {
  const store = emptyStore(t);
  putBytes(store, 'hello', 0o644);
  fs.writeFileSync(fileIn(store, HELLO, 0o644), 'hallo');
  t.is(hasBlob(store, HELLO), undefined);
  t.is(fs.readdirSync(path.join(store.root, 'quarantine')).length, 1);
});

test('the variant with other permissions is made when it is asked for', (t) => {
  const store = emptyStore(t);
  putBytes(store, 'hello', 0o644);
  const made = blobPath(store, HELLO, 0o2755);
  t.is(made, fileIn(store, HELLO, 0o755));
  t.is(facts(store, HELLO, 0o755)['mode'], 0o755);
  t.not(fs.lstatSync(made).ino, fs.lstatSync(fileIn(store, HELLO, 0o644)).ino);
});

test('a blob that is nowhere is a fault, not a bug', (t) => {
  const store = emptyStore(t);
  const error = t.throws(() => blobPath(store, HELLO, 0o644), {instanceOf: StoreFault});
  t.is(error.diagnostics[0]?.code, 'store/corrupt');
  t.regex(error.message, new RegExp(HELLO));
});

// --- damage --------------------------------------------------------------------------------------

/** Each spoils the pool file at a path; the time is put back where that is the point. */
const damage: readonly (readonly [string, (at: string) => void])[] = [
  ['written to', (at) => fs.appendFileSync(at, 'x')],
  ['truncated', (at) => fs.truncateSync(at, 2)],
  ['emptied, time put back', emptyQuietly],
  ['replaced by a link', (at) => replaceByLink(at, '/etc/passwd')],
  ['replaced by a folder', replaceByFolder],
];
function emptyQuietly(at: string): void {
  fs.truncateSync(at, 0);
  fs.utimesSync(at, 1, 1);
}

for (const [what, spoil] of damage) {
  test(`a pool file that was ${what} is set aside, and stored again`, (t) => {
    const store = emptyStore(t);
    putBytes(store, 'hello', 0o644);
    const at = fileIn(store, HELLO, 0o644);
    spoil(at);
    t.false(verifyCheaply(store, HELLO, 0o644));
    t.throws(() => blobPath(store, HELLO, 0o644), {instanceOf: StoreFault});
    t.is(hasBlob(store, HELLO), undefined);
    t.is(fs.readdirSync(path.join(store.root, 'quarantine')).length, 1);
    putBytes(store, 'hello', 0o644);
    t.is(fs.readFileSync(blobPath(store, HELLO, 0o644), 'utf8'), 'hello');
  });

  test(`storing replaces a pool file that was ${what}`, (t) => {
    const store = emptyStore(t);
    putBytes(store, 'hello', 0o644);
    spoil(fileIn(store, HELLO, 0o644));
    putBytes(store, 'hello', 0o644);
    t.true(verifyCheaply(store, HELLO, 0o644));
    t.is(fs.readFileSync(fileIn(store, HELLO, 0o644), 'utf8'), 'hello');
  });

  test(`the sound file of another mode stands in for one that was ${what}`, (t) => {
    const store = emptyStore(t);
    putBytes(store, 'hello', 0o644);
    putBytes(store, 'hello', 0o755);
    spoil(fileIn(store, HELLO, 0o644));
    t.is(fs.readFileSync(blobPath(store, HELLO, 0o644), 'utf8'), 'hello');
  });
}

test('a fifo in the place of a blob hangs nobody', (t) => {
  if (!has('mkfifo')) return skip(t, 'mkfifo');
  const store = emptyStore(t);
  putBytes(store, 'hello', 0o644);
  const at = fileIn(store, HELLO, 0o644);
  fs.unlinkSync(at);
  fs.mkdirSync(path.dirname(at), {recursive: true});
  t.is(spawnSync('mkfifo', [at]).status, 0);
  t.throws(() => blobPath(store, HELLO, 0o644), {instanceOf: StoreFault});
});

test('a file that was only touched is mended, and its inode stays', (t) => {
  const store = emptyStore(t);
  putBytes(store, 'hello', 0o644);
  const at = fileIn(store, HELLO, 0o644);
  const {ino} = fs.lstatSync(at);
  fs.chmodSync(at, 0o4777);
  fs.utimesSync(at, 99, 99);
  t.is(blobPath(store, HELLO, 0o644), at);
  t.like(facts(store, HELLO, 0o644), {mode: 0o644, mtimeMs: 1000});
  t.is(fs.lstatSync(at).ino, ino);
});

// --- adoption ------------------------------------------------------------------------------------

test('an adopted file is the pool file, whatever mode it had', (t) => {
  const store = emptyStore(t);
  const from = path.join(store.root, 'scratch', 'made');
  fs.writeFileSync(from, 'hello');
  fs.chmodSync(from, 0o6711);
  adoptFile(store, Buffer.from(from), HELLO, 0o755);
  t.is(fs.lstatSync(from).ino, fs.lstatSync(fileIn(store, HELLO, 0o755)).ino);
  t.like(facts(store, HELLO, 0o755), {mode: 0o755, mtimeMs: 1000, uid: store.ids.uid});
});

test('a file with xattrs is copied', (t) => {
  const store = emptyStore(t);
  const from = path.join(store.root, 'scratch', 'made');
  fs.writeFileSync(from, 'hello');
  adoptFile(store, Buffer.from(from), HELLO, 0o755, true);
  t.not(fs.lstatSync(from).ino, fs.lstatSync(fileIn(store, HELLO, 0o755)).ino);
});

test('what changes while it is copied is refused', (t) => {
  const store = emptyStore(t);
  const from = path.join(store.root, 'scratch', 'made');
  fs.writeFileSync(from, 'other');
  t.throws(() => adoptFile(store, Buffer.from(from), HELLO, 0o644, true), {instanceOf: StoreFault});
  t.deepEqual(filesBelow(path.join(store.root, 'files')), []);
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
});

test('many files at once: each content and mode once, all sound, nothing left over', (t) => {
  const store = emptyStore(t);
  const at = path.join(store.root, 'scratch');
  const wanted = Array.from({length: 300}, (_, n) => {
    const content = `content ${n % 200}`;
    const from = path.join(at, `f${n}`);
    fs.writeFileSync(from, content);
    return {
      path: Buffer.from(from),
      digest: digestOfText(content),
      mode: 0o644,
      xattrs: n % 7 === 0,
    };
  });
  adoptAll(store, wanted);
  t.is(filesBelow(path.join(store.root, 'files')).length, 200);
  for (const one of wanted) {
    t.true(verifyCheaply(store, one.digest, one.mode));
    t.is(sha256(fs.readFileSync(fileIn(store, one.digest, one.mode))), one.digest);
  }
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
  adoptAll(store, wanted);
  t.is(filesBelow(path.join(store.root, 'files')).length, 200);
});

test('a file of another disk is copied', (t) => {
  const elsewhere = '/dev/shm';
  const store = emptyStore(t);
  const known =
    fs.existsSync(elsewhere) && fs.statSync(elsewhere).dev !== fs.statSync(store.root).dev;
  if (!known) return skip(t, 'a second file system at /dev/shm');
  const at = fs.mkdtempSync(path.join(elsewhere, 'recipes-'));
  t.teardown(() => fs.rmSync(at, {recursive: true}));
  const from = path.join(at, 'made');
  fs.writeFileSync(from, 'hello');
  adoptFile(store, Buffer.from(from), HELLO, 0o644);
  t.true(verifyCheaply(store, HELLO, 0o644));
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
});

// --- several processes, other users --------------------------------------------------------------

test('four processes store the same blobs at once', async (t) => {
  const store = emptyStore(t);
  const texts = Array.from({length: 60}, (_, n) => `text ${n}`);
  await Promise.all(
    Array.from({length: 4}, async () => {
      await using other = startPuppet();
      await other.ask('open', store.root);
      t.deepEqual(await other.ask('putMany', texts), texts.map(digestOfText));
    }),
  );
  t.is(filesBelow(path.join(store.root, 'files')).length, texts.length);
  for (const text of texts) t.true(verifyCheaply(store, digestOfText(text), 0o644));
  t.deepEqual(filesBelow(path.join(store.root, 'tmp')), []);
});

test('as root, what the engine stores belongs to the owner', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t, WORKER_OWNER);
  putBytes(store, 'hello', 0o644);
  t.is(facts(store, HELLO, 0o644)['uid'], WORKER_OWNER.uid);
  t.is(fs.lstatSync(path.dirname(fileIn(store, HELLO, 0))).uid, WORKER_OWNER.uid);
  t.true(verifyCheaply(store, HELLO, 0o644));
  t.is(fs.lstatSync(blobPath(store, HELLO, 0o755)).uid, WORKER_OWNER.uid);
});

test('engine as root and worker in its namespace see one store', async (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t, WORKER_OWNER);
  const around = [
    ...['setpriv', `--reuid=${WORKER_OWNER.uid}`, `--regid=${WORKER_OWNER.gid}`, '--clear-groups'],
    ...['unshare', '--user', '--map-root-user'],
  ];
  await using worker = startPuppet(around, store.root);
  t.deepEqual(await worker.ask('openAsWorker'), {uid: 0, gid: 0});
  await worker.ask('put', 'made by the worker', 0o644);
  t.true(verifyCheaply(store, digestOfText('made by the worker'), 0o644));
  putBytes(store, 'hello', 0o644);
  t.is(await worker.ask('put', 'hello', 0o644), HELLO);
  t.is(filesBelow(path.join(store.root, 'quarantine')).length, 0);
});

test('bytes that are there are not written again; what is damaged is', (t) => {
  const store = emptyStore(t);
  const file = fileIn(store, HELLO, 0o644);
  const inode = (): number => fs.lstatSync(file).ino;
  t.is(putBytes(store, 'hello', 0o644), HELLO);
  const first = inode();
  t.is(putBytes(store, Buffer.from('hello'), 0o644), HELLO);
  t.is(inode(), first);
  // Other permission bits are another file.
  putBytes(store, 'hello', 0o755);
  t.true(fs.existsSync(fileIn(store, HELLO, 0o755)));
  fs.chmodSync(file, 0o644);
  fs.writeFileSync(file, 'hello, hello');
  t.is(putBytes(store, 'hello', 0o644), HELLO);
  t.not(inode(), first);
  t.is(fs.readFileSync(file, 'utf8'), 'hello');
});
