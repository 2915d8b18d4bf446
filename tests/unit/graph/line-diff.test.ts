/** Differences of texts, line by line. */
import test from 'ava';
import fc from 'fast-check';
import {diffLines} from '../../../engine/graph/line-diff.ts';

const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['equal texts', 'a\nb', 'a\nb', []],
  ['a line changed', 'a\nb\nc', 'a\nx\nc', ['-b', '+x']],
  ['a line added at the end', 'a', 'a\nb', ['+b']],
  ['a line taken from the start', 'a\nb', 'b', ['-a']],
  ['two places', 'a\nb\nc\nd\ne', 'b\nc\nd\ne\nf', ['-a', '+f']],
  ['a repeated line', 'a\na\nb', 'a\na\na\nb', ['+a']],
  ['nothing in common', 'a\nb', 'c', ['-a', '-b', '+c']],
];

for (const [what, before, after, expected] of cases) {
  test(what, (t) => {
    const found = diffLines(before, after).map(({sign, line}) => `${sign}${line}`);
    t.deepEqual(found, expected);
  });
}

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c'), {minLength: 1, maxLength: 12})
  .map((lines) => lines.join('\n'));

test('removed and added lines account for the difference in length, and turn around', (t) => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const count = (sign: string, from: string, to: string): number =>
        diffLines(from, to).filter((change) => change.sign === sign).length;
      const longer = after.split('\n').length - before.split('\n').length;
      t.is(count('+', before, after) - count('-', before, after), longer);
      t.is(count('+', before, after), count('-', after, before));
      t.is(diffLines(before, after).length === 0, before === after);
    }),
  );
});

test('middles too large for a table are replaced whole', (t) => {
  const lines = (prefix: string): string =>
    Array.from({length: 1100}, (_, place) => `${prefix}${place}`).join('\n');
  const found = diffLines(`same\n${lines('a')}\nend`, `same\n${lines('b')}\nend`);
  t.is(found.length, 2200);
  t.deepEqual(found[0], {sign: '-', line: 'a0'});
  t.deepEqual(found[1100], {sign: '+', line: 'b0'});
});
