/** From places as written to URLs: aliases, mirrors, the Debian archive. */
import test from 'ava';
import os from 'node:os';
import path from 'node:path';
import {temporaryDir, writeFileAtomic} from '../../../engine/base/files.ts';
import {resolvePlace, splitAlias} from '../../../engine/source/alias.ts';
import {config, host} from './support.ts';

test('splitAlias tells aliases from URLs', (t) => {
  t.deepEqual(splitAlias('gnu:hello/hello-2.10.tar.gz'), {
    alias: 'gnu',
    rest: 'hello/hello-2.10.tar.gz',
  });
  t.deepEqual(splitAlias('debian:pool/main/h'), {alias: 'debian', rest: 'pool/main/h'});
  for (const url of ['https://a.test/x', 'http://a.test', 'file:///x', 'file:/x', 'plain', '']) {
    t.is(splitAlias(url), undefined, url);
  }
});

const aliases = {gnu: ['https://one.test/gnu', 'https://two.test/pub/gnu/'], empty: []};

const CASES: readonly [string, string, readonly string[]][] = [
  [
    'an alias: each of its prefixes',
    'gnu:m4/m4.tar.xz',
    ['https://one.test/gnu/m4/m4.tar.xz', 'https://two.test/pub/gnu/m4/m4.tar.xz'],
  ],
  [
    'a slash too many',
    'gnu:/m4.tar.xz',
    ['https://one.test/gnu/m4.tar.xz', 'https://two.test/pub/gnu/m4.tar.xz'],
  ],
  ['a full URL', 'https://x.test/a', ['https://x.test/a']],
  ['an unknown alias', 'nope:a', []],
  ['an alias without prefixes', 'empty:a', []],
  ['a name every object has', 'constructor:a', []],
];

for (const [name, url, expected] of CASES) {
  test(`resolvePlace: ${name}`, (t) => {
    t.deepEqual(resolvePlace(url, config({aliases}), host()), expected);
  });
}

test('mirrors come before what they mirror, the longest prefix first, each URL once', (t) => {
  const mirrors = {
    'https://one.test': ['https://m.test/one', 'https://one.test'],
    'https://one.test/gnu': ['https://near.test/'],
    'https://one.test/g': ['https://wrong.test'],
  };
  t.deepEqual(resolvePlace('https://one.test/gnu/a', config({mirrors}), host()), [
    'https://near.test/a',
    'https://m.test/one/gnu/a',
    'https://one.test/gnu/a',
  ]);
});

test('debian: is the archive apt uses, after prefixes of the configuration', async (t) => {
  await using folder = temporaryDir(os.tmpdir(), 'recipes-apt-');
  writeFileAtomic(path.join(folder.path, 'sources.list'), 'deb http://d.test/debian/ s main\n');
  const here = host({RECIPES_APT_DIR: folder.path});
  const url = 'debian:pool/main/h/hello/hello_2.10.orig.tar.gz';
  const expected = 'http://d.test/debian/pool/main/h/hello/hello_2.10.orig.tar.gz';
  t.deepEqual(resolvePlace(url, config({}), here), [expected]);
  const own = config({aliases: {debian: ['http://own.test/d']}});
  t.deepEqual(resolvePlace('debian:x', own, here), [
    'http://own.test/d/x',
    'http://d.test/debian/x',
  ]);
});
