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
    ...{layers, tree: writeTree(store, []), placed: ['etc'], isWhole: true, lacksNothing: true},
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
  t.deepEqual(sparedTrees(store, NODE), new Set());
  addMarks(store, [`tree ${memory.tree}`]);
  t.deepEqual(sparedTrees(store, NODE), new Set(memory.layers.map((one) => one.tree)));
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
  const {tree} = remembered(store);
  fs.appendFileSync(fileOf(store), ' ');
  t.is(recallRoot(store, NODE), undefined);
  t.deepEqual(sparedTrees(store, NODE), new Set());
  remembered(store);
  fs.rmSync(treeIn(store, tree));
  t.is(recallRoot(store, NODE), undefined);
  fs.rmSync(fileOf(store));
  fs.mkdirSync(auxIn(store, 'root-0000000000000000'));
  t.is(recallRoot(store, NODE), undefined);
});

test('nothing is spared where something is run in the root', (t) => {
  const store = emptyStore(t);
  const {tree} = remembered(store, {isWhole: false});
  addMarks(store, [`tree ${tree}`]);
  t.truthy(recallRoot(store, NODE));
  t.deepEqual(sparedTrees(store, NODE), new Set());
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
