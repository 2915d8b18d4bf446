/** What becomes of measurements: medians, exponents, comparisons, tables. */
import fs from 'node:fs';
import test from 'ava';
import {
  compare,
  figuresOf,
  latest,
  latestOfEach,
  type Entry,
  type Figure,
} from '../../bench/parts/history.ts';
import {DOCUMENT, documentText, readHistory, replaceBlock} from '../../bench/parts/keep.ts';
import {phaseRows, REST, WHOLE} from '../../bench/parts/phases.ts';
import {comparisonText, entryText} from '../../bench/parts/report.ts';
import {exponent, median, ratioOf, steps} from '../../bench/parts/statistics.ts';

test('the median is the middle, or between the two in the middle', (t) => {
  t.is(median([3]), 3);
  t.is(median([10, 1, 2]), 2);
  t.is(median([10, 1, 2, 4]), 3);
  t.is(median([]), NaN);
});

test('a ratio is that of the pairs; who stopped early is compared with those he has', (t) => {
  t.is(ratioOf([1, 2, 10], [2, 4, 20]), 2);
  t.is(ratioOf([1, 100, 100], [5]), 5);
  t.is(ratioOf([1], []), NaN);
});

test('the exponent of a power is its own', (t) => {
  const power = (k: number) => [10, 100, 1000].map((size) => ({size, cost: 3 * size ** k}));
  for (const k of [0, 0.5, 1, 2]) t.true(Math.abs(exponent(power(k)) - k) < 1e-9);
  const bent = [...power(1), {size: 10_000, cost: 3e6}];
  t.deepEqual(
    steps(bent).map((one) => one.toFixed(2)),
    ['1.00', '1.00', '3.00'],
  );
  t.is(exponent([{size: 5, cost: 1}]), NaN);
});

test('samples become figures: medians, ratios to ours, the memory of who is alone', (t) => {
  const cost = (milliseconds: number, mebibytes: number) => ({milliseconds, mebibytes});
  const samples = new Map([
    [
      'noop' as const,
      new Map([
        ['recipes', [cost(200, 70), cost(100, 90), cost(300, 80)]],
        ['bazel', [cost(400, 20), cost(200, 20), cost(600, 20)]],
      ]),
    ],
  ]);
  t.deepEqual(
    figuresOf(100, samples, (tool) => tool === 'recipes'),
    {
      '100 noop recipes': {ms: 200, times: null, MiB: 90, runs: 3},
      '100 noop bazel': {ms: 400, times: 2, MiB: null, runs: 3},
    },
  );
});

function figure(ms: number, times: number | null = null): Figure {
  return {ms, times, MiB: times === null ? 80 : null, runs: 3};
}

function entry(figures: Record<string, Figure>, more: Partial<Entry> = {}): Entry {
  return {
    benchmark: 'graph',
    date: '2026-01-02T03:04:05.000Z',
    commit: 'abc',
    machine: 'one',
    system: 'Linux 1',
    node: '20',
    figures,
    ...more,
  };
}

test('a figure is compared with the last of the same machine and benchmark', (t) => {
  const history = [
    entry({'10 noop recipes': figure(100), '10 full recipes': figure(50)}, {commit: 'old'}),
    entry({'10 noop recipes': figure(200)}, {commit: 'last'}),
    entry({'10 noop recipes': figure(1)}, {machine: 'another'}),
    entry({'10 noop recipes': figure(1)}, {benchmark: 'growth'}),
  ];
  const now = {
    '10 noop recipes': figure(220),
    '10 full recipes': figure(80),
    '10 full ninja': figure(9, 0.1),
  };
  const found = compare(entry(now), history);
  t.deepEqual(
    found.map((one) => [one.name, one.before, one.since.split(' ')[1], one.isRegression]),
    [
      ['10 noop recipes', 200, 'last', false],
      ['10 full recipes', 50, 'old', true],
    ],
  );
  t.regex(comparisonText(found), /REGRESSION: over 1\.3 times the figure before:\n {2}10 full rec/);
  t.notRegex(comparisonText(found.slice(0, 1)), /REGRESSION/);
  t.regex(comparisonText([]), /^No figures of this machine/);
  t.is(latest(history, 'graph')?.machine, 'another');
  t.is(latest([], 'graph'), undefined);
});

test('the last figures of each piece of work at each size', (t) => {
  const history = [
    entry({'10 noop recipes': figure(1), '10 full recipes': figure(2)}, {commit: 'a'}),
    entry({'10 noop recipes': figure(3), '10 noop ninja': figure(4)}, {commit: 'b'}),
    entry({'10 full recipes': figure(5)}, {benchmark: 'growth'}),
    entry({'99 noop recipes': figure(6)}, {commit: 'c'}),
  ];
  t.deepEqual(
    latestOfEach(history, 'graph').map(({commit, figures}) => [commit, Object.keys(figures)]),
    [
      ['a', ['10 full recipes']],
      ['b', ['10 noop recipes', '10 noop ninja']],
      ['c', ['99 noop recipes']],
    ],
  );
  t.is(entryText(history[3] as Entry).split('\n').length, 6);
});

test('that a peer is slower than before is no regression of ours', (t) => {
  const before = [entry({'10 noop ninja': figure(10, 0.1)})];
  const [found] = compare(entry({'10 noop ninja': figure(90, 0.9)}), before);
  t.like(found, {times: 9, isRegression: false});
});

test('tables of a graph have a column for each tool', (t) => {
  const text = entryText(
    entry({
      '1000 full recipes': figure(12_345),
      '1000 full ninja': figure(2200, 0.178),
      '1000 noop recipes': figure(200),
    }),
  );
  t.regex(text, /^Measured 2026-01-02 at abc: one, Linux 1, Node 20\.\n\n\| 1,000 nodes \|/);
  t.regex(text, /\| full build \| 12\.3 s \| 2\.20 s \(0\.178×\) \| 80 MiB \|/);
  t.regex(text, /\| nothing to do \| 0\.200 s \| – \| 80 MiB \|/);
});

test('the table of growth has exponents', (t) => {
  const figures = {'10 noop recipes': figure(100), '100 noop recipes': figure(1000)};
  const text = entryText(entry(figures, {benchmark: 'growth'}));
  t.regex(text, /\| nothing to do \| 0\.100 s, 80 MiB \| 1\.00 s, 80 MiB \| 1\.00 \| 1\.00 \|/);
});

test('a block of a document is replaced, the rest stays', (t) => {
  const document = 'a\n<!-- figures of x -->\nold\n<!-- end of x -->\nb\n';
  t.is(
    replaceBlock(document, 'x', 'new\n'),
    'a\n<!-- figures of x -->\n\nnew\n\n<!-- end of x -->\nb\n',
  );
  t.throws(() => replaceBlock(document, 'y', ''), {message: /no block/});
});

test('docs/benchmarks.md has the last figures that were kept', async (t) => {
  t.is(fs.readFileSync(DOCUMENT, 'utf8'), await documentText(readHistory()));
});

test('the bars of a trace are added up by phase, the rest of a node beside them', (t) => {
  const bar = (name: string, cat: string, tid: number, ts: number, dur: number) => ({
    ...{name, cat, tid},
    ts: ts * 1000,
    dur: dur * 1000,
  });
  const rows = phaseRows([
    bar('staging', 'prepare', 1, 10, 20),
    bar('capturing', 'capture', 1, 30, 70),
    // Within it, and not its own time.
    bar('walk', 'capture', 1, 40, 10),
    bar('t/a', 'build', 1, 0, 100),
    // At the same time, in another lane.
    bar('capturing', 'capture', 2, 20, 40),
    bar('t/b', 'build', 2, 10, 60),
    bar('t/c', 'fetch', 3, 0, 500),
  ]);
  t.deepEqual(rows, [
    {name: 'capturing', count: 2, mean: 50, median: 50, most: 60, share: 100 / 160},
    {name: 'staging', count: 1, mean: 20, median: 20, most: 20, share: 20 / 160},
    {name: 'walk', count: 1, mean: 10, median: 10, most: 10, share: 10 / 160},
    {name: REST, count: 2, mean: 15, median: 15, most: 20, share: 30 / 160},
    {name: WHOLE, count: 2, mean: 80, median: 80, most: 100, share: 1},
  ]);
});
