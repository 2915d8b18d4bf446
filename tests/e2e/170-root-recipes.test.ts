/** Roots from recipes: built, laid out, changed, switched; and what cannot be one. */
import fs from 'node:fs';
import test from 'ava';
import {stringify} from 'yaml';
import {recipe, resultOf, writes} from '../support/recipes.ts';
import {filesOf, SmallRoots} from '../support/small-root.ts';

const roots = new SmallRoots();
test.before(() => roots.prepare());
test.after.always(() => roots[Symbol.asyncDispose]());

function rootText(name: string, root: object): string {
  return stringify({package: name, version: '1', summary: 'A root', root}, {lineWidth: 0});
}

const APP = {
  't/app': {steps: `${writes('app')}mkdir -p "$DESTDIR/etc"; echo 1 > "$DESTDIR/etc/app"`},
};

const SYSTEM = {
  layers: ['base/shell', 'app'],
  folders: {'/tmp': {mode: '1777'}, '/var/log': {owner: 'adm'}},
  files: {'/etc/hostname': {text: 'one\n'}, '/sbin/init': {from: 'sys/init', mode: '0755'}},
  links: {'/etc/mtab': '/proc/mounts'},
  users: {root: {uid: 0, home: '/root', shell: '/bin/sh'}, adm: {uid: 3}},
  groups: {root: {gid: 0}, adm: {gid: 4}},
  triggers: {made: 'echo "$PWD $(cat etc/hostname)" > made; rm -f usr/bin/tr'},
};

test.serial('a root is built, laid out and built again only when it changes', async (t) => {
  await using space = roots.project(APP);
  space.write('recipes/t/sys/init', '#!/bin/sh\n');
  space.write('recipes/t/sys.yaml', rootText('sys', SYSTEM));
  const {stderr} = await space.expect(0, ['build', 'sys']);
  t.regex(stderr, /✔ t\/sys built/);
  const files = await filesOf(space, 'sys');
  t.is(files['made'], 'file 0644 6');
  t.is(files['tmp'], 'dir 1777');
  t.is(files['sbin/init'], 'file 0755 10');
  t.is(files['etc/mtab'], 'link /proc/mounts');
  t.is(files['usr/bin/tr'], undefined, 'a trigger has removed it');
  t.is(files['usr/share/app'], 'file 0644 4');
  const again = resultOf(await space.expect(0, ['build', '--json', 'sys']));
  t.deepEqual(again.executed, []);

  await space.expect(0, ['checkout', 'sys', 'out']);
  t.is(space.read('out/made'), '/ one\n');
  t.is(space.read('out/etc/passwd'), 'root:x:0:0::/root:/bin/sh\nadm:x:3:3::/:/bin/false\n');
  // What is written to where it runs shares nothing with the store.
  t.is(fs.statSync(space.at('out/etc/app')).nlink, 1);
  t.true(fs.statSync(space.at('out/usr/share/app')).nlink > 1);

  space.write('recipes/t/sys/init', '#!/bin/sh\nexec sh\n');
  const changed = resultOf(await space.expect(0, ['build', '--json', 'sys']));
  t.deepEqual(changed.executed, ['t/sys']);
  const {stdout} = await space.expect(0, ['explain', 'sys']);
  t.regex(stdout, /fresh/);
});

test.serial('a root is switched to and back', async (t) => {
  await using space = roots.project(APP);
  const text = (host: string): string =>
    rootText('sys', {layers: ['app'], files: {'/etc/hostname': {text: `${host}\n`}}});
  space.write('recipes/t/sys.yaml', text('one'));
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  t.is(space.read('roots/mine/current/etc/hostname'), 'one\n');
  space.write('recipes/t/sys.yaml', text('two'));
  await space.expect(0, ['root', 'switch', 'mine', 'sys']);
  t.is(space.read('roots/mine/current/etc/hostname'), 'two\n');
  const {stdout} = await space.expect(0, ['root', 'diff', 'mine', '1', '2']);
  t.regex(stdout, /etc\/hostname/);
  await space.expect(0, ['root', 'rollback', 'mine']);
  t.is(space.read('roots/mine/current/etc/hostname'), 'one\n');
});

test.serial('layers that clash: one message with both names, and nothing made', async (t) => {
  await using space = roots.project({
    ...APP,
    't/other': {steps: 'mkdir -p "$DESTDIR/usr/share/app"'},
    't/third': {steps: writes('app', 'third')},
  });
  space.write('recipes/t/sys.yaml', rootText('sys', {layers: ['app', 'other', 'third']}));
  const {stderr} = await space.expect(1, ['build', 'sys']);
  t.regex(stderr, /\/usr\/share\/app is a folder in one of t\/app and t\/other/);
  t.regex(stderr, /t\/app and t\/third have different \/usr\/share\/app/);
  t.regex(stderr, /sys\.yaml:4/);
  space.write(
    'recipes/t/sys.yaml',
    rootText('sys', {layers: ['app', 'third'], exclude: ['usr/share']}),
  );
  await space.expect(0, ['build', 'sys']);
  t.deepEqual(await filesOf(space, 'sys'), {'etc/app': 'file 0644 2', usr: 'dir 0755'});
});

test.serial('a trigger that fails: its log, and no root', async (t) => {
  await using space = roots.project(APP);
  const broken = {...SYSTEM, files: {}, triggers: {keys: 'echo no keys >&2; false'}};
  space.write('recipes/t/sys.yaml', rootText('sys', broken));
  const {stderr} = await space.expect(1, ['build', 'sys']);
  t.regex(stderr, /t\/sys · keys failed \(exit 1/);
  t.regex(stderr, /no keys/);
  await space.expect(1, ['checkout', 'sys', 'out']);
  t.false(space.exists('out'));
});

test.serial('an unknown owner is a mistake of the recipe', async (t) => {
  await using space = roots.project(APP);
  const root = {layers: ['app'], folders: {'/x': {owner: 'nobody'}}};
  space.write('recipes/t/sys.yaml', rootText('sys', root));
  const {stderr} = await space.expect(3, ['build', 'sys']);
  t.regex(stderr, /root\/unknown-owner/);
  t.regex(stderr, /\/x belongs to nobody, whom this root does not have/);
});

test.serial('a layer that comes out as before ends it there', async (t) => {
  await using space = roots.project(APP);
  space.write('recipes/t/sys.yaml', rootText('sys', {layers: ['app']}));
  await space.expect(0, ['build', 'sys']);
  const {steps} = APP['t/app'];
  space.write('recipes/t/app.yaml', recipe('t/app', {steps: `# Another way.\n${steps}`}));
  const {executed} = resultOf(await space.expect(0, ['build', '--json', 'sys']));
  t.deepEqual(executed, ['t/app']);
});

test.serial('layers nobody knows are mistakes of the recipe', async (t) => {
  await using space = roots.project(APP);
  space.write('recipes/t/sys.yaml', rootText('sys', {layers: ['ap', '@system']}));
  const {stderr} = await space.expect(3, ['build', 'app']);
  t.regex(stderr, /sys\.yaml:6:7.*\n(.*\n)*.*there is no recipe named ap/);
  t.regex(stderr, /did you mean app\?/);
  t.regex(stderr, /there is no set @system/);
});
