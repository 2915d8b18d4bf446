/** The choice among the places of a source, and what a source adds to the recipe key. */
import test from 'ava';
import type {Place, Source} from '../../../engine/load/model.ts';
import {choosePlace, describeSource, digestsOf} from '../../../engine/source/choose.ts';
import {AT, digestOf, place, PLACEMENT, remote} from './support.ts';

const A = place('https://a.test/x', 'a');
const B = place('https://b.test/x', 'b');
const C = place('https://c.test/x', 'c');
const ALL = [A, B, C];

interface Expected {
  readonly here?: Place;
  readonly fetch: readonly Place[];
  readonly fallback?: Place;
}

const CASES: readonly [string, string | undefined, string, Expected][] = [
  ['nothing chosen, nothing here: as written', undefined, '', {fetch: ALL}],
  ['nothing chosen: the first that is here', undefined, 'b c', {here: B, fetch: ALL}],
  ['chosen and here, though another is too', 'c', 'a c', {here: C, fetch: [C]}],
  ['chosen, nothing here: it first, then the rest', 'b', '', {fetch: [B, A, C]}],
  [
    'chosen, another here: it is fetched, the other is what is left',
    'b',
    'c',
    {fetch: [B], fallback: C},
  ],
  ['chosen is in the list no more', 'z', 'b', {here: B, fetch: ALL}],
];

for (const [name, preferred, here, expected] of CASES) {
  test(name, (t) => {
    const isHere = (digest: string): boolean =>
      here.split(' ').some((one) => digestOf(one) === digest);
    const wanted = preferred === undefined ? undefined : digestOf(preferred);
    t.deepEqual(choosePlace(ALL, wanted, isHere), {
      here: undefined,
      fallback: undefined,
      ...expected,
    });
  });
}

test('a remote source: digests in order, placement; never a URL', (t) => {
  const lines = describeSource(remote([A, B, {...A, url: 'https://mirror.test/x'}]));
  t.deepEqual(lines, [
    `sha256 = ${digestOf('a')}`,
    `sha256 = ${digestOf('b')}`,
    'name = x.tar.gz',
    'strip = 1',
    'into = x-1',
    'unpack = auto',
  ]);
  t.deepEqual(digestsOf(remote([A, A, B])), [digestOf('a'), digestOf('b')]);
});

const PATH: Source = {
  type: 'path',
  at: AT,
  placement: PLACEMENT,
  path: '/home/me/x',
  ignore: ['*.o'],
};
const GIT: Source = {
  type: 'git',
  at: AT,
  placement: PLACEMENT,
  url: 'https://g.test/r',
  rev: 'f'.repeat(40),
};

test('a folder of this machine is described without its path', (t) => {
  const text = describeSource(PATH).join('\n');
  t.true(text.startsWith('path\nignore = *.o\n'));
  t.false(text.includes('/home'));
  t.is(describeSource({...PATH, path: '/elsewhere'}).join('\n'), text);
});

test('a commit is described by its id', (t) => {
  t.is(describeSource(GIT)[0], `git = ${'f'.repeat(40)}`);
  t.deepEqual(describeSource(GIT), describeSource({...GIT, url: 'ssh://other.test/r'}));
});

test('each part of the placement changes the description', (t) => {
  const changes = [
    {name: 'y'},
    {strip: 0},
    {into: 'z'},
    {subdir: 's'},
    {unpack: false},
    {unpack: {inner: 'i.tar'}},
  ] as const;
  const texts = changes.map((change) =>
    describeSource({...GIT, placement: {...PLACEMENT, ...change}}).join('\n'),
  );
  t.is(new Set([...texts, describeSource(GIT).join('\n')]).size, changes.length + 1);
});
