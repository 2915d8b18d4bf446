/** Generations of whole systems: their /etc replaced, staged, and what they are made of. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import type {Label} from '../../../engine/base/label.ts';
import {addGeneration, prepareFolder, replaceIn, settle} from '../../../store/generations.ts';
import type {Store} from '../../../store/layout.ts';
import {readProfile, type Profile} from '../../../store/profiles.ts';
import {fault} from '../../../store/trouble.ts';
import {rig, treeOf, wanted, write} from './generation-rig.ts';
import {codesOf, filesBelow, must} from './rig.ts';

function generationOf(store: Store, n: number): Profile['generations'][number] {
  const found = readProfile(store, 'sys')?.generations.find((one) => one.n === n);
  if (found === undefined) throw new Error(`no generation ${n}`);
  return found;
}

test('a folder of a generation is replaced, with its mode', (t) => {
  const {store, at} = rig(t);
  const home = must(prepareFolder(store, undefined, at));
  must(addGeneration(store, home, wanted(treeOf(store, 'one')), write('one')));
  const place = {name: 'etc', mode: 0o700};
  must(replaceIn(generationOf(store, 1), place, store, write('merged')));
  t.deepEqual(filesBelow(path.join(home, '1/etc')), ['file']);
  t.is(fs.statSync(path.join(home, '1/etc')).mode & 0o7777, 0o700);
  t.deepEqual(fs.readdirSync(home), ['1']);
  // Also where a power cut has left none.
  fs.rmSync(path.join(home, '1/etc'), {recursive: true});
  must(replaceIn(generationOf(store, 1), place, store, write('again')));
  t.true(fs.existsSync(path.join(home, '1/etc/file')));
});

test('a folder that cannot be made leaves the one that is there', (t) => {
  const {store, at} = rig(t);
  const home = must(prepareFolder(store, undefined, at));
  must(addGeneration(store, home, wanted(treeOf(store, 'one')), write('one')));
  const failing = (): Checked<unknown> => fault('store/full', 'no space');
  const place = {name: 'etc', mode: 0o755};
  t.deepEqual(codesOf(replaceIn(generationOf(store, 1), place, store, failing)), ['store/full']);
  t.deepEqual(filesBelow(path.join(home, '1')), ['file']);
  t.deepEqual(fs.readdirSync(home), ['1']);
});

test('what was staged is so until it has become current', (t) => {
  const {store, at} = rig(t);
  const home = must(prepareFolder(store, undefined, at));
  const boot = {kernel: '/boot/vmlinuz', init: '/sbin/init', command: '', memory: 1};
  const facts = {...wanted(treeOf(store, 'one')), system: {staged: true, boot}};
  must(addGeneration(store, home, facts, write('one')));
  t.deepEqual(generationOf(store, 1).root.system, {staged: true, boot});
  settle(store, generationOf(store, 1));
  t.deepEqual(generationOf(store, 1).root.system, {staged: false, boot});
  const before = fs.statSync(path.join(store.root, 'roots/generations/sys/1')).ino;
  settle(store, generationOf(store, 1));
  t.is(fs.statSync(path.join(store.root, 'roots/generations/sys/1')).ino, before, 'not written');
});

test('packages of a generation are kept with it', (t) => {
  const {store, at} = rig(t);
  const home = must(prepareFolder(store, undefined, at));
  const tree = treeOf(store, 'one');
  const packages = [{label: 't/a' as Label, version: '1', tree, size: 10}];
  must(addGeneration(store, home, {...wanted(tree), packages}, write('one')));
  t.deepEqual(generationOf(store, 1).root.packages, packages);
});
