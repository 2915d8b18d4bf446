/** The estimate of what is left, on a small graph. */
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {estimate, type Remaining} from '../../../engine/run/history.ts';

const edges: Readonly<Record<string, readonly string[]>> = {
  a: [],
  b: [],
  c: ['a', 'b'],
  d: ['c'],
};
const shape: Remaining = {
  order: ['a', 'b', 'c', 'd'] as Label[],
  dependenciesOf: (label) => (edges[label] ?? []) as Label[],
};
const times: Readonly<Record<string, number>> = {a: 1000, b: 5000, c: 2000, d: 100};
const known = (label: Label): number | undefined => times[label];

test('the estimate is the path or the work by slots, whichever is longer', (t) => {
  t.is(estimate(shape, known, 2), 7100);
  t.is(estimate(shape, known, 1), 8100);
  t.is(estimate({...shape, order: []}, known, 1), 0);
});

test('no estimate when most is unknown', (t) => {
  t.is(
    estimate(shape, (label) => (label === 'a' ? 1 : undefined), 1),
    null,
  );
});
