/** Digests of a root that give way to others, without reading the rest: all or nothing. */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {blobDigest, sha256, treeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import type {Store} from '../../../store/layout.ts';
import {exchangeInRoot, type Exchange} from '../../../store/root-exchange.ts';
import {readRoot, writeRoot, type ProjectRoot} from '../../../store/roots.ts';
import {keyOf} from './collect-rig.ts';
import {emptyStore} from './rig.ts';

const PLACE = 'projects/0123456789abcdef';
const AT = 1_790_000_000_000;
const [A, B, C] = [keyOf('a'), keyOf('b'), keyOf('c')];
const TREE = treeDigest(sha256('tree'));
const ROOT: ProjectRoot = {
  kind: 'project',
  // What looks like the field of the time is none.
  path: '/x/"at": 1/é/recipes.config.yaml',
  builds: [
    {
      targets: ['t/a' as Label],
      at: AT,
      held: {keys: [A, B], trees: [TREE], blobs: [blobDigest(sha256('blob'))]},
    },
  ],
};

function written(t: ExecutionContext, root = ROOT): Store {
  const store = emptyStore(t);
  writeRoot(store, PLACE, root);
  return store;
}

const fileOf = (store: Store): string => path.join(store.root, 'roots', PLACE);

test('it is the root one would have written', (t) => {
  const store = written(t);
  t.true(exchangeInRoot(store, PLACE, [{kind: 'keys', old: A, now: C}], AT + 5));
  const [only] = ROOT.builds;
  if (only === undefined) throw new Error('no build');
  const {held} = only;
  const wanted = {...ROOT, builds: [{...only, at: AT + 5, held: {...held, keys: [C, B]}}]};
  t.deepEqual(readRoot(store, PLACE), wanted);
  const changed = fs.readFileSync(fileOf(store));
  writeRoot(store, PLACE, wanted);
  t.deepEqual(fs.readFileSync(fileOf(store)), changed);
});

test('many at once are as one after the other', (t) => {
  const names = Array.from({length: 40}, (_none, at) => String(at));
  const [only] = ROOT.builds;
  if (only === undefined) throw new Error('no build');
  const keys = names.map((name) => keyOf(`old ${name}`));
  const root: ProjectRoot = {...ROOT, builds: [{...only, held: {...only.held, keys}}]};
  const exchanges = names.slice(5, 30).map((name) => ({
    kind: 'keys' as const,
    old: keyOf(`old ${name}`),
    now: keyOf(`new ${name}`),
  }));
  const [together, alone] = [written(t, root), written(t, root)];
  t.true(exchangeInRoot(together, PLACE, exchanges, AT));
  for (const exchange of exchanges) t.true(exchangeInRoot(alone, PLACE, [exchange], AT));
  t.deepEqual(fs.readFileSync(fileOf(together)), fs.readFileSync(fileOf(alone)));

  const before = fs.readFileSync(fileOf(together));
  // Another that is not there, and one that is.
  for (const [old, now] of [
    ['nothing', 'another'],
    ['old 35', 'old 36'],
  ] as const) {
    const more = exchanges.map((one) => ({...one, old: one.now, now: one.old}));
    const bad = {kind: 'keys' as const, old: keyOf(old), now: keyOf(now)};
    t.false(exchangeInRoot(together, PLACE, [...more, bad], AT), old);
  }
  t.deepEqual(fs.readFileSync(fileOf(together)), before);
});

const REFUSED: readonly (readonly [string, readonly Exchange[], number?])[] = [
  ['what is not there', [{kind: 'keys', old: C, now: keyOf('d')}]],
  ['what is there already', [{kind: 'keys', old: A, now: B}]],
  [
    'one of two that is not there',
    [A, C].map((old) => ({kind: 'keys' as const, old, now: keyOf(`of ${old}`)})),
  ],
  ['a time that is written with more digits', [{kind: 'keys', old: A, now: C}], 10 * AT],
];

for (const [what, exchanges, at = AT] of REFUSED) {
  test(`nothing is written for ${what}`, (t) => {
    const store = written(t);
    const before = fs.readFileSync(fileOf(store));
    t.false(exchangeInRoot(store, PLACE, exchanges, at));
    t.deepEqual(fs.readFileSync(fileOf(store)), before);
  });
}

test('nothing is written in place of a root that is damaged or gone', (t) => {
  const store = written(t);
  const whole = fs.readFileSync(fileOf(store));
  for (const place of [0, 40, whole.length - 2]) {
    const other = Buffer.from(whole);
    other[place] = (other[place] ?? 0) ^ 1;
    fs.writeFileSync(fileOf(store), other);
    t.false(exchangeInRoot(store, PLACE, [{kind: 'keys', old: A, now: C}], AT), String(place));
    t.deepEqual(fs.readFileSync(fileOf(store)), other);
  }
  fs.unlinkSync(fileOf(store));
  t.false(exchangeInRoot(store, PLACE, [{kind: 'keys', old: A, now: C}], AT));
  fs.mkdirSync(fileOf(store));
  t.false(exchangeInRoot(store, PLACE, [{kind: 'keys', old: A, now: C}], AT));
});
