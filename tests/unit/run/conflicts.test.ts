/** Which layers may lie over which: tables of pairs of entries, bases, replacements. */
import test from 'ava';
import {findConflicts, type LayerTree} from '../../../engine/run/conflicts.ts';
import type {DeviceEntry, FifoEntry, TreeEntry} from '../../../store/tree-entry.ts';
import {label} from '../graph/values.ts';
import {dir, file, link} from '../store/rig.ts';

const USER = label('lfs/user');

function layer(owner: string, entries: readonly TreeEntry[], replaces: string[] = []): LayerTree {
  return {owner: label(owner), entries, replaces: replaces.map(label)};
}

const common = {path: 'x', mode: 0o644, uid: 0, gid: 0, xattrs: []} as const;
const device = (type: 'char' | 'block', major: number, minor: number): DeviceEntry => ({
  ...common,
  type,
  device: {major, minor},
});
const fifo = (mode: number): FifoEntry => ({...common, type: 'fifo', mode});
const whiteout: TreeEntry = {type: 'whiteout', path: 'x'};
const capability = {name: 'security.capability', value: 'AQ=='};
const label0 = {name: 'user.a', value: ''};

const PAIRS: readonly (readonly [string, TreeEntry, TreeEntry, 'agree' | 'clash'])[] = [
  ['the same file', file('x', 'one'), file('x', 'one'), 'agree'],
  ['other content', file('x', 'one'), file('x', 'two'), 'clash'],
  ['other mode', file('x', 'one'), file('x', 'one', {mode: 0o755}), 'clash'],
  ['setuid', file('x', 'one', {mode: 0o755}), file('x', 'one', {mode: 0o4755}), 'clash'],
  ['other user', file('x', 'one'), file('x', 'one', {uid: 1}), 'clash'],
  ['other group', file('x', 'one'), file('x', 'one', {gid: 1}), 'clash'],
  ['an xattr more', file('x', 'one'), file('x', 'one', {xattrs: [capability]}), 'clash'],
  [
    'another value of an xattr',
    file('x', 'one', {xattrs: [{...capability, value: 'Ag=='}]}),
    file('x', 'one', {xattrs: [capability]}),
    'clash',
  ],
  [
    'the same xattrs',
    file('x', 'one', {xattrs: [capability, label0]}),
    file('x', 'one', {xattrs: [capability, label0]}),
    'agree',
  ],
  ['a hard link and a file', file('x', 'one', {hardlink: 'a'}), file('x', 'one'), 'agree'],
  ['folders', dir('x'), dir('x'), 'agree'],
  ['folders of other modes and owners', dir('x'), dir('x', {mode: 0o700, uid: 5}), 'agree'],
  ['a folder and a file', dir('x'), file('x', ''), 'clash'],
  ['a folder and a link to one', dir('x'), link('x', 'y'), 'clash'],
  ['equal links', link('x', 'y'), link('x', 'y'), 'agree'],
  ['links to other places', link('x', 'y'), link('x', 'z'), 'clash'],
  ['a file and a link', file('x', 'y'), link('x', 'y'), 'clash'],
  ['equal devices', device('char', 1, 3), device('char', 1, 3), 'agree'],
  ['another minor number', device('char', 1, 3), device('char', 1, 5), 'clash'],
  ['another major number', device('block', 8, 0), device('block', 9, 0), 'clash'],
  ['char and block', device('char', 8, 0), device('block', 8, 0), 'clash'],
  ['fifos', fifo(0o600), fifo(0o600), 'agree'],
  ['fifos of other modes', fifo(0o600), fifo(0o644), 'clash'],
  ['two removals', whiteout, whiteout, 'agree'],
  ['a removal and a file', whiteout, file('x', 'one'), 'clash'],
];

for (const [what, first, second, verdict] of PAIRS) {
  test(`${what}: ${verdict}`, (t) => {
    for (const [low, high] of [
      [first, second],
      [second, first],
    ] as const) {
      const found = findConflicts(USER, [layer('a/low', [low]), layer('a/high', [high])], 0);
      t.is(found.length, verdict === 'agree' ? 0 : 1);
    }
  });
}

test('the message names both owners, the user and the path, and says what to do', (t) => {
  const low = layer('a/low', [file('usr/b\xc3\xa4r', 'one')]);
  const [found] = findConflicts(USER, [low, layer('a/high', [file('usr/b\xc3\xa4r', 'two')])], 0);
  t.is(found?.code, 'build/conflict');
  t.is(found?.message, 'a/low and a/high, both needed by lfs/user, have different /usr/bär');
  t.regex(found?.hint ?? '', /let a\/high replace it \(outputs\.replaces: \[a\/low\]\)/);
});

const one = file('x', 'one');
const two = file('x', 'two');
const three = file('x', 'three');

const STACKS: readonly (readonly [string, readonly LayerTree[], number, readonly string[]])[] = [
  ['anything may cover the base', [layer('a', [one]), layer('b', [two])], 1, []],
  [
    'the base may be several layers',
    [layer('a', [one]), layer('b', [two]), layer('c', [three])],
    2,
    [],
  ],
  [
    'layers over the base are compared with each other',
    [layer('a', [one]), layer('b', [two]), layer('c', [three])],
    1,
    ['b and c'],
  ],
  ['the later may replace', [layer('a', [one]), layer('b', [two], ['a'])], 0, []],
  ['and may remove', [layer('a', [one]), layer('b', [whiteout], ['a'])], 0, []],
  ['the earlier may not', [layer('a', [one], ['b']), layer('b', [two])], 0, ['a and b']],
  [
    'replacing another one does not help',
    [layer('a', [one]), layer('b', [two], ['c'])],
    0,
    ['a and b'],
  ],
  [
    'what replaced is compared with what comes after',
    [layer('a', [one]), layer('b', [two], ['a']), layer('c', [one])],
    0,
    ['b and c'],
  ],
  [
    'one that agrees with the replacement is fine',
    [layer('a', [one]), layer('b', [two], ['a']), layer('c', [two])],
    0,
    [],
  ],
  [
    'the first owner stays when a second one agrees',
    [layer('a', [one]), layer('b', [one]), layer('c', [two], ['b'])],
    0,
    ['a and c'],
  ],
  [
    'each later layer is told of',
    [layer('a', [one]), layer('b', [two]), layer('c', [three])],
    0,
    ['a and b', 'a and c'],
  ],
];

for (const [what, layers, base, expected] of STACKS) {
  test(what, (t) => {
    const found = findConflicts(USER, layers, base).map(({message}) => message.split(',')[0]);
    t.deepEqual(found, expected);
  });
}

test('no more than twenty are told, the first ones', (t) => {
  const many = (text: string): TreeEntry[] =>
    Array.from({length: 50}, (_, at) => file(`f${at + 10}`, text));
  const found = findConflicts(USER, [layer('a', many('1')), layer('b', many('2'))], 0);
  t.is(found.length, 20);
  t.true(found[0]?.message.endsWith('/f10'));
  t.true(found[19]?.message.endsWith('/f29'));
});

test('names that are special elsewhere are plain paths here', (t) => {
  const names = ['__proto__', 'constructor', 'toString'];
  const a = layer(
    'a',
    names.map((name) => file(name, '1')),
  );
  const b = layer(
    'b',
    names.map((name) => file(name, '2')),
  );
  t.is(findConflicts(USER, [a], 0).length, 0);
  t.is(findConflicts(USER, [a, b], 0).length, 3);
});
