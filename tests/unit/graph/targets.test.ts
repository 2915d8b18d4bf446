/** What words on the command line stand for. */
import test from 'ava';
import {exitCodeOf} from '../../../engine/base/diagnostic.ts';
import {resolveTargets} from '../../../engine/graph/targets.ts';
import {graphOf, remote} from './values.ts';

const GRAPH = graphOf(
  {
    'lfs/zlib': {sources: [remote('zlib.tar', '1')], test: {}},
    'lfs/zlib:lib32': [],
    'lfs/curl': {needs: ['zlib', 'openssl run'], test: {critical: true}},
    'lfs/openssl': ['zlib'],
    'blfs/git': ['curl', 'perl'],
    'lfs/perl': [],
    'blfs/perl': ['lfs/perl'],
    'old/gzip': [],
    'new/gzip': [],
  },
  {
    sets: {net: ['curl', 'git'], none: []},
    overrides: {'old/gzip': 'new/gzip'},
  },
);

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['zlib', ['lfs/zlib']],
  ['lfs/zlib:main', ['lfs/zlib']],
  ['zlib:lib32', ['lfs/zlib:lib32']],
  ['zlib#test', ['lfs/zlib#test']],
  ['gzip', ['new/gzip']],
  ['old/gzip', ['old/gzip']],
  ['@net', ['lfs/curl', 'blfs/git']],
  ['@none', []],
  ['lfs/z*', ['lfs/zlib', 'lfs/zlib:lib32']],
  ['*perl', ['lfs/perl', 'blfs/perl']],
  ['blfs/*', ['blfs/perl', 'blfs/git']],
  ['{lfs,blfs}/perl', ['lfs/perl', 'blfs/perl']],
  ['**#test', ['lfs/zlib#test', 'lfs/curl#test']],
  ['@net#test', ['lfs/curl#test']],
  ['curl^', ['lfs/zlib', 'lfs/openssl']],
  ['^zlib', ['lfs/openssl', 'lfs/curl', 'blfs/git']],
  ['^curl^', ['lfs/zlib', 'lfs/openssl', 'blfs/git']],
  ['curl#test^', ['lfs/zlib', 'lfs/openssl', 'lfs/curl']],
  ['@net^', ['blfs/perl', 'lfs/perl', 'lfs/zlib', 'lfs/openssl']],
  ['lfs/perl^', []],
];

for (const [word, expected] of cases) {
  test(`'${word}' stands for ${expected.join(', ') || 'nothing'}`, (t) => {
    const found = resolveTargets(GRAPH, [word]);
    t.true(found.ok);
    if (found.ok) t.deepEqual([...found.value].sort(), [...expected].sort() as never);
  });
}

test('each target once, in the order of the words; within a word in build order', (t) => {
  const found = resolveTargets(GRAPH, ['git', '@net', 'git^']);
  t.deepEqual(found.ok && found.value, [
    'blfs/git',
    'lfs/curl',
    'lfs/perl',
    'blfs/perl',
    'lfs/zlib',
    'lfs/openssl',
  ] as never);
});

test('no words, no targets', (t) => {
  t.deepEqual(resolveTargets(GRAPH, []), {ok: true, value: []});
});

const refusals: readonly (readonly [string, string, string | undefined])[] = [
  ['zlb', 'there is no recipe named zlb', 'did you mean zlib?'],
  ['lfs/gti', 'there is no recipe named lfs/gti', undefined],
  ['zlib:lib64', "lfs/zlib has no build 'lib64'", 'there is lfs/zlib, lfs/zlib:lib32'],
  ['openssl#test', 'openssl#test: lfs/openssl has no test', 'a recipe states it as `test:`'],
  ['@ent', 'there is no set @ent', undefined],
  ['@nets', 'there is no set @nets', 'did you mean @net?'],
  ['x/*', 'no label matches x/*', undefined],
  [
    'Zlib',
    "'Zlib' is no label",
    'a label is [collection/]package[:build], of lower-case letters, digits and + . _ -',
  ],
  [
    '^',
    "'' is no label",
    'a label is [collection/]package[:build], of lower-case letters, digits and + . _ -',
  ],
];

for (const [word, message, hint] of refusals) {
  test(`'${word}' is refused as wrong usage`, (t) => {
    const found = resolveTargets(GRAPH, [word]);
    t.false(found.ok);
    if (found.ok) return;
    t.is(exitCodeOf(found.error), 2);
    const [problem] = found.error;
    t.deepEqual(
      [problem?.code, problem?.message, problem?.hint],
      ['target/unknown', message, hint],
    );
  });
}

test('an ambiguous word names the candidates', (t) => {
  const found = resolveTargets(GRAPH, ['perl']);
  t.false(found.ok);
  if (found.ok) return;
  t.is(exitCodeOf(found.error), 2);
  t.is(found.error[0]?.code, 'target/ambiguous');
  t.is(found.error[0]?.message, 'perl can mean blfs/perl or lfs/perl');
});

test('all wrong words are reported at once', (t) => {
  const found = resolveTargets(GRAPH, ['a', 'zlib', 'b']);
  t.is(found.ok ? 0 : found.error.length, 2);
});
