/** The small pure rules: times, sizes, paths, names, globs, licences, the project's folder. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {licenseError} from '../../../engine/load/license.ts';
import {isSize, parseSize, parseTime} from '../../../engine/load/measure.ts';
import {
  globError,
  isArchiveName,
  nameError,
  pathError,
  withoutSuffix,
} from '../../../engine/load/paths.ts';
import {findRoot, shownPath} from '../../../engine/load/root.ts';
import {locate, sourceText} from '../../../engine/load/text.ts';
import {Space} from './space.ts';

test('times', (t) => {
  const cases = {
    '20min': 1_200_000,
    '1h30min': 5_400_000,
    '90s': 90_000,
    '2d': 172_800_000,
    '1h1s': 3_601_000,
  };
  for (const [text, value] of Object.entries(cases)) t.is(parseTime(text), value, text);
});

test('sizes', (t) => {
  const cases = {
    '1GiB': 2 ** 30,
    '1.5KiB': 1536,
    '7B': 7,
    '512MiB': 2 ** 29,
    '1TiB': 2 ** 40,
    '0.001KiB': 1,
  };
  for (const [text, value] of Object.entries(cases)) t.is(parseSize(text), value, text);
  t.is(parseSize(725_946), 725_946);
  t.true(isSize('2GiB'));
  for (const text of ['', '2', '2GB', '-1GiB', '1e3B', ' 1B']) t.false(isSize(text), text);
  t.throws(() => parseSize('2GB'), {message: 'not a size: 2GB'});
});

test('paths below a folder', (t) => {
  for (const text of ['a', 'a/b', './a', 'a..b/..c', '.hidden'])
    t.is(pathError(text), undefined, text);
  const wrong = {
    '': 'is empty',
    '/a': 'is absolute',
    '..': 'leaves its folder with `..`',
    'a/../b': 'leaves its folder with `..`',
    'a\nb': 'holds a control character',
  };
  for (const [text, error] of Object.entries(wrong)) t.is(pathError(text), error, text);
});

test('file names', (t) => {
  for (const text of ['a', 'a.tar.gz', '.a', 'ä b']) t.is(nameError(text), undefined, text);
  for (const text of ['', '.', '..', 'a/b', '/', 'x'.repeat(256)])
    t.not(nameError(text), undefined, text);
});

test('globs', (t) => {
  const good = [
    'usr/bin/*',
    '**/*.la',
    'a/{b,c}',
    'x[!a]',
    'x[]a]'.slice(0, 4),
    'a\\[b',
    '{a,[{]}',
    '@(a|b)',
  ];
  for (const text of good) t.is(globError(text), undefined, text);
  const bad = ['', '/usr', '../x', 'a/../b', 'a[b', 'a{b', 'a}b', 'a]b', '(a', './a', 'a/'];
  for (const text of bad) t.not(globError(text), undefined, text);
  t.is(globError('a{b'), 'lacks a `}`');
  t.is(globError('a}b'), 'has a `}` too much');
});

test('archives by their names', (t) => {
  for (const name of ['a.tar', 'a-1.0.tar.gz', 'a.tgz', 'a.tar.zst', 'a.tbz2'])
    t.true(isArchiveName(name), name);
  for (const name of ['a', 'tar', 'a.zip', 'a.gz', 'a.tar.sig']) t.false(isArchiveName(name), name);
  t.is(withoutSuffix('linux-6.1.tar.xz'), 'linux-6.1');
  t.is(withoutSuffix('linux'), 'linux');
});

test('licences', (t) => {
  for (const text of [
    'MIT',
    'GPL-3.0-or-later',
    'MIT OR (Apache-2.0 AND BSD-3-Clause)',
    'GPL-2.0-only WITH Classpath-exception-2.0',
  ])
    t.is(licenseError(text), undefined, text);
  t.deepEqual(licenseError('GPL-3.0-or-latr'), {
    message: '`GPL-3.0-or-latr` is no SPDX licence expression',
    hint: 'did you mean GPL-3.0-or-later?',
  });
  for (const text of ['', 'MIT OR', 'MIT, ISC', '(MIT', 'free'])
    t.not(licenseError(text), undefined, text);
});

test('the project is the nearest folder upwards with a configuration', (t) => {
  using space = Space.with({'a/b/c/file': ''});
  t.is(findRoot(path.join(space.root, 'a/b/c')), space.root);
  t.is(findRoot(space.root), space.root);
  t.is(findRoot('/'), undefined);
  fs.writeFileSync(path.join(space.root, 'a/recipes.config.json'), '{}');
  t.is(findRoot(path.join(space.root, 'a/b')), path.join(space.root, 'a'));
});

test('paths are shown relative to the project where they lie in it', (t) => {
  t.is(shownPath('/p', '/p/recipes/a.yaml'), 'recipes/a.yaml');
  t.is(shownPath('/p', '/etc/recipes/config.yaml'), '/etc/recipes/config.yaml');
});

test('offsets to lines and columns', (t) => {
  const source = sourceText('f', Buffer.from('ab\n\ncd'));
  if (!source.ok) return t.fail();
  const at = (start: number, end?: number): string => {
    const {line, column, endLine, endColumn} = locate(source.value, start, end);
    return `${line}:${column}-${endLine}:${endColumn}`;
  };
  t.deepEqual(
    [at(0), at(2), at(3), at(4, 6), at(0, 5)],
    ['1:1-1:1', '1:3-1:3', '2:1-2:1', '3:1-3:3', '1:1-3:2'],
  );
});
