/** Looking at many paths in two pieces: what is looked at before a change is told, and what after. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {compare, Comparison} from '../../../engine/base/seen.ts';
import {changedIn, latest, takeWitness, type Witness} from '../../../engine/base/witness.ts';

interface Bed {
  readonly witness: Witness;
  /** Makes one of the files another. */
  edit(number: number): void;
}

function files(t: {teardown: (end: () => void) => void}, count: number): Bed {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-seen-'));
  t.teardown(() => {
    fs.rmSync(folder, {recursive: true});
  });
  const paths = Array.from({length: count}, (_, number) => path.join(folder, `f${number}`));
  for (const one of paths) fs.writeFileSync(one, 'x');
  const edit = (number: number): void => {
    fs.writeFileSync(paths[number] ?? '', 'longer');
  };
  return {witness: takeWitness(paths), edit};
}

test('where all is as it was no change is found, and all was seen', (t) => {
  const {witness} = files(t, 5);
  const comparison = new Comparison(witness);
  t.false(comparison.findsChange([3, 1]));
  const {same, seen} = comparison.finish();
  t.true(same);
  t.deepEqual(seen.prints, witness.prints);
});

test('a change is told before what comes after it was looked at', (t) => {
  const {witness, edit} = files(t, 5);
  edit(2);
  const comparison = new Comparison(witness);
  t.true(comparison.findsChange([]));
  // Had it been looked at before, this would not be seen.
  edit(4);
  const {same, seen} = comparison.finish();
  t.false(same);
  t.deepEqual(changedIn(witness, seen), [witness.paths[2], witness.paths[4]]);
});

test('what is to be looked at first is, and again in its turn', (t) => {
  const {witness, edit} = files(t, 5);
  edit(3);
  const comparison = new Comparison(witness);
  t.true(comparison.findsChange([4, 3]));
  edit(0);
  const {same, seen} = comparison.finish();
  t.false(same);
  t.deepEqual(changedIn(witness, seen), [witness.paths[0], witness.paths[3]]);
});

test('what was looked at first is seen as it is in its turn', (t) => {
  const {witness} = files(t, 2);
  const file = witness.paths[1] ?? '';
  fs.renameSync(file, `${file}.away`);
  const comparison = new Comparison(witness);
  t.true(comparison.findsChange([1]));
  fs.renameSync(`${file}.away`, file);
  t.deepEqual(comparison.finish().seen.prints, compare(witness).seen.prints);
});

test('the latest of the first so many, the last first', (t) => {
  const prints = new Float64Array(8 * 4);
  const times = [5, 9, 1, 7, 7, 3, 100, 200];
  times.forEach((time, at) => (prints[at * 4 + 3] = time));
  const witness = {paths: times.map(String), prints};
  t.deepEqual(latest(witness, 6, 2), [1, 3]);
  t.deepEqual(latest(witness, 8, 3), [7, 6, 1]);
  t.deepEqual(latest(witness, 6, 0), []);
  t.deepEqual(latest(witness, 2, 16), [1, 0]);
  t.deepEqual(latest({paths: [], prints: new Float64Array()}, 0, 16), []);
});

test('the latest of many are found wherever they stand', (t) => {
  const count = 1000;
  const prints = new Float64Array(count * 4);
  const order = Array.from({length: count}, (_, at) => (at * 389) % count);
  order.forEach((time, at) => (prints[at * 4 + 3] = time));
  const found = latest({paths: order.map(String), prints}, count, 16);
  t.deepEqual(
    found.map((at) => order[at]),
    Array.from({length: 16}, (_, at) => count - 1 - at),
  );
});
