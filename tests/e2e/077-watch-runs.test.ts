/** `watch` while something runs: what goes on, what is ended, and a machine without watches. */
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipe, recipes, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space, until} from '../support/space.ts';
import {ended, isEnd, logsOf, ofType, renameOver, Watching} from '../support/watching.ts';
import {contents, serve} from '../unit/source/server.ts';

/** a ← b; c alone. */
function project(): Space {
  return Space.create(
    recipes({'t/a': {}, 't/b': {needs: ['a'], steps: joins('b', ['a'])}, 't/c': {}}),
  );
}

function a(content: string): string {
  return recipe('t/a', {steps: writes('a', content)});
}

/** The sizes of all files below a folder; empty while it changes. */
function sizesBelow(folder: string): readonly number[] {
  try {
    const names = fs.readdirSync(folder, {recursive: true, encoding: 'utf8'});
    return names.map((one) => fs.lstatSync(path.join(folder, one)).size);
  } catch {
    return [];
  }
}

test.serial('what is outdated is ended, what is not goes on and is not repeated', async (t) => {
  await using space = Space.create(
    recipes({
      't/slow': {steps: {wait: puppetStep('slow'), install: writes('slow')}},
      't/edited': {steps: {wait: puppetStep('one'), install: writes('edited')}},
      't/top': {needs: ['slow', 'edited'], steps: joins('top', ['slow', 'edited'])},
    }),
  );
  const watching = Watching.start(space, ['-j2']);
  const [slow, one, two] = ['slow', 'one', 'two'].map((name) => new Puppet(space, name));
  await slow?.begun();
  await one?.begun();
  const steps = {wait: puppetStep('two'), install: writes('edited', 'new')};
  renameOver(space, 'recipes/t/edited.yaml', recipe('t/edited', {steps}));
  await two?.begun();
  await slow?.go();
  await two?.go();
  const events = await watching.built('t/top');
  t.deepEqual(ended(events, 'cancelled'), ['t/edited']);
  t.deepEqual([...ended(events, 'built')].sort(), ['t/edited', 't/slow', 't/top']);
  t.deepEqual([logsOf(space, 't/slow'), logsOf(space, 't/edited')], [1, 2]);
  t.is(await watching.end(), 130);
  t.deepEqual(remains(space), []);
});

/** A slow build that goes on while another file is edited, and the watch on it. */
async function handedOn(space: Space): Promise<Watching> {
  const watching = Watching.start(space, ['-j2']);
  await new Puppet(space, 'slow').begun();
  await watching.told('c is built', (one) => isEnd(one, 't/c', 'built'));
  renameOver(space, 'recipes/t/c.yaml', recipe('t/c', {steps: writes('c', 'other')}));
  await watching.told('c has changed', (one) => one.type === 'changed');
  return watching;
}

function withSlow(): Space {
  const steps = {wait: puppetStep('slow'), install: writes('slow')};
  return Space.create(recipes({'t/slow': {steps}, 't/top': {needs: ['slow']}, 't/c': {}}));
}

test.serial('what goes on may fail: it is told once, and not repeated', async (t) => {
  await using space = withSlow();
  const watching = await handedOn(space);
  await new Puppet(space, 'slow').tell('exit 3');
  const failed = await watching.idleAfter('it fails', (one) => isEnd(one, 't/slow', 'failed'));
  t.deepEqual([ended(failed, 'failed'), ended(failed, 'skipped')], [['t/slow'], ['t/top']]);
  t.deepEqual(ofType(failed, 'run-finished').length, 1);
  renameOver(space, 'recipes/t/c.yaml', recipe('t/c', {steps: writes('c', 'again')}));
  const after = await watching.built('t/c');
  t.true(ofType(after, 'node-finished').find((one) => one.label === 't/slow')?.unchanged);
  t.is(logsOf(space, 't/slow'), 1);
  t.is(await watching.end(), 130);
});

test.serial('Ctrl-C also ends what goes on from the build before', async (t) => {
  await using space = withSlow();
  const watching = await handedOn(space);
  await watching.told('it is told as going on', (one) => {
    return one.type === 'node-started' && one.reason === 'it goes on';
  });
  t.is(await watching.end(), 130);
  t.is(ofType(watching.events, 'run-finished').at(-1)?.summary.interrupted, 'SIGINT');
  t.deepEqual(remains(space), []);
});

test.serial('a download goes on where it was when something else is edited', async (t) => {
  const bytes = Buffer.alloc(100_000, 'text\n');
  const large = contents({'/large.bin': bytes});
  await using server = await serve((request, response) => {
    if (request.headers.range !== undefined) return large(request, response);
    // The rest of it never comes.
    response.writeHead(200, {'content-length': bytes.length, etag: '"v1"'});
    response.write(bytes.subarray(0, 60_000));
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const sources = [{url: `${server.at}/large.bin`, sha256, unpack: false}];
  const steps = 'install -Dm644 /build/large.bin "$DESTDIR/large.bin"';
  await using space = Space.create(recipes({'t/large': {recipe: {sources}, steps}, 't/a': {}}));
  const watching = Watching.start(space);
  await watching.told('a is built', (one) => isEnd(one, 't/a', 'built'));
  const part = (): boolean => sizesBelow(space.at('.recipes')).includes(60_000);
  await until('a part of it is there', part);
  renameOver(space, 'recipes/t/a.yaml', a('other'));
  const events = await watching.built('t/large');
  t.deepEqual(ended(events, 'failed'), []);
  t.deepEqual(
    server.seen.map((one) => one.headers.range),
    [undefined, 'bytes=60000-'],
  );
  t.is(await watching.end(), 130);
});

test.serial('a mistake while something runs: it goes on, and ends well', async (t) => {
  await using space = Space.create(
    recipes({'t/slow': {steps: {wait: puppetStep('slow'), install: writes('slow')}}, 't/x': {}}),
  );
  const watching = Watching.start(space);
  const slow = new Puppet(space, 'slow');
  await slow.begun();
  // Another x would end it, were it not done yet.
  await watching.told('x is built', (one) => isEnd(one, 't/x', 'built'));
  renameOver(space, 'recipes/t/x.yaml', 'package: [x\n');
  await watching.told('the mistake', (one) => one.type === 'diagnostic');
  renameOver(space, 'recipes/t/x.yaml', recipe('t/x', {steps: writes('x', 'mended')}));
  await watching.told('it is mended', (one) => one.type === 'changed' && one.state === 'runs');
  await slow.go();
  const events = await watching.built('t/slow');
  t.deepEqual(ended(events, 'cancelled'), []);
  t.is(logsOf(space, 't/slow'), 1);
  t.is(await watching.end(), 130);
});

test.serial('Ctrl-C in the middle of a build ends it in order', async (t) => {
  await using space = Space.create(
    recipes({'t/slow': {steps: {wait: puppetStep('slow'), install: writes('slow')}}}),
  );
  const watching = Watching.start(space);
  await new Puppet(space, 'slow').begun();
  t.is(await watching.end(), 130);
  t.deepEqual(remains(space), []);
});

test.serial('tests are run again with what they test, and nothing of them is left', async (t) => {
  const x = (content: string, puppet: string): string =>
    recipe('t/x', {
      steps: writes('x', content),
      test: {steps: {check: `${puppetStep(puppet)}\ntrue`}},
    });
  await using space = Space.create({
    'recipes/t/x.yaml': x('one', 'first'),
    ...recipes({'t/y': {}}),
  });
  const watching = Watching.start(space, ['x', 'y', '--tests', 'all']);
  await new Puppet(space, 'first').begun();
  renameOver(space, 'recipes/t/x.yaml', x('two', 'second'));
  await new Puppet(space, 'second').begun();
  renameOver(space, 'recipes/t/y.yaml', recipe('t/y', {steps: writes('y', 'new')}));
  await watching.told('y has changed', (one) => {
    return one.type === 'changed' && one.files.includes('recipes/t/y.yaml');
  });
  await new Puppet(space, 'second').go();
  const events = await watching.built('t/x#test');
  t.deepEqual(ended(events, 'cancelled'), ['t/x#test']);
  t.is(logsOf(space, 't/x#test'), 2);
  t.is(await watching.end(), 130);
  t.deepEqual(remains(space), []);
});

/** Words that run what follows in a user namespace of its own, with all ids; it ends with the test. */
async function inNamespace(t: ExecutionContext): Promise<readonly string[]> {
  const holder = spawn('unshare', ['--user', 'sleep', '300'], {stdio: 'ignore'});
  t.teardown(() => holder.kill('SIGKILL'));
  const of = (pid: string): string => fs.readlinkSync(`/proc/${pid}/ns/user`);
  const pid = String(holder.pid);
  await until('the namespace is there', () => of(pid) !== of('self'));
  for (const map of ['uid_map', 'gid_map']) {
    fs.writeFileSync(`/proc/${pid}/${map}`, '0 0 2000000000');
  }
  return ['nsenter', '--user', '--target', pid, '--setuid', '0', '--setgid', '0'];
}

test.serial('where the machine gives no more watches it says so, and goes on', async (t) => {
  if (process.getuid?.() !== 0) {
    t.log('skipped: only root can make a namespace with all ids');
    return t.pass();
  }
  await using space = project();
  const limit = 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$@"';
  const through = [...(await inNamespace(t)), 'sh', '-c', limit, 'sh'];
  const watching = Watching.start(space, [], {through});
  const first = await watching.idle();
  const said = ofType(first, 'diagnostic').map((one) => one.diagnostic);
  t.deepEqual(
    said.map((one) => one.code),
    ['machine/watch-limit'],
  );
  t.regex(said[0]?.hint ?? '', /fs\.inotify\.max_user_watches/);
  t.true(ofType(first, 'watching').at(-1)?.polling);
  space.edit('recipes/t/a.yaml', "'a'", "'other'");
  t.deepEqual(ended(await watching.built('t/b'), 'built'), ['t/a', 't/b']);
  space.write('recipes/new/d.yaml', recipe('new/d'));
  await watching.built('new/d');
  t.is(await watching.end(), 130);
});
