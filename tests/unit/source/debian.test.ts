/** apt's configuration in both formats, and what is read from it. */
import test from 'ava';
import os from 'node:os';
import path from 'node:path';
import {archiveRoots, readDeb822, readOneLine} from '../../../engine/source/debian.ts';
import {makeDirs, temporaryDir, writeFileAtomic} from '../../../engine/base/files.ts';

const ONE_LINE: readonly [string, string, readonly string[]][] = [
  ['plain', 'deb http://a.test/debian stable main', ['http://a.test/debian']],
  [
    'options',
    'deb [arch=amd64 signed-by=/k.gpg] https://a.test/debian s main',
    ['https://a.test/debian'],
  ],
  ['options with blanks', 'deb [ arch=amd64 ] http://a.test/d/ s main', ['http://a.test/d/']],
  ['one option, no blank', 'deb [trusted=yes] file:/srv/debian s main', ['file:/srv/debian']],
  ['comment line', '# deb http://a.test/debian stable main', []],
  [
    'comment at the end',
    'deb http://a.test/debian s main # http://b.test',
    ['http://a.test/debian'],
  ],
  ['source packages only', 'deb-src http://a.test/debian stable main', []],
  ['tabs', 'deb\thttp://a.test/debian\tstable\tmain', ['http://a.test/debian']],
  ['options never closed', 'deb [arch=amd64 http://a.test/debian stable', []],
  ['nothing but deb', 'deb', []],
  ['empty', '', []],
];

for (const [name, text, expected] of ONE_LINE) {
  test(`one-line: ${name}`, (t) => {
    t.deepEqual(readOneLine(text), expected);
  });
}

const STANZA = 'Types: deb\nURIs: http://a.test/debian\nSuites: s\nComponents: main\n';
const DEB822: readonly [string, string, readonly string[]][] = [
  ['plain', STANZA, ['http://a.test/debian']],
  ['enabled: no', `${STANZA}Enabled: no\n`, []],
  ['enabled: FALSE', `Enabled: FALSE\n${STANZA}`, []],
  ['enabled: yes', `${STANZA}Enabled: yes\n`, ['http://a.test/debian']],
  ['both types', STANZA.replace('deb', 'deb deb-src'), ['http://a.test/debian']],
  ['source packages only', STANZA.replace('deb', 'deb-src'), []],
  ['comment in a stanza', STANZA.replace('URIs', '# snapshot\nURIs'), ['http://a.test/debian']],
  ['names in any case', 'TYPES: deb\nuris: http://a.test/x\n', ['http://a.test/x']],
  [
    'several URIs',
    'Types: deb\nURIs: http://a.test/x http://b.test/y\n',
    ['http://a.test/x', 'http://b.test/y'],
  ],
  [
    'continued',
    'Types: deb\nURIs: http://a.test/x\n  http://b.test/y\n',
    ['http://a.test/x', 'http://b.test/y'],
  ],
  [
    'continued with a comment between',
    'Types: deb\nURIs:\n http://a.test/x\n# no\n http://b.test/y\n',
    ['http://a.test/x', 'http://b.test/y'],
  ],
  [
    'two stanzas',
    `${STANZA}\n\n${STANZA.replace('a.test', 'b.test')}`,
    ['http://a.test/debian', 'http://b.test/debian'],
  ],
  [
    'a key inside',
    `${STANZA}Signed-By:\n -----BEGIN PGP-----\n .\n abc: def\n`,
    ['http://a.test/debian'],
  ],
  ['stray text', 'nonsense\n', []],
  ['empty', '\n\n', []],
];

for (const [name, text, expected] of DEB822) {
  test(`deb822: ${name}`, (t) => {
    t.deepEqual(readDeb822(text), expected);
  });
}

test('the roots of a whole configuration: main archives first, each once, the usable ones', async (t) => {
  await using folder = temporaryDir(os.tmpdir(), 'recipes-apt-');
  const parts = path.join(folder.path, 'sources.list.d');
  makeDirs(parts);
  const put = (name: string, text: string): void => {
    writeFileAtomic(path.join(folder.path, name), text, {durable: false});
  };
  put('sources.list', 'deb http://a.test/debian-security s main\ndeb cdrom:[Disc]/ s main\n');
  put('sources.list.d/b.sources', `${STANZA}\nTypes: deb\nURIs: mirror+http://m.test/debian\n`);
  put('sources.list.d/a.list', 'deb http://z.test/debian/ s main\ndeb http://a.test/debian s x\n');
  put('sources.list.d/off.list.disabled', 'deb http://off.test/debian s main\n');
  put('sources.list.d/c.list', 'deb http://$(ARCH).test/debian s main\n');
  t.deepEqual(archiveRoots(folder.path), [
    'http://z.test/debian',
    'http://a.test/debian',
    'http://a.test/debian-security',
  ]);
});

test('no configuration, or one that is no folder: no roots', async (t) => {
  await using folder = temporaryDir(os.tmpdir(), 'recipes-apt-');
  t.deepEqual(archiveRoots(path.join(folder.path, 'missing')), []);
  makeDirs(path.join(folder.path, 'sources.list'));
  t.deepEqual(archiveRoots(folder.path), []);
});
