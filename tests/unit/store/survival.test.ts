/**
 * Trees that are hard to carry: all kinds of files with all their attributes, and folders deeper
 * than paths may be, from a folder through two stores and back to a folder.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {removeTree} from '../../../engine/base/files.ts';
import {actionKey, recipeKey, sha256, type TreeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {checkOut} from '../../../store/checkout.ts';
import {exportArtifacts} from '../../../store/export.ts';
import {importArchive} from '../../../store/import.ts';
import {importFolder} from '../../../store/import-folder.ts';
import {isAsLaidOut} from '../../../store/laid-out.ts';
import type {Store} from '../../../store/layout.ts';
import {Reach, reaching} from '../../../store/reach.ts';
import {writeRecord, type ActionRecord} from '../../../store/records.ts';
import {readTree} from '../../../store/trees.ts';
import {readXattrs} from '../../../store/xattrs.ts';
import {emptyStore, folder, has, isRoot, must, skip, WORKER_OWNER} from './rig.ts';

const EXACTLY = {normalize: false, ignore: () => false};

/** A record of a tree, so that it can be exported. */
function recorded(store: Store, tree: TreeDigest): ActionRecord & {readonly tree: TreeDigest} {
  const manifest = [`label = t/all ${tree}`];
  const key = sha256(`${manifest.join('\n')}\n`);
  const record = {
    ...{key: actionKey(key), recipeKey: recipeKey(key), label: 't/all' as Label},
    ...{kind: 'build' as const, outcome: 'ok' as const, tree, manifest, finishedAt: 1},
    provenance: {
      ...{sources: [], milliseconds: 1, cpuMilliseconds: 1, peakBytes: 1, log: 'l', engine: '1'},
      ...{idMode: 'range' as const, host: false, copiedRoot: false},
    },
  };
  writeRecord(store, record);
  return record;
}

/** Brings a tree to another store by an export. */
function carry(from: Store, tree: TreeDigest, to: Store): void {
  const pieces: Buffer[] = [];
  must(
    exportArtifacts(from, [recorded(from, tree)], (piece) => {
      pieces.push(Buffer.from(piece));
    }),
  );
  const all = Buffer.concat(pieces);
  let at = 0;
  const source = (into: Uint8Array): number => {
    const piece = all.subarray(at, at + into.length);
    into.set(piece);
    at += piece.length;
    return piece.length;
  };
  fs.writeFileSync(path.join(to.root, 'runs', 'test'), '{}\n');
  must(importArchive(to, {id: 'test'}, source));
}

const EVERYTHING = `cd "$1"
echo a > setuid; chmod 4755 setuid; echo b > setgid; chmod 2711 setgid
mkdir sticky shared closed empty; chmod 1777 sticky; chmod 2775 shared
echo c > closed/inside; chmod 0 closed/inside; chmod 500 closed
echo d > one; ln one two; ln one sticky/three; echo d > equal
ln -s nowhere link; mkfifo -m 622 fifo
touch "$(printf 'latin\\351')" "$(printf 'new\\nline')" '#hash' "$(printf 'n%.0s' $(seq 255))"
`;

const AS_ROOT = `cd "$1"
chown 3:4 one; chown 5:6 sticky; chown -h 7:8 link; chown 9:10 setuid; chmod 4755 setuid
mknod -m 620 tty c 5 1; mknod -m 660 disk b 7 3; chown 0:5 tty
`;

const MARKED = `cd "$1"
setfattr -n user.note -v 'x y' one; setfattr -n user.folder -v "" shared
`;

const MARKED_AS_ROOT = `cd "$1"
setcap cap_net_raw+ep equal && setfattr -n trusted.mark -v t shared
`;

function run(script: string, at: string): void {
  execFileSync('sh', ['-e', '-c', script, 'sh', at], {stdio: ['ignore', 'ignore', 'inherit']});
}

test('as root everything comes through: owners, devices, capabilities, trusted attributes', (t) => {
  if (!isRoot) return skip(t, 'root, for owners and devices');
  if (!has('setcap') || !has('setfattr')) return skip(t, 'setcap and setfattr');
  const at = folder(t);
  for (const script of [EVERYTHING, AS_ROOT, MARKED, MARKED_AS_ROOT]) run(script, at);
  const [one, two] = [emptyStore(t, WORKER_OWNER), emptyStore(t)];
  const {tree, entries} = must(importFolder(one, at, EXACTLY));
  t.like(
    entries.find((entry) => entry.path === 'tty'),
    {type: 'char', mode: 0o620, gid: 5},
  );
  t.like(
    entries.find((entry) => entry.path === 'setuid'),
    {mode: 0o4755, uid: 9, gid: 10},
  );
  t.is(entries.flatMap((entry) => ('xattrs' in entry ? entry.xattrs : [])).length, 6);
  carry(one, tree, two);
  for (const copy of [true, false]) {
    const dest = path.join(folder(t), 'out');
    const made = must(checkOut(two, must(readTree(two, tree)), dest, {copy, owners: true}));
    t.deepEqual(made.left, []);
    t.is(must(importFolder(two, dest, EXACTLY)).tree, tree);
  }
});

test('as anybody: no foreign owners, no setuid, devices are named as left out; the rest comes', (t) => {
  if (!has('setfattr')) return skip(t, 'setfattr');
  const at = folder(t);
  for (const script of [EVERYTHING, MARKED]) run(script, at);
  // Taken in it can be only by who may read it.
  if (!isRoot) fs.chmodSync(path.join(at, 'closed', 'inside'), 0o400);
  const [one, two] = [emptyStore(t), emptyStore(t)];
  const {tree, entries} = must(importFolder(one, at, EXACTLY));
  carry(one, tree, two);
  const device = {major: 5, minor: 1};
  const foreign = entries.map((entry) =>
    entry.type === 'whiteout' ? entry : {...entry, uid: 3, gid: 4},
  );
  const tty = {type: 'char' as const, path: 'tty', mode: 0o620, uid: 0, gid: 5, xattrs: [], device};
  const dest = path.join(folder(t), 'out');
  const how = {copy: true, owners: false};
  const made = must(checkOut(two, [...foreign, tty], dest, how));
  t.deepEqual(made.left, isRoot ? [] : ['tty']);
  if (isRoot) fs.unlinkSync(path.join(dest, 'tty'));
  const back = must(importFolder(two, dest, EXACTLY));
  const expected = entries.map((entry) => {
    if (entry.type === 'whiteout' || entry.type === 'dir') return entry;
    return {...entry, mode: entry.mode & 0o777};
  });
  const without = expected.map((entry) =>
    entry.type === 'dir' ? {...entry, mode: entry.mode & 0o1777} : entry,
  );
  t.deepEqual(back.entries, without);
});

test('with owners, who may not give files away is refused', (t) => {
  if (isRoot) return skip(t, 'an ordinary user');
  const store = emptyStore(t);
  const entry = {type: 'dir' as const, path: 'd', mode: 0o755, uid: 3, gid: 4, xattrs: []};
  const made = checkOut(store, [entry], path.join(folder(t), 'out'), {copy: false, owners: true});
  t.is(made.ok ? 'made' : made.error[0]?.code, 'store/privilege');
});

// --- depth -----------------------------------------------------------------------------------------

/** Folders in each other, `levels` thousand of them, by moving one lot below the next. */
function deepFolder(at: string, levels: number): void {
  const lot = Array<string>(1000).fill('d').join('/');
  fs.mkdirSync(`${at}/${lot}`, {recursive: true});
  fs.writeFileSync(`${at}/${lot}/file`, 'bottom\n');
  fs.linkSync(`${at}/${lot}/file`, `${at}/${lot}/again`);
  fs.symlinkSync('file', `${at}/${lot}/link`);
  if (has('setfattr')) spawnSync('setfattr', ['-n', 'user.note', '-v', 'x', `${at}/${lot}/file`]);
  for (let n = 1; n < levels; n += 1) {
    fs.mkdirSync(`${at}.next/${lot}`, {recursive: true});
    fs.renameSync(`${at}/d`, `${at}.next/${lot}/d`);
    fs.rmdirSync(at);
    fs.renameSync(`${at}.next`, at);
  }
}

test('10,000 folders in each other: in, out, to another store, out, in, and removed', (t) => {
  t.timeout(180_000);
  const at = path.join(folder(t), 'deep');
  deepFolder(at, 10);
  const [one, two] = [emptyStore(t), emptyStore(t)];
  const {tree, entries} = must(importFolder(one, at, EXACTLY));
  t.is(entries.length, 10_003);
  t.is(entries.filter((entry) => entry.type === 'file' && entry.hardlink !== undefined).length, 1);
  const marked = entries.filter((entry) => 'xattrs' in entry && entry.xattrs.length > 0);
  t.is(marked.length, has('setfattr') ? 2 : 0);
  carry(one, tree, two);
  for (const copy of [true, false]) {
    const dest = path.join(folder(t), 'out');
    must(checkOut(two, must(readTree(two, tree)), dest, {copy, owners: false}));
    t.true(isAsLaidOut(two, dest, entries));
    const again = must(importFolder(two, dest, EXACTLY));
    t.is(again.tree, copy || !isRoot ? tree : again.tree);
    t.is(again.entries.length, entries.length);
    removeTree(dest);
    t.false(fs.existsSync(dest));
  }
});

test('what is long and what is short in turn, and nothing stays open', (t) => {
  const at = folder(t);
  const name = 'ñ'.repeat(127);
  const long = Array<string>(60).fill(Buffer.from(name).toString('latin1'));
  const before = fs.readdirSync('/proc/self/fd').length;
  {
    using reach = new Reach(at);
    const paths = long.map((_, index) => long.slice(0, index + 1).join('/'));
    for (const one of paths) fs.mkdirSync(reach.at(one));
    fs.mkdirSync(reach.at('short'));
    for (const one of [...paths].reverse()) fs.writeFileSync(reach.at(`${one}/f`), one);
    fs.writeFileSync(reach.at('short/f'), '');
    for (const one of paths) {
      t.is(fs.readFileSync(reach.at(`${one}/f`), 'utf8'), one);
      t.true(fs.existsSync(reach.at('short/f')));
    }
    const place = Buffer.from(`${at}/${paths.at(-1) ?? ''}/f`, 'latin1');
    t.is(
      reaching(place, (near) => fs.readFileSync(near, 'utf8')),
      paths.at(-1) ?? '',
    );
    const error = t.throws(() => reach.at(`${paths.at(-1) ?? ''}/no/${'x/'.repeat(3000)}x`));
    t.is((error as NodeJS.ErrnoException).code, 'ENOENT');
  }
  t.is(fs.readdirSync('/proc/self/fd').length, before);
});

test('attributes of what is deep', (t) => {
  if (!has('setfattr')) return skip(t, 'setfattr');
  const at = path.join(folder(t), 'deep');
  deepFolder(at, 3);
  const store = emptyStore(t);
  const {entries} = must(importFolder(store, at, EXACTLY));
  const found = readXattrs(
    store,
    at,
    entries.map((one) => one.path),
  );
  t.deepEqual(
    [...found.values()],
    [[{name: 'user.note', value: 'eA=='}], [{name: 'user.note', value: 'eA=='}]],
  );
});
