/** What is remembered of a root: as it was kept, or not at all. */
import fs from 'node:fs';
import test from 'ava';
import {treeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import type {BuildNode} from '../../../engine/graph/model.ts';
import {
  recallRoot,
  rememberRoot,
  sparedTrees,
  type RootMemory,
} from '../../../engine/run/root-memory.ts';
import {auxIn, treeIn, type Store} from '../../../store/layout.ts';
import {writeTree} from '../../../store/trees.ts';
import {addMarks} from '../../../store/verified.ts';
import {rootNode} from '../rootfs/rig.ts';
import {emptyStore, must} from '../store/rig.ts';

function nodeOf(recipe: string): BuildNode {
  return must(rootNode(recipe, ['a', 'b'])).node;
}

const NODE = nodeOf('layers: [t/a, t/b]');

function remembered(store: Store, more: Partial<RootMemory> = {}): RootMemory {
  const layers = ['t/a', 't/b'].map((owner, at) => ({
    owner: owner as Label,
    tree: treeDigest(String(at).repeat(64)),
  }));
  const memory: RootMemory = {
    ...{layers, tree: writeTree(store, []), count: 0, placed: ['etc']},
    ...{isWhole: true, lacksNothing: true},
    bearers: new Map([
      ['etc', []],
      ['usr', [0, 1]],
    ]),
    linked: new Set(['usr/one', 'usr/two']),
    ...more,
  };
  rememberRoot(store, NODE, memory);
  return memory;
}

function isAnySpared(store: Store, {layers}: RootMemory): boolean {
  return layers.some((one) => sparedTrees(store, NODE)(one.tree));
}

function fileOf(store: Store): string {
  const name = fs.readdirSync(auxIn(store, '')).find((one) => one.startsWith('root-'));
  return auxIn(store, name ?? 'none');
}

test('it is recalled as it was', (t) => {
  const store = emptyStore(t);
  t.is(recallRoot(store, NODE), undefined);
  const memory = remembered(store);
  t.like(recallRoot(store, NODE), {...memory});
  t.deepEqual(recallRoot(store, NODE)?.bearers, memory.bearers);
  t.deepEqual(recallRoot(store, NODE)?.linked, memory.linked);
  // Nothing says that it was hashed since the machine was started: after a restart that is so.
  t.false(isAnySpared(store, memory));
  const other = treeDigest('f'.repeat(64));
  addMarks(store, [`tree ${memory.tree}`]);
  t.true(memory.layers.every((one) => sparedTrees(store, NODE)(one.tree)));
  t.false(sparedTrees(store, NODE)(other));
  addMarks(store, [`tree ${other}`]);
  t.true(sparedTrees(store, NODE)(other));
});

test('items may change; what decides about all paths may not', (t) => {
  const store = emptyStore(t);
  remembered(store);
  t.truthy(recallRoot(store, nodeOf('layers: [t/a, t/b]\nlinks: {/x: y}')));
  t.is(recallRoot(store, nodeOf('layers: [t/a, t/b]\nexclude: [usr]')), undefined);
  t.is(recallRoot(store, nodeOf('layers: [t/a]\noverrides: [t/b]')), undefined);
});

test('a damaged one, or one whose tree has gone, is none', (t) => {
  const store = emptyStore(t);
  const memory = remembered(store);
  const {tree} = memory;
  addMarks(store, [`tree ${tree}`]);
  fs.appendFileSync(fileOf(store), ' ');
  t.is(recallRoot(store, NODE), undefined);
  t.false(isAnySpared(store, memory));
  remembered(store);
  fs.rmSync(treeIn(store, tree));
  t.is(recallRoot(store, NODE), undefined);
  fs.rmSync(fileOf(store));
  fs.mkdirSync(auxIn(store, 'root-0000000000000000'));
  t.is(recallRoot(store, NODE), undefined);
});

test('nothing is spared where something is run in the root', (t) => {
  const store = emptyStore(t);
  const memory = remembered(store, {isWhole: false});
  addMarks(store, [`tree ${memory.tree}`]);
  t.truthy(recallRoot(store, NODE));
  t.false(isAnySpared(store, memory));
});

test('where it cannot be kept, it is not', (t) => {
  const store = emptyStore(t);
  remembered(store);
  const file = fileOf(store);
  fs.rmSync(file);
  fs.rmSync(auxIn(store, ''), {recursive: true});
  t.notThrows(() => remembered(store));
  t.is(recallRoot(store, NODE), undefined);
});
