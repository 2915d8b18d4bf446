/** Roots from recipes: built, laid out, changed, switched; and what cannot be one. */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import test from 'ava';
import {stringify} from 'yaml';
import {treeOf} from '../support/moved.ts';
import {recipe, recipes, resultOf, writes} from '../support/recipes.ts';
import {filesOf, SHELL, SmallRoots} from '../support/small-root.ts';
import {Space} from '../support/space.ts';

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

test.serial('a root in which nothing runs needs no worker, one with triggers does', async (t) => {
  await using space = roots.project(APP);
  const write = (text: string, triggers: object): void => {
    const files = {'/etc/hostname': {text}};
    const root = {layers: ['base/shell', 'app'], files, triggers};
    space.write('recipes/t/sys.yaml', rootText('sys', root));
  };
  const phases = async (): Promise<readonly string[]> => {
    const ran = await space.expect(0, ['build', '--json', 'sys', '--trace', 'trace.json']);
    t.deepEqual(resultOf(ran).executed, ['t/sys']);
    const {traceEvents} = JSON.parse(space.read('trace.json')) as {traceEvents: {name: string}[]};
    return traceEvents.map((one) => one.name);
  };
  write('zero\n', {});
  await space.expect(0, ['build', 'sys']);
  write('one\n', {});
  const quiet = await phases();
  t.true(quiet.includes('lay layers'));
  t.false(quiet.includes('start the worker'));
  write('two\n', {made: 'cp etc/hostname made'});
  t.true((await phases()).includes('start the worker'));
  t.is((await filesOf(space, 'sys'))['made'], 'file 0644 4');
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
  const files = {'/etc/mtab.one': {text: 'one\n'}};
  const keys = 'echo half > half; echo no keys >&2; false';
  const broken = {...SYSTEM, files, triggers: {keys}};
  space.write('recipes/t/sys.yaml', rootText('sys', broken));
  const {stderr} = await space.expect(1, ['build', 'sys']);
  t.regex(stderr, /t\/sys · keys failed \(exit 1/);
  t.regex(stderr, /no keys/);
  await space.expect(1, ['checkout', 'sys', 'out']);
  t.false(space.exists('out'));
  // What it ran in, with what it had done.
  const {stdout} = await space.expect(0, [
    ...['shell', '--failed', 'sys', '-c', 'cat /etc/mtab.one /half /usr/share/app'],
  ]);
  t.is(stdout, 'one\nhalf\napp\n');
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

const PARTS = {layers: ['base/shell', 'app', 'more'], files: {'/etc/hostname': {text: 'one\n'}}};

test.serial('a root laid together again where a layer changed is as from nothing', async (t) => {
  const files = (text: string): Parameters<typeof roots.project>[0] => ({
    ...APP,
    't/more': {steps: writes('more', text) + writes(`only-${text}`)},
  });
  await using space = roots.project(files('first'));
  space.write('recipes/t/sys.yaml', rootText('sys', PARTS));
  await space.expect(0, ['build', 'sys']);
  space.write('recipes/t/more.yaml', recipe('t/more', files('second')['t/more']));
  space.edit('recipes/t/sys.yaml', 'one', 'two');
  const ran = await space.expect(0, ['build', '--json', 'sys']);
  t.deepEqual(resultOf(ran).executed, ['t/more', 't/sys']);
  const tree = await treeOf(space, 'sys');
  await using other = Space.create({
    ...recipes({'base/shell': SHELL, ...files('second')}),
    'recipes/t/sys.yaml': rootText('sys', PARTS).replace('one', 'two'),
  });
  await other.expect(0, ['build', 'sys']);
  t.is(await treeOf(other, 'sys'), tree);
});

for (const [what, name] of [
  ['a layer that has not changed', 'a'],
  ['a layer that has', 'b'],
] as const) {
  test.serial(`damage of ${what} is mended when it shows`, async (t) => {
    await using space = Space.create({
      ...recipes({'t/a': {}, 't/b': {}}),
      'recipes/t/sys.yaml': rootText('sys', {layers: ['a', 'b']}),
    });
    await space.expect(0, ['build', 'sys']);
    space.write('recipes/t/b.yaml', recipe('t/b', {steps: writes('b', 'changed')}));
    await space.expect(0, ['build', 'b']);
    damage(space, name === 'a' ? 'a\n' : 'changed\n');
    await space.expect(0, ['build', 'sys']);
    const refused = await space.run(['checkout', 'sys', 'out']);
    t.regex(refused.stderr, /store\/damaged/);
    t.false(space.exists('out'));
    const ran = await space.expect(0, ['build', '--json', 'sys']);
    t.deepEqual(resultOf(ran).executed, [`t/${name}`, 't/sys']);
    await space.expect(0, ['checkout', 'sys', 'out']);
    t.is(space.read('out/usr/share/a'), 'a\n');
    t.is(space.read('out/usr/share/b'), 'changed\n');
  });
}

/** Damages the pool file of a text, as whoever writes into a checkout does. */
function damage(space: Space, text: string): void {
  const digest = createHash('sha256').update(text).digest('hex');
  const pooled = `.recipes/files/${digest.slice(0, 2)}/${digest.slice(2)}.644`;
  fs.chmodSync(space.at(pooled), 0o644);
  space.write(pooled, 'damage\n');
}

for (const [what, more] of [
  ['that the root itself reads', {users: {adm: {uid: 3}}}],
  ['of a root that gets a trigger', {triggers: {made: 'cat usr/share/a > made'}}],
] as const) {
  test.serial(`damage of a layer ${what}: told, and mended by the next build`, async (t) => {
    const passwd = 'root:x:0:0::/root:/bin/sh\n';
    const steps = `${writes('a')}mkdir -p "$DESTDIR/etc"; printf '${passwd.replace('\n', '\\n')}' > "$DESTDIR/etc/passwd"`;
    await using space = Space.create({
      ...recipes({'base/shell': SHELL, 't/a': {steps}, 't/b': {}}),
      'recipes/t/sys.yaml': rootText('sys', {layers: ['base/shell', 'a', 'b']}),
    });
    await space.expect(0, ['build', 'sys']);
    damage(space, 'users' in more ? passwd : 'a\n');
    space.write('recipes/t/sys.yaml', rootText('sys', {layers: ['base/shell', 'a', 'b'], ...more}));
    const first = await space.run(['build', 'sys']);
    t.regex(first.stderr, /t\/a: .* in the store/, space.report());
    if (first.status !== 0) await space.expect(0, ['build', 'sys']);
    await space.expect(0, ['checkout', 'sys', 'out']);
    t.is(space.read('out/usr/share/a'), 'a\n');
    t.true(space.read('out/etc/passwd').startsWith(passwd));
    if ('triggers' in more) t.is(space.read('out/made'), 'a\n');
  });
}

/** A program that another package has the interpreter of. */
const script = (text: string): string =>
  `mkdir -p "$DESTDIR/usr/bin"; printf '${text}' > "$DESTDIR/usr/bin/$1"; chmod 755 "$DESTDIR"/usr/bin/*`;

test.serial('what the files of a root lack is told each time it is laid together', async (t) => {
  const recipeOf = (name: string, text: string): string =>
    recipe(`t/${name}`, {steps: script(text).replaceAll('$1', name)});
  await using space = Space.create({
    'recipes.config.yaml': '{}\n',
    'recipes/t/tongue.yaml': recipeOf('tongue', ''),
    'recipes/t/word.yaml': recipe('t/word', {
      steps: script('#!/usr/bin/tongue\\n').replaceAll('$1', 'word'),
      needs: [{build: 'tongue', for: 'run'}],
    }),
    'recipes/t/other.yaml': recipe('t/other', {}),
    'recipes/t/sys.yaml': rootText('sys', {layers: ['word', 'other']}),
  });
  const lacking = async (): Promise<number> => {
    const {stderr} = await space.expect(0, ['build', 'sys']);
    t.regex(stderr, /t\/sys built/);
    return stderr.split('usr/bin/word needs /usr/bin/tongue, which nothing').length - 1;
  };
  t.is(await lacking(), 0);
  space.edit('recipes/t/word.yaml', 'tongue\\n', 'tongue -x\\n');
  t.is(await lacking(), 0, 'of what has changed');
  space.edit('recipes/t/tongue.yaml', '/usr/bin/tongue', '/usr/bin/lung');
  t.is(await lacking(), 1, 'who had it has it no more');
  space.write('recipes/t/other.yaml', recipe('t/other', {steps: writes('other', 'changed')}));
  t.is(await lacking(), 1, 'nothing of it has changed');
  space.edit('recipes/t/tongue.yaml', '/usr/bin/lung', '/usr/bin/tongue');
  t.is(await lacking(), 0);
});
