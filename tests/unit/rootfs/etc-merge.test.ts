import test from 'ava';
import {blobDigest, sha256} from '../../../engine/base/hash.ts';
import {mergeEtc, ownedAs} from '../../../engine/rootfs/etc-merge.ts';
import {sortEntries} from '../../../store/manifest.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';

/** `{a: 'text', d: null, l: '-> x'}`: files, folders, links below etc. */
type Files = Readonly<Record<string, string | null>>;

function treeOf(files: Files, mode = 0o644): readonly TreeEntry[] {
  const common = {uid: 0, gid: 0, xattrs: []};
  const entries = Object.entries<string | null>({'': null, ...files}).map(
    ([name, text]): TreeEntry => {
      const path = name === '' ? 'etc' : `etc/${name}`;
      if (text === null) return {type: 'dir', path, mode: 0o755, ...common};
      if (text.startsWith('-> ')) {
        return {type: 'link', path, mode: 0o777, target: text.slice(3), ...common};
      }
      const digest = blobDigest(sha256(text));
      return {type: 'file', path, mode, size: text.length, digest, hardlink: undefined, ...common};
    },
  );
  return sortEntries(entries);
}

/** What each path has after, in the words of `Files`; a digest is that of one of the texts. */
function wordsOf(entries: readonly TreeEntry[], ...texts: readonly Files[]): Files {
  const known = new Map(
    texts.flatMap((files) => Object.values(files)).map((text) => [sha256(text ?? ''), text]),
  );
  return Object.fromEntries(
    entries.map((one) => {
      const name = one.path.slice('etc/'.length);
      if (one.type === 'file') return [name, known.get(one.digest) ?? '?'];
      return [name, one.type === 'link' ? `-> ${one.target}` : null];
    }),
  );
}

const MERGES: readonly (readonly [name: string, old: Files, own: Files, fresh: Files, Files])[] = [
  ['nothing was done here', {a: '1'}, {a: '1'}, {a: '2', b: '1'}, {a: '2', b: '1'}],
  ['what was changed here stays', {a: '1'}, {a: 'x'}, {a: '2'}, {a: 'x'}],
  ['also when the new root has it no more', {a: '1'}, {a: 'x'}, {}, {a: 'x'}],
  ['what was given up and never touched goes', {a: '1'}, {a: '1'}, {}, {}],
  ['what was added here stays', {}, {a: 'x'}, {}, {a: 'x'}],
  ['both have added it: here wins', {}, {a: 'x'}, {a: '2'}, {a: 'x'}],
  ['what was removed here stays away', {a: '1'}, {}, {a: '2'}, {}],
  [
    'a folder removed here stays away, new files too',
    {d: null, 'd/a': '1'},
    {},
    {d: null, 'd/b': '2'},
    {},
  ],
  [
    'a file in a folder that was given up',
    {d: null},
    {d: null, 'd/a': 'x'},
    {},
    {d: null, 'd/a': 'x'},
  ],
  [
    'folders of both',
    {d: null},
    {d: null, 'd/a': 'x'},
    {d: null, 'd/b': '2'},
    {d: null, 'd/a': 'x', 'd/b': '2'},
  ],
  ['a link to nothing', {}, {l: '-> nowhere'}, {}, {l: '-> nowhere'}],
  ['a file became a link here', {a: '1'}, {a: '-> b'}, {a: '2'}, {a: '-> b'}],
  ['a file became a folder here', {a: '1'}, {a: null, 'a/x': 'x'}, {a: '1'}, {a: null, 'a/x': 'x'}],
  [
    'a folder became a link here, and is as before there',
    {d: null, 'd/a': '1'},
    {d: '-> x'},
    {d: null, 'd/a': '1'},
    {d: '-> x'},
  ],
  ['what is the default again follows defaults', {a: '1'}, {a: '1'}, {a: '3'}, {a: '3'}],
];

for (const [name, old, own, fresh, wanted] of MERGES) {
  test(`merged: ${name}`, (t) => {
    const merged = mergeEtc(treeOf(old), treeOf(own), treeOf(fresh));
    t.deepEqual(merged.clashes, []);
    t.deepEqual(wordsOf(merged.entries, old, own, fresh), wanted);
  });
}

const CLASHES: readonly (readonly [
  name: string,
  old: Files,
  own: Files,
  fresh: Files,
  string,
  string,
])[] = [
  ['a changed file is a folder there', {a: '1'}, {a: 'x'}, {a: null}, 'etc/a', 'etc/a'],
  ['an added file is a folder there', {}, {a: 'x'}, {a: null, 'a/b': '2'}, 'etc/a', 'etc/a'],
  [
    'the folder of a changed file is a file there',
    {d: null, 'd/a': '1'},
    {d: null, 'd/a': 'x'},
    {d: '2'},
    'etc/d/a',
    'etc/d',
  ],
  [
    'a replaced folder has changed there',
    {d: null},
    {d: '-> x'},
    {d: null, 'd/a': '1'},
    'etc/d',
    'etc/d',
  ],
];

for (const [name, old, own, fresh, path, at] of CLASHES) {
  test(`a clash: ${name}`, (t) => {
    t.deepEqual(mergeEtc(treeOf(old), treeOf(own), treeOf(fresh)).clashes, [{path, at}]);
  });
}

test('what was kept is told, and what of it moved', (t) => {
  const old = {a: '1', b: '1', c: '1'};
  const merged = mergeEtc(treeOf(old), treeOf({a: 'x', b: 'x', d: 'x'}), treeOf({...old, a: '2'}));
  t.deepEqual(merged.kept, ['etc/a', 'etc/b', 'etc/c', 'etc/d']);
  t.deepEqual(merged.both, ['etc/a']);
});

test('a changed mode stays', (t) => {
  const files = {a: '1'};
  const {entries} = mergeEtc(treeOf(files), treeOf(files, 0o600), treeOf({a: '2'}));
  t.like(entries[0], {mode: 0o600});
});

/** A folder `d` of this mode, and what lies in it. */
function folderOf(mode: number, files: Files = {}): readonly TreeEntry[] {
  const tree = treeOf({d: null, ...files});
  return tree.map((one) => (one.path === 'etc/d' ? {...one, mode} : one));
}

test('a folder keeps the mode it was given here, and follows the new root else', (t) => {
  const modeOf = (own: number, fresh: number): unknown =>
    mergeEtc(folderOf(0o755), folderOf(own), folderOf(fresh)).entries[0]?.mode;
  t.is(modeOf(0o700, 0o755), 0o700);
  t.is(modeOf(0o700, 0o750), 0o700);
  t.is(modeOf(0o755, 0o750), 0o750);
});

test('a mode is no reason to keep a folder that the new root gave up, a file in it is', (t) => {
  t.deepEqual(mergeEtc(folderOf(0o755), folderOf(0o700), treeOf({})).entries, []);
  const filled = mergeEtc(folderOf(0o755), folderOf(0o700, {'d/x': 'mine'}), treeOf({}));
  t.deepEqual(
    filled.entries.map(({path, mode}) => [path, mode]),
    [
      ['etc/d', 0o700],
      ['etc/d/x', 0o644],
    ],
  );
  t.deepEqual(filled.kept, ['etc/d/x']);
});

test('two names of one file become two files', (t) => {
  const [top, first] = treeOf({a: '1'});
  if (top === undefined || first?.type !== 'file') throw new Error('no file');
  const again = {...first, path: 'etc/b', hardlink: 'etc/a'};
  const {entries} = mergeEtc([], [], [top, first, again]);
  t.deepEqual(entries, [first, {...first, path: 'etc/b'}]);
});

test('whoever laid files out owns them; that is no change', (t) => {
  const meant = treeOf({a: '1'}).map((one) => ({...one, uid: 5, gid: 6, mode: 0o4755}));
  const found = treeOf({a: '1', b: '1'}, 0o755).map((one) => ({...one, uid: 1000, gid: 1000}));
  const owned = ownedAs(found, meant, {uid: 1000, gid: 1000});
  t.like(
    owned.find((one) => one.path === 'etc/a'),
    {uid: 5, gid: 6, mode: 0o4755},
  );
  t.like(
    owned.find((one) => one.path === 'etc/b'),
    {uid: 0, gid: 0, mode: 0o755},
  );
});

test('who gave a file away by hand meant it', (t) => {
  const meant = treeOf({a: '1'});
  const found = meant.map((one) => ({...one, uid: 7, mode: 0o640}));
  const owned = ownedAs(found, meant, {uid: 0, gid: 0});
  t.like(
    owned.find((one) => one.path === 'etc/a'),
    {uid: 7, gid: 0, mode: 0o640},
  );
});
