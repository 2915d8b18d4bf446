/** gc: what it keeps, what it removes, when it refuses; at every crash point and in any order. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import {sha256, blobDigest} from '../../../engine/base/hash.ts';
import {openRun} from '../../../store/claims.ts';
import {openStore, type Store} from '../../../store/layout.ts';
import {protect} from '../../../store/protect.ts';
import {putBytes} from '../../../store/pool.ts';
import {writeRoot} from '../../../store/roots.ts';
import {sweepScratch} from '../../../store/sweep.ts';
import {StoreFault} from '../../../store/trouble.ts';
import {
  AT_ONCE,
  dangling,
  gc,
  keyOf,
  objectsIn,
  partsOf,
  pin,
  publish,
  published,
  type Artifact,
} from './collect-rig.ts';
import {emptyStore, folder, must} from './rig.ts';

const places = (store: Store, options: Parameters<typeof gc>[1] = {}): string[] =>
  gc(store, options).removed.map((one) => one.place);

test('what a root leads to stays, everything else goes', (t) => {
  const store = emptyStore(t);
  const kept = published(store, 'kept', ['one', 'shared']);
  const dead = published(store, 'dead', ['two', 'shared']);
  pin(store, 'kept', kept);
  const {removed, bytes, kept: left} = gc(store);
  t.deepEqual(
    removed.map((one) => one.kind),
    ['record', 'tree', 'blob', 'log'],
  );
  t.true(bytes > 0 && left > 0);
  t.is(partsOf(store, kept), 'record tree blob0 blob1');
  t.is(partsOf(store, dead), 'blob1');
  t.deepEqual(places(store), []);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'claims')), []);
});

test('the sources a record names are needed, and the log', (t) => {
  const store = emptyStore(t);
  const run = openRun(store, realHost());
  const source = putBytes(store, 'source');
  const kept = publish(store, run, 'kept', ['x'], [{name: 's.tar', digest: source}]);
  pin(store, 'kept', kept);
  run.release();
  t.deepEqual(places(store), []);
  t.is(fs.readdirSync(path.join(store.root, 'logs')).length, 1);
});

test('a dry run says the same and does nothing', (t) => {
  const store = emptyStore(t);
  for (let n = 0; n < 5; n += 1) published(store, `d${String(n)}`, [`x${String(n)}`]);
  fs.mkdirSync(path.join(store.root, 'failed', keyOf('gone'), 'build'), {recursive: true});
  fs.writeFileSync(path.join(store.root, 'downloads', `${sha256('x')}.part`), 'half');
  const before = objectsIn(store, 'files');
  const said = gc(store, {dryRun: true});
  t.deepEqual(objectsIn(store, 'files'), before);
  const done = gc(store);
  t.deepEqual(done, said);
  t.is(done.removed.length, 5 * 4 + 2);
  t.deepEqual(objectsIn(store, 'files'), []);
});

test('what is young stays with all it leads to; what is of the future too', (t) => {
  const store = emptyStore(t);
  const dead = published(store, 'dead', ['x']);
  const now = Date.now();
  t.deepEqual(places(store, {policy: {now, grace: 3_600_000}}), []);
  t.deepEqual(places(store, {policy: {now: now - 86_400_000, grace: 0}}), []);
  t.deepEqual(places(store, {policy: {now, grace: 0, olderThan: 60_000}}), []);
  t.is(partsOf(store, dead), 'record tree blob0');
  t.is(places(store, {policy: {now: now + 61_000, grace: 0, olderThan: 60_000}}).length, 4);
});

test('a young record keeps an old tree', async (t) => {
  const store = emptyStore(t);
  published(store, 'first', ['x']);
  const before = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const again = published(store, 'second', ['x']);
  const removed = gc(store, {policy: {now: before + 10, grace: 0}}).removed;
  t.deepEqual(
    removed.map((one) => one.kind),
    ['record', 'log'],
  );
  t.is(partsOf(store, again), 'record tree blob0');
});

test('only as much goes as is too much, oldest first', async (t) => {
  const store = emptyStore(t);
  const all: Artifact[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    all.push(published(store, name, [name.repeat(50_000), 'shared']));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const {kept} = gc(store, {dryRun: true, policy: {mostBytes: Number.MAX_SAFE_INTEGER}});
  const {removed} = gc(store, {policy: {mostBytes: kept - 70_000}});
  t.deepEqual(dangling(store), []);
  t.deepEqual(
    all.map((one) => partsOf(store, one)),
    ['blob1', 'blob1', 'record tree blob0 blob1', 'record tree blob0 blob1'],
  );
  t.true(removed.length >= 6);
  t.deepEqual(places(store, {policy: {mostBytes: kept}}), []);
});

test('what a living run has named stays; a dead one counts for nothing', (t) => {
  const store = emptyStore(t);
  const run = openRun(store, realHost());
  const mine = publish(store, run, 'mine', ['x']);
  t.deepEqual(places(store), []);
  run.release();
  t.is(places(store).length, 4);
  t.is(partsOf(store, mine), '');
});

test('the file of a run that nobody holds counts for nothing, whatever process id it names', (t) => {
  const store = emptyStore(t);
  const dead = published(store, 'dead', ['x']);
  const file = path.join(store.root, 'runs', `${String(process.pid)}-abcdef01`);
  fs.writeFileSync(file, `{"pid":${String(process.pid)},"startedAt":1}\ntree ${dead.tree}\n`);
  t.is(places(store).length, 4);
});

test('half a line and strange lines name nothing', (t) => {
  const store = emptyStore(t);
  const dead = published(store, 'dead', ['x']);
  const run = openRun(store, realHost());
  t.teardown(run.release);
  const file = path.join(store.root, 'runs', run.id);
  fs.appendFileSync(file, `\ntree ${dead.tree} more\nshoe ${dead.tree}\n\ntree ${dead.tree}`);
  t.is(places(store).length, 4);
});

test('a project whose configuration is gone holds nothing', (t) => {
  const store = emptyStore(t);
  const {key, tree} = published(store, 'built', ['x']);
  const config = path.join(folder(t), 'recipes.config.yaml');
  fs.writeFileSync(config, '');
  const held = {keys: [key], trees: [tree], blobs: []};
  const builds = [{targets: [], at: 1, held}];
  writeRoot(store, 'projects/0123456789abcdef', {kind: 'project', path: config, builds});
  t.deepEqual(places(store), []);
  fs.unlinkSync(config);
  t.deepEqual(gc(store, {dryRun: true}).vanished, [config]);
  const done = gc(store);
  t.deepEqual([done.vanished, done.removed.length], [[config], 4]);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'roots/projects')), []);
});

test('a project that is back before gc ends keeps its root', (t) => {
  const store = emptyStore(t);
  published(store, 'waste', ['x']);
  const config = path.join(folder(t), 'recipes.config.yaml');
  writeRoot(store, 'projects/0123456789abcdef', {kind: 'project', path: config, builds: []});
  const back = (): void => {
    fs.writeFileSync(config, '');
  };
  t.deepEqual(gc(store, {beforeWindow: back}).vanished, [config]);
  t.deepEqual(fs.readdirSync(path.join(store.root, 'roots/projects')), ['0123456789abcdef']);
});

test('farms go with their trees, folders to where waste is swept from', (t) => {
  const store = emptyStore(t);
  const kept = published(store, 'kept', ['x']);
  pin(store, 'kept', kept);
  for (const name of [kept.tree, sha256('merged')]) {
    fs.mkdirSync(path.join(store.root, 'farms', name));
  }
  t.deepEqual(places(store), [`farms/${sha256('merged')}`]);
  t.is(fs.readdirSync(path.join(store.root, 'scratch')).length, 1);
  t.is(sweepScratch(store).removed.length, 1);
});

test('a download goes unless somebody has claimed it', (t) => {
  const store = emptyStore(t);
  const [one, two] = [sha256('one'), sha256('two')];
  for (const name of [one, two]) {
    fs.writeFileSync(path.join(store.root, 'downloads', `${name}.part`), 'half');
    fs.writeFileSync(path.join(store.root, 'downloads', `${name}.part.from`), '{}');
  }
  fs.writeFileSync(path.join(store.root, 'claims', `fetch-${two}`), '');
  t.deepEqual(places(store), [`downloads/${one}.part`, `downloads/${one}.part.from`]);
});

// --- refusals --------------------------------------------------------------------------------------

type Damage = (store: Store, kept: Artifact) => void;

const at = (store: Store, kind: string, digest: string): string =>
  path.join(store.root, kind, digest.slice(0, 2), digest.slice(2));

const REFUSALS: Readonly<Record<string, {code: string; damage: Damage}>> = {
  'a root with a byte changed': {
    code: 'store/bad-root',
    damage: ({root}) => {
      const pinned = path.join(root, 'roots/pins/kept');
      fs.writeFileSync(pinned, fs.readFileSync(pinned, 'utf8').replace('pin', 'pan'));
    },
  },
  'an empty root': {
    code: 'store/bad-root',
    damage: ({root}) => fs.writeFileSync(path.join(root, 'roots/pins/kept'), ''),
  },
  'a link among the roots': {
    code: 'store/bad-root',
    damage: ({root}) => fs.symlinkSync('kept', path.join(root, 'roots/pins/other')),
  },
  'a needed manifest that is missing': {
    code: 'store/not-collected',
    damage: (store, {tree}) => fs.unlinkSync(at(store, 'trees', tree)),
  },
  'a needed manifest that is damaged': {
    code: 'store/not-collected',
    damage: (store, {tree}) => fs.appendFileSync(at(store, 'trees', tree), '#\n'),
  },
  'a needed record that is damaged': {
    code: 'store/not-collected',
    damage: (store, {key}) => fs.appendFileSync(at(store, 'records', key), '\n'),
  },
  'a stranger among the blobs': {
    code: 'store/not-collected',
    damage: ({root}) => fs.writeFileSync(path.join(root, 'files/README'), ''),
  },
  'a folder with the name of a blob': {
    code: 'store/not-collected',
    damage: ({root}) =>
      fs.mkdirSync(at({root} as Store, 'files', `${sha256('x')}.644`), {recursive: true}),
  },
  'a stranger among the records': {
    code: 'store/not-collected',
    damage: ({root}) => {
      fs.mkdirSync(path.join(root, 'records/00'), {recursive: true});
      fs.writeFileSync(path.join(root, 'records/00/x'), '');
    },
  },
};

for (const [name, {code, damage}] of Object.entries(REFUSALS)) {
  test(`refused, and nothing removed: ${name}`, (t) => {
    const store = emptyStore(t);
    const kept = published(store, 'kept', ['keep']);
    pin(store, 'kept', kept);
    const dead = published(store, 'dead', ['waste']);
    damage(store, kept);
    for (const dryRun of [true, false]) {
      const error = t.throws(() => gc(store, {dryRun}), {instanceOf: StoreFault});
      t.deepEqual(
        error.diagnostics.map((one) => one.code),
        [code],
      );
    }
    t.is(partsOf(store, dead), 'record tree blob0');
  });
}

test('a root whose project cannot be looked at is no reason to forget it', (t) => {
  const store = emptyStore(t);
  published(store, 'dead', ['x']);
  const path_ = `/${'x'.repeat(300)}/recipes.config.yaml`;
  writeRoot(store, 'projects/0123456789abcdef', {kind: 'project', path: path_, builds: []});
  t.throws(() => gc(store), {code: 'ENAMETOOLONG'});
  t.is(objectsIn(store, 'trees').length, 1);
});

// --- crashes ---------------------------------------------------------------------------------------

const PROGRAM = fileURLToPath(new URL('collect-puppet.js', import.meta.url));

/** One gc in a process of its own that dies at a crash point; how many points it has. */
function gcIn(root: string, crashAt?: string): {calls: number; status: number | null} {
  const env = {...process.env, ...(crashAt === undefined ? {} : {RECIPES_CRASH_AT: crashAt})};
  const {stdout, status} = spawnSync(process.execPath, [PROGRAM, root], {env, encoding: 'utf8'});
  return {calls: Number(stdout), status};
}

test('ended at any point, gc leaves a store that is whole, and the next gc finishes', (t) => {
  t.timeout(300_000);
  const first = emptyStore(t);
  const kept = published(first, 'kept', ['k', 'shared']);
  pin(first, 'kept', kept);
  published(first, 'one', ['1', 'shared']);
  published(first, 'two', ['2', '1']);
  fs.mkdirSync(path.join(first.root, 'failed', keyOf('one'), 'build'), {recursive: true});
  const place = folder(t);
  const make = (name: string): Store => {
    const root = path.join(place, name);
    spawnSync('cp', ['-a', first.root, root]);
    return must(openStore(root, undefined));
  };
  const {calls} = gcIn(make('count').root);
  t.true(calls > 20, String(calls));
  for (let point = 1; point <= calls; point += 1) {
    for (const moment of [String(point), `${String(point)}+`]) {
      const store = make(moment);
      gcIn(store.root, moment);
      t.deepEqual(dangling(store), [], `at ${moment}`);
      sweepScratch(store);
      gc(store);
      t.is(partsOf(store, kept), 'record tree blob0 blob1', `after ${moment}`);
      t.deepEqual(objectsIn(store, 'records'), [kept.key], `after ${moment}`);
      t.is(objectsIn(store, 'files').length, 2, `after ${moment}`);
      sweepScratch(store);
      for (const name of ['scratch', 'claims', 'runs', 'tmp', 'failed']) {
        t.deepEqual(fs.readdirSync(path.join(store.root, name)), [], `${name} after ${moment}`);
      }
      fs.rmSync(store.root, {recursive: true});
    }
  }
});

test('work under the shared lock keeps gc out, and gc says for whom it waits', (t) => {
  const store = emptyStore(t);
  published(store, 'dead', ['x']);
  const run = openRun(store, realHost());
  t.teardown(run.release);
  protect(store, run, [`blob ${blobDigest(sha256('y'))}`], () => {
    const error = t.throws(() => gc(store), {instanceOf: StoreFault});
    t.deepEqual(
      error.diagnostics.map((one) => one.code),
      ['store/locked'],
    );
    t.regex(error.message, new RegExp(`another run \\(pid ${String(process.pid)}\\)`));
  });
  t.is(gc(store, {policy: AT_ONCE}).removed.length, 4);
});
