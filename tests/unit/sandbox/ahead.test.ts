/** A worker that is begun before it is known what for: taken, or ended where it is of no use. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import {beginAhead} from '../../../engine/sandbox/ahead.ts';
import {ownerFor} from '../../../engine/sandbox/launch.ts';
import {startWorker, type BegunWorker} from '../../../engine/sandbox/worker-process.ts';
import {openStore, type Store} from '../../../store/layout.ts';
import {must} from '../store/rig.ts';

const host = realHost();
const owner = ownerFor(host.uid);

/** A store in which a worker has been, so that all it needs is there; undefined where there is none. */
async function usedStore(t: ExecutionContext): Promise<Store | undefined> {
  const store = newStore(t);
  const started = await startWorker({storeRoot: store.root, host, owner});
  if (started.ok) await started.value.quit();
  else t.log(`SKIPPED, no sandbox here: ${started.error.map((one) => one.code).join()}`);
  return started.ok ? store : undefined;
}

function newStore(t: ExecutionContext): Store {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-ahead-'));
  t.teardown(() => fs.rmSync(folder, {recursive: true, force: true}));
  return must(openStore(path.join(folder, 'store'), owner));
}

function begin({root}: Store): BegunWorker {
  const begun = beginAhead(host, root);
  if (begun === undefined) throw new Error(`nothing was begun in ${root}`);
  return begun;
}

test('it is the worker of whoever asks for one of its store', async (t) => {
  const store = await usedStore(t);
  if (store === undefined) return t.pass();
  const begun = begin(store);
  const worker = must(await startWorker({storeRoot: store.root, host, owner, begun}));
  t.is(worker.died, begun.connection.died);
  t.is(typeof must(await worker.overlay()), 'boolean');
  await worker.quit();
});

test('one of another store is ended, and another takes its place', async (t) => {
  const [store, other] = [await usedStore(t), await usedStore(t)];
  if (store === undefined || other === undefined) return t.pass();
  const begun = begin(other);
  const worker = must(await startWorker({storeRoot: store.root, host, owner, begun}));
  t.regex(await begun.connection.died, /SIGKILL/);
  await worker.quit();
});

test('one that does not come up is done without', async (t) => {
  const store = await usedStore(t);
  if (store === undefined) return t.pass();
  const begun = begin(store);
  begun.connection.kill();
  const worker = must(await startWorker({storeRoot: store.root, host, owner, begun}));
  t.not(worker.died, begun.connection.died);
  await worker.quit();
});

test('however far it has come, all of it is ended', async (t) => {
  const store = await usedStore(t);
  if (store === undefined) return t.pass();
  for (let milliseconds = 0; milliseconds < 60; milliseconds += 3) {
    const {connection} = begin(store);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    connection.kill();
    // That is when nothing holds its channel and its output any more.
    t.regex(await connection.died, /SIGKILL/, `after ${milliseconds} ms`);
  }
});

test('without a store nothing is begun, whoever asks', (t) => {
  const missing = path.join(os.tmpdir(), 'recipes-no-such-store');
  for (const uid of [0, 1000]) t.is(beginAhead({...host, uid}, missing), undefined);
});

test('nothing is written to begin one', (t) => {
  const store = newStore(t);
  const before = fs.readdirSync(store.root, {recursive: true});
  const begun = beginAhead(host, store.root);
  begun?.connection.kill();
  // Where the worker runs as we do, nothing has to be copied for it.
  t.is(begun === undefined, owner !== undefined);
  t.deepEqual(fs.readdirSync(store.root, {recursive: true}), before);
});
