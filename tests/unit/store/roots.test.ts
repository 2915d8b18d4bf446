/** Root files: written and read back, listed, and seen when they are damaged. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {
  heldBy,
  isRootName,
  listRoots,
  readRoot,
  removeRoot,
  rootsOf,
  writeRoot,
  type Root,
} from '../../../store/roots.ts';
import {blobDigest, sha256, treeDigest} from '../../../engine/base/hash.ts';
import {StoreFault} from '../../../store/trouble.ts';
import {keyOf} from './collect-rig.ts';
import {emptyStore, isRoot, skip, WORKER_OWNER} from './rig.ts';

const held = {
  keys: [keyOf('a')],
  trees: [treeDigest(sha256('tree'))],
  blobs: [blobDigest(sha256('blob'))],
};
const label = 't/a' as Label;
const PIN: Root = {kind: 'pin', name: 'a', label, at: 1, held};
const GENERATION: Root = {
  ...{kind: 'generation', profile: 'sys', n: 12, folder: '/x', label, key: keyOf('a')},
  ...{tree: held.trees[0] ?? treeDigest(sha256('')), copied: false, at: 2, pinned: true, held},
};
const PROJECT: Root = {
  kind: 'project',
  path: '/x/recipes.config.yaml',
  builds: [
    {targets: [label], at: 1, held},
    {targets: [], at: 2, held: {keys: [], trees: [], blobs: []}},
  ],
};

test('every kind comes back as it was written, wherever it lies', (t) => {
  const store = emptyStore(t);
  writeRoot(store, 'pins/a', PIN);
  writeRoot(store, 'generations/sys/12', GENERATION);
  writeRoot(store, 'projects/0123456789abcdef', PROJECT);
  t.deepEqual(listRoots(store), [
    {place: 'generations/sys/12', root: GENERATION},
    {place: 'pins/a', root: PIN},
    {place: 'projects/0123456789abcdef', root: PROJECT},
  ]);
  t.deepEqual(heldBy(PIN), [held]);
  t.is(heldBy(PROJECT).length, 2);
});

test('a later one takes the place of an earlier one; removed is gone', (t) => {
  const store = emptyStore(t);
  t.is(readRoot(store, 'pins/a'), undefined);
  writeRoot(store, 'pins/a', PIN);
  writeRoot(store, 'pins/a', {...PIN, at: 7});
  t.deepEqual(readRoot(store, 'pins/a'), {...PIN, at: 7});
  t.true(removeRoot(store, 'pins/a'));
  t.false(removeRoot(store, 'pins/a'));
  t.deepEqual(listRoots(store), []);
});

test('what a root holds as lines of a run', (t) => {
  t.deepEqual(rootsOf(held), [
    `key ${keyOf('a')}`,
    `tree ${sha256('tree')}`,
    `blob ${sha256('blob')}`,
  ]);
});

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  emptied: (file) => fs.truncateSync(file),
  cut: (file) => fs.truncateSync(file, 40),
  changed: (file) =>
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"at": 1', '"at": 2')),
  'a link': (file) => {
    fs.renameSync(file, `${file}2`);
    fs.symlinkSync(`${path.basename(file)}2`, file);
  },
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`a damaged root is an error, not an absent one: ${name}`, (t) => {
    const store = emptyStore(t);
    writeRoot(store, 'pins/a', PIN);
    damage(path.join(store.root, 'roots/pins/a'));
    for (const read of [() => readRoot(store, 'pins/a'), () => listRoots(store)]) {
      const error = t.throws(read, {instanceOf: StoreFault});
      t.is(error.diagnostics[0]?.code, 'store/bad-root');
    }
  });
}

test('a folder in the place of a root gives way to one that is written', (t) => {
  const store = emptyStore(t);
  writeRoot(store, 'pins/a', PIN);
  fs.unlinkSync(path.join(store.root, 'roots/pins/a'));
  fs.mkdirSync(path.join(store.root, 'roots/pins/a/b'), {recursive: true});
  writeRoot(store, 'pins/a', PIN);
  t.deepEqual(listRoots(store), [{place: 'pins/a', root: PIN}]);
});

test('a fifo among the roots is not waited for', (t) => {
  const store = emptyStore(t);
  writeRoot(store, 'pins/a', PIN);
  fs.unlinkSync(path.join(store.root, 'roots/pins/a'));
  fs.mkdirSync(path.join(store.root, 'roots/pins/b'));
  t.deepEqual(listRoots(store), []);
  fs.symlinkSync('/dev/zero', path.join(store.root, 'roots/pins/c'));
  t.throws(() => listRoots(store), {instanceOf: StoreFault});
});

test('names of pins and profiles are plain', (t) => {
  for (const good of ['a', '0', 'gcc-12.2+x_y']) t.true(isRootName(good), good);
  for (const bad of ['', '.', '..', '.a', '-a', 'A', 'a/b', 'a b', 'ä', 'a'.repeat(129)]) {
    t.false(isRootName(bad), bad);
  }
});

test('as root, roots belong to the owner', (t) => {
  if (!isRoot) return skip(t, 'root, for another owner');
  const store = emptyStore(t, WORKER_OWNER);
  writeRoot(store, 'generations/sys/12', GENERATION);
  for (const at of ['roots', 'roots/generations/sys', 'roots/generations/sys/12', 'gc.lock']) {
    t.is(fs.statSync(path.join(store.root, at)).uid, WORKER_OWNER.uid, at);
  }
});
