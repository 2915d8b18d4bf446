/** One worker for a run: started when asked for, started anew when it dies, ended once. */
import test from 'ava';
import {fail, type Checked} from '../../../engine/base/diagnostic.ts';
import {ok} from '../../../engine/base/result.ts';
import {WorkerHolder} from '../../../engine/run/worker-holder.ts';
import {Connection, type BegunWorker, type Worker} from '../../../engine/sandbox/worker-process.ts';
import {codesOf, must} from '../store/rig.ts';
import {FakeWorker, settle} from './rig.ts';

function workers(): {holder: WorkerHolder; started: FakeWorker[]} {
  const started: FakeWorker[] = [];
  const holder = new WorkerHolder(() => {
    const worker = new FakeWorker();
    started.push(worker);
    return Promise.resolve(ok(worker));
  });
  return {holder, started};
}

test('nobody asks, none is started; all who ask get the same', async (t) => {
  const {holder, started} = workers();
  await holder.quit();
  t.is(started.length, 0);
  const all = await Promise.all([holder.get(), holder.get(), holder.get()]);
  t.is(started.length, 1);
  for (const one of all) t.is(must(one), started[0] as Worker);
  await holder.quit();
  t.is(started[0]?.quits, 1);
});

test('after a death the next who asks gets a new one, and that one is ended', async (t) => {
  const {holder, started} = workers();
  await holder.get();
  started[0]?.die('killed');
  await settle();
  t.is(must(await holder.get()), started[1] as Worker);
  t.is(must(await holder.get()), started[1] as Worker);
  await holder.quit();
  t.deepEqual(
    started.map((one) => one.quits),
    [0, 1],
  );
});

test('a machine that cannot run one is not asked again and again', async (t) => {
  let starts = 0;
  const holder = new WorkerHolder(() => {
    starts += 1;
    return Promise.resolve<Checked<Worker>>(fail('machine/sandbox', 'no namespaces'));
  });
  t.deepEqual(codesOf(await holder.get()), ['machine/sandbox']);
  t.deepEqual(codesOf(await holder.get()), ['machine/sandbox']);
  await t.notThrowsAsync(holder.quit());
  t.is(starts, 1);
});

/** Those that were set on their way, those that were ended so, and what those who start a worker were given. */
function ahead(): {
  holder: WorkerHolder;
  begun: BegunWorker[];
  ended: BegunWorker[];
  given: (BegunWorker | undefined)[];
} {
  const [begun, ended]: [BegunWorker[], BegunWorker[]] = [[], []];
  const given: (BegunWorker | undefined)[] = [];
  const begin = (): BegunWorker => {
    const one = {
      storeRoot: '',
      since: begun.length,
      connection: Object.create(Connection.prototype) as Connection,
    };
    one.connection.end = () => Promise.resolve(void ended.push(one));
    begun.push(one);
    return one;
  };
  const start = (one: BegunWorker | undefined): Promise<Checked<Worker>> => {
    given.push(one);
    return Promise.resolve(ok(new FakeWorker()));
  };
  return {holder: new WorkerHolder(start, {begin}), begun, ended, given};
}

test('one is set on its way once, and whoever asks first gets that one', async (t) => {
  const {holder, begun, ended, given} = ahead();
  holder.prepare();
  holder.prepare();
  await holder.get();
  holder.prepare();
  await holder.quit();
  t.is(begun.length, 1);
  t.deepEqual(given, begun);
  t.deepEqual(ended, []);
});

test('one that nobody asked for is ended without having been started', async (t) => {
  const {holder, begun, ended, given} = ahead();
  holder.prepare();
  await holder.quit();
  t.deepEqual(ended, begun);
  t.deepEqual(given, []);
});
