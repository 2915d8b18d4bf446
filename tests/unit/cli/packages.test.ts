/** Differences of generations in packages, as people read them. */
import test from 'ava';
import {treeDigest, sha256} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {diffPackages, packageText, sizeChange} from '../../../engine/cli/packages.ts';
import type {PackageFacts} from '../../../store/roots.ts';

function facts(label: string, version: string, size: number, content = version): PackageFacts {
  return {label: label as Label, version, size, tree: treeDigest(sha256(`${label} ${content}`))};
}

const BEFORE = [facts('t/a', '1', 1000), facts('t/b', '1', 5), facts('t/gone', '2', 3000)];

const LINES: readonly (readonly [name: string, after: readonly PackageFacts[], lines: string[]])[] =
  [
    ['nothing', BEFORE, []],
    ['a new version', [facts('t/a', '2', 3500), ...BEFORE.slice(1)], ['~ t/a 1 → 2 (+2.5 kB)']],
    ['another content', [facts('t/a', '1', 1000, 'x'), ...BEFORE.slice(1)], ['~ t/a 1']],
    ['smaller', [facts('t/a', '1', 200, 'x'), ...BEFORE.slice(1)], ['~ t/a 1 (-800 B)']],
    ['one that is gone', BEFORE.slice(0, 2), ['- t/gone 2 (3 kB)']],
    [
      'one that is new, by name',
      [facts('t/aa', '1', 7), ...BEFORE, facts('s/z', '1', 8)],
      ['+ s/z 1 (8 B)', '+ t/aa 1 (7 B)'],
    ],
  ];

for (const [name, after, lines] of LINES) {
  test(`a difference: ${name}`, (t) => {
    t.deepEqual(diffPackages(BEFORE, after).map(packageText), lines);
  });
}

test('of generations that older versions made nothing is known', (t) => {
  t.deepEqual(diffPackages([], []), []);
  t.is(diffPackages([], BEFORE).length, 3);
});

test('sizes have their sign', (t) => {
  t.is(sizeChange(1), '+1 B');
  t.is(sizeChange(-2048), '-2.05 kB');
});
