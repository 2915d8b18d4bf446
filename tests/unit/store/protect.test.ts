/** The lock of gc among real processes: who waits for whom, who is told, and what is named. */
import {spawn, spawnSync, type ChildProcess} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import {sha256, treeDigest} from '../../../engine/base/hash.ts';
import {claim, COLLECTING, openRun, type RunHandle} from '../../../store/claims.ts';
import {gcLockFile, type Store} from '../../../store/layout.ts';
import {protect, rely, shareAhead, TURN, whileNothingIsStored} from '../../../store/protect.ts';
import {tryLock} from '../../../store/lock.ts';
import {readRoots} from '../../../store/temporary-roots.ts';
import {StoreFault} from '../../../store/trouble.ts';
import {emptyStore} from './rig.ts';

const ROOT = `tree ${treeDigest(sha256('x'))}` as const;
const OTHER = `tree ${treeDigest(sha256('y'))}` as const;

function opened(t: ExecutionContext): {store: Store; run: RunHandle} {
  const store = emptyStore(t);
  const run = openRun(store, realHost());
  t.teardown(run.release);
  return {store, run};
}

const linesOf = (store: Store, run: RunHandle): readonly string[] =>
  readRoots(store, run.id, 0).roots;

/** Another process that holds the lock until it is told to end. */
async function holder(t: ExecutionContext, store: Store, kind: string): Promise<ChildProcess> {
  const script = 'echo held; read -r line';
  const child = spawn('flock', [`--${kind}`, gcLockFile(store), 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

/** Whether somebody has the shared lock. */
function isShared(store: Store): boolean {
  const tried = spawnSync('flock', ['--exclusive', '--nonblock', gcLockFile(store), 'true']);
  return tried.status === 1;
}

async function freed(child: ChildProcess): Promise<void> {
  child.stdin?.end('\n');
  await new Promise((resolve) => child.once('close', resolve));
}

test('what is named is in the file of the run, before and in the work', (t) => {
  const {store, run} = opened(t);
  const value = protect(store, run, [ROOT], (name) => {
    t.deepEqual(linesOf(store, run), [ROOT]);
    name([OTHER]);
    return 5;
  });
  t.is(value, 5);
  t.deepEqual(linesOf(store, run), [ROOT, OTHER]);
});

test('only new lines are read, and only whole ones', (t) => {
  const {store, run} = opened(t);
  protect(store, run, [ROOT], () => undefined);
  const first = readRoots(store, run.id, 0);
  t.deepEqual(readRoots(store, run.id, first.end).roots, []);
  const file = path.join(store.root, 'runs', run.id);
  fs.appendFileSync(file, OTHER.slice(0, 30));
  const second = readRoots(store, run.id, first.end);
  t.deepEqual(second.roots, []);
  fs.appendFileSync(file, `${OTHER.slice(30)}\n`);
  t.deepEqual(readRoots(store, run.id, second.end).roots, [OTHER]);
  t.deepEqual(readRoots(store, 'nobody', 0), {roots: [], end: 0});
});

test('work that fails gives the lock back', (t) => {
  const {store, run} = opened(t);
  t.throws(
    () =>
      protect(store, run, [], () => {
        throw new RangeError('no');
      }),
    {instanceOf: RangeError},
  );
  whileNothingIsStored(store, run, () => t.pass(), {wait: false, tell: () => undefined});
});

test('several store at the same time', (t) => {
  const {store, run} = opened(t);
  const other = openRun(store, realHost());
  t.teardown(other.release);
  t.is(
    protect(store, run, [], () => protect(store, other, [], () => 1)),
    1,
  );
});

test('relying again on what is named costs no lock', async (t) => {
  const {store, run} = opened(t);
  t.true(rely(store, run, [ROOT], () => true));
  await holder(t, store, 'exclusive');
  t.false(rely(store, run, [ROOT], () => false));
  t.throws(
    () => rely(store, run, [ROOT, OTHER], () => true, {wait: false, tell: () => undefined}),
    {
      instanceOf: StoreFault,
    },
  );
  t.deepEqual(linesOf(store, run), [ROOT]);
});

test('whoever stores waits for gc, and is told for whom after a second', async (t) => {
  const {store, run} = opened(t);
  const gc = openRun(store, realHost());
  t.teardown(gc.release);
  claim(store, gc, COLLECTING);
  const child = await holder(t, store, 'exclusive');
  const told: string[] = [];
  const tell = (text: string): void => {
    told.push(text);
    child.stdin?.end('\n');
  };
  const begun = performance.now();
  t.is(
    protect(store, run, [], () => 'done', {wait: true, tell}),
    'done',
  );
  t.true(performance.now() - begun >= 950);
  t.deepEqual(told, [`another run (pid ${String(process.pid)})`]);
});

test('without patience: store/locked after a second, for both sides', async (t) => {
  const {store, run} = opened(t);
  const patience = {wait: false, tell: () => t.fail()};
  const codeOf = (work: () => void): string | undefined =>
    t.throws(work, {instanceOf: StoreFault}).diagnostics[0]?.code;
  const exclusive = await holder(t, store, 'exclusive');
  t.is(
    codeOf(() => protect(store, run, [], () => t.fail(), patience)),
    'store/locked',
  );
  await freed(exclusive);
  await holder(t, store, 'shared');
  t.is(
    codeOf(() => whileNothingIsStored(store, run, () => t.fail(), patience)),
    'store/locked',
  );
  t.false(fs.existsSync(path.join(store.root, 'claims', TURN)));
});

test('a stopped process keeps its lock; gc waits, and goes on when it has gone on', async (t) => {
  const {store, run} = opened(t);
  const child = await holder(t, store, 'shared');
  child.kill('SIGSTOP');
  const told: string[] = [];
  const tell = (text: string): void => {
    told.push(text);
    child.stdin?.end('\n');
    child.kill('SIGCONT');
  };
  whileNothingIsStored(store, run, () => t.pass(), {wait: true, tell});
  t.is(told.length, 1);
});

test('a lock that was taken ahead is that of who stores next, and is given up like any other', async (t) => {
  const {store, run} = opened(t);
  await shareAhead(store);
  t.true(isShared(store), 'before anybody stores');
  protect(store, run, [ROOT], () => undefined);
  t.true(isShared(store));
  whileNothingIsStored(store, run, () => t.pass(), {wait: false, tell: () => undefined});
  t.false(isShared(store));
});

test('a lock that is on its way keeps nobody out', async (t) => {
  const {store, run} = opened(t);
  const coming = shareAhead(store);
  whileNothingIsStored(store, run, () => t.pass(), {wait: true, tell: () => undefined});
  await coming;
  t.false(isShared(store));
  const late = shareAhead(store);
  protect(store, run, [ROOT], () => undefined);
  await late;
  t.deepEqual(linesOf(store, run), [ROOT]);
});

test('a lock that was given up on its way is not taken for the next one', async (t) => {
  const {store, run} = opened(t);
  const numberOf = (): number => {
    const fd = fs.openSync(gcLockFile(store), 'r');
    fs.closeSync(fd);
    return fd;
  };
  const own = fs.openSync(gcLockFile(store), 'r');
  const free = numberOf();
  const first = shareAhead(store);
  // Gives up the first before anything is heard of it.
  protect(store, run, [], () => undefined);
  whileNothingIsStored(store, run, () => undefined, {wait: true, tell: () => undefined});
  t.true(tryLock(own, 'exclusive'));
  const second = shareAhead(store);
  t.not(numberOf(), free, 'it has the number of the first');
  await Promise.all([first, second]);
  const storeSomething = (): void => {
    protect(store, run, [], () => t.fail(), {wait: false, tell: () => undefined});
  };
  t.throws(storeSomething, {instanceOf: StoreFault}, 'it has to be asked for');
  fs.closeSync(own);
});

test('a gc that waits is let go first', async (t) => {
  const {store} = opened(t);
  fs.writeFileSync(path.join(store.root, 'claims', TURN), '');
  await shareAhead(store);
  t.false(isShared(store));
});

test('where the lock cannot be had ahead, nothing is lost, nor told', async (t) => {
  const {store, run} = opened(t);
  const child = await holder(t, store, 'exclusive');
  await shareAhead(store);
  await freed(child);
  t.false(isShared(store));
  protect(store, run, [ROOT], () => undefined);
  fs.rmSync(store.root, {recursive: true});
  await t.notThrowsAsync(shareAhead({...store, root: `${store.root}.gone`}));
});

test('many that share the lock one after the other do not keep gc out', async (t) => {
  const {store, run} = opened(t);
  fs.writeFileSync(path.join(store.root, 'claims', TURN), '');
  const begun = performance.now();
  protect(store, run, [], () => undefined);
  const waited = performance.now() - begun;
  // A turn nobody takes (its gc was killed) holds nobody up for long.
  t.true(waited >= 450 && waited < 60_000, String(waited));
});
