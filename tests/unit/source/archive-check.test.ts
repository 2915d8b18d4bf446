/** Archives that are fine, and hostile ones made byte by byte: each refused by name. */
import test, {type ExecutionContext} from 'ava';
import os from 'node:os';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {temporaryDir, writeFileAtomic} from '../../../engine/base/files.ts';
import {run, runSync} from '../../../engine/base/process.ts';
import {checkArchive, formatOf, limitsFor} from '../../../engine/source/archive-check.ts';
import {TarReader} from '../../../engine/source/archive-reader.ts';
import {ArchivePlan} from '../../../engine/source/archive-rules.ts';
import type {ArchiveFormat, ArchiveLimits} from '../../../engine/source/archive-check.ts';
import {long, pax, rawEntry, record, tar, type RawEntry} from './tar-bytes.ts';

const LIMITS: ArchiveLimits = {entries: 1000, bytes: 1_000_000};

async function check(
  bytes: Uint8Array,
  format: ArchiveFormat = 'tar',
  limits = LIMITS,
): ReturnType<typeof checkArchive> {
  await using folder = temporaryDir(os.tmpdir(), 'recipes-tar-');
  const file = path.join(folder.path, 'a.tar');
  writeFileAtomic(file, bytes, {durable: false});
  return await checkArchive(file, format, limits, 'a.tar');
}

async function refused(t: ExecutionContext, bytes: Uint8Array, expected: RegExp): Promise<void> {
  const result = await check(bytes);
  t.false(result.ok);
  if (result.ok) return;
  t.is(result.error[0]?.code, 'source/archive-refused');
  t.regex(result.error[0]?.message ?? '', expected);
}

const DIR = (name: string): RawEntry => ({name, type: '5'});
const LINK = (name: string, link: string): RawEntry => ({name, type: '2', link});
const HARD = (name: string, link: string): RawEntry => ({name, type: '1', link});
const FILE = (name: string, content = 'x'): RawEntry => ({name, content});

const GOOD: readonly [string, readonly RawEntry[], string | undefined][] = [
  ['files and folders', [DIR('p/'), FILE('p/a'), DIR('p/d/'), FILE('p/d/b')], 'p'],
  ['no entry for the folder', [FILE('p/a')], 'p'],
  ['with ./', [DIR('./'), DIR('./p/'), FILE('./p/a')], 'p'],
  ['two folders', [FILE('p/a'), FILE('q/a')], undefined],
  ['a file at the top', [FILE('a')], undefined],
  ['links inside', [FILE('p/a'), LINK('p/l', 'a'), LINK('p/d/l', '../a'), LINK('p/up', '.')], 'p'],
  ['a link to nothing inside', [LINK('p/l', 'later/made')], 'p'],
  ['hard links', [FILE('p/a'), HARD('p/b', 'p/a'), HARD('p/c', './p/b')], 'p'],
  ['a hard link to a link', [LINK('p/l', 'x'), HARD('p/m', 'p/l')], 'p'],
  ['the same file twice', [FILE('p/a'), FILE('p/a', 'yy')], 'p'],
  ['a long name of GNU tar', [long('L', `p/${'n'.repeat(150)}`), FILE('cut')], 'p'],
  ['a long target of GNU tar', [long('K', 't'.repeat(150)), LINK('p/l', 'cut')], 'p'],
  ['a pax name', [pax([['path', 'p/ünï']]), FILE('cut')], 'p'],
  ['a name with a prefix', [{name: 'a', prefix: 'p/d'}], 'p'],
  ['a global comment, as git writes', [pax([['comment', 'f'.repeat(40)]], 'g'), FILE('p/a')], 'p'],
  [
    'times and a comment of two lines',
    [
      pax([
        ['mtime', '1.5'],
        ['comment', 'a\nb'],
      ]),
      FILE('p/a'),
    ],
    'p',
  ],
  ['a label of the medium', [{name: 'label', type: 'V'}, FILE('p/a')], 'p'],
  ['a name that is no UTF-8', [FILE('p/a'), {name: Buffer.from([0x70, 0x2f, 0xff, 0xfe])}], 'p'],
  [
    'a binary attribute, as macOS writes',
    [
      pax([
        ['path', 'p/a'],
        ['SCHILY.xattr.com.apple.x', Buffer.from([1, 0, 0xff, 10, 7])],
      ]),
      FILE('cut'),
    ],
    'p',
  ],
  [
    'a sparse file',
    [
      pax([
        ['GNU.sparse.name', 'p/s'],
        ['GNU.sparse.realsize', '9000'],
      ]),
      FILE('p/GNUSparseFile.1/s'),
    ],
    'p',
  ],
];

for (const [name, entries, top] of GOOD) {
  test(`accepted: ${name}`, async (t) => {
    const result = await check(tar(...entries));
    t.is(result.ok ? result.value.top : JSON.stringify(result.error), top);
  });
}

test('the facts: number of entries, unpacked size', async (t) => {
  const bytes = tar(DIR('p/'), FILE('p/a', 'abc'), LINK('p/l', 'a'), FILE('p/b', 'x'.repeat(1000)));
  t.deepEqual(await check(bytes), {ok: true, value: {top: 'p', entries: 4, bytes: 1003}});
});

const HOSTILE: readonly [string, readonly RawEntry[], RegExp][] = [
  ['..', [FILE('../x')], /the name \.\.\/x leads out with \.\./],
  ['.. in the middle', [FILE('p/../../x')], /leads out/],
  ['.. that stays inside', [FILE('p/d/../x')], /leads out/],
  ['a file named .', [FILE('.')], /without a name/],
  ['a folder named ..', [DIR('..')], /leads out/],
  ['absolute', [FILE('/etc/passwd')], /\/etc\/passwd is absolute/],
  ['absolute folder', [DIR('/')], /absolute/],
  ['a prefix with ..', [{name: 'x', prefix: 'p/../..'}], /leads out/],
  ['a line break', [FILE('p/a\nb')], /p\/a\\u\{a\}b holds a line break/],
  ['a carriage return', [FILE('p/a\rb')], /line break/],
  ['an absolute link', [LINK('p/l', '/etc')], /the link p\/l → \/etc leads out/],
  ['a link up', [LINK('p/l', '../x')], /p\/l → \.\.\/x leads out/],
  ['a link up and back', [FILE('p/a'), LINK('p/l', '../p/a')], /leads out/],
  ['a link out of two folders', [FILE('q/a'), LINK('p/l', '../../x')], /leads out/],
  ['a chain of links', [LINK('p/a', '.'), LINK('p/b', 'a/..'), LINK('p/c', 'b/../x')], /leads out/],
  ['a chain, made later', [LINK('p/c', 'b/x'), LINK('p/b', 'd/..'), LINK('p/d', '.')], /leads out/],
  [
    'a file through a link',
    [LINK('p/l', 'd'), FILE('p/l/x')],
    /p\/l\/x would be written through a link/,
  ],
  [
    'a link in the way later',
    [FILE('p/l/x'), LINK('p/l', 'd')],
    /there twice, as different things/,
  ],
  ['a link that turns into a folder', [LINK('p/l', 'd'), DIR('p/l/')], /twice/],
  ['a link with two targets', [LINK('p/l', 'd'), LINK('p/l', 'e')], /twice/],
  ['a link to itself', [LINK('p/l', 'l')], /leads to itself/],
  ['below a file', [FILE('p/a'), FILE('p/a/b')], /lies below a file/],
  ['a hard link out', [HARD('p/h', '../x')], /the hard link p\/h \.\.\/x leads out/],
  ['an absolute hard link', [HARD('p/h', '/etc/shadow')], /absolute/],
  [
    'a hard link to nothing in the archive',
    [HARD('p/h', 'p/no')],
    /p\/no, which is no file before it/,
  ],
  ['a hard link to a later file', [HARD('p/h', 'p/a'), FILE('p/a')], /no file before it/],
  ['a hard link to a folder', [DIR('p/d/'), HARD('p/h', 'p/d')], /no file before it/],
  [
    'a hard link that moves a link out',
    [LINK('p/d/l', '../../p'), HARD('p/l', 'p/d/l')],
    /leads out/,
  ],
  ['a character device', [{name: 'p/null', type: '3'}], /p\/null is a character device/],
  ['a block device', [{name: 'p/sda', type: '4'}], /block device/],
  ['a named pipe', [{name: 'p/fifo', type: '6'}], /named pipe/],
  ['a type nobody knows', [{name: 'p/x', type: 'Z'}], /type that is not unpacked/],
  ['an old sparse file', [{name: 'p/x', type: 'S'}], /type that is not unpacked \(SparseFile\)/],
  ['a huge size', [{name: 'p/x', size: 2 ** 40}], /unpacks to more than 1000000 bytes/],
  [
    'many sizes that add up',
    [1, 2, 3].map((n) => FILE(`p/${n}`, 'x'.repeat(400_000))),
    /more than/,
  ],
  ['a huge sparse file', [pax([['GNU.sparse.realsize', '9000000000']]), FILE('p/s')], /more than/],
  [
    'a link with content',
    [{name: 'p/l', type: '2', link: 'a', content: 'x'}],
    /has content but is no file/,
  ],
  [
    'a hard link with content',
    [FILE('p/a'), {name: 'p/h', type: '1', link: 'p/a', content: 'x'}],
    /has content/,
  ],
  [
    'a folder with content',
    [{name: 'p/d/', type: '5', content: 'x'}],
    /has content but is no file/,
  ],
  [
    'a folder with a pax size',
    [pax([['size', '512']]), {name: 'p/d/', type: '5'}],
    /has content but is no file/,
  ],
  ['a prefix of an unknown version', [{name: 'x', prefix: '..', magic: 'ustar\0  '}], /leads out/],
  ['a pax name that leads out', [pax([['path', '../../x']]), FILE('p/a')], /leads out/],
  ['an absolute pax name', [pax([['path', '/x']]), FILE('p/a')], /absolute/],
  [
    'a pax name with a line break',
    [pax([['path', 'p/a\nb']]), FILE('p/a')],
    /line break|certainty/,
  ],
  ['a pax name with NUL', [pax([['path', 'p/a\0b']]), FILE('p/a')], /NUL/],
  ['a pax target that leads out', [pax([['linkpath', '../../x']]), LINK('p/l', 'a')], /leads out/],
  [
    'two pax names',
    [
      pax([
        ['path', 'p/a'],
        ['path', 'p/b'],
      ]),
      FILE('p/c'),
    ],
    /there twice/,
  ],
  [
    'two pax headers with names',
    [pax([['path', 'p/a']]), pax([['path', 'p/b']]), FILE('p/c')],
    /there twice/,
  ],
  [
    'a pax name and a long name',
    [long('L', 'p/a'), pax([['path', 'p/b']]), FILE('p/c')],
    /given two names/,
  ],
  ['a global name', [pax([['path', 'p/b']], 'g'), FILE('p/c'), FILE('p/d')], /global header/],
  ['a global target', [pax([['linkpath', 'b']], 'g'), LINK('p/c', 'd')], /global header/],
  ['a global size', [pax([['size', '5']], 'g'), FILE('p/c'), FILE('p/d')], /global header/],
  ['a sparse name that leads out', [pax([['GNU.sparse.name', '../x']]), FILE('p/a')], /leads out/],
  ['a pax size that is no number', [pax([['size', '1e3']]), FILE('p/a')], /no number/],
  ['a pax size of many digits', [pax([['size', '9'.repeat(30)]]), FILE('p/a')], /no number/],
  [
    'a name hidden in a comment',
    [pax([['comment', `a\n${record('path', 'p/../../x').toString()}`]]), FILE('p/a')],
    /hides another one/,
  ],
  [
    'a name after bytes that are no text',
    [
      {
        name: 'pax',
        type: 'x',
        content: Buffer.concat([
          record('SCHILY.xattr.a', Buffer.from([0xff, 0xfe])),
          record('path', '../x'),
        ]),
      },
      FILE('p/a'),
    ],
    /leads out/,
  ],
  [
    'a name with a blank before its length',
    [{name: 'pax', type: 'x', content: ' 13 path=../x\n'}, FILE('p/a')],
    /certainty/,
  ],
  [
    'a long name with more after its end',
    [long('L', 'p/a\0../../x'), FILE('p/b')],
    /after its end/,
  ],
  ['a long name of GNU tar, twice', [long('L', 'p/a'), long('L', 'p/b'), FILE('c')], /two names/],
  ['a long name that leads out', [long('L', '../'.repeat(50)), FILE('p/b')], /leads out/],
  ['a part too long', [long('L', `p/${'n'.repeat(300)}`), FILE('p/b')], /too long/],
  ['a name too long', [long('L', 'p/'.repeat(3000)), FILE('p/b')], /too long/],
  [
    'an endless extended header',
    [{name: 'pax', type: 'x', content: record('comment', 'c'.repeat(2 << 20))}, FILE('p/a')],
    /too long/,
  ],
];

for (const [name, entries, expected] of HOSTILE) {
  test(`refused: ${name}`, async (t) => {
    await refused(t, tar(...entries), expected);
  });
}

const DAMAGED: readonly [string, Uint8Array, ArchiveFormat][] = [
  ['no archive at all', Buffer.from('hello\n'.repeat(300)), 'tar'],
  ['empty', Buffer.alloc(0), 'tar'],
  ['a link without a target', tar(LINK('p/l', '')), 'tar'],
  ['a wrong checksum', tar({...FILE('p/a'), badSum: true}), 'tar'],
  ['a prefix of no known notation', tar({...FILE('p/a'), prefix: '..', magic: ''}), 'tar'],
  [
    'a negative size',
    tar({...FILE('p/a'), size: Buffer.alloc(12, 0xff).toString('latin1')}),
    'tar',
  ],
  ['a size beyond all', tar({...FILE('p/a'), size: `\x80${'\x7f'.repeat(11)}`}), 'tar'],
  ['only empty blocks', Buffer.alloc(10240), 'tar'],
  ['a header cut off', tar(FILE('p/a')).subarray(0, 1100), 'tar'],
  ['an extended header cut off', rawEntry(pax([['path', 'p/a']])).subarray(0, 700), 'tar'],
  ['a wrong checksum later', tar(FILE('p/a'), {...FILE('p/b'), badSum: true}), 'tar'],
  [
    'a size in no known notation',
    tar({...FILE('p/a'), size: Buffer.alloc(12, 0xfe).toString('latin1')}),
    'tar',
  ],
  ['cut off in a file', tar(FILE('p/a', 'x'.repeat(5000))).subarray(0, 2000), 'tar'],
  [
    'gzip cut off',
    gzipSync(Buffer.concat([rawEntry(FILE('p/a', 'x'.repeat(99_999)))])).subarray(0, 60),
    'tar.gz',
  ],
  ['no gzip', tar(FILE('p/a')), 'tar.gz'],
  ['no xz', tar(FILE('p/a')), 'tar.xz'],
  ['no bzip2', tar(FILE('p/a')), 'tar.bz2'],
  ['no zstd', tar(FILE('p/a')), 'tar.zst'],
];

for (const [name, bytes, format] of DAMAGED) {
  test(`damaged: ${name}`, async (t) => {
    const result = await check(bytes, format);
    t.is(result.ok ? 'ok' : result.error[0]?.code, 'source/archive-damaged');
  });
}

const FORMATS = ['v7', 'oldgnu', 'gnu', 'ustar', 'posix'];

for (const format of FORMATS) {
  test(`as GNU tar writes it: ${format}`, async (t) => {
    await using folder = temporaryDir(os.tmpdir(), 'recipes-tar-');
    const script = `cd "$1"; mkdir -p p/d; echo x > p/a; echo 12345 > p/d/ünï; ln -s d/ünï p/link
      ln p/a p/hard; touch -d @1.5 p/a; chmod 600 p/d/*; name=$(printf 'n%.0s' $(seq 60))
      [ ${format} = v7 ] || { mkdir p/$name; touch p/$name/$name$name; ln -s $name/$name$name p/long; }
      tar --format=${format} -cf a.tar p; tar -tf a.tar | wc -l`;
    const done = runSync(['sh', '-c', script, 'sh', folder.path]);
    const entries = Number(done.stdout);
    t.true(entries > 5, done.stderr);
    const result = await checkArchive(path.join(folder.path, 'a.tar'), 'tar', LIMITS, 'a.tar');
    t.deepEqual(result, {ok: true, value: {top: 'p', entries, bytes: 8}});
  });
}

test('the same in pieces of any size', (t) => {
  const entries = [DIR('p/'), long('L', `p/${'n'.repeat(150)}`), FILE('cut', 'x'.repeat(700))];
  const bytes = tar(...entries, pax([['path', 'p/ünï']]), FILE('cut', ''));
  for (const size of [1, 7, 511, 512, 513, 1000, bytes.length]) {
    const plan = new ArchivePlan(LIMITS);
    const reader = new TarReader(plan);
    for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
    t.deepEqual(reader.end(), {end: true});
    t.deepEqual(plan.finish(), {top: 'p', entries: 3, bytes: 700});
  }
});

test('an archive compressed twice is refused', async (t) => {
  const bytes = gzipSync(gzipSync(tar(FILE('p/a'))));
  const result = await check(bytes, 'tar.gz');
  t.regex(result.ok ? '' : (result.error[0]?.message ?? ''), /compressed twice/);
});

const PROGRAMS: readonly [ArchiveFormat, readonly string[]][] = [
  ['tar.xz', ['xz', '-kf']],
  ['tar.bz2', ['bzip2', '-kf']],
  ['tar.zst', ['zstd', '-qkf']],
  ['tar.gz', ['gzip', '-kf']],
];
const ENDING: Readonly<Record<string, string>> = {
  'tar.xz': 'xz',
  'tar.bz2': 'bz2',
  'tar.zst': 'zst',
  'tar.gz': 'gz',
};

for (const [format, argv] of PROGRAMS) {
  test(`compressed: ${format}`, async (t) => {
    if (runSync([argv[0] ?? '', '--version']).status === 127) {
      t.log(`SKIPPED: ${argv[0]} is not installed`);
      return t.pass();
    }
    await using folder = temporaryDir(os.tmpdir(), 'recipes-tar-');
    const file = path.join(folder.path, 'a.tar');
    // More than one piece, and names across the borders of pieces.
    const names = Array.from({length: 900}, (_one, n) => [
      long('L', `p/${'é'.repeat(100)}${n}`),
      FILE('c', 'y'.repeat(900)),
    ]);
    writeFileAtomic(file, tar(...names.flat()), {durable: false});
    t.is((await run([...argv, file])).status, 0);
    const result = await checkArchive(`${file}.${ENDING[format] ?? ''}`, format, LIMITS);
    t.deepEqual(result, {ok: true, value: {top: 'p', entries: 900, bytes: 810_000}});
  });
}

test('formatOf goes by the ending', (t) => {
  const names: readonly [string, ArchiveFormat | undefined][] = [
    ['a-1.0.tar', 'tar'],
    ['a.tar.gz', 'tar.gz'],
    ['a.tgz', 'tar.gz'],
    ['A.TAR.XZ', 'tar.xz'],
    ['a.txz', 'tar.xz'],
    ['a.tar.bz2', 'tar.bz2'],
    ['a.tbz2', 'tar.bz2'],
    ['a.tar.zst', 'tar.zst'],
    ['a.zip', undefined],
    ['a.gz', undefined],
    ['tar', undefined],
    ['a.patch', undefined],
  ];
  for (const [name, format] of names) t.is(formatOf(name), format, name);
});

test('limitsFor: a gigabyte for small archives, 200 times the size for large ones', (t) => {
  t.is(limitsFor(1000).bytes, 1024 ** 3);
  t.is(limitsFor(100 * 1024 ** 2).bytes, 200 * 100 * 1024 ** 2);
});
