import test from 'ava';
import {Batcher} from '../../../engine/base/batcher.ts';

interface Bench {
  readonly batches: string[][];
  readonly batcher: Batcher<string, string>;
  /** Ends the batch under way. */
  end(): void;
}

function bench(limits?: {most: number; patience: number}): Bench {
  const batches: string[][] = [];
  let end = (): void => undefined;
  const batcher = new Batcher<string, string>(async (items) => {
    batches.push([...items]);
    await new Promise<void>((resolve) => (end = resolve));
    if (items.includes('bad')) throw new Error('bad');
    return items.map((one) => one.toUpperCase());
  }, limits);
  return {batches, batcher, end: () => end()};
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const turns = async (): Promise<void> => {
  for (let at = 0; at < 5; at += 1) await turn();
};

test('what comes in one moment is served together, what comes meanwhile afterwards', async (t) => {
  const {batches, batcher, end} = bench();
  const first = [batcher.add('a'), batcher.add('b')];
  await turns();
  const second = [batcher.add('c'), batcher.add('d')];
  await turns();
  t.deepEqual(batches, [['a', 'b']]);
  end();
  t.deepEqual(await Promise.all(first), ['A', 'B']);
  await turns();
  t.deepEqual(batches, [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  end();
  t.deepEqual(await Promise.all(second), ['C', 'D']);
});

test('the patient wait: for enough of them, for one that is not, or until somebody hurries', async (t) => {
  const long = {most: 3, patience: 60_000};
  const many = bench(long);
  void many.batcher.add('a', true);
  void many.batcher.add('b', true);
  await turns();
  t.deepEqual(many.batches, []);
  void many.batcher.add('c', true);
  await turns();
  t.deepEqual(many.batches, [['a', 'b', 'c']]);
  const mixed = bench(long);
  void mixed.batcher.add('a', true);
  void mixed.batcher.add('b');
  await turns();
  t.deepEqual(mixed.batches, [['a', 'b']]);
  const hurried = bench(long);
  hurried.batcher.hurry();
  void hurried.batcher.add('a', true);
  await turns();
  t.deepEqual(hurried.batches, []);
  hurried.batcher.hurry();
  await turns();
  t.deepEqual(hurried.batches, [['a']]);
});

test('of a batch that fails each is served alone, and only the bad one fails', async (t) => {
  const batcher = new Batcher<string, string>((items) =>
    items.includes('bad') ? Promise.reject(new Error('bad')) : Promise.resolve(items),
  );
  const all = await Promise.allSettled(['a', 'bad', 'b'].map((one) => batcher.add(one)));
  t.deepEqual(
    all.map((one) => one.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
