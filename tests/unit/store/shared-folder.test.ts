/** What a tree adds to the folder of all generations, and what it leaves alone. */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {halfDone, SHARED, tidy} from '../../../store/generations.ts';
import type {Store} from '../../../store/layout.ts';
import {putBytes} from '../../../store/pool.ts';
import {addShared} from '../../../store/shared-folder.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {codesOf, dir, emptyStore, file, filesBelow, link, must} from './rig.ts';

interface Rig {
  readonly store: Store;
  /** Of the profile. */
  readonly home: string;
  readonly shared: string;
}

function rig(t: ExecutionContext): Rig {
  const store = emptyStore(t);
  const home = path.join(path.dirname(store.root), 'sys');
  fs.mkdirSync(home);
  return {store, home, shared: path.join(home, SHARED)};
}

/** Files with their contents in the store. */
function stored(store: Store, ...entries: readonly TreeEntry[]): readonly TreeEntry[] {
  for (const text of ['one', 'two']) putBytes(store, text);
  return entries;
}

const FIRST = [dir('lib'), file('lib/a', 'one'), dir('log', {mode: 0o750}), link('run', '/run')];

test('the first tree becomes the folder, as copies', (t) => {
  const {store, home, shared} = rig(t);
  must(addShared(store, home, stored(store, ...FIRST)));
  t.deepEqual(filesBelow(shared), ['lib/a', 'run']);
  t.is(fs.statSync(path.join(shared, 'log')).mode & 0o7777, 0o750);
  t.is(fs.statSync(path.join(shared, 'lib/a')).nlink, 1);
  t.deepEqual(fs.readdirSync(home), [SHARED]);
});

test('a tree of nothing makes an empty folder', (t) => {
  const {store, home, shared} = rig(t);
  must(addShared(store, home, []));
  t.deepEqual(fs.readdirSync(shared), []);
});

test('only what is missing is added; what is there stays', (t) => {
  const {store, home, shared} = rig(t);
  must(addShared(store, home, stored(store, ...FIRST)));
  fs.writeFileSync(path.join(shared, 'lib/a'), 'mine');
  fs.writeFileSync(path.join(shared, 'lib/own'), 'mine');
  const next = [...FIRST.slice(0, 2), file('lib/b', 'two'), dir('new'), file('new/x', 'two')];
  must(addShared(store, home, stored(store, ...next)));
  t.deepEqual(filesBelow(shared), ['lib/a', 'lib/b', 'lib/own', 'new/x', 'run']);
  t.is(fs.readFileSync(path.join(shared, 'lib/a'), 'utf8'), 'mine');
  t.deepEqual(fs.readdirSync(home), [SHARED]);
});

test('something else in the place of a folder keeps all out of it', (t) => {
  const {store, home, shared} = rig(t);
  fs.mkdirSync(shared);
  fs.writeFileSync(path.join(shared, 'lib'), 'mine');
  fs.symlinkSync('/tmp', path.join(shared, 'log'));
  must(addShared(store, home, stored(store, ...FIRST)));
  t.is(fs.readFileSync(path.join(shared, 'lib'), 'utf8'), 'mine');
  t.is(fs.readlinkSync(path.join(shared, 'log')), '/tmp');
  t.is(fs.readlinkSync(path.join(shared, 'run')), '/run');
});

test('nothing is written when nothing is missing', (t) => {
  const {store, home, shared} = rig(t);
  must(addShared(store, home, stored(store, ...FIRST)));
  const before = fs.statSync(shared).mtimeMs;
  // Without its blob the file could not be laid out again.
  must(addShared(store, home, [dir('lib'), file('lib/a', 'never stored')]));
  t.is(fs.statSync(shared).mtimeMs, before);
});

test('a tree that cannot be laid out leaves what was there', (t) => {
  const {store, home, shared} = rig(t);
  must(addShared(store, home, stored(store, ...FIRST)));
  const failed = addShared(store, home, [dir('lib'), file('lib/c', 'never stored')]);
  t.deepEqual(codesOf(failed), ['store/corrupt']);
  t.deepEqual(filesBelow(shared), ['lib/a', 'run']);
  t.deepEqual(fs.readdirSync(home), [SHARED]);
});

test('what a killed process has left beside it is tidied away', (t) => {
  const {store, home, shared} = rig(t);
  must(addShared(store, home, stored(store, ...FIRST)));
  const left = halfDone(home, SHARED);
  fs.mkdirSync(path.join(left, 'lib'), {recursive: true});
  tidy(store, 'sys', home);
  t.deepEqual(fs.readdirSync(home), [SHARED]);
  t.deepEqual(filesBelow(shared), ['lib/a', 'run']);
});
