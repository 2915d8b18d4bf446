/** What values of options have to look like. */
import test from 'ava';
import {count, page, pair, size} from '../../../engine/cli/option-values.ts';

test('numbers from 1 up', (t) => {
  t.is(count('1'), 1);
  t.is(count('64'), 64);
  for (const bad of ['0', '-1', '1.5', 'two', '']) t.throws(() => count(bad), {message: /number/});
});

test('a page’s name ends in .html', (t) => {
  t.is(page('a.html'), 'a.html');
  t.is(page('A.HTM'), 'A.HTM');
  t.throws(() => page('tour/zlib'), {message: /write --timings after 'tour\/zlib'/});
});

test('name=value, one after the other', (t) => {
  t.deepEqual(pair('a=1', undefined), {a: '1'});
  t.deepEqual(pair('b=2=3', {a: '1'}), {a: '1', b: '2=3'});
  t.deepEqual(pair('a=', {a: '1'}), {a: ''});
  for (const bad of ['a', '=1', '']) t.throws(() => pair(bad, undefined), {message: /name=value/});
});

test('sizes have a unit', (t) => {
  t.is(size('1.5GiB'), '1.5GiB');
  t.is(size('512B'), '512B');
  for (const bad of ['1', '1GB', 'GiB', '-1MiB', '']) t.throws(() => size(bad), {message: /TiB/});
});
