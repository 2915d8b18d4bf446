/** What follows from measured times: pieces, splits, the chain that held up the end, the trace. */
import test from 'ava';
import {traceText} from '../../../engine/ui/trace.ts';
import {chainOf, lanesOf, piecesOf, splitOf, totalsOf} from '../../../engine/ui/timings.ts';
import {matchesGolden} from '../../support/golden.ts';
import {nodeTime, sampleTimings, span} from './sample-timings.ts';

test('each moment belongs to the innermost span', (t) => {
  const pieces = (...spans: Parameters<typeof piecesOf>[0]): unknown[] =>
    piecesOf(spans, 0, 100).map(({name, since, until}) => [name, since, until]);
  t.deepEqual(pieces(), []);
  t.deepEqual(
    pieces(span('run', 'in', 20, 30), span('prepare', 'out', 10, 40), span('run', 'in', 30, 35)),
    [
      ['out', 10, 20],
      ['in', 20, 30],
      ['in', 30, 35],
      ['out', 35, 40],
    ],
  );
  t.deepEqual(
    pieces(span('run', 'a', 0, 50), span('run', 'none', 50, 50), span('run', 'b', 60, 120)),
    [
      ['a', 0, 50],
      ['b', 60, 100],
    ],
  );
});

test('the split of a node adds up to its time', (t) => {
  const [node = nodeTime('t/x', 0, 1)] = sampleTimings().nodes;
  const split = splitOf(node);
  t.deepEqual(Object.keys(split).sort(), ['other', 'prepare', 'run', 'store']);
  t.is(split.run, 500);
  const sum = Object.values(split).reduce((all, one) => all + one, 0);
  t.true(Math.abs(sum - (node.until - node.since)) < 1e-6);
});

test('the chain goes back over what ended last', (t) => {
  const {nodes} = sampleTimings();
  t.deepEqual(
    chainOf(nodes).map((one) => one.label as string),
    ['t/a', 't/c'],
  );
  t.deepEqual(chainOf([]), []);
  const circle = [nodeTime('t/a', 0, 1, ['t/b']), nodeTime('t/b', 0, 2, ['t/a'])];
  t.is(chainOf(circle).length, 2);
});

test('bars of one lane lie apart', (t) => {
  const bars = [
    {since: 0, until: 5},
    {since: 1, until: 2},
    {since: 2, until: 9},
    {since: 5, until: 6},
  ];
  t.deepEqual(lanesOf(bars), [0, 1, 1, 0]);
});

test('what was gained by working side by side', (t) => {
  const totals = totalsOf(sampleTimings().nodes);
  t.deepEqual(totals, {wall: 1790, sum: 790 + 180 + 1000 + 90, chain: 1790, most: 2});
  t.deepEqual(totalsOf([]), {wall: 0, sum: 0, chain: 0, most: 0});
});

test('the trace of a run', (t) => {
  const text = traceText(sampleTimings());
  JSON.parse(text);
  matchesGolden(t, 'ui/trace.txt', text);
});

test('a trace without nodes parses', (t) => {
  const text = traceText({...sampleTimings(), nodes: [], samples: [], worker: []});
  t.true(Array.isArray((JSON.parse(text) as {traceEvents: unknown}).traceEvents));
});
