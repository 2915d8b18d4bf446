/** Results are values; broken invariants are thrown, with what was broken. */
import test from 'ava';
import {assert, Bug, err, ok, unreachable, type Result} from '../../../engine/base/result.ts';

test('a result is one of two', (t) => {
  t.deepEqual(ok(1), {ok: true, value: 1});
  t.deepEqual(err('no'), {ok: false, error: 'no'});
  const half = (number: number): Result<number, string> =>
    number % 2 === 0 ? ok(number / 2) : err(`${number} is odd`);
  const [even, odd] = [half(4), half(3)];
  t.is(even.ok ? even.value : 0, 2);
  t.is(odd.ok ? '' : odd.error, '3 is odd');
});

test('assert: nothing, or a bug with the words given', (t) => {
  t.notThrows(() => assert(true, 'never said'));
  t.throws(() => assert(false, 'one is two'), {instanceOf: Bug, message: 'one is two'});
});

test('a bug has a name and a stack', (t) => {
  const bug = new Bug('x');
  t.is(bug.name, 'Bug');
  t.true(bug instanceof Error);
  t.regex(bug.stack ?? '', /result\.test/);
});

test('unreachable shows what came instead', (t) => {
  const value = {kind: 'other'} as never;
  t.throws(() => unreachable(value), {instanceOf: Bug, message: 'unreachable: {"kind":"other"}'});
});
