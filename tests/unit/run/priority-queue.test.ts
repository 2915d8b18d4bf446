import test from 'ava';
import fc from 'fast-check';
import {PriorityQueue} from '../../../engine/run/priority-queue.ts';

test('the most urgent first, equally urgent ones as they came: as a stable sort', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), {maxLength: 60}), (priorities) => {
      const queue = new PriorityQueue<number>();
      priorities.forEach((priority, at) => queue.add(at, priority));
      const order = priorities.map((priority, at) => ({priority, at}));
      order.sort((a, b) => b.priority - a.priority);
      const taken = priorities.map(() => queue.take());
      t.deepEqual(
        taken,
        order.map((one) => one.at),
      );
      t.is(queue.take(), undefined);
      t.is(queue.size, 0);
    }),
  );
});

test('taking and adding in turn', (t) => {
  const queue = new PriorityQueue<string>();
  queue.add('low', 1);
  queue.add('high', 9);
  t.is(queue.take(), 'high');
  queue.add('middle', 5);
  t.is(queue.first, 'middle');
  t.deepEqual([queue.take(), queue.take(), queue.take()], ['middle', 'low', undefined]);
});
