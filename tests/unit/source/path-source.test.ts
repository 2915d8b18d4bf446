/** Files and folders of this machine as sources: what counts, what is left out, what is refused. */
import test from 'ava';
import path from 'node:path';
import {
  chmod,
  makeDirs,
  makeLink,
  namesIn,
  setTimes,
  unlink,
  writeFileAtomic,
} from '../../../engine/base/files.ts';
import {blobDigest, sha256} from '../../../engine/base/hash.ts';
import type {Host} from '../../../engine/base/host.ts';
import {run, runSync} from '../../../engine/base/process.ts';
import type {PathSource} from '../../../engine/load/model.ts';
import {importPaths, type PathContent} from '../../../engine/source/path-source.ts';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import type {Store} from '../../../store/layout.ts';
import {hasBlob} from '../../../store/pool.ts';
import {StatCache} from '../../../store/stat-cache.ts';
import {readTree} from '../../../store/trees.ts';
import {AT, bench, blobText, complaint, digestOf, host, PLACEMENT, type Bench} from './support.ts';

function source(at: string, ignore: readonly string[] = []): PathSource {
  return {type: 'path', at: AT, placement: PLACEMENT, path: at, ignore};
}

/** Makes files below a folder of the bench: `name` → content, `name -> target` a link. */
function lay(rig: Bench, name: string, what: Readonly<Record<string, string>>): string {
  const folder = path.join(rig.folder, name);
  makeDirs(folder);
  for (const [entry, content] of Object.entries(what)) {
    const [file = '', target] = entry.split(' -> ');
    makeDirs(path.dirname(path.join(folder, file)));
    if (target !== undefined) makeLink(target, path.join(folder, file));
    else writeFileAtomic(path.join(folder, file), content, {durable: false});
  }
  return folder;
}

function take(rig: Bench, at: PathSource, cache = StatCache.load(rig.store)): Checked<PathContent> {
  return importOne(rig.store, at, cache, host());
}

function importOne(
  store: Store,
  at: PathSource,
  cache: StatCache,
  machine: Host,
): Checked<PathContent> {
  const all = importPaths(store, [at], cache, machine);
  const [one] = all.ok ? all.value : [all];
  if (one === undefined) throw new Error('nothing came back');
  return one;
}

function treeOf(result: Checked<PathContent>): string {
  return result.ok && result.value.type === 'tree' ? result.value.tree : JSON.stringify(result);
}

/** Lines `mode uid:gid path [→ target]` of an imported folder. */
function listing(rig: Bench, result: Checked<PathContent>): string[] {
  if (!result.ok || result.value.type !== 'tree') return [JSON.stringify(result)];
  const entries = readTree(rig.store, result.value.tree);
  if (!entries.ok) return [JSON.stringify(entries.error)];
  return entries.value.map((entry) => {
    if (entry.type === 'whiteout') return 'whiteout';
    const target = entry.type === 'link' ? ` → ${entry.target}` : '';
    return `${entry.type} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${entry.path}${target}`;
  });
}

test('a folder: types, execute bits, contents and links; nothing else', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {
    'a.c': 'int',
    'sub/run': '#!',
    'l -> sub/run': '',
    'sub/up -> ../a.c': '',
  });
  chmod(path.join(folder, 'a.c'), 0o600);
  chmod(path.join(folder, 'sub/run'), 0o700);
  chmod(path.join(folder, 'sub'), 0o700);
  const result = take(rig, source(folder));
  t.deepEqual(listing(rig, result), [
    'file 644 0:0 a.c',
    'link 777 0:0 l → sub/run',
    'dir 755 0:0 sub',
    'file 755 0:0 sub/run',
    'link 777 0:0 sub/up → ../a.c',
  ]);
  t.is(blobText(rig.store, 'int'), 'int');
});

test('the same content elsewhere, with other times and modes, is the same source', async (t) => {
  await using rig = bench();
  const what = {a: '1', 'd/b': '2', 'l -> a': ''};
  const one = lay(rig, 'one', what);
  const two = lay(rig, 'two/deeper', what);
  chmod(path.join(two, 'a'), 0o664);
  setTimes(path.join(two, 'd/b'), 1000);
  t.is(treeOf(take(rig, source(one))), treeOf(take(rig, source(two))));
});

const CHANGES: readonly [string, (folder: string) => void][] = [
  ['content', (folder) => writeFileAtomic(path.join(folder, 'a'), 'other')],
  ['execute bit', (folder) => chmod(path.join(folder, 'a'), 0o755)],
  ['a new file', (folder) => writeFileAtomic(path.join(folder, 'n'), '')],
  ['a file less', (folder) => unlink(path.join(folder, 'd/b'))],
  ['an empty folder', (folder) => makeDirs(path.join(folder, 'e'))],
  [
    'another target',
    (folder) => {
      unlink(path.join(folder, 'l'));
      makeLink('d', path.join(folder, 'l'));
    },
  ],
];

for (const [name, change] of CHANGES) {
  test(`what counts: ${name}`, async (t) => {
    await using rig = bench();
    const folder = lay(rig, 'x', {a: '1', 'd/b': '2', 'l -> a': ''});
    const cache = StatCache.load(rig.store);
    const before = treeOf(take(rig, source(folder), cache));
    change(folder);
    t.not(treeOf(take(rig, source(folder), cache)), before);
  });
}

test('.git, .recipes and what ignore names are left out, at any depth', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {
    'a.c': '',
    'a.o': '',
    'd/b.o': '',
    '.git/config': '',
    'd/.git': 'gitdir: x',
    '.recipes/VERSION': '',
    'out/x/y': '',
    'keep/.gitignore': '',
  });
  const result = take(rig, source(folder, ['**/*.o', 'out']));
  t.deepEqual(listing(rig, result), [
    'file 644 0:0 a.c',
    'dir 755 0:0 d',
    'dir 755 0:0 keep',
    'file 644 0:0 keep/.gitignore',
  ]);
});

test('links that leave are refused, all of them named; ignored ones are not', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {
    'up -> ../y': '',
    'abs -> /etc/passwd': '',
    'd/chain -> ../here/../..': '',
    'here -> .': '',
    'fine -> d/../a': '',
    'old -> ../z': '',
    a: '',
  });
  const result = take(rig, source(folder, ['old']));
  t.false(result.ok);
  if (result.ok) return;
  t.deepEqual(
    result.error.map((one) => one.message.replace(folder, 'X')),
    [
      'the link abs → /etc/passwd leads out of X',
      'the link d/chain → ../here/../.. leads out of X',
      'the link up → ../y leads out of X',
    ],
  );
  t.true(result.error.every((one) => one.code === 'source/path-link-leaves' && one.at === AT));
});

test('a link in a circle, or to nothing, stays a link', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {'l -> l': '', 'n -> nothing': ''});
  t.deepEqual(listing(rig, take(rig, source(folder))), [
    'link 777 0:0 l → l',
    'link 777 0:0 n → nothing',
  ]);
});

test('a pipe in a folder is refused by name', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {a: ''});
  t.is(runSync(['mkfifo', path.join(folder, 'pipe')]).status, 0);
  const {code, text} = complaint(take(rig, source(folder)));
  t.is(code, 'store/import');
  t.regex(text, /pipe is no file, folder or link/);
  t.true(take(rig, source(folder, ['pipe'])).ok);
});

test('names that are no text are kept as they are', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {});
  writeFileAtomic(path.join(folder, 'plain'), 'x');
  t.is((await run(['sh', '-c', `cp plain "$(printf 'a\\377b')"`], {cwd: folder})).status, 0);
  const [first] = listing(rig, take(rig, source(folder)));
  t.is(first, 'file 644 0:0 a\xffb');
});

test('a single file; by a link too', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {'fix.patch': 'diff', 'l -> fix.patch': ''});
  const expected = {ok: true, value: {type: 'file', blob: digestOf('diff')}} as const;
  t.deepEqual(take(rig, source(path.join(folder, 'fix.patch'))), expected);
  t.deepEqual(take(rig, source(path.join(folder, 'l'))), expected);
  t.is(blobText(rig.store, 'diff'), 'diff');
});

test('a path that is not there, or no file and no folder', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {f: ''});
  const missing = complaint(take(rig, source(path.join(folder, 'no'))));
  t.is(missing.code, 'source/path-missing');
  t.regex(missing.text, /cannot read .*\/x\/no \(ENOENT\)/);
  t.is(complaint(take(rig, source(path.join(folder, 'f/x')))).code, 'source/path-missing');
  t.is(complaint(take(rig, source('/dev/null'))).code, 'source/path-missing');
});

test('files the cache knows are not read again; a file just written is', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {a: 'one', b: 'two'});
  const later = {...host(), now: () => Date.now() + 10_000};
  const cache = StatCache.load(rig.store);
  const first = importOne(rig.store, source(folder), cache, later);
  cache.save();
  // The rows are trusted: with another digest in one of them, that is what comes out.
  const reads: string[] = [];
  const spy = StatCache.load(rig.store);
  const get = spy.get.bind(spy);
  spy.get = (file, stat) => {
    const digest = get(file, stat);
    reads.push(`${path.basename(file)} ${digest === undefined ? 'read' : 'known'}`);
    return digest;
  };
  const second = importOne(rig.store, source(folder), spy, later);
  t.deepEqual(reads.sort(), ['a known', 'b known']);
  t.is(treeOf(second), treeOf(first));
  const fresh = StatCache.load(rig.store);
  writeFileAtomic(path.join(folder, 'a'), 'ONE');
  importOne(rig.store, source(folder), fresh, host());
  t.not(treeOf(importOne(rig.store, source(folder), fresh, host())), treeOf(first));
});

test('many at once: each has its own end, and all that is good is stored', async (t) => {
  await using rig = bench();
  const folder = lay(rig, 'x', {a: 'one', again: 'one', b: 'two', 'in/it': 'three'});
  const names = ['a', 'missing', 'in', 'again', 'b'];
  const sources = names.map((name) => source(path.join(folder, name)));
  const all = importPaths(rig.store, sources, StatCache.load(rig.store), host());
  const ends = all.ok ? all.value : [];
  const kinds = ends.map((one) => (one.ok ? one.value.type : one.error[0]?.code));
  t.deepEqual(kinds, ['file', 'source/path-missing', 'tree', 'file', 'file']);
  const blobs = ends.flatMap((one) =>
    one.ok && one.value.type === 'file' ? [one.value.blob] : [],
  );
  t.deepEqual(
    blobs,
    ['one', 'one', 'two'].map((text) => blobDigest(sha256(text))),
  );
  for (const blob of blobs) t.not(hasBlob(rig.store, blob), undefined);
  t.deepEqual(namesIn(path.join(rig.store.root, 'tmp')), []);
});
