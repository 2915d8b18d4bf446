/** Trees over each other: what comes out, whose it is, and what cannot be. */
import test from 'ava';
import {blobDigest, sha256} from '../../../engine/base/hash.ts';
import {sortEntries} from '../../../store/manifest.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {mistakeIn} from '../../../store/tree-rules.ts';
import {Union, type UnionConflict} from '../../../store/union.ts';

const plain = {uid: 0, gid: 0, xattrs: []};

function file(path: string, text: string, more: Partial<TreeEntry> = {}): TreeEntry {
  const content = {size: text.length, digest: blobDigest(sha256(text)), hardlink: undefined};
  return {type: 'file', path, mode: 0o644, ...plain, ...content, ...more} as TreeEntry;
}

function dir(path: string, mode: number = 0o755): TreeEntry {
  return {type: 'dir', path, mode, ...plain};
}

function link(path: string, target: string): TreeEntry {
  return {type: 'link', path, mode: 0o777, target, ...plain};
}

type How = Partial<{covers: readonly string[]; givesWay: boolean}>;

class Rig {
  readonly union: Union;
  readonly conflicts: UnionConflict[] = [];

  constructor(isLeftOut?: (path: string) => boolean) {
    this.union = new Union(isLeftOut);
  }

  lay(owner: string, entries: readonly TreeEntry[], how: How = {}): this {
    const covers = (other: string): boolean => how.covers?.includes(other) === true;
    const {givesWay = false} = how;
    const sorted = sortEntries(entries);
    this.conflicts.push(...this.union.lay({owner, entries: sorted, covers, givesWay}));
    return this;
  }

  /** `path=digest's start or target or mode` of all. */
  get paths(): readonly string[] {
    const entries = this.union.entries();
    if (mistakeIn(entries) !== undefined) throw new Error('no good tree');
    return entries.map((one) => one.path);
  }
}

const USR_MERGE = [dir('usr'), dir('usr/lib'), link('lib', 'usr/lib')];

test('a folder over a link to a folder goes where the link leads', (t) => {
  const rig = new Rig().lay('base', USR_MERGE).lay('app', [dir('lib'), file('lib/x', '1')]);
  t.deepEqual(rig.conflicts, []);
  t.deepEqual(rig.paths, ['lib', 'usr', 'usr/lib', 'usr/lib/x']);
  t.is(rig.union.at('usr/lib/x')?.owner, 'app');
  // By its other name it is the same file.
  rig.lay('again', [dir('usr'), dir('usr/lib'), file('usr/lib/x', '2')]);
  t.deepEqual(rig.conflicts, [{type: 'content', path: 'usr/lib/x', first: 'app', second: 'again'}]);
});

test('links lead nowhere but into the union', (t) => {
  const rig = new Rig().lay('base', [
    dir('a'),
    link('up', '../../../a'),
    link('abs', '/a'),
    link('gone', 'nowhere'),
    link('one', 'two'),
    link('two', 'one'),
  ]);
  for (const name of ['up', 'abs']) rig.lay(name, [dir(name), file(`${name}/${name}`, name)]);
  t.deepEqual(rig.conflicts, []);
  t.true(rig.paths.includes('a/up') && rig.paths.includes('a/abs'));
  rig.lay('x', [dir('gone'), file('gone/f', '')]);
  rig.lay('y', [dir('one')]);
  t.deepEqual(
    rig.conflicts.map(({type, path, second}) => [type, path, second]),
    [
      ['folder', 'gone', 'x'],
      ['loop', 'one', 'y'],
    ],
  );
});

test('the same to the bit is no conflict, anything else is, both owners named', (t) => {
  const first = [file('f', '1'), link('l', 'f'), dir('d')];
  const rig = new Rig().lay('one', first).lay('two', first);
  t.deepEqual(rig.conflicts, []);
  t.is(rig.union.at('f')?.owner, 'one');
  rig.lay('three', [file('f', '2')]);
  rig.lay('four', [file('f', '1', {mode: 0o755})]);
  rig.lay('five', [file('l', '')]);
  rig.lay('six', [file('d', '')]);
  rig.lay('seven', [dir('f'), file('f/x', '')]);
  t.deepEqual(
    rig.conflicts.map(({type, path, first: one, second}) => `${type} ${path} ${one} ${second}`),
    [
      'content f one three',
      'content f one four',
      'content l one five',
      'folder d one six',
      'folder f one seven',
    ],
  );
  t.deepEqual(rig.paths, ['d', 'f', 'l'], 'the lower one stays, nothing is half laid');
});

test('who may cover, covers; who gives way, leaves', (t) => {
  const rig = new Rig().lay('one', [file('f', '1'), file('g', '1')]);
  rig.lay('over', [file('f', '2'), file('g', '2')], {covers: ['one']});
  t.is(rig.union.at('f')?.owner, 'over');
  rig.lay('under', [file('f', '3'), file('h', '3')], {givesWay: true});
  t.is(rig.union.at('f')?.owner, 'over');
  t.is(rig.union.at('h')?.owner, 'under');
  t.deepEqual(rig.conflicts, []);
});

test('a whiteout takes away what it may, with all below', (t) => {
  const below = [dir('d'), file('d/x', '1'), dir('d/e'), file('d/e/y', '1'), file('dz', '')];
  const gone: TreeEntry = {type: 'whiteout', path: 'd'};
  const rig = new Rig().lay('one', below);
  rig.lay('two', [gone]);
  t.is(rig.conflicts.length, 1);
  t.is(rig.paths.length, 5);
  rig.lay('three', [gone], {covers: ['one']});
  t.deepEqual(rig.paths, ['dz']);
  rig.lay('four', [gone]);
  t.is(rig.conflicts.length, 1, 'nothing is there any more');
});

test('the first folder says what it is like', (t) => {
  const rig = new Rig().lay('one', [dir('tmp', 0o1777)]).lay('two', [dir('tmp', 0o755)]);
  t.is((rig.union.at('tmp')?.entry as {mode: number}).mode, 0o1777);
});

test('hard links stay, as far as both ends do', (t) => {
  const twice = [file('a', '1'), file('b', '1', {hardlink: 'a'})];
  const rig = new Rig().lay('one', twice);
  const hardlinks = (): unknown =>
    rig.union.entries().map((one) => (one.type === 'file' ? (one.hardlink ?? null) : undefined));
  t.deepEqual(hardlinks(), [null, 'a']);
  rig.lay('two', [file('a', '2')], {covers: ['one']});
  t.deepEqual(hardlinks(), [null, null]);
  // Through a link the first path is another one.
  const other = new Rig().lay('base', USR_MERGE);
  other.lay('app', [
    dir('lib'),
    file('lib/z', '1'),
    dir('usr'),
    dir('usr/lib'),
    file('usr/lib/a', '1', {hardlink: 'lib/z'}),
  ]);
  const places = other.union.entries().flatMap((one) => (one.type === 'file' ? [one] : []));
  t.deepEqual(
    places.map(({path, hardlink}) => [path, hardlink]),
    [
      ['usr/lib/a', undefined],
      ['usr/lib/z', 'usr/lib/a'],
    ],
  );
});

test('what is left out no layer brings, by whatever name', (t) => {
  const isLeftOut = (path: string): boolean => path.startsWith('usr/lib/doc');
  const rig = new Rig(isLeftOut).lay('base', [...USR_MERGE, dir('usr/lib/doc')]);
  rig.lay('app', [dir('lib'), dir('lib/doc'), file('lib/doc/x', ''), file('lib/y', '')]);
  rig.lay('other', [dir('lib'), dir('lib/doc'), file('lib/doc/x', 'other')]);
  t.deepEqual(rig.conflicts, []);
  t.deepEqual(rig.paths, ['lib', 'usr', 'usr/lib', 'usr/lib/y']);
});

test('single entries: folders above are made, links followed, types kept', (t) => {
  const rig = new Rig().lay('base', [...USR_MERGE, file('f', '')]);
  const set = (entry: TreeEntry): string | undefined => {
    if (entry.type === 'whiteout') throw new Error('no solid entry');
    return rig.union.set(entry, 'own');
  };
  t.is(set(file('lib/a/b', '1')), undefined);
  t.is(set(dir('usr', 0o700)), undefined);
  t.is(set(file('f/x', '')), 'f');
  t.is(set(file('usr', '')), 'usr');
  t.is(set(dir('f')), 'f');
  t.deepEqual(rig.paths, ['f', 'lib', 'usr', 'usr/lib', 'usr/lib/a', 'usr/lib/a/b']);
  t.is((rig.union.at('usr')?.entry as {mode: number}).mode, 0o700);
});

test('who gives way leaves folders alone too; nothing laid is an empty tree', (t) => {
  t.deepEqual(new Rig().paths, []);
  const rig = new Rig().lay('one', [dir('d'), file('d/x', '1'), link('l', 'd')]);
  rig.lay('two', [file('d', '2'), link('l', 'x'), dir('e')], {givesWay: true});
  t.deepEqual(rig.conflicts, []);
  t.deepEqual(rig.paths, ['d', 'd/x', 'e', 'l']);
  t.is(rig.union.at('d')?.owner, 'one');
  t.is(rig.union.at('e')?.owner, 'two');
  // What it takes away it leaves as well, where it may not.
  rig.lay('three', [{type: 'whiteout', path: 'd'}], {givesWay: true});
  t.deepEqual(rig.conflicts, []);
  t.true(rig.paths.includes('d/x'));
});

test('which trees have something at a path', (t) => {
  const rig = new Rig()
    .lay('one', [dir('d'), file('d/both', '1'), file('d/one', '1')])
    .lay('two', [dir('d'), file('d/both', '1'), file('d/two', '1')])
    .lay('three', [dir('d'), file('d/one', '2')], {covers: ['one']});
  const {union} = rig;
  t.deepEqual(rig.conflicts, []);
  t.deepEqual(union.bearersOf('d'), [0, 1, 2]);
  t.deepEqual(union.bearersOf('d/both'), [0, 1]);
  t.deepEqual(union.bearersOf('d/one'), [0, 2]);
  t.deepEqual(union.bearersOf('d/two'), [1]);
  t.deepEqual(union.bearersOf('none'), []);
  // What is put there by nobody's tree.
  union.set(file('d/two', 'x') as Parameters<Union['set']>[0], 'own');
  union.set(file('new/x', 'x') as Parameters<Union['set']>[0], 'own');
  t.deepEqual(union.bearersOf('d/two'), [1]);
  t.deepEqual(union.bearersOf('new/x'), []);
  t.deepEqual([...union.shared].sort(), ['d', 'd/both', 'd/one', 'd/two', 'new', 'new/x']);
  t.true(union.isStraight);
});

test('folders that are there before: whoever lays them too has them, and they stay as they were', (t) => {
  const rig = new Rig();
  rig.union.ground([dir('usr', 0o700) as Parameters<Union['set']>[0]]);
  rig.lay('one', [dir('usr'), file('usr/x', '1')]);
  t.deepEqual(rig.union.bearersOf('usr'), [0]);
  t.is((rig.union.at('usr')?.entry as {mode: number}).mode, 0o700);
  rig.lay('two', [file('usr', '')]);
  t.is(rig.conflicts.length, 1);
});

test('it is not straight where a link was followed or something taken away', (t) => {
  t.false(
    new Rig().lay('base', USR_MERGE).lay('app', [dir('lib'), file('lib/x', '1')]).union.isStraight,
  );
  t.true(
    new Rig().lay('base', USR_MERGE).lay('app', [dir('usr'), file('usr/x', '1')]).union.isStraight,
  );
  t.false(new Rig().lay('base', [{type: 'whiteout', path: 'gone'}]).union.isStraight);
});
