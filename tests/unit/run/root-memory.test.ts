/** What is remembered of a root: as it was kept, or not at all. */
import fs from 'node:fs';
import test from 'ava';
import {actionKey, recipeKey, treeDigest, type TreeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import type {BuildNode} from '../../../engine/graph/model.ts';
import {
  forgetRoot,
  recallRoot,
  rememberRoot,
  sparedTrees,
  type RootMemory,
} from '../../../engine/run/root-memory.ts';
import {auxIn, treeIn, type Store} from '../../../store/layout.ts';
import {writeRecord, type ActionRecord} from '../../../store/records.ts';
import {writeTree} from '../../../store/trees.ts';
import {addMarks} from '../../../store/verified.ts';
import {rootNode} from '../rootfs/rig.ts';
import {emptyStore, must} from '../store/rig.ts';

function nodeOf(recipe: string): BuildNode {
  return must(rootNode(recipe, ['a', 'b'])).node;
}

const NODE = nodeOf('layers: [t/a, t/b]');
const KEY = actionKey('e'.repeat(64));

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

/** That the root came to this tree. */
function recordOf(tree: TreeDigest): ActionRecord {
  const common = {
    recipeKey: recipeKey(KEY),
    label: NODE.label,
    kind: 'build',
    outcome: 'ok',
  } as const;
  const provenance: ActionRecord['provenance'] = {
    ...{sources: [], milliseconds: 1, cpuMilliseconds: 1, peakBytes: 0, log: 'x', engine: '0'},
    ...{idMode: 'range', host: false, copiedRoot: false},
  };
  return {key: KEY, ...common, tree, manifest: [], provenance, finishedAt: 1};
}

function isAnySpared(store: Store, {layers}: RootMemory): boolean {
  return layers.some((one) => sparedTrees(store, NODE, KEY)(one.tree));
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
  addMarks(store, [`tree ${memory.tree}`]);
  t.false(isAnySpared(store, memory), 'the root may have nothing of it');
  const [first, second] = memory.layers;
  if (first === undefined || second === undefined) return t.fail();
  addMarks(store, [`tree ${first.tree}`]);
  const isSpared = sparedTrees(store, NODE, undefined);
  t.deepEqual([first.tree, second.tree].map(isSpared), [true, false]);
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

test('nothing is spared where the root of the same key has gone, nor after it was forgotten', (t) => {
  const store = emptyStore(t);
  const memory = remembered(store);
  addMarks(
    store,
    memory.layers.map((one) => `tree ${one.tree}` as const),
  );
  t.true(isAnySpared(store, memory));
  const lost = treeDigest('d'.repeat(64));
  writeRecord(store, recordOf(lost));
  t.false(isAnySpared(store, memory));
  writeRecord(store, recordOf(memory.tree));
  t.true(isAnySpared(store, memory));
  forgetRoot(store, NODE);
  t.false(isAnySpared(store, memory));
  t.notThrows(() => {
    forgetRoot(store, NODE);
  });
});
