/** Which proposals are made for a mistyped name, and when none is. */
import test from 'ava';
import {didYouMean, similarTo} from '../../../engine/base/suggest.ts';

const KNOWN = ['openssl', 'zlib', 'bzip2', 'gzip', 'glibc', 'lfs/zlib', 'm4', 'Python'];

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['opennssl', ['openssl']],
  ['zlib-dev', ['zlib']],
  ['zlb', ['zlib']],
  ['gzip2', ['bzip2', 'gzip']],
  ['m5', ['m4']],
  ['python', ['Python']],
  ['lfs/zlob', ['lfs/zlib']],
  ['linux-headers', []],
  ['', []],
  ['x', []],
];

for (const [word, expected] of cases) {
  test(`proposals for '${word}'`, (t) => {
    t.deepEqual(similarTo(word, KNOWN), expected);
  });
}

test('no name is proposed twice and no more than asked for', (t) => {
  t.deepEqual(similarTo('aab', ['aaa', 'aaa', 'aac', 'aad', 'aae'], 2), ['aaa', 'aac']);
});

test('the sentence', (t) => {
  t.is(didYouMean([]), undefined);
  t.is(didYouMean(['a']), 'did you mean a?');
  t.is(didYouMean(['a', 'b', 'c']), 'did you mean a, b or c?');
});
