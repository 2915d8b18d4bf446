/** Spans begin, nest and end, also where what they measure fails. */
import test from 'ava';
import {NO_RUN_WATCH, NO_WATCH, SpanList, timed} from '../../../engine/base/span.ts';

/** A list whose clock the test moves. */
function list(): {spans: SpanList; move: (by: number) => void} {
  let now = 0;
  return {spans: new SpanList(() => now), move: (by) => void (now += by)};
}

test('what is done within one another is listed from outside to inside', (t) => {
  const {spans, move} = list();
  timed(spans, 'prepare', 'outer', () => {
    timed(spans, 'wait', 'inner', () => move(2));
    move(1);
  });
  spans.add({name: 'elsewhere', group: 'run', since: 1, until: 2});
  t.deepEqual(spans.spans(), [
    {name: 'outer', group: 'prepare', since: 0, until: 3},
    {name: 'inner', group: 'wait', since: 0, until: 2},
    {name: 'elsewhere', group: 'run', since: 1, until: 2},
  ]);
});

test('failures end a span too, and go on as they came', async (t) => {
  const {spans, move} = list();
  const fails = (): never => {
    move(1);
    throw new Error('no');
  };
  t.throws(() => timed(spans, 'run', 'now', fails), {message: 'no'});
  const later = timed(spans, 'run', 'later', () => Promise.reject(new Error('not yet')));
  await t.throwsAsync(later, {message: 'not yet'});
  move(5);
  t.deepEqual(
    spans.spans().map((one) => [one.name, one.until]),
    [
      ['now', 1],
      ['later', 1],
    ],
  );
});

test('a promise ends its span when it settles; what has not ended counts until now', async (t) => {
  const {spans, move} = list();
  const done = await timed(spans, 'run', 'a', async () => {
    await Promise.resolve();
    move(4);
    return 7;
  });
  t.is(done, 7);
  const end = spans.begin('wait', 'b');
  move(3);
  t.deepEqual(
    spans.spans().map(({since, until}) => [since, until]),
    [
      [0, 4],
      [4, 7],
    ],
  );
  end();
  move(3);
  end();
  t.is(spans.spans()[1]?.until, 7, 'it ends once');
});

test('nobody reads: the work is done, and that is all', (t) => {
  t.is(
    timed(NO_WATCH, 'run', 'x', () => 3),
    3,
  );
  NO_WATCH.begin('run', 'x')();
  t.false(NO_RUN_WATCH.of('t/a' as never).on);
});
