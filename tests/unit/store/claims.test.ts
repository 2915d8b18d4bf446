/** Runs and claims among real processes: one holder at a time, dead ones by the kernel's word. */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {singly, type Event, type Told} from '../../../engine/base/event.ts';
import {realHost} from '../../../engine/base/host.ts';
import {
  claim,
  listRuns,
  openRun,
  releaseClaim,
  runAhead,
  waitForClaim,
  type RunHandle,
} from '../../../store/claims.ts';
import {putAway} from '../../../store/farms.ts';
import type {Store} from '../../../store/layout.ts';
import {probesOf, sweepScratch} from '../../../store/sweep.ts';
import {emptyStore, isRoot, skip, startPuppet, WORKER_OWNER, type Puppet} from './rig.ts';

function openHere(t: ExecutionContext, store: Store): RunHandle {
  const run = openRun(store, realHost());
  t.teardown(() => {
    run.release();
  });
  return run;
}

async function working(store: Store): Promise<Puppet> {
  const puppet = startPuppet();
  await puppet.ask('open', store.root);
  await puppet.ask('openRun');
  return puppet;
}

const names = (store: Store, at: string): string[] => fs.readdirSync(path.join(store.root, at));

test('a run is seen while it lives and leaves nothing', (t) => {
  const store = emptyStore(t);
  const run = openRun(store, realHost());
  t.deepEqual(listRuns(store), {live: [run.id], dead: []});
  t.is(claim(store, run, 'a'), 'mine');
  run.release();
  run.release();
  t.deepEqual([...names(store, 'runs'), ...names(store, 'claims'), ...names(store, 'tmp')], []);
});

test('a run that is begun ahead is seen when it is opened, and is like any other then', async (t) => {
  const store = emptyStore(t);
  const ahead = await runAhead(store, realHost());
  t.deepEqual(listRuns(store), {live: [], dead: []});
  const run = ahead.open();
  t.deepEqual(listRuns(store), {live: [run.id], dead: []});
  t.is(claim(store, run, 'a'), 'mine');
  run.release();
  t.deepEqual([...names(store, 'runs'), ...names(store, 'claims'), ...names(store, 'tmp')], []);
});

test('one that is not wanted leaves nothing', async (t) => {
  const store = emptyStore(t);
  const ahead = await runAhead(store, realHost());
  ahead.drop();
  t.deepEqual([...names(store, 'runs'), ...names(store, 'tmp')], []);
});

test('one whose file was cleaned away meanwhile is opened all the same', async (t) => {
  const store = emptyStore(t);
  const ahead = await runAhead(store, realHost());
  for (const name of names(store, 'tmp')) fs.unlinkSync(path.join(store.root, 'tmp', name));
  const run = ahead.open();
  t.deepEqual(listRuns(store), {live: [run.id], dead: []});
  run.release();
  t.deepEqual([...names(store, 'runs'), ...names(store, 'tmp')], []);
});

test('one that cannot be registered leaves nothing either', async (t) => {
  const store = emptyStore(t);
  const ahead = await runAhead(store, realHost());
  const open = fs.readdirSync('/proc/self/fd').length;
  fs.rmdirSync(path.join(store.root, 'runs'));
  fs.writeFileSync(path.join(store.root, 'runs'), '');
  t.throws(() => ahead.open(), {code: 'ENOTDIR'});
  t.deepEqual(names(store, 'tmp'), []);
  t.is(fs.readdirSync('/proc/self/fd').length, open - 1);
  t.throws(() => openRun(store, realHost()), {code: 'ENOTDIR'});
  t.deepEqual(names(store, 'tmp'), []);
});

test('a run cannot be begun ahead where nothing can be written', async (t) => {
  const store = emptyStore(t);
  fs.rmSync(path.join(store.root, 'tmp'), {recursive: true});
  await t.throwsAsync(runAhead(store, realHost()), {code: 'ENOENT'});
});

test('a claim is held by one run, also within one process', (t) => {
  const store = emptyStore(t);
  const one = openHere(t, store);
  const two = openHere(t, store);
  t.is(claim(store, one, 'a'), 'mine');
  const holder = {holder: `another run (pid ${process.pid})`};
  t.deepEqual(claim(store, two, 'a'), holder);
  t.deepEqual(claim(store, one, 'a'), holder);
  t.is(claim(store, two, 'b'), 'mine');
  releaseClaim(store, two, 'a');
  t.deepEqual(claim(store, two, 'a'), holder);
  releaseClaim(store, one, 'a');
  t.is(claim(store, two, 'a'), 'mine');
});

test('the names of claims are plain', (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  for (const bad of ['', '.', '../x', 'a/b', '-x', 'a b']) t.throws(() => claim(store, run, bad));
});

test('another process is refused, told who, and gets the claim when it is released', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  await using other = await working(store);
  t.is(claim(store, run, 'x'), 'mine');
  t.deepEqual(await other.ask('claim', 'x'), {holder: `another run (pid ${process.pid})`});
  releaseClaim(store, run, 'x');
  t.is(await other.ask('claim', 'x'), 'mine');
});

test('kill -9 of the holder frees its claims', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  const other = await working(store);
  t.is(await other.ask('claim', 'x'), 'mine');
  t.not(claim(store, run, 'x'), 'mine');
  await other.kill();
  t.is(claim(store, run, 'x'), 'mine');
});

test('a stopped holder keeps its claim, however long it takes', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  await using other = await working(store);
  const id = names(store, 'runs').find((one) => one !== run.id) ?? '';
  await other.ask('claim', 'x');
  process.kill(Number(id.split('-')[0]), 'SIGSTOP');
  fs.utimesSync(path.join(store.root, 'claims/x'), 1, 1);
  t.not(claim(store, run, 'x'), 'mine');
  process.kill(Number(id.split('-')[0]), 'SIGCONT');
  await other.ask('release');
  t.is(claim(store, run, 'x'), 'mine');
});

test('a run file of another boot, or of a process id that is used again, is dead', (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  const stale = path.join(store.root, 'runs', `${process.pid}-0badc0de`);
  fs.writeFileSync(stale, JSON.stringify({pid: process.pid, startedAt: Date.now()}));
  fs.linkSync(stale, path.join(store.root, 'claims/x'));
  t.deepEqual(listRuns(store).dead, [path.basename(stale)]);
  t.is(claim(store, run, 'x'), 'mine');
});

test('many processes after one stale claim: exactly one gets it', async (t) => {
  const store = emptyStore(t);
  for (let round = 0; round < 3; round += 1) {
    const dead = await working(store);
    await dead.ask('claim', 'x');
    await dead.kill();
    const others = await Promise.all(Array.from({length: 4}, () => working(store)));
    const got = await Promise.all(others.map((one) => one.ask('claim', 'x')));
    // Whoever looked while another was checking the stale file was told to wait.
    const retried = got.includes('mine') ? got : [await others[0]?.ask('claim', 'x')];
    t.is(retried.filter((one) => one === 'mine').length, 1);
    await Promise.all(others.map((one) => one.kill()));
    sweepScratch(store);
  }
});

// --- waiting -----------------------------------------------------------------------------------------

test('waiting says for what and for whom, once, and ends with the claim', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  await using other = await working(store);
  await other.ask('claim', 'x');
  const events: Event[] = [];
  const told = new Promise<void>((resolve) => {
    const listener = (event: Told): void => {
      events.push(...singly(event));
      resolve();
    };
    const signal = new AbortController().signal;
    void waitForClaim(store, run, 'x', {forWhat: 'lfs/gcc', listener, signal}).then((got) => {
      events.push({type: 'message', text: got});
    });
  });
  await told;
  await other.ask('releaseClaim', 'x');
  while (events.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  t.like(events, [
    {type: 'waiting', forWhat: 'lfs/gcc'},
    {type: 'message', text: 'mine'},
  ]);
  t.regex(events[0]?.type === 'waiting' ? events[0].holder : '', /^another run \(pid \d+\)$/);
});

test('a free claim is had at once and without a word', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  const listener = (): void => t.fail();
  const {signal} = new AbortController();
  t.is(await waitForClaim(store, run, 'x', {forWhat: 'x', listener, signal}), 'mine');
});

test('the death of the holder ends the waiting', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  const other = await working(store);
  await other.ask('claim', 'x');
  const {signal} = new AbortController();
  const got = waitForClaim(store, run, 'x', {forWhat: 'x', listener: () => undefined, signal});
  await other.kill();
  t.is(await got, 'mine');
});

test('waiting can be given up', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  t.is(claim(store, run, 'x'), 'mine');
  const stop = new AbortController();
  const waiting = {forWhat: 'x', listener: () => undefined, signal: stop.signal};
  const got = waitForClaim(store, run, 'x', waiting);
  stop.abort();
  t.is(await got, 'aborted');
  t.is(await waitForClaim(store, run, 'y', waiting), 'aborted');
});

// --- sweeping ----------------------------------------------------------------------------------------

function makeScratch(store: Store, run: string): void {
  fs.mkdirSync(path.join(store.root, 'scratch', run, '1/build'), {recursive: true});
  fs.writeFileSync(path.join(store.root, 'scratch', run, '1/build/x'), 'x');
  fs.chmodSync(path.join(store.root, 'scratch', run, '1/build'), 0o500);
}

test('what dead runs left is removed, what living ones use stays', async (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  await using living = startPuppet();
  await living.ask('open', store.root);
  const livingId = (await living.ask('openRun')) as string;
  const dead = startPuppet();
  await dead.ask('open', store.root);
  const deadId = (await dead.ask('openRun')) as string;
  await dead.ask('claim', 'x');
  for (const id of [run.id, livingId, deadId, '1-unknown']) makeScratch(store, id);
  fs.writeFileSync(path.join(store.root, 'tmp/half'), 'x');
  await dead.kill();
  const swept = sweepScratch(store, run);
  t.deepEqual([...swept.removed].sort(), [`scratch/${deadId}`, 'scratch/1-unknown'].sort());
  t.deepEqual(swept.left, []);
  t.deepEqual(names(store, 'scratch').sort(), [run.id, livingId].sort());
  t.deepEqual(names(store, 'runs').sort(), [run.id, livingId].sort());
  t.deepEqual(names(store, 'claims'), []);
  t.deepEqual(names(store, 'tmp'), ['half']);
  await living.kill();
  t.true(sweepScratch(store, run).removed.includes('tmp/half'));
  t.deepEqual(names(store, 'tmp'), []);
});

test('what our own worker is trying right now stays, what others have left goes', (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  for (const pid of [process.pid, process.pid + 1]) {
    fs.mkdirSync(path.join(store.root, 'tmp', `${probesOf(pid)}7`, 'upper'), {recursive: true});
  }
  t.deepEqual(sweepScratch(store, run).removed, [`tmp/probe-${process.pid + 1}-7`]);
  t.deepEqual(names(store, 'tmp'), [`probe-${process.pid}-7`]);
  // Who has no run has no worker.
  run.release();
  sweepScratch(store);
  t.deepEqual(names(store, 'tmp'), []);
});

test('a farm that was put away stays while another run lives: it may be a layer there', (t) => {
  const store = emptyStore(t);
  const run = openHere(t, store);
  const other = openRun(store, realHost());
  const farm = path.join(store.root, 'farms/merged');
  fs.mkdirSync(path.join(farm, 'usr'), {recursive: true});
  putAway(store, farm);
  t.deepEqual(sweepScratch(store, run), {removed: [], left: []});
  const [grave = ''] = names(store, 'scratch');
  t.true(fs.existsSync(path.join(store.root, 'scratch', grave, 'usr')));
  other.release();
  t.deepEqual(sweepScratch(store, run).removed, [`scratch/${grave}`]);
});

const STRANGERS: Readonly<Record<string, (at: string) => unknown>> = {
  'a fifo': (at) => execFileSync('mkfifo', [at]),
  'a folder': (at) => fs.mkdirSync(at),
  'a link': (at) => {
    fs.symlinkSync('/etc/passwd', at);
  },
};

for (const [what, make] of Object.entries(STRANGERS)) {
  test(`${what} in the place of a claim or a run is nobody's, and is not waited for`, (t) => {
    const store = emptyStore(t);
    const run = openHere(t, store);
    make(path.join(store.root, 'claims/a'));
    make(path.join(store.root, 'runs/1-abcdef01'));
    t.deepEqual(listRuns(store), {live: [run.id], dead: []});
    t.is(claim(store, run, 'a'), 'mine');
    sweepScratch(store, run);
    t.deepEqual(names(store, 'runs'), [run.id]);
    t.is(names(store, 'quarantine').length, 2);
  });
}

test('folders this user may not remove are left for the worker, and named', async (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const nobody = {uid: 65_534, gid: 65_534};
  const store = emptyStore(t, nobody);
  fs.chmodSync(path.dirname(store.root), 0o755);
  const foreign = path.join(store.root, 'scratch/1-dead/1');
  fs.mkdirSync(foreign, {recursive: true, mode: 0o700});
  fs.writeFileSync(path.join(foreign, 'x'), 'x');
  await using user = startPuppet(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
  await user.ask('open', store.root);
  t.deepEqual(await user.ask('sweep'), {removed: [], left: ['scratch/1-dead']});
  t.true(fs.existsSync(path.join(foreign, 'x')));
});

test('as root, run files belong to the owner', (t) => {
  if (!isRoot) return skip(t, 'this user is not root');
  const store = emptyStore(t, WORKER_OWNER);
  const run = openHere(t, store);
  t.is(claim(store, run, 'x'), 'mine');
  t.is(fs.lstatSync(path.join(store.root, 'claims/x')).uid, WORKER_OWNER.uid);
});
