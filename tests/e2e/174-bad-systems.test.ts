/** Systems on another file system, on a full one, in the wrong place: said, and nothing half done. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {stringify} from 'yaml';
import {decodeSealed, encodeSealed} from '../../store/sealed.ts';
import {history} from '../support/profiles.ts';
import {recipes, writes} from '../support/recipes.ts';
import {Space} from '../support/space.ts';

/** A small file system of its own; undefined where that may not be mounted. */
function smallDisk(t: ExecutionContext, size: string): string | undefined {
  const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-small-'));
  const options = `size=${size},mode=777`;
  const {status} = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', disk]);
  t.teardown(() => {
    spawnSync('umount', ['-l', disk]);
    fs.rmSync(disk, {recursive: true, force: true});
  });
  if (status === 0) return disk;
  t.log('SKIPPED: root, to mount a small disk');
  return undefined;
}

function project(): Space {
  return Space.create({
    ...recipes({'t/app': {steps: writes('app')}}),
    'recipes/t/sys.yaml': systemText('one'),
  });
}

/** `large`: bytes of a file in it. */
function systemText(text: string, large = 0): string {
  const files = {
    '/etc/a': {text: `${text}\n`},
    '/var/lib/a': {text: `${text}\n`},
    ...(large === 0 ? {} : {'/usr/large': {text: 'x'.repeat(large)}}),
  };
  const root = {layers: ['app'], files};
  return stringify({package: 'sys', version: '1', summary: 'A system', root});
}

test('on another file system: copies, and /etc is merged there too', async (t) => {
  const disk = smallDisk(t, '1m');
  if (disk === undefined) return t.pass();
  await using space = project();
  const at = path.join(disk, 'sys');
  await space.expect(0, ['root', 'switch', 'mine', 'sys', '--at', at]);
  t.is(fs.statSync(path.join(at, 'current/usr/share/app')).nlink, 1);
  fs.writeFileSync(path.join(at, 'current/etc/a'), 'mine\n');
  space.write('recipes/t/sys.yaml', systemText('two'));
  const {stderr} = await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  t.regex(stderr, /kept of \/etc: \/etc\/a/);
  t.is(fs.readFileSync(path.join(at, 'current/etc/a'), 'utf8'), 'mine\n');
  t.is(fs.readFileSync(path.join(at, 'var/lib/a'), 'utf8'), 'one\n');
});

test('a full disk: the old system stays current, and nothing of the new one is left', async (t) => {
  const disk = smallDisk(t, '512k');
  if (disk === undefined) return t.pass();
  await using space = project();
  const at = path.join(disk, 'sys');
  await space.expect(0, ['root', 'switch', 'mine', 'sys', '--at', at]);
  space.write('recipes/t/sys.yaml', systemText('two', 700_000));
  const full = await space.expect(4, ['root', 'switch', 'mine', 'sys']);
  t.regex(full.stderr, /store\/full[^]*no space/);
  t.deepEqual(fs.readdirSync(at).sort(), ['1', 'current', 'var']);
  t.is(fs.readFileSync(path.join(at, 'current/etc/a'), 'utf8'), 'one\n');
  // What was made of it in the store is a root like any other.
  await space.expect(0, ['store', 'verify', '--full']);
  spawnSync('mount', ['-o', 'remount,size=4m', disk]);
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  t.deepEqual(
    (await history(space, 'mine')).generations.map((one) => one.generation),
    [1, 2],
  );
});

test('an export to a full disk is none', async (t) => {
  const disk = smallDisk(t, '300k');
  if (disk === undefined) return t.pass();
  await using space = project();
  space.write('recipes/t/sys.yaml', systemText('two', 700_000));
  await space.expect(0, ['build', 'sys']);
  const forms = spawnSync('mke2fs', ['-V']).error === undefined ? ['tar', 'ext4', 'disk'] : ['tar'];
  for (const form of forms) {
    const file = path.join(disk, 'out');
    const words = ['export', 'sys', '--as', form, '-o', file];
    const full = await space.expect(4, words);
    t.regex(full.stderr, /store\/full[^]*no space/, form);
    t.deepEqual(fs.readdirSync(disk), [], form);
  }
});

test('places that cannot be those of a profile', async (t) => {
  await using space = project();
  await space.expect(0, ['build', 'sys']);
  space.write('taken/file', 'mine\n');
  const taken = await space.expect(2, ['root', 'switch', 'mine', 'sys', '--at', 'taken']);
  t.regex(taken.stderr, /root\/folder[^]*taken is not empty: it holds "file"/);
  // A folder `var` alone is nobody's profile.
  space.write('other/var/x', 'mine\n');
  const other = await space.expect(2, ['root', 'switch', 'mine', 'sys', '--at', 'other']);
  t.regex(other.stderr, /other is not empty: it holds "var"/);
  const inside = await space.expect(2, ['root', 'switch', 'mine', 'sys', '--at', '.recipes/mine']);
  t.regex(inside.stderr, /lies in the store/);
  t.is(space.read('taken/file'), 'mine\n');
  const none = await space.expect(2, ['root', 'activate', 'mine']);
  t.regex(none.stderr, /there is no profile mine/);
  const boot = await space.expect(2, ['root', 'boot', 'mine']);
  t.regex(boot.stderr, /there is no profile mine/);
});

test('a generation whose recipe says nothing of how it is started', async (t) => {
  await using space = project();
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  const {stderr} = await space.expect(1, ['root', 'boot', 'mine']);
  t.regex(stderr, /boot\/no-kernel[^]*t\/sys does not say how it is started/);
  const unknown = await space.expect(2, ['root', 'boot', 'mine', '7']);
  t.regex(unknown.stderr, /mine has no generation 7/);
});

/** What another program may have written: sealed, but no root. */
const NONSENSE: readonly (readonly [name: string, change: object])[] = [
  ['a system that is none', {system: 'yes'}],
  ['a kernel that is none', {system: {staged: false, boot: {kernel: 7}}}],
  ['packages that are no list', {packages: {}}],
  ['a package without a size', {packages: [{label: 't/a', version: '1', tree: 'x'}]}],
];

for (const [name, change] of NONSENSE) {
  test(`a root of a generation that says nonsense is refused: ${name}`, async (t) => {
    await using space = project();
    await space.expect(0, ['root', 'switch', 'mine', 'sys']);
    const file = space.at('.recipes/roots/generations/mine/1');
    const facts = decodeSealed(fs.readFileSync(file)) as object;
    fs.writeFileSync(file, encodeSealed({...facts, ...change}));
    const {stderr} = await space.expect(4, ['root', 'history', 'mine']);
    t.regex(stderr, /store\/bad-root[^]*it says nothing a root says/);
    t.is(space.read('roots/mine/current/etc/a'), 'one\n');
  });
}

test('without /etc in the current system there is nothing to merge', async (t) => {
  await using space = project();
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  fs.rmSync(space.at('roots/mine/1/etc'), {recursive: true});
  space.write('recipes/t/sys.yaml', systemText('two'));
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  t.is(space.read('roots/mine/current/etc/a'), 'two\n');
});

test('a package after a system, and a system after a package', async (t) => {
  await using space = project();
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  await space.expect(0, ['root', 'switch', 'mine', 'app']);
  t.deepEqual(fs.readdirSync(space.at('roots/mine/current')), ['usr']);
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  t.is(space.read('roots/mine/current/etc/a'), 'one\n');
  t.is((await history(space, 'mine')).current, 3);
});
