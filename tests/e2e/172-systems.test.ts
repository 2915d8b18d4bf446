/** Whole systems in a profile: /etc merged, /var shared, staged, kept, rolled back. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import test from 'ava';
import {stringify} from 'yaml';
import {history} from '../support/profiles.ts';
import {recipes, writes} from '../support/recipes.ts';
import {Space} from '../support/space.ts';

/** A system of one layer, with these files and one of its own in /var. */
function rootText(files: Readonly<Record<string, string>>): string {
  const texts = Object.entries(files).map(([name, text]) => [`/etc/${name}`, {text}]);
  const root = {
    layers: ['app'],
    files: {...Object.fromEntries(texts), '/var/lib/first': {text: 'as it came\n'}},
    folders: {'/var/log': {mode: '750'}},
  };
  return stringify({package: 'sys', version: '1', summary: 'A root', root}, {lineWidth: 0});
}

interface Switched {
  readonly generation: number;
  readonly previous: number | null;
  readonly made: boolean;
  readonly staged?: boolean;
  readonly removed?: readonly number[];
  readonly etc?: {readonly kept: readonly string[]; readonly both: readonly string[]};
}

async function switched(space: Space, ...words: readonly string[]): Promise<Switched> {
  const {stdout} = await space.expect(0, ['root', 'switch', 'mine', 'sys', '--json', ...words]);
  return JSON.parse(stdout) as Switched;
}

/** A project with a system of these files in /etc, which is current. */
async function system(files: Readonly<Record<string, string>>): Promise<Space> {
  const space = Space.create(recipes({'t/app': {steps: writes('app')}}));
  become(space, files);
  await switched(space);
  return space;
}

function become(space: Space, files: Readonly<Record<string, string>>): void {
  space.write('recipes/t/sys.yaml', rootText(files));
}

const at = (name: string): string => `roots/mine/current/${name}`;

test('what was changed in /etc goes with the system, the rest follows the new one', async (t) => {
  await using space = await system({a: '1\n', b: '1\n', gone: '1\n'});
  space.write(at('etc/a'), 'mine\n');
  space.write(at('etc/new'), 'mine\n');
  fs.rmSync(space.at(at('etc/gone')));
  fs.chmodSync(space.at(at('etc/new')), 0o600);
  become(space, {a: '2\n', b: '2\n', gone: '2\n', more: '2\n'});
  const done = await switched(space);
  t.like(done, {generation: 2, previous: 1, made: true});
  t.deepEqual(done.etc, {
    kept: ['/etc/a', '/etc/gone', '/etc/new'],
    both: ['/etc/a', '/etc/gone'],
  });
  t.deepEqual(fs.readdirSync(space.at(at('etc'))).sort(), ['a', 'b', 'more', 'new']);
  t.is(space.read(at('etc/a')), 'mine\n');
  t.is(space.read(at('etc/b')), '2\n');
  t.is(fs.statSync(space.at(at('etc/new'))).mode & 0o777, 0o600);
  // Copies: writing to them does not write into the store.
  t.is(fs.statSync(space.at(at('etc/a'))).nlink, 1);

  // The old system's /etc is as it was left.
  await space.expect(0, ['root', 'rollback', 'mine']);
  t.deepEqual(fs.readdirSync(space.at(at('etc'))).sort(), ['a', 'b', 'new']);
  t.is(space.read(at('etc/b')), '1\n');
  // Forward again is a new generation: what was changed since goes with it.
  space.write(at('etc/b'), 'later\n');
  t.like(await switched(space), {generation: 3, previous: 1});
  t.is(space.read(at('etc/b')), 'later\n');
  await space.expect(0, ['store', 'verify', '--full']);
});

test('a system that is current is not made again for what was written to it', async (t) => {
  await using space = await system({a: '1\n'});
  space.write(at('etc/a'), 'mine\n');
  space.write('roots/mine/var/lib/more', 'x');
  t.like(await switched(space), {generation: 1, previous: 1, made: false});
  // What is not to be written to, is looked at.
  fs.rmSync(space.at(at('usr/share/app')));
  t.like(await switched(space), {generation: 2, previous: 1, made: true});
  t.is(space.read(at('etc/a')), 'mine\n');
  t.true(space.exists(at('usr/share/app')));
});

test('another way of being started is another generation', async (t) => {
  await using space = await system({a: '1\n'});
  space.edit('recipes/t/sys.yaml', 'root:\n', 'root:\n  boot: {kernel: /boot/k}\n');
  t.like(await switched(space), {generation: 2, previous: 1, made: true});
  t.like(await switched(space), {generation: 2, previous: 2, made: false});
});

test('/var is one for all generations, and only gains', async (t) => {
  await using space = await system({a: '1\n'});
  t.deepEqual(fs.readdirSync(space.at(at('var'))), [], 'a place to mount it at');
  t.is(space.read('roots/mine/var/lib/first'), 'as it came\n');
  t.is(fs.statSync(space.at('roots/mine/var/log')).mode & 0o7777, 0o750);
  space.write('roots/mine/var/lib/first', 'mine\n');
  fs.rmSync(space.at('roots/mine/var/log'), {recursive: true});
  space.write('roots/mine/var/log', 'no folder\n');
  become(space, {a: '2\n'});
  await switched(space);
  t.is(space.read('roots/mine/var/lib/first'), 'mine\n');
  t.is(space.read('roots/mine/var/log'), 'no folder\n');
  fs.rmSync(space.at('roots/mine/var/log'));
  become(space, {a: '3\n'});
  await switched(space);
  t.true(fs.statSync(space.at('roots/mine/var/log')).isDirectory());
  t.deepEqual(
    fs.readdirSync(space.at('roots/mine')).sort(),
    ['1', '2', '3', 'current', 'var'],
    'nothing half done',
  );
});

test('a staged system merges /etc when it becomes current', async (t) => {
  await using space = await system({a: '1\n', b: '1\n'});
  become(space, {a: '2\n', b: '2\n'});
  t.like(await switched(space, '--stage'), {generation: 2, previous: 1, staged: true});
  t.is(space.read(at('etc/b')), '1\n', 'the old one is current');
  const {generations} = await history(space, 'mine');
  t.like(generations[1], {generation: 2, staged: true, current: false});
  const shown = await space.expect(0, ['root', 'history', 'mine']);
  t.regex(shown.stdout, /2 .*t\/sys .* staged/);
  // Again: it is there.
  t.like(await switched(space, '--stage'), {generation: 2, made: false});
  const early = await space.expect(2, ['root', 'rollback', 'mine', '2']);
  t.regex(early.stderr, /2 is staged: it never was current[^]*recipes root activate mine 2/);

  space.write(at('etc/a'), 'mine\n');
  const {stderr} = await space.expect(0, ['root', 'activate', 'mine']);
  t.regex(stderr, /mine is now generation 2: t\/sys, before that 1/);
  t.regex(stderr, /kept of \/etc: \/etc\/a\n.*changed in the new root too: \/etc\/a/);
  t.is(space.read(at('etc/a')), 'mine\n');
  t.is(space.read(at('etc/b')), '2\n');
  const nothing = await space.expect(2, ['root', 'activate', 'mine']);
  t.regex(nothing.stderr, /nothing is staged in mine/);
  const wrong = await space.expect(2, ['root', 'activate', 'mine', '1']);
  t.regex(wrong.stderr, /1 is not staged/);
});

test('switching to what is staged makes it current', async (t) => {
  await using space = await system({a: '1\n'});
  become(space, {a: '2\n', b: '2\n'});
  await switched(space, '--stage');
  space.write(at('etc/a'), 'mine\n');
  const done = await switched(space);
  t.like(done, {generation: 2, previous: 1, made: false});
  t.deepEqual(done.etc?.kept, ['/etc/a']);
  t.is(space.read(at('etc/a')), 'mine\n');
  t.is(space.read(at('etc/b')), '2\n');
});

test('a file of yours where the new system has a folder: nothing is switched', async (t) => {
  await using space = await system({a: '1\n'});
  space.write(at('etc/d'), 'mine\n');
  become(space, {a: '1\n', 'd/x': '2\n'});
  const {stderr} = await space.expect(1, ['root', 'switch', 'mine', 'sys']);
  t.regex(stderr, /root\/etc-clash/);
  t.regex(stderr, /\/etc\/d was made or changed here, and t\/sys has a folder there/);
  t.regex(stderr, /move .*roots\/mine\/1\/etc\/d away/);
  t.deepEqual(fs.readdirSync(space.at('roots/mine')).sort(), ['1', 'current', 'var']);
  fs.rmSync(space.at(at('etc/d')));
  t.like(await switched(space), {generation: 2});
});

test('fifos and sockets of /etc stay where they are', async (t) => {
  await using space = await system({a: '1\n'});
  t.is(spawnSync('mkfifo', [space.at(at('etc/fifo'))]).status, 0);
  become(space, {a: '2\n'});
  t.like(await switched(space), {generation: 2});
  t.deepEqual(fs.readdirSync(space.at(at('etc'))), ['a']);
});

test('only so many are kept, but always the one before', async (t) => {
  await using space = await system({a: '1\n'});
  for (const text of ['2', '3', '4']) {
    become(space, {a: text});
    await switched(space);
  }
  await space.expect(0, ['root', 'rollback', 'mine', '3']);
  become(space, {a: '5'});
  // 5 is new, 4 is the one before in number.
  t.deepEqual((await switched(space, '--keep', '1')).removed, [1, 2, 3]);
  t.deepEqual(
    (await history(space, 'mine')).generations.map((one) => one.generation),
    [4, 5],
  );
});

test('a difference is told in packages, files and sizes', async (t) => {
  await using space = await system({a: '1\n'});
  space.write(
    'recipes/t/app.yaml',
    recipes({'t/app': {steps: writes('app', 'longer')}})['recipes/t/app.yaml'] ?? '',
  );
  await switched(space);
  const {stdout, stderr} = await space.expect(0, ['root', 'diff', 'mine']);
  t.is(stdout, '~ t/app 1 (+3 B)\n\n~ /usr/share/app  (content, +3 B)\n');
  t.regex(stderr, /mine 1 → 2: t\/sys, 1 change, \+3 B/);
});
