import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import {startWorker} from '../../../engine/sandbox/worker-process.ts';
import {openStore} from '../../../store/layout.ts';
import {codesOf, must} from '../store/rig.ts';
import {startEngine, type Engine} from './engine.ts';
import {alive, descendants, eventually, type Seen} from './processes-of.ts';

const FOREVER = {builds: [{script: 'sleep 1000 & (sleep 2000 &); sleep 3000'}]};

/** An engine with a build that never ends, and all processes it has. */
async function running(t: ExecutionContext): Promise<{engine: Engine; seen: Seen[]} | undefined> {
  const engine = startEngine(FOREVER);
  t.teardown(async () => {
    engine.child.kill('SIGKILL');
    await engine.ended;
  });
  if ((await engine.heard('started')) === undefined) {
    t.log(`SKIPPED: ${engine.output}${engine.errors}`);
    t.pass();
    return undefined;
  }
  const sleeping = (): number =>
    descendants(engine.pid).filter((one) => one.name === 'sleep').length;
  t.true(await eventually(() => sleeping() === 3));
  return {engine, seen: descendants(engine.pid)};
}

test('a killed engine takes all with it', async (t) => {
  const up = await running(t);
  if (up === undefined) return;
  t.true(up.seen.length >= 6);
  up.engine.child.kill('SIGKILL');
  t.true(await eventually(() => alive(up.seen).length === 0));
});

test('also when the worker cannot act', async (t) => {
  const up = await running(t);
  if (up === undefined) return;
  const workers = up.seen.filter((one) => one.name === 'recipes-worker');
  t.true(workers.length > 0);
  for (const {pid} of workers) process.kill(pid, 'SIGSTOP');
  up.engine.child.kill('SIGKILL');
  t.true(await eventually(() => alive(up.seen).length === 0));
});

test('each link that is killed takes what is below it, and the engine is told', async (t) => {
  for (const name of ['unshare', 'recipes-worker']) {
    const up = await running(t);
    if (up === undefined) return;
    for (const one of up.seen) if (one.name === name) process.kill(one.pid, 'SIGKILL');
    const {result} = (await up.engine.heard('result')) ?? {};
    t.is(result?.error?.[0]?.code, 'machine/worker');
    t.truthy(await up.engine.heard('died'));
    t.true(await eventually(() => alive(up.seen).length === 0));
  }
});

test('a killed bwrap is the machine’s fault, and its build is gone', async (t) => {
  const up = await running(t);
  if (up === undefined) return;
  const builds = up.seen.filter((one) => one.name === 'sleep');
  for (const one of up.seen) if (one.name === 'bwrap') process.kill(one.pid, 'SIGKILL');
  const {result} = (await up.engine.heard('result')) ?? {};
  t.is(result?.value?.outcome, 'failed');
  t.true(result?.value?.machine);
  t.deepEqual(alive(builds), []);
});

test('nothing but the worker is left of its start', async (t) => {
  const up = await running(t);
  if (up === undefined) return;
  const names = up.seen.map((one) => one.name).filter((name) => name !== 'sleep');
  // The chain, the worker, its shell that starts things, its sandbox with the step shell.
  t.deepEqual([...new Set(names)].sort(), ['bash', 'bwrap', 'recipes-worker', 'sh', 'unshare']);
});

test('ids that cannot be mapped: why, in the words of whoever tried', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-ids-'));
  t.teardown(() => {
    fs.rmSync(folder, {recursive: true});
  });
  const up = await running(t);
  // Where there is no sandbox at all there is another reason.
  if (up === undefined) return;
  const store = must(openStore(path.join(folder, 'store'), undefined));
  // No user has this id, and no kernel maps it.
  const host = {...realHost(), uid: -5, gid: -5};
  const started = await startWorker({storeRoot: store.root, host, owner: undefined});
  t.deepEqual(codesOf(started), ['machine/user-namespaces']);
  if (!started.ok)
    t.regex(started.error[0]?.message ?? '', /^cannot map ids: .*Invalid argument$/s);
});
