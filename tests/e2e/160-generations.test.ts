/** Profiles by the command line: switched, rolled back, compared, pinned, removed; gc keeps them. */
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {
  change,
  currentText,
  history,
  numbers,
  project,
  switchTo,
  threeGenerations,
  treesRemoved,
  type ProfileRecord,
} from '../support/profiles.ts';
import {recipe} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import type {Ran, Space} from '../support/space.ts';

async function refused(
  t: ExecutionContext,
  space: Space,
  words: string,
  code: RegExp,
): Promise<Ran> {
  const ran = await space.expect(2, words.split(' '));
  t.regex(ran.stderr, code, words);
  return ran;
}

// --- the ordinary way ------------------------------------------------------------------------------

test.serial(
  'a switch builds, lays out and makes current; the same again makes nothing',
  async (t) => {
    await using space = project();
    const first = await switchTo(space, 'sys', 'a');
    const folder = fs.realpathSync(space.at('roots/sys'));
    t.like(first, {
      profile: 'sys',
      folder,
      generation: 1,
      previous: null,
      label: 't/a',
      made: true,
    });
    t.deepEqual([first.files, first.linked], [1, 1]);
    t.is(currentText(space), 'a');
    t.is(fs.readlinkSync(space.at('roots/sys/current')), '1');
    const again = await space.expect(0, ['root', 'switch', 'sys', 'a']);
    t.is(again.stderr, 'sys is generation 1 already: t/a as it is now\n');
    t.like(await switchTo(space, 'sys', 'a'), {
      generation: 1,
      previous: 1,
      made: false,
      files: null,
    });
    change(space, 'two');
    const {stderr} = await space.expect(0, ['root', 'switch', 'sys', 'a']);
    t.regex(stderr, /t\/a built/);
    t.regex(stderr, /^sys is now generation 2: t\/a, before that 1$/m);
    t.regex(stderr, /^1 file in .*\/roots\/sys\/2, 1 of them linked to the store: do not edit/m);
    t.is(currentText(space), 'two');
    t.is(space.read('roots/sys/1/usr/share/a'), 'a\n');
    t.deepEqual(fs.readdirSync(space.at('roots/sys')).sort(), ['1', '2', 'current']);
    t.deepEqual(remains(space), []);
  },
);

test.serial('back, forward and to any number; a later switch takes a new one', async (t) => {
  await using space = await threeGenerations();
  const said = await space.expect(0, ['root', 'rollback', 'sys']);
  t.is(said.stderr, 'sys is now generation 2: t/a, before that 3\n');
  t.is(currentText(space), 'two');
  await space.expect(0, ['root', 'rollback', 'sys']);
  t.is(currentText(space), 'one');
  await refused(t, space, 'root rollback sys', /root\/unknown-generation[^]*before 1/);
  const {stdout} = await space.expect(0, ['root', 'rollback', 'sys', '3', '--json']);
  t.like(JSON.parse(stdout), {profile: 'sys', generation: 3, previous: 1, label: 't/a'});
  const same = await space.expect(0, ['root', 'rollback', 'sys', '3']);
  t.regex(same.stderr, /generation 3 already/);
  await space.expect(0, ['root', 'rollback', 'sys', '1']);
  // What the newest generation has is switched to, not made again.
  t.like(await switchTo(space, 'sys', 'a'), {generation: 3, previous: 1, made: false});
  await space.expect(0, ['root', 'rollback', 'sys', '1']);
  change(space, 'four');
  t.like(await switchTo(space, 'sys', 'a'), {generation: 4, previous: 1, made: true});
  await refused(t, space, 'root rollback sys 9', /root\/unknown-generation/);
  await refused(t, space, 'root rollback sys -- -1', /usage\/wrong/);
  await refused(t, space, 'root rollback other', /root\/unknown-profile/);
});

test.serial('history and list say what there is', async (t) => {
  await using space = await threeGenerations();
  await space.expect(0, ['root', 'switch', 'other', 'b']);
  await space.expect(0, ['root', 'rollback', 'sys']);
  await space.expect(0, ['root', 'pin', 'sys', '1']);
  fs.rmSync(space.at('roots/sys/3'), {recursive: true});
  const {current: now, generations} = await history(space);
  t.is(now, 2);
  t.deepEqual(
    generations.map((one) => [one.generation, one.pinned, one.current, one.missing]),
    [
      [1, true, false, false],
      [2, false, true, false],
      [3, false, false, true],
    ],
  );
  const {stdout} = await space.expect(0, ['root', 'history', 'sys']);
  const lines = stdout.trimEnd().split('\n');
  t.regex(lines[0] ?? '', /^ {4}1 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}t\/a {2}[0-9a-f]{8} {2}pinned$/);
  t.regex(lines[1] ?? '', /^\* {3}2 /);
  t.regex(lines[2] ?? '', /its folder is gone$/);
  await refused(t, space, 'root rollback sys 3', /root\/unknown-generation/);
  const listed = await space.expect(0, ['root', 'list']);
  t.regex(listed.stdout, /^other {2}1 {2}t\/b {2}.*\/roots\/other {2}1 generation\nsys {2}2 /);
  const {profiles} = JSON.parse((await space.expect(0, ['root', 'list', '--json'])).stdout) as {
    profiles: readonly ProfileRecord[];
  };
  t.deepEqual(
    profiles.map((one) => one.profile),
    ['other', 'sys'],
  );
  t.regex((await space.expect(0, ['store', 'roots'])).stdout, /^generation +sys 1 {2}t\/a/m);
});

test.serial('diff names every path that is not the same', async (t) => {
  await using space = project();
  const make = (body: string): void =>
    space.write('recipes/t/a.yaml', recipe('t/a', {steps: `cd "$DESTDIR"; ${body}`}));
  make(
    'mkdir -p usr/bin; echo 1 > usr/bin/x; echo same > usr/same; ln -s x usr/bin/l; echo > usr/f',
  );
  await space.expect(0, ['root', 'switch', 'sys', 'a']);
  await refused(t, space, 'root diff sys', /root\/unknown-generation[^]*before 1/);
  make(
    'mkdir -p usr/bin; echo 2 > usr/bin/x; chmod 755 usr/bin/x; echo same > usr/same; ln -s y usr/bin/l; mkdir usr/f; echo > usr/new',
  );
  await space.expect(0, ['root', 'switch', 'sys', 'a']);
  const said = await space.expect(0, ['root', 'diff', 'sys']);
  t.deepEqual(said.stdout.trimEnd().split('\n'), [
    '~ t/a 1',
    '',
    '~ /usr/bin/l  (target)',
    '~ /usr/bin/x  (content, mode)',
    '~ /usr/f  (kind, -1 B)',
    '+ /usr/new  (+1 B)',
  ]);
  t.is(said.stderr, 'sys 1 → 2: t/a, 4 changes\n');
  t.regex(
    (await space.expect(0, ['root', 'diff', 'sys', '2', '1'])).stdout,
    /^- \/usr\/new {2}\(-1 B\)$/m,
  );
  t.is((await space.expect(0, ['root', 'diff', 'sys', '2'])).stdout, '');
  const {stdout} = await space.expect(0, ['root', 'diff', 'sys', '1', '--json']);
  const record = JSON.parse(stdout) as {from: number; to: number; changes: readonly object[]};
  t.deepEqual([record.from, record.to, record.changes.length], [1, 2, 4]);
  t.deepEqual(record.changes[1], {
    ...{path: '/usr/bin/x', change: 'changed', what: ['content', 'mode'], bytes: 0},
  });
  await refused(t, space, 'root diff sys 1 7', /root\/unknown-generation/);
});

test.serial('with all it needs to run, as copies, anywhere', async (t) => {
  await using space = project();
  const made = await switchTo(space, 'sys', 'b', '--with-run', '--copy', '--at', 'some/place');
  t.is(made.folder, fs.realpathSync(space.at('some/place')));
  t.deepEqual([made.files, made.linked], [2, 0]);
  for (const name of ['a', 'b']) {
    t.is(fs.statSync(space.at(`some/place/current/usr/share/${name}`)).nlink, 1);
  }
  // What only runs with it changes: that is another content.
  t.like(await switchTo(space, 'sys', 'b', '--with-run', '--copy'), {made: false});
  change(space, 'two');
  t.like(await switchTo(space, 'sys', 'b', '--with-run', '--copy'), {generation: 2, made: true});
  t.is(space.read('some/place/current/usr/share/a'), 'two\n');
  t.like(await switchTo(space, 'sys', 'b', '--with-run'), {generation: 3, made: true});
  t.is(fs.statSync(space.at('some/place/current/usr/share/a')).nlink, 2);
  await refused(t, space, 'root switch sys b --at elsewhere', /root\/folder/);
  t.false(space.exists('elsewhere'));
  t.deepEqual((await space.expect(0, ['store', 'verify', '--full'])).status, 0);
});

test.serial('what cannot be switched to is refused, and leaves no profile', async (t) => {
  await using space = project();
  space.write('mine/file', 'x');
  await refused(t, space, 'root switch ../sys a', /root\/unknown-profile/);
  await refused(t, space, 'root switch sys nothing', /target\//);
  await refused(t, space, 'root switch sys **', /usage\/wrong/);
  await refused(t, space, 'root switch sys a --at mine', /root\/folder/);
  await refused(t, space, 'root switch sys a --at .recipes/roots/x', /root\/folder/);
  await refused(t, space, 'root history sys', /root\/unknown-profile/);
  await refused(t, space, 'root remove sys 1', /root\/unknown-profile/);
  space.write('recipes/t/a.yaml', recipe('t/a', {steps: 'exit 3'}));
  const failed = await space.expect(1, ['root', 'switch', 'sys', 'a']);
  t.regex(failed.stderr, /exit 3|exit code 3|status 3/);
  t.is((await space.expect(0, ['root', 'list'])).stdout, '');
  t.deepEqual(fs.readdirSync(space.at('mine')), ['file']);
  t.false(space.exists('roots/sys'));
  t.deepEqual(remains(space), []);
});

// --- removal and gc --------------------------------------------------------------------------------

test.serial('gc keeps what generations have until they are removed', async (t) => {
  await using space = await threeGenerations();
  t.is(await treesRemoved(space), 0);
  await space.expect(0, ['root', 'rollback', 'sys', '1']);
  await space.expect(0, ['root', 'pin', 'sys', '2']);
  const both = await refused(t, space, 'root remove sys 1 2 3', /root\/in-use/);
  t.regex(both.stderr, /generation 1 of sys is the current one/);
  t.regex(both.stderr, /generation 2 of sys is pinned/);
  t.deepEqual(await numbers(space), [1, 2, 3]);
  // The project's last build has the third tree as well.
  change(space, 'four');
  await space.expect(0, ['build']);
  t.is(await treesRemoved(space), 0);
  const {stdout} = await space.expect(0, ['root', 'remove', 'sys', '3', '--json']);
  t.deepEqual(JSON.parse(stdout), {profile: 'sys', removed: [3]});
  t.false(space.exists('roots/sys/3'));
  t.is(await treesRemoved(space), 1);
  await space.expect(0, ['root', 'pin', 'sys', '2', '--off']);
  await space.expect(0, ['root', 'remove', 'sys', '2']);
  t.is(await treesRemoved(space), 1);
  t.is(currentText(space), 'one');
  await refused(t, space, 'root pin sys 3', /root\/unknown-generation/);
  await space.expect(0, ['store', 'verify', '--full']);
  t.deepEqual(remains(space), []);
});

test.serial('--keep removes the old ones, but for what is current or pinned', async (t) => {
  await using space = await threeGenerations();
  change(space, 'four');
  await space.expect(0, ['root', 'switch', 'sys', 'a']);
  await space.expect(0, ['root', 'rollback', 'sys', '1']);
  await space.expect(0, ['root', 'pin', 'sys', '2']);
  await space.expect(0, ['root', 'remove', 'sys', '--keep', '1']);
  t.deepEqual(await numbers(space), [1, 2, 4]);
  const none = await space.expect(0, ['root', 'remove', 'sys', '--keep', '3']);
  t.regex(none.stderr, /nothing of sys is to be removed/);
  await refused(t, space, 'root remove sys', /usage\/wrong/);
  await refused(t, space, 'root remove sys 1 --keep 1', /usage\/wrong/);
  await refused(t, space, 'root remove sys x', /usage\/wrong/);
  await space.expect(2, ['root', 'remove', 'sys', '--keep', '0']);
});

test.serial('a profile whose folder was thrown away can be forgotten', async (t) => {
  await using space = await threeGenerations();
  fs.rmSync(space.at('roots/sys'), {recursive: true});
  t.is((await history(space)).current, null);
  await refused(t, space, 'root rollback sys', /root\/unknown-generation/);
  await refused(t, space, 'root diff sys', /root\/unknown-generation/);
  await space.expect(0, ['root', 'remove', 'sys', '1', '2', '3']);
  t.is((await space.expect(0, ['root', 'list'])).stdout, '');
});

test.serial('a project that is moved takes its profiles along', async (t) => {
  await using space = await threeGenerations();
  fs.mkdirSync(space.at('moved'));
  for (const name of ['recipes', 'roots', '.recipes', 'recipes.config.yaml']) {
    fs.renameSync(space.at(name), space.at(`moved/${name}`));
  }
  await space.expect(0, ['-C', 'moved', 'root', 'rollback', 'sys']);
  t.is(space.read('moved/roots/sys/current/usr/share/a'), 'two\n');
});

test.serial('a generation with damaged files is not switched to, but made again', async (t) => {
  await using space = project();
  await switchTo(space, 'sys', 'a');
  const [file = ''] = fs.readdirSync(space.at('roots/sys/1/usr/share'));
  const before = space.read(`roots/sys/current/usr/share/${file}`);
  fs.chmodSync(space.at(`roots/sys/1/usr/share/${file}`), 0o644);
  fs.appendFileSync(space.at(`roots/sys/1/usr/share/${file}`), 'damage');
  const {stderr} = await space.expect(0, ['store', 'verify', '--full', '--repair', '--yes']);
  t.regex(stderr, /generation 1 of sys may still have damaged files/);
  t.not(space.read(`roots/sys/current/usr/share/${file}`), before);
  t.like(await switchTo(space, 'sys', 'a'), {generation: 2, previous: 1, made: true});
  t.is(space.read(`roots/sys/current/usr/share/${file}`), before);
  t.like(await switchTo(space, 'sys', 'a'), {generation: 2, previous: 2, made: false});
});

/** Runs a command while the store cannot be written: root needs a read-only mount for that. */
async function closed(space: Space, words: string): Promise<Ran> {
  const store = space.at('.recipes');
  if (process.getuid?.() === 0) {
    const bind = 'mount --bind "$0" "$0"; mount -o remount,ro,bind "$0"; exec "$@"';
    const through = ['unshare', '--mount', 'sh', '-ec', bind, store];
    return space.expect(0, words.split(' '), {through});
  }
  fs.chmodSync(`${store}/tmp`, 0o500);
  try {
    return await space.expect(0, words.split(' '));
  } finally {
    fs.chmodSync(`${store}/tmp`, 0o755);
  }
}

test.serial('a store that cannot be written can be looked at', async (t) => {
  await using space = project();
  await switchTo(space, 'sys', 'a');
  await switchTo(space, 'sys', 'b');
  const looks = ['root list', 'root history sys', 'root diff sys', 'store roots', 'store size'];
  for (const words of [...looks, 'store verify --full']) {
    const {stdout} = await closed(space, words);
    t.true(stdout.length > 0, words);
  }
});

test.serial('what is damaged is built again before it is switched to', async (t) => {
  await using space = project();
  await space.expect(0, ['build', 'a']);
  for (const head of fs.readdirSync(space.at('.recipes/files'))) {
    fs.rmSync(space.at(`.recipes/files/${head}`), {recursive: true});
  }
  const {stderr} = await space.expect(0, ['root', 'switch', 'sys', 'a']);
  t.regex(stderr, /t\/a built/);
  t.is(currentText(space), 'a');
});
