/** Generations: made, switched, removed; and what is left when a process ends at any point. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import {
  addGeneration,
  prepareFolder,
  removeGeneration,
  setPinned,
  switchTo,
  tidy,
} from '../../../store/generations.ts';
import {fileIn} from '../../../store/layout.ts';
import {
  currentIn,
  listProfiles,
  profileClaim,
  readProfile,
  type Profile,
} from '../../../store/profiles.ts';
import {listRoots} from '../../../store/roots.ts';
import {fault, StoreFault} from '../../../store/trouble.ts';
import {dangling, gc, objectsIn} from './collect-rig.ts';
import {command} from './generation-puppet.ts';
import {rig, treeOf, wanted, write, type Rig} from './generation-rig.ts';
import {codesOf, digestOfText, filesBelow, folder, must} from './rig.ts';

/** The next generation, of one file; switched to. */
function add({store, at}: Rig, text: string): number {
  const home = must(prepareFolder(store, readProfile(store, 'sys'), at));
  const {n} = must(addGeneration(store, home, wanted(treeOf(store, text)), write(text)));
  must(switchTo(home, n));
  return n;
}

function profile({store}: Rig): Profile {
  const found = readProfile(store, 'sys');
  if (found === undefined) throw new Error('there is no profile');
  return found;
}

const numbers = (one: Rig): number[] => profile(one).generations.map(({n}) => n);

// --- the ordinary way ------------------------------------------------------------------------------

test('generations are numbered, and current leads to one of them', (t) => {
  const one = rig(t);
  t.is(readProfile(one.store, 'sys'), undefined);
  t.deepEqual(listProfiles(one.store), []);
  t.is(currentIn(one.at), undefined);
  t.is(add(one, 'first'), 1);
  t.is(add(one, 'second'), 2);
  t.is(fs.readlinkSync(path.join(one.at, 'current')), '2');
  t.is(fs.readFileSync(path.join(one.at, 'current/file'), 'utf8'), 'second');
  const {current, folder: home, generations} = profile(one);
  t.is(current, 2);
  t.is(home, fs.realpathSync(one.at));
  t.deepEqual(
    generations.map(({n, isThere, root}) => [n, isThere, root.pinned, root.label]),
    [
      [1, true, false, 't/a'],
      [2, true, false, 't/a'],
    ],
  );
  must(switchTo(home, 1));
  t.is(profile(one).current, 1);
  // After a step back the next number is a new one all the same.
  t.is(add(one, 'third'), 3);
  t.deepEqual(fs.readdirSync(one.at).sort(), ['1', '2', '3', 'current']);
  t.deepEqual(
    listProfiles(one.store).map(({name}) => name),
    ['sys'],
  );
  t.is(fs.statSync(path.join(one.at, '3')).mode & 0o777, 0o755);
});

test('a store and a profile beside it may be moved together', (t) => {
  const one = rig(t);
  add(one, 'first');
  const moved = folder(t);
  const top = path.dirname(one.store.root);
  fs.renameSync(one.store.root, path.join(moved, 'store'));
  fs.renameSync(path.join(top, 'roots'), path.join(moved, 'roots'));
  const store = {...one.store, root: path.join(moved, 'store')};
  t.is(readProfile(store, 'sys')?.folder, path.join(moved, 'roots/sys'));
  t.is(readProfile(store, 'sys')?.current, 1);
});

test('a profile whose folder was moved is found again where --at says', (t) => {
  const one = rig(t);
  add(one, 'first');
  const moved = path.join(folder(t), 'sys');
  fs.renameSync(one.at, moved);
  t.is(profile(one).generations[0]?.isThere, false);
  t.is(profile(one).current, undefined);
  t.is(add({...one, at: moved}, 'second'), 2);
  t.is(profile(one).folder, fs.realpathSync(moved));
  t.deepEqual(
    profile(one).generations.map((each) => each.isThere),
    [true, true],
  );
});

test('pins are written down and taken back', (t) => {
  const one = rig(t);
  add(one, 'first');
  for (const pinned of [true, false]) {
    const [only] = profile(one).generations;
    if (only === undefined) return t.fail();
    must(setPinned(one.store, only, pinned));
    t.is(profile(one).generations[0]?.root.pinned, pinned);
  }
});

test('removed generations are gone with their roots; the current one stays', (t) => {
  const one = rig(t);
  for (const text of ['first', 'second', 'third']) add(one, text);
  const {folder: home} = profile(one);
  t.deepEqual(codesOf(removeGeneration(one.store, 'sys', home, 3)), ['root/in-use']);
  must(removeGeneration(one.store, 'sys', home, 1));
  t.deepEqual(numbers(one), [2, 3]);
  t.deepEqual(fs.readdirSync(one.at).sort(), ['2', '3', 'current']);
  // A folder somebody has removed by hand: its root goes.
  fs.rmSync(path.join(one.at, '2'), {recursive: true});
  t.deepEqual(codesOf(switchTo(home, 2)), ['root/unknown-generation']);
  must(removeGeneration(one.store, 'sys', home, 2));
  t.deepEqual(numbers(one), [3]);
});

test('gc keeps what generations hold, and frees it when they are removed', (t) => {
  const one = rig(t);
  add(one, 'first');
  add(one, 'second');
  t.deepEqual(gc(one.store).removed, []);
  must(removeGeneration(one.store, 'sys', profile(one).folder, 1));
  const {removed} = gc(one.store);
  t.deepEqual(removed.map(({kind}) => kind).sort(), ['blob', 'blob', 'tree']);
  t.is(objectsIn(one.store, 'trees').length, 1);
});

test('claims are named after profiles, whatever their names are', (t) => {
  t.not(profileClaim('a'), profileClaim('b'));
  t.regex(profileClaim('a+b'), /^root-[0-9a-f]{16}$/);
});

// --- what is refused -------------------------------------------------------------------------------

test('folders that cannot be those of a profile are refused', (t) => {
  const one = rig(t);
  const {store} = one;
  const other = folder(t);
  fs.writeFileSync(path.join(other, 'mine'), '');
  fs.mkdirSync(path.join(other, 'sys/current'), {recursive: true});
  const prepare = (at: string, known?: Profile): string[] =>
    codesOf(prepareFolder(store, known, at));
  const refused = ['root/folder'];
  t.deepEqual(prepare(other), refused);
  t.deepEqual(prepare(path.join(other, 'mine')), refused);
  t.deepEqual(prepare(path.join(store.root, 'roots/sys')), refused);
  t.deepEqual(prepare(store.root), refused);
  // By a link, too.
  fs.symlinkSync(store.root, path.join(other, 'link'));
  t.deepEqual(prepare(path.join(other, 'link/x')), refused);
  fs.symlinkSync('nowhere', path.join(other, 'dangling'));
  t.deepEqual(prepare(path.join(other, 'dangling')), refused);
  add(one, 'first');
  // A known profile stays where it is, and is not taken to a place of somebody else's.
  t.deepEqual(prepare(path.join(other, 'new'), profile(one)), refused);
  fs.renameSync(one.at, `${one.at}.away`);
  t.deepEqual(prepare(other, profile(one)), refused);
  t.deepEqual(prepare(path.join(other, 'sys'), profile(one)), refused);
  t.deepEqual(fs.readdirSync(other).sort(), ['dangling', 'link', 'mine', 'sys']);
});

test('a generation that cannot be filled leaves nothing', (t) => {
  const one = rig(t);
  add(one, 'first');
  const {folder: home} = profile(one);
  const facts = wanted(treeOf(one.store, 'second'));
  const failing = (at: string): Checked<undefined> => {
    fs.writeFileSync(path.join(at, 'half'), '');
    return fault('store/full', 'no more');
  };
  t.deepEqual(codesOf(addGeneration(one.store, home, facts, failing)), ['store/full']);
  t.deepEqual(fs.readdirSync(one.at).sort(), ['1', 'current']);
  t.deepEqual(numbers(one), [1]);
});

test('current that is no link of ours is no number', (t) => {
  const at = folder(t);
  for (const target of ['..', '01', '0', '1/', 'x', '/etc', '-1', '1e3']) {
    fs.symlinkSync(target, path.join(at, 'current'));
    t.is(currentIn(at), undefined, target);
    fs.unlinkSync(path.join(at, 'current'));
  }
  fs.writeFileSync(path.join(at, 'current'), '1');
  t.is(currentIn(at), undefined);
});

test('what a current made by hand leads to is not removed', (t) => {
  const one = rig(t);
  add(one, 'first');
  add(one, 'second');
  const current = path.join(one.at, 'current');
  for (const target of ['./1', '1/', path.join(one.at, '1')]) {
    fs.rmSync(current, {force: true});
    fs.symlinkSync(target, current);
    t.deepEqual(codesOf(removeGeneration(one.store, 'sys', one.at, 1)), ['root/in-use'], target);
  }
  t.true(fs.existsSync(path.join(one.at, '1')));
});

test('a damaged root of a generation is refused, not passed over', (t) => {
  const one = rig(t);
  add(one, 'first');
  fs.appendFileSync(path.join(one.store.root, 'roots/generations/sys/1'), ' ');
  const error = t.throws(() => readProfile(one.store, 'sys'), {instanceOf: StoreFault});
  t.is(error.diagnostics[0]?.code, 'store/bad-root');
});

test('tidying keeps what is whole and what is not ours', (t) => {
  const one = rig(t);
  add(one, 'first');
  add(one, 'second');
  const half = '0123456789abcdef';
  // Made or removed up to its name: the root goes with it. Made and named: it stays.
  fs.renameSync(path.join(one.at, '2'), path.join(one.at, `.2.${half}`));
  for (const name of [`.1.${half}`, '.1.short', '.notes', `.current.${half}`]) {
    fs.mkdirSync(path.join(one.at, name));
  }
  tidy(one.store, 'sys', one.at);
  t.deepEqual(fs.readdirSync(one.at).sort(), ['.1.short', '.notes', '1', 'current']);
  t.deepEqual(numbers(one), [1]);
  // A folder that is gone without a trace may be on a disk that is not mounted: its root stays.
  fs.rmSync(path.join(one.at, '1'), {recursive: true});
  tidy(one.store, 'sys', one.at);
  t.deepEqual(numbers(one), [1]);
});

// --- ended at any point ----------------------------------------------------------------------------

const PUPPET = fileURLToPath(new URL('generation-puppet.js', import.meta.url));

/** Runs a command in a process that is ended before its N-th mutating call, if there are so many. */
function isKilled({store, at}: Rig, words: readonly string[], crashAt: number): boolean {
  const [what = '', word = ''] = words;
  const env = {...process.env, RECIPES_CRASH_AT: String(crashAt)};
  const argv = [PUPPET, what, store.root, at, word];
  const ran = spawnSync(process.execPath, argv, {env, encoding: 'utf8'});
  if (ran.signal === 'SIGKILL') return true;
  if (ran.status !== 0) throw new Error(ran.stderr);
  return false;
}

function succeed({store, at}: Rig, what: string, word: string): void {
  command(what, store.root, at, word);
}

/**
 * Does a command again and again, each time on the same state and each time ended one call later,
 * and looks at what is left, until it comes to its end. (What is there after a call is there before
 * the next.) Gives how often it was ended.
 */
function endedEverywhere(
  t: ExecutionContext,
  prepare: (one: Rig) => readonly string[],
  look: (one: Rig, point: string) => void,
): number {
  const first = rig(t);
  const words = prepare(first);
  const top = path.dirname(first.store.root);
  for (let point = 1; ; point += 1) {
    const copy = path.join(folder(t), 'copy');
    spawnSync('cp', ['-a', top, copy]);
    const store = {...first.store, root: path.join(copy, 'store')};
    const one = {store, at: path.join(copy, 'roots', 'sys')};
    const killed = isKilled(one, words, point);
    look(one, `before call ${point}`);
    if (!killed) return point - 1;
  }
}

/** Each generation with a number is whole and has its root. */
function problems(one: Rig): string[] {
  const found: string[] = [];
  const names = fs.existsSync(one.at) ? fs.readdirSync(one.at) : [];
  for (const name of names.filter((each) => /^\d+$/.test(each))) {
    const at = path.join(one.at, name);
    const text = fs.readFileSync(path.join(at, 'etc/a'), 'utf8');
    if (!['old', 'new'].includes(text)) found.push(`${name}: ${text}`);
    if (filesBelow(at).join() !== 'etc/a,etc/b') found.push(`${name}: ${filesBelow(at).join()}`);
    if (!fs.existsSync(path.join(one.store.root, 'roots/generations/sys', name))) {
      found.push(`${name} has no root`);
    }
  }
  return [...found, ...dangling(one.store)];
}

function currentText({at}: Rig): string {
  return fs.readFileSync(path.join(at, 'current/etc/a'), 'utf8');
}

/** Nothing half done is left, and there are as many roots as folders. */
function isTidy(one: Rig): boolean {
  const names = fs.readdirSync(one.at).filter((name) => name !== 'current');
  return names.join() === numbers(one).join() && listRoots(one.store).length === names.length;
}

test('a switch ended at every point: the old one or the new one, and the next is as ever', (t) => {
  const seen: Record<string, number> = {old: 0, new: 0};
  const prepare = (one: Rig): readonly string[] => {
    succeed(one, 'add', treeOf(one.store, 'old'));
    return ['add', treeOf(one.store, 'new')];
  };
  const stops = endedEverywhere(t, prepare, (one, point) => {
    t.deepEqual(problems(one), [], point);
    const current = currentText(one);
    seen[current] = (seen[current] ?? 0) + 1;
    // What a generation holds stays, whatever its number is; what none holds may go.
    gc(one.store);
    t.deepEqual(problems(one), [], point);
    t.true(fs.existsSync(fileIn(one.store, digestOfText('old too'), 0o644)), point);
    // One that was whole but not switched to stays a generation like others.
    succeed(one, 'add', treeOf(one.store, 'new'));
    t.is(currentText(one), 'new', point);
    t.deepEqual(problems(one), [], point);
    t.true(isTidy(one), point);
  });
  t.log(JSON.stringify({stops, ...seen}));
  t.true(stops > 25 && (seen['old'] ?? 0) > 20 && (seen['new'] ?? 0) > 2);
});

test('the first switch ended at every point', (t) => {
  const prepare = (one: Rig): readonly string[] => ['add', treeOf(one.store, 'new')];
  const stops = endedEverywhere(t, prepare, (one, point) => {
    t.deepEqual(problems(one), [], point);
    succeed(one, 'add', treeOf(one.store, 'new'));
    t.is(currentText(one), 'new', point);
    t.true(isTidy(one), point);
  });
  t.true(stops > 25);
});

test('a removal ended at every point: whole, or gone after the next command', (t) => {
  const prepare = (one: Rig): readonly string[] => {
    for (const text of ['old', 'new']) succeed(one, 'add', treeOf(one.store, text));
    return ['remove', '1'];
  };
  const stops = endedEverywhere(t, prepare, (one, point) => {
    t.is(currentText(one), 'new', point);
    t.deepEqual(problems(one), [], point);
    succeed(one, 'remove', '1');
    t.deepEqual(fs.readdirSync(one.at).sort(), ['2', 'current'], point);
    t.true(isTidy(one), point);
  });
  t.true(stops > 10);
});
