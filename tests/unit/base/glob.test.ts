/** What a glob matches. */
import test from 'ava';
import {globMatcher, isGlob} from '../../../engine/base/glob.ts';

const cases: readonly (readonly [string, string, boolean])[] = [
  ['lfs/*', 'lfs/zlib', true],
  ['lfs/*', 'lfs/zlib:lib32', true],
  ['lfs/*', 'blfs/zlib', false],
  ['*', 'lfs/zlib', false],
  ['**', 'lfs/zlib', true],
  ['**/__pycache__/**', 'usr/lib/__pycache__/x.pyc', true],
  ['usr/*', 'usr/.hidden', true],
  ['{lfs,blfs}/gcc', 'blfs/gcc', true],
  ['lib?.so', 'libz.so', true],
];

for (const [pattern, text, expected] of cases) {
  test(`${pattern} ${expected ? 'matches' : 'does not match'} ${text}`, (t) => {
    t.is(globMatcher([pattern])(text), expected);
  });
}

test('no patterns match nothing', (t) => {
  t.false(globMatcher([])(''));
});

test('what counts as a glob', (t) => {
  t.true(isGlob('lfs/*'));
  t.true(isGlob('{a,b}'));
  t.false(isGlob('lfs/gtk+-3.0:main'));
});
