/** What values of options have to look like. */
import test from 'ava';
import {count, page, pair, size} from '../../../engine/cli/option-values.ts';

const good = (value: unknown): unknown => ({ok: true, value});

test('numbers from 1 up', (t) => {
  t.deepEqual(count('1'), good(1));
  t.deepEqual(count('64'), good(64));
  for (const bad of ['0', '-1', '1.5', 'two', '']) {
    t.deepEqual(count(bad), {ok: false, error: `'${bad}' is not a number from 1 up`});
  }
});

test('a page’s name ends in .html', (t) => {
  t.deepEqual(page('a.html'), good('a.html'));
  t.deepEqual(page('A.HTM'), good('A.HTM'));
  const said = page('tour/zlib');
  t.regex(said.ok ? '' : said.error, /write --timings after 'tour\/zlib'/);
});

test('name=value, one after the other', (t) => {
  t.deepEqual(pair('a=1'), good({a: '1'}));
  t.deepEqual(pair('b=2=3', {a: '1'}), good({a: '1', b: '2=3'}));
  t.deepEqual(pair('a=', {a: '1'}), good({a: ''}));
  for (const bad of ['a', '=1', '']) t.false(pair(bad).ok, bad);
});

test('sizes have a unit', (t) => {
  t.deepEqual(size('1.5GiB'), good('1.5GiB'));
  t.deepEqual(size('512B'), good('512B'));
  for (const bad of ['1', '1GB', 'GiB', '-1MiB', '']) t.false(size(bad).ok, bad);
});
