import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {leakIn, readContent} from '../../../engine/sandbox/content.ts';
import {parseOwners, readAhead, versionOf} from '../../../engine/sandbox/debian-version.ts';
import {rangeOf} from '../../../engine/sandbox/launch.ts';
import {lineSplitter} from '../../../engine/sandbox/lines.ts';
import {mergeLayers} from '../../../engine/sandbox/lowers.ts';
import {readLimits} from '../../../engine/sandbox/machine.ts';
import {installHint, packageOf} from '../../../engine/sandbox/packages.ts';
import {entriesOf} from '../../../engine/sandbox/staging.ts';
import {readReport} from '../../../engine/sandbox/status.ts';
import {
  driverText,
  quote,
  stepFile,
  stepName,
  variablesText,
} from '../../../engine/sandbox/steps.ts';
import {unpackTools} from '../../../engine/sandbox/unpack.ts';
import {plainCapability} from '../../../engine/sandbox/walk.ts';
import {sha256} from '../../../engine/base/hash.ts';
import {spansOf} from '../../../engine/sandbox/stamps.ts';
import type {TreeEntry} from '../../../store/manifest.ts';

function temporary(t: {teardown: (end: () => void) => void}): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-pieces-'));
  t.teardown(() => fs.rmSync(folder, {recursive: true}));
  return folder;
}

test('sandbox paths are found where a path begins, and nowhere else', (t) => {
  const leaks: readonly (readonly [string, string | undefined])[] = [
    ['/sysroot', '/sysroot'],
    ['prefix=/sysroot/usr', '/sysroot/usr'],
    ['a -I/sysroot/include b', '/sysroot/include b'],
    ['-isystem/sysroot/x', '/sysroot/x'],
    ['-Wl,-rpath,/sysroot/usr/lib', '/sysroot/usr/lib'],
    ['"/build/it-1/src"', '/build/it-1/src"'],
    ['\0/build/x\0', '/build/x'],
    ['PATH=/usr/bin:/sysroot/bin', '/sysroot/bin'],
    ['SED=/tools/sed', '/tools/sed'],
    ['/usr/share/tools/x', undefined],
    ['/usr/build/x', undefined],
    ['./build/x', undefined],
    ['my-dir/build/x', undefined],
    ['a-b/sysroot', undefined],
    ['/opt/sysroot', undefined],
    ['/builder', undefined],
    ['/build', undefined],
    ['//build/x', undefined],
    ['', undefined],
  ];
  for (const [text, leak] of leaks) t.is(leakIn(Buffer.from(text)), leak, JSON.stringify(text));
});

test('a leak across the border of two reads is found, and the digest is that of all', (t) => {
  const file = path.join(temporary(t), 'big');
  for (const before of [(1 << 20) - 4, (1 << 20) - 1, (1 << 20) + 3]) {
    const bytes = Buffer.concat([
      Buffer.alloc(before, ' '),
      Buffer.from('/sysroot/x'),
      Buffer.alloc(9),
    ]);
    fs.writeFileSync(file, bytes);
    const {digest, leak} = readContent(Buffer.from(file));
    t.is(leak, '/sysroot/x');
    t.is(String(digest), sha256(bytes));
  }
});

function entry(at: string, type: 'dir' | 'file', more: object = {}): TreeEntry {
  const common = {path: at, mode: 0o755, uid: 0, gid: 0, xattrs: []};
  const file = {size: 0, digest: sha256('') as never, hardlink: undefined, ...more};
  return type === 'dir' ? {...common, type} : {...common, type, ...file};
}

test('layers: covering, removing, folders and files in each other’s place', (t) => {
  const lower = [
    entry('a', 'dir'),
    entry('a/b', 'dir'),
    entry('a/b/c', 'file'),
    entry('d', 'file'),
  ];
  const upper: TreeEntry[] = [
    entry('a', 'dir'),
    entry('a/b', 'file'),
    {type: 'whiteout', path: 'd'},
  ];
  const lowers = mergeLayers([
    {owner: 'x/low' as Label, isBase: true, entries: lower},
    {owner: 'x/high' as Label, isBase: false, entries: upper},
  ]);
  t.deepEqual([...lowers.all()].map((one) => one.entry.path).sort(), ['a', 'a/b']);
  t.is(lowers.at('a/b')?.owner, 'x/high' as Label);
  t.is(lowers.at('a/b/c'), undefined);
  t.deepEqual(
    lowers.below('').map((one) => one.entry.path),
    ['a', 'a/b'],
  );
  t.deepEqual(lowers.namesIn('a'), ['a/b']);
});

test('a hard link whose first path was covered by another layer stands alone', (t) => {
  const low = [
    entry('a', 'file'),
    entry('b', 'file', {hardlink: 'a'}),
    entry('c', 'file', {hardlink: 'a'}),
  ];
  const owner = 'x/low' as Label;
  const alone = mergeLayers([{owner, isBase: false, entries: low}]);
  const links = (entries: readonly TreeEntry[]): unknown[] =>
    entries.map((one) => (one.type === 'file' ? one.hardlink : 'other'));
  t.deepEqual(links(entriesOf(alone)), [undefined, 'a', 'a']);
  const covered = mergeLayers([
    {owner, isBase: false, entries: low},
    {owner: 'x/high' as Label, isBase: false, entries: [entry('a', 'file')]},
  ]);
  t.deepEqual(links(entriesOf(covered)), [undefined, undefined, undefined]);
});

test('capabilities of revision 3 become revision 2; others stay', (t) => {
  const two = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  const three = Buffer.concat([
    Buffer.from('01000003', 'hex'),
    two.subarray(4),
    Buffer.alloc(4, 7),
  ]);
  t.is(plainCapability(three.toString('base64')), two.toString('base64'));
  t.is(plainCapability(two.toString('base64')), two.toString('base64'));
  t.is(plainCapability(''), '');
});

test('subordinate ids: by name or number, the largest, never more than we use', (t) => {
  const text = 'other:1:9\nme:100000:65536\nme:300000:1000\n42:500000:200000\nbad\nme:x:0\n';
  t.deepEqual(rangeOf(text, 'me', 7), {first: 100_000, count: 65_535});
  t.deepEqual(rangeOf(text, 'you', 42), {first: 500_000, count: 65_535});
  t.is(rangeOf(text, 'you', 7), undefined);
  t.is(rangeOf('', 'me', 7), undefined);
});

test('lines are cut where they end, whatever comes in one piece', (t) => {
  const lines: string[] = [];
  const feed = lineSplitter((line) => lines.push(line));
  const bytes = Buffer.from('one\ntwö\n\nrest');
  for (const byte of bytes) feed(Buffer.from([byte]));
  feed(Buffer.from(' of it\nlast\n'));
  t.deepEqual(lines, ['one', 'twö', '', 'rest of it', 'last']);
});

test('what the package database says of programs', (t) => {
  const owners = parseOwners(
    'gcc: /usr/bin/gcc\nlibc6:amd64: /lib/x.so\ndiversion by dash from: /bin/sh\na, b:i386: /usr/bin/x\n',
  );
  t.is(owners.get('/usr/bin/gcc'), 'gcc');
  t.is(owners.get('/lib/x.so'), 'libc6');
  t.is(owners.get('/usr/bin/x'), 'a');
});

test('packages of programs, for hints', (t) => {
  t.is(packageOf('bwrap'), 'bubblewrap');
  t.is(packageOf('make'), 'make');
  t.is(packageOf('nonesuch'), undefined);
  t.is(installHint(['xz', 'getfattr', 'setfattr', 'nonesuch']), 'apt install attr xz-utils');
  t.is(installHint(['nonesuch']), undefined);
});

test('limits of the machine', (t) => {
  const text = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             100                  96365                processes ',
    'Max open files            1024                 unlimited            files     ',
  ].join('\n');
  t.deepEqual(readLimits(text), {processes: 96_365, files: 1 << 30});
});

test('texts survive the shell’s quoting, and names of steps their order', (t) => {
  t.is(quote(`it's "$x" \\`), `'it'\\''s "$x" \\'`);
  t.is(stepFile(9, 'install'), '10-install');
  t.is(stepName('10-install'), 'install');
  t.is(variablesText({'a-b': 'x', list: ['1', '2 3']}, 4), "a_b='x'\nlist=('1' '2 3')\njobs='4'\n");
  const driver = driverText([{name: 'a', text: 'never in here'}], ['errexit'], "top'x");
  t.false(driver.includes('never in here'));
  t.true(driver.includes(`cd -- '/build/top'\\''x'`));
  t.false(driver.includes('EPOCHREALTIME'), 'nobody has asked for times');
});

test('a timed shell notes its steps, whatever they are', (t) => {
  const folder = temporary(t);
  const steps = [
    {name: 'a', text: 'set -o nounset; unset EPOCHREALTIME'},
    {name: 'b', text: 'true'},
  ];
  const lines = driverText(steps, [], '', true).match(/^builtin printf '%s %s.*$/gm) ?? [];
  const script = lines.join('\n').replaceAll('/run/recipes/status', folder);
  execFileSync('bash', ['-c', `set -o nounset -o noclobber\n${script}`]);
  const stamps = fs.readFileSync(path.join(folder, 'clock'), 'utf8').trimEnd().split('\n');
  t.deepEqual(
    stamps.map((one) => one.split(' ')[0]),
    ['begun', '01-a', '02-b', 'ended'],
  );
  for (const one of stamps) t.regex(one, /^\S+ \d+\.\d{6}$/);
});

test('the times of steps lie one after the other, within those of the sandbox', (t) => {
  const range = {since: 100, until: 200};
  const spans = (text: string): unknown[] =>
    spansOf(text, 'run', range, -5000).map(({name, since, until}) => [name, since, until]);
  t.deepEqual(spans('begun 5.110000\n01-make 5.120000\n02-in-stall 5.150500\nended 5,190000\n'), [
    ['start the sandbox', 100, 110],
    ['make', 120, 150.5],
    ['in-stall', 150.5, 190],
    ['end the sandbox', 190, 200],
  ]);
  t.deepEqual(spans('begun 5.110000\n01-make 5.120000\n').at(-1), ['make', 120, 200], 'it failed');
  t.deepEqual(spans(''), [], 'a bash without times');
  t.deepEqual(spans('begun \n01-make \n'), []);
  // What a build may write there.
  t.deepEqual(spans('begun 1.000000\nx 9999.000000\n\0 1\ny -1.000000\nz 5.100000\n'), [
    ['start the sandbox', 100, 100],
    ['x', 200, 200],
    ['z', 200, 200],
  ]);
});

test('reports: what a build wrote there is only ever text', (t) => {
  const folder = temporary(t);
  t.deepEqual(readReport(folder).steps, []);
  t.false(readReport(folder).begun);
  fs.writeFileSync(path.join(folder, 'steps'), '01-a\0/build\0' + '02-b\0/x\ny\0' + 'torn');
  fs.writeFileSync(path.join(folder, 'times'), '0m0.010s 0m0.020s\n1m2.500s 0m0.000s\n');
  fs.symlinkSync('/etc/passwd', path.join(folder, 'cwd'));
  fs.mkdirSync(path.join(folder, 'others'));
  const report = readReport(folder);
  t.deepEqual(
    report.steps.map((one) => one.file),
    ['01-a', '02-b'],
  );
  t.is(report.cpuMilliseconds, 62_530);
  t.is(report.cwd, undefined);
  t.deepEqual(report.others, []);
  fs.writeFileSync(path.join(folder, 'times'), 'rubbish');
  t.is(readReport(folder).cpuMilliseconds, undefined);
});

test('the programs an unpacking needs', (t) => {
  const content = {type: 'file' as const, blob: sha256('') as never};
  const how = {into: 'x', strip: 1, subdir: undefined};
  const sources = [
    {name: 'a', content, unpack: {...how, format: 'tar.xz' as const, inner: undefined}},
    {name: 'b', content, unpack: {...how, format: 'tar' as const, inner: 'x/y.tar.gz'}},
    {name: 'c', content, unpack: undefined},
  ];
  t.deepEqual(unpackTools(sources, []), ['gzip', 'tar', 'xz']);
  t.deepEqual(unpackTools([], [{name: 'p', blob: content.blob, strip: 1}]), ['patch']);
  t.deepEqual(unpackTools([], []), []);
});

test('packages that are no longer read ahead are read when they are asked for', async (t) => {
  const reading = readAhead();
  await reading.end();
  await reading.done;
  const version = versionOf(fs.realpathSync('/usr/bin/bash'));
  if (version === '') t.log('SKIPPED: no package database here');
  await readAhead().done;
  t.is(versionOf(fs.realpathSync('/usr/bin/bash')), version);
});
