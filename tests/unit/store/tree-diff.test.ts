/** What differs between two trees: every path, and what of it. */
import test from 'ava';
import {diffTrees} from '../../../store/tree-diff.ts';
import type {DeviceEntry, TreeEntry, WhiteoutEntry} from '../../../store/tree-entry.ts';
import {dir, file, link} from './rig.ts';

const gone: WhiteoutEntry = {type: 'whiteout', path: 'x'};
const device = (minor: number): DeviceEntry => ({
  ...{type: 'char', path: 'x', mode: 0o644, uid: 0, gid: 0, xattrs: []},
  device: {major: 1, minor},
});
const named = (value: string): TreeEntry => file('x', '1', {xattrs: [{name: 'user.a', value}]});

const CASES: readonly (readonly [string, TreeEntry, TreeEntry, readonly string[]])[] = [
  ['nothing', file('x', '1'), file('x', '1'), []],
  ['content', file('x', '1'), file('x', '2'), ['content']],
  ['mode', file('x', '1'), file('x', '1', {mode: 0o755}), ['mode']],
  ['owner', dir('x'), dir('x', {gid: 5}), ['owner']],
  ['content and mode', file('x', '1'), file('x', '2', {mode: 0o600}), ['content', 'mode']],
  ['target', link('x', 'a'), link('x', 'b'), ['target']],
  ['xattrs', named('MQ=='), named('Mg=='), ['xattrs']],
  ['hard links', file('x', '1'), file('x', '1', {hardlink: 'a'}), ['links']],
  ['device', device(3), device(5), ['device']],
  ['kind', file('x', '1'), dir('x'), ['kind']],
  ['whiteouts', gone, gone, []],
  ['kind of a whiteout', gone, device(3), ['kind']],
];

for (const [name, before, after, what] of CASES) {
  test(`a change of ${name}`, (t) => {
    const expected = what.length === 0 ? [] : [{path: 'x', change: 'changed', what}];
    const found = diffTrees([before], [after]);
    t.deepEqual(found.map(({path, change, what}) => ({path, change, what})) as unknown, expected);
  });
}

test('added and removed paths, in the order of manifests', (t) => {
  const before = [dir('a'), file('a/x', '1'), file('a.b', '1')];
  const after = [dir('a'), file('a/y', '1'), dir('b'), file('b/z', '1')];
  t.deepEqual(
    diffTrees(before, after).map(({path, change}) => `${change} ${path}`),
    ['removed a/x', 'added a/y', 'removed a.b', 'added b', 'added b/z'],
  );
  t.deepEqual(diffTrees(before, before), []);
  t.deepEqual(
    diffTrees(before, after).map(({bytes}) => bytes),
    [-1, 1, -1, 0, 1],
  );
  t.is(diffTrees([], after).length, 4);
});
