/** The page of timings: well-formed, everything named, nothing foreign as markup or from elsewhere. */
import vm from 'node:vm';
import test from 'ava';
import {el, escapeText} from '../../../engine/ui/markup.ts';
import {ticksOf} from '../../../engine/ui/timings-chart.ts';
import {pageText} from '../../../engine/ui/timings-page.ts';
import {SCRIPT} from '../../../engine/ui/timings-style.ts';
import {timeText} from '../../../engine/ui/timings-text.ts';
import {elementsOf} from '../../support/html.ts';
import {sampleTimings} from './sample-timings.ts';

test('elements close, and text is text', (t) => {
  t.is(
    el('p', {title: 'a"b', id: undefined}, 'x < y', [1, el('br')]).markup,
    '<p title="a&#34;b">x &#60; y1<br /></p>',
  );
  t.is(escapeText('<\x1b[31m&\u202e>'), '&#60;&#38;&#62;');
});

test('the page is well-formed and names every node', (t) => {
  const page = pageText(sampleTimings());
  const elements = elementsOf(page);
  t.is(elements.filter((one) => one.name === 'script').length, 1);
  t.is(elements.filter((one) => one.name === 'table').length, 3);
  const cells = elements.filter((one) => one.name === 'td').map((one) => one.text);
  for (const label of ['t/a', 't/b', 't/c', 't/d', 't/e']) t.true(cells.includes(label), label);
  const critical = elements.filter((one) => one.attributes['class'] === 'name critical');
  t.deepEqual(
    critical.map((one) => one.text),
    ['t/a', 't/c'],
  );
  const titles = elements.filter((one) => one.name === 'title').map((one) => one.text);
  t.true(titles.includes('compile: 500 ms') && titles.includes('queue: 10 ms'));
  for (const one of ['1.15 ×', '480 ms', '3 MB', '1.8 s', 'skipped'])
    t.true(page.includes(one), one);
});

test('foreign words are never markup', (t) => {
  const page = pageText(sampleTimings());
  t.is(page.split('<script>').length, 2);
  t.true(page.includes('&#60;script&#62;alert(1)&#60;/script&#62;'));
  t.false(page.includes('\x1b'));
});

test('the page loads nothing', (t) => {
  const page = pageText(sampleTimings());
  t.true(page.includes('default-src &#39;none&#39;'));
  t.notRegex(page, /https?:|src=|href=|url\(|@import/);
  t.regex(page, /prefers-color-scheme: dark/);
});

test('a run without nodes has a page too', (t) => {
  const page = pageText({...sampleTimings(), nodes: [], others: [], samples: [], worker: []});
  elementsOf(page);
  t.notRegex(page.slice(0, page.indexOf('<script>')), /NaN|Infinity|undefined/);
});

test('bars lie within the chart', (t) => {
  for (const {name, attributes} of elementsOf(pageText(sampleTimings()))) {
    if (name !== 'rect') continue;
    const [x, width] = [attributes['x'], attributes['width']].map((one) => parseFloat(one ?? ''));
    t.true((x ?? -1) >= 0 && (x ?? 0) + (width ?? 0) <= 100.01);
  }
});

test('marks are round and few', (t) => {
  t.deepEqual(ticksOf(2000), [0, 500, 1000, 1500]);
  for (const whole of [1, 7, 130, 99_999, 3_600_000]) {
    const {length} = ticksOf(whole);
    t.true(length >= 3 && length <= 9, `${whole}: ${length}`);
  }
});

test('times are short', (t) => {
  const cases = [0.04, 3.14, 42.3, 999, 1234, 70_000];
  t.deepEqual(cases.map(timeText), ['0 ms', '3.1 ms', '42 ms', '999 ms', '1.2 s', '1m10s']);
});

test('a click on a head sorts, another one turns round', (t) => {
  const row = (value: number): object => ({
    cells: [{dataset: {value: String(value)}, textContent: ''}],
  });
  let shown: unknown[] = [row(2), row(10), row(1)];
  let click = (): void => undefined;
  let sort: string | null = null;
  const head = {
    addEventListener: (_type: string, call: () => void) => (click = call),
    getAttribute: () => sort,
    setAttribute: (_name: string, value: string) => (sort = value),
    removeAttribute: () => (sort = null),
  };
  const body = {
    get rows() {
      return shown;
    },
    append: (...rows: unknown[]) => (shown = rows),
  };
  const table = {querySelectorAll: () => [head], tBodies: [body]};
  const document = {
    querySelector: () => ({addEventListener: () => undefined}),
    querySelectorAll: () => [table],
  };
  vm.runInNewContext(SCRIPT, {document});
  const values = (): string[] =>
    (shown as {cells: {dataset: {value: string}}[]}[]).map(
      (one) => one.cells[0]?.dataset.value ?? '',
    );
  click();
  t.deepEqual(values(), ['10', '2', '1']);
  click();
  t.deepEqual(values(), ['1', '2', '10']);
});
