/** Witnesses: through bytes and back, and what counts as change. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {
  changedIn,
  compare,
  decodeWitness,
  encodeWitness,
  isPlain,
  isSettled,
  takeWitness,
  type Witness,
} from '../../../engine/base/witness.ts';

function isUnchanged(witness: Witness): boolean {
  const {same, seen} = compare(witness);
  // Who has seen all of it need not look again.
  const changed = changedIn(witness);
  return same && changed.length === 0 && changedIn(witness, seen).length === 0;
}

function folder(t: {teardown: (end: () => void) => void}): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-witness-'));
  t.teardown(() => {
    fs.rmSync(made, {recursive: true});
  });
  return made;
}

test('a witness is the same after it was bytes', (t) => {
  const at = folder(t);
  const names = ['a', 'ü', 'with space', 'absent', 'longer name'];
  for (const name of names.filter((one) => one !== 'absent')) {
    fs.writeFileSync(path.join(at, name), name);
  }
  for (let count = 0; count <= names.length; count += 1) {
    const witness = takeWitness(names.slice(0, count).map((name) => path.join(at, name)));
    const again = decodeWitness(Buffer.from(encodeWitness(witness)));
    t.deepEqual([again.paths, again.prints], [witness.paths, witness.prints]);
    t.true(isUnchanged(again));
  }
});

test('absence is a state: what appears and what goes is seen', (t) => {
  const at = path.join(folder(t), 'x');
  const absent = takeWitness([at, path.join(at, 'below')]);
  t.true(isUnchanged(absent));
  t.true(isSettled(absent, Date.now()));
  fs.writeFileSync(at, 'x');
  t.false(isUnchanged(absent));
  const there = takeWitness([at]);
  fs.unlinkSync(at);
  t.false(isUnchanged(there));
});

test('what has changed right before a moment, or after it, is not settled', (t) => {
  const at = path.join(folder(t), 'x');
  fs.writeFileSync(at, 'x');
  const {ctimeMs} = fs.statSync(at);
  fs.utimesSync(at, 0, 0);
  const witness = takeWitness([at]);
  t.false(isSettled(witness, ctimeMs));
  t.false(isSettled(witness, ctimeMs + 1999));
  t.true(isSettled(witness, ctimeMs + 3000));
});

test('paths that bytes of a witness cannot hold', (t) => {
  t.true(isPlain('/a b/ü'));
  t.false(isPlain('/a\nb'));
  t.false(isPlain(Buffer.from([0x2f, 0xff]).toString('utf8')));
});
