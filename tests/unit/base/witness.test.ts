/** Witnesses: through bytes and back, and what counts as change. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {
  changedIn,
  changedPlaces,
  decodeWitness,
  encodeWitness,
  isPlain,
  isSettled,
  joined,
  pathAt,
  rangeOf,
  settledPart,
  takeWitness,
  type Witness,
} from '../../../engine/base/witness.ts';
import {compare} from '../../../engine/base/seen.ts';

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

/** Files `000` … in a folder, each with its name. */
function files(t: Parameters<typeof folder>[0], count: number): string[] {
  const at = folder(t);
  const names = Array.from({length: count}, (_none, one) => String(one).padStart(3, '0'));
  for (const name of names) fs.writeFileSync(path.join(at, name), name);
  return names.map((name) => path.join(at, name));
}

const asKept = (witness: Witness): Witness => decodeWitness(encodeWitness(witness));

test('who has seen many paths answers for some of them, in whatever order', (t) => {
  const all = files(t, 300);
  const selections: (readonly [string, readonly string[]])[] = [
    ['all', all],
    ['the first', all.slice(0, 70)],
    ['the last', all.slice(70)],
    ['all but some', all.filter((_path, at) => ![3, 64, 65, 66, 200].includes(at))],
    ['all but many', all.filter((_path, at) => at < 40 || at > 120)],
    ['backwards', all.toReversed()],
    ['some twice', [...all.slice(0, 10), ...all.slice(5, 90)]],
    ['others between', [...all.slice(0, 80), `${all[0] ?? ''}-none`, ...all.slice(80)]],
    ['none', []],
  ];
  const before = selections.map(([what, paths]) => [what, asKept(takeWitness(paths))] as const);
  const whole = asKept(takeWitness(all));
  const edited = [0, 63, 64, 130, 299].map((at) => all[at] ?? '');
  for (const file of edited) fs.writeFileSync(file, 'another');
  for (const [what, witness] of before) {
    const wanted = witness.paths.filter((one) => edited.includes(one));
    t.deepEqual(changedIn(witness, compare(whole).seen), wanted, what);
    t.deepEqual(
      changedIn({paths: witness.paths, prints: witness.prints}, compare(whole).seen),
      wanted,
      what,
    );
    t.deepEqual(changedIn(witness), wanted, what);
    const places = changedPlaces(witness, compare(whole).seen);
    t.deepEqual(
      places.map((at) => pathAt(witness, at)),
      wanted,
      what,
    );
  }
});

test('two lists of which one has been seen, one after the other', (t) => {
  const all = files(t, 200);
  const one = asKept(takeWitness(all.slice(0, 90)));
  const other = asKept(takeWitness(all.slice(90)));
  const {seen} = compare(asKept(takeWitness(all)));
  fs.writeFileSync(all[95] ?? '', 'not seen any more');
  t.deepEqual(changedIn(one, seen), []);
  t.deepEqual(changedIn(other, seen), []);
  t.deepEqual(changedIn(other), [all[95] ?? '']);
});

test('what lies below the folder this process is in is found from there', (t) => {
  const here = process.cwd();
  const at = fs.mkdtempSync(path.join(here, 'witness-'));
  t.teardown(() => {
    fs.rmSync(at, {recursive: true});
  });
  const file = path.join(at, 'file');
  fs.writeFileSync(file, 'x');
  const odd = `${here}//${path.basename(at)}`;
  const paths = [file, at, odd, here, `${here}/`, `${here}-beside`, path.join(at, 'absent'), '/'];
  const witness = takeWitness(paths);
  t.true(compare(witness, here).same);
  t.deepEqual(compare(witness, here).seen.prints, compare(witness).seen.prints);
  fs.writeFileSync(file, 'other');
  for (const from of [here, undefined]) {
    const {same, seen} = compare(witness, from);
    t.false(same);
    t.deepEqual(changedIn(witness, seen), [file]);
  }
  // Who is told that he is elsewhere looks there.
  t.false(compare(takeWitness([file]), at).same);
});

test('pieces of witnesses, kept and not, and all of them together', (t) => {
  const all = files(t, 20);
  const whole = takeWitness(all);
  const plain = (one: Witness): unknown => [[...one.paths], [...one.prints]];
  for (const witness of [whole, asKept(whole)]) {
    const part = rangeOf(witness, 5, 12);
    t.deepEqual(part.paths, all.slice(5, 12));
    t.is(pathAt(part, 0), all[5] ?? '');
    t.deepEqual(plain(asKept(part)), plain(part));
    const again = joined([rangeOf(witness, 0, 5), part, rangeOf(whole, 12, 20)]);
    t.deepEqual(plain(again), plain(whole));
    t.deepEqual(plain(joined([])), [[], []]);
    t.deepEqual(plain(settledPart(witness, Date.now() + 60_000)), plain(whole));
    t.deepEqual(plain(settledPart(witness, Date.now() - 60_000)), [[], []]);
  }
});
