/** `watch`: what a change reaches is built again, and nothing else; it survives every mistake. */
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {SHIPPED} from '../../engine/cli/shipped.ts';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipe, recipes, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space, until} from '../support/space.ts';
import {contents, serve} from '../unit/source/server.ts';
import {ended, isEnd, ofType, Watching} from '../support/watching.ts';

/** a ← b; c alone. */
function project(): Space {
  return Space.create(
    recipes({'t/a': {}, 't/b': {needs: ['a'], steps: joins('b', ['a'])}, 't/c': {}}),
  );
}

function a(content: string): string {
  return recipe('t/a', {steps: writes('a', content)});
}

/** As editors save: another file takes the name. */
function renameOver(space: Space, name: string, text: string): void {
  space.write(`${name}.new`, text);
  fs.renameSync(space.at(`${name}.new`), space.at(name));
}

/** How many logs a label has: one for each time it was begun. */
function logsOf(space: Space, label: string): number {
  const stem = `${label.replace('/', '_')}-`;
  return fs.readdirSync(space.at('.recipes/logs')).filter((one) => one.startsWith(stem)).length;
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

test.serial('builds at the start, then what an edit reaches', async (t) => {
  await using space = project();
  const watching = Watching.start(space);
  const first = await watching.idle();
  t.deepEqual([...ended(first, 'built')].sort(), ['t/a', 't/b', 't/c']);
  space.write('recipes/t/a.yaml', a('other'));
  const second = await watching.built('t/b');
  t.deepEqual(ended(second, 'built'), ['t/a', 't/b']);
  t.deepEqual(ofType(second, 'changed').at(-1), {
    type: 'changed',
    files: ['recipes/t/a.yaml'],
    more: 0,
    state: 'runs',
    starts: ['t/a', 't/b'] as never,
    moreStarts: 0,
  });
  t.is(await watching.end(), 130);
  t.deepEqual(remains(space), []);
  const again = await space.expect(0, ['build', '--json']);
  t.regex(again.stdout, /"executed":\[\]/);
});

test.serial('a file renamed over, and one that comes out as before', async (t) => {
  await using space = project();
  const watching = await Watching.begun(space);
  renameOver(space, 'recipes/t/a.yaml', a('renamed'));
  t.deepEqual(ended(await watching.built('t/b'), 'built'), ['t/a', 't/b']);
  renameOver(space, 'recipes/t/a.yaml', recipe('t/a', {steps: `true\n${writes('a', 'renamed')}`}));
  const cut = await watching.built('t/a');
  t.deepEqual([ended(cut, 'built'), ended(cut, 'cut')], [['t/a'], ['t/b']]);
  // Again, since a watch can be lost with the file it was on.
  renameOver(space, 'recipes/t/a.yaml', a('again'));
  t.deepEqual(ended(await watching.built('t/b'), 'built'), ['t/a', 't/b']);
  space.write('recipes/t/a.yaml', `# only a word\n${a('again')}`);
  const nothing = await watching.idle();
  t.deepEqual(ended(nothing, 'built'), []);
  t.is(ofType(nothing, 'changed').at(-1)?.state, 'fresh');
  t.is(await watching.end(), 130);
});

test.serial('new and deleted files and folders', async (t) => {
  await using space = project();
  const watching = await Watching.begun(space);
  space.write('recipes/new/d.yaml', recipe('new/d'));
  t.deepEqual(ended(await watching.built('new/d'), 'built'), ['new/d']);
  space.write('recipes/new/e.yaml', recipe('new/e'));
  t.deepEqual(ended(await watching.built('new/e'), 'built'), ['new/e']);
  fs.unlinkSync(space.at('recipes/new/e.yaml'));
  const without = await watching.idleAfter('a run', (one) => one.type === 'run-finished');
  t.false(
    ofType(without, 'run-started')
      .at(-1)
      ?.targets.includes('new/e' as never),
  );
  fs.rmSync(space.at('recipes/new'), {recursive: true});
  await watching.idleAfter('the folder is gone', (one) => {
    return one.type === 'run-started' && !one.targets.includes('new/d' as never);
  });
  space.write('recipes/new/d.yaml', recipe('new/d', {steps: writes('d', 'once more')}));
  t.deepEqual(ended(await watching.built('new/d'), 'built'), ['new/d']);
  space.edit('recipes/new/d.yaml', 'once more', 'and again');
  t.deepEqual(ended(await watching.built('new/d'), 'built'), ['new/d']);
  t.is(await watching.end(), 130);
});

const BREAKS: Readonly<Record<string, readonly [text: string, code: string]>> = {
  syntax: ['package: [a\n', 'yaml/syntax'],
  schema: [`${recipe('t/a')}nonsense: 1\n`, 'schema/unknown-field'],
  cycle: [recipe('t/a', {needs: ['b']}), 'graph/cycle'],
};

for (const [name, [text, code]] of Object.entries(BREAKS)) {
  test.serial(`a recipe with a mistake (${name}) is shown, and mended`, async (t) => {
    await using space = project();
    const watching = await Watching.begun(space);
    renameOver(space, 'recipes/t/a.yaml', text);
    const broken = await watching.idle();
    t.is(ofType(broken, 'changed').at(-1)?.state, 'broken');
    const codes = ofType(broken, 'diagnostic').map((one) => one.diagnostic.code);
    t.true(codes.includes(code as never), codes.join());
    renameOver(space, 'recipes/t/a.yaml', a('mended'));
    t.deepEqual(ended(await watching.built('t/b'), 'built'), ['t/a', 't/b']);
    t.is(await watching.end(), 130);
  });
}

test.serial('a mistake at the start; only a target that nobody has ends it', async (t) => {
  await using space = project();
  space.write('recipes/t/a.yaml', 'package: [a\n');
  const watching = Watching.start(space);
  t.is(ofType(await watching.idle(), 'diagnostic').length, 1);
  renameOver(space, 'recipes/t/a.yaml', a('mended'));
  t.deepEqual([...ended(await watching.built('t/b'), 'built')].sort(), ['t/a', 't/b', 't/c']);
  t.is(await watching.end(), 130);
  await space.expect(2, ['watch', 'nobody']);
});

test.serial('a failure is not repeated while nothing of it changes', async (t) => {
  await using space = project();
  const watching = await Watching.begun(space);
  renameOver(space, 'recipes/t/a.yaml', recipe('t/a', {steps: 'exit 3\n'}));
  const failed = await watching.idleAfter('it fails', (one) => isEnd(one, 't/a', 'failed'));
  t.deepEqual([ended(failed, 'failed'), ended(failed, 'skipped')], [['t/a'], ['t/b']]);
  renameOver(space, 'recipes/t/c.yaml', recipe('t/c', {steps: writes('c', 'other')}));
  const other = await watching.built('t/c');
  const told = ofType(other, 'node-finished').find((one) => one.label === 't/a');
  t.is(told?.unchanged, true);
  t.deepEqual([ended(other, 'built'), ended(other, 'skipped')], [['t/c'], ['t/b']]);
  t.is(logsOf(space, 't/a'), 2);
  renameOver(space, 'recipes/t/a.yaml', a('mended'));
  t.deepEqual(ended(await watching.built('t/b'), 'built'), ['t/a', 't/b']);
  t.is(await watching.end(), 130);
});

test.serial('a burst of 100 files is one build', async (t) => {
  const labels = Array.from({length: 100}, (_, n) => `t/n${n}`);
  await using space = Space.create(recipes({'t/base': {}}));
  const watching = await Watching.begun(space, ['t/base']);
  const all = recipes(Object.fromEntries(labels.map((one) => [one, {}])));
  for (const [name, text] of Object.entries(all)) space.write(name, text);
  space.edit('recipes/t/base.yaml', "'base'", "'other'");
  const events = await watching.built('t/base');
  t.is(ofType(events, 'run-started').filter((one) => one.pending > 0).length, 1);
  // A machine that is busy may write them in parts; none is left out.
  const told = ofType(events, 'changed').map((one) => one.files.length + one.more);
  t.true(told.reduce((sum, count) => sum + count, 0) >= 101);
  t.is(await watching.end(), 130);
});

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

test.serial('local folders: files and folders in them, new and gone', async (t) => {
  const steps = 'mkdir -p "$DESTDIR/usr"\ncp -r . "$DESTDIR/usr/src"\n';
  const sources = [{path: './src/dir', ignore: ['*.o']}];
  await using space = Space.create({
    'recipes/t/src/dir/file': 'one\n',
    'recipes/t/src/dir/deep/file': 'one\n',
    ...recipes({'t/src': {tools: ['cp', 'mkdir'], recipe: {sources}, steps}, 't/other': {}}),
  });
  const watching = await Watching.begun(space);
  const changes: Readonly<Record<string, () => void>> = {
    'a file': () => space.write('recipes/t/src/dir/deep/file', 'two\n'),
    'a new folder': () => space.write('recipes/t/src/dir/new/deeper/file', 'three\n'),
    'a file in the new folder': () => space.write('recipes/t/src/dir/new/deeper/file', 'four\n'),
    'a folder is gone': () => fs.rmSync(space.at('recipes/t/src/dir/deep'), {recursive: true}),
    'all of it is new': () => {
      fs.renameSync(space.at('recipes/t/src/dir'), space.at('elsewhere'));
      fs.cpSync(space.at('elsewhere'), space.at('recipes/t/src/dir'), {recursive: true});
      space.write('recipes/t/src/dir/file', 'five\n');
    },
    'a file in what is new': () => space.write('recipes/t/src/dir/new/deeper/file', 'six\n'),
  };
  for (const [name, change] of Object.entries(changes)) {
    change();
    const events = await watching.built('t/src');
    t.false(ended(events, 'built').includes('t/other'), name);
  }
  // What is left out is not even looked at: nothing is told of it.
  space.write('recipes/t/src/dir/left.o', 'x');
  space.write('recipes/t/other.yaml', recipe('t/other', {steps: writes('other', 'new')}));
  const last = await watching.built('t/other');
  t.deepEqual(ofType(last, 'changed').at(-1)?.files, ['recipes/t/other.yaml']);
  const files = await space.expect(0, ['files', 'src']);
  t.regex(files.stdout, /usr\/src\/new\/deeper\/file/);
  t.is(await watching.end(), 130);
  t.is((await space.expect(0, ['build', '--json'])).stdout.includes('"executed":[]'), true);
});

test.serial('patches, also one that was missing', async (t) => {
  const patch = (text: string): string => `--- a/file\n+++ b/file\n@@ -1 +1 @@\n-one\n+${text}\n`;
  const more = {
    sources: [{path: './patched/src'}],
    patches: [{file: 'patched/fix.patch', strip: 1}],
  };
  const steps = 'mkdir -p "$DESTDIR/usr"\ncp file "$DESTDIR/usr/file"\n';
  await using space = Space.create({
    'recipes/t/patched/src/file': 'one\n',
    'recipes/t/patched/fix.patch': patch('two'),
    ...recipes({'t/patched': {tools: ['cp', 'mkdir'], recipe: more, steps}}),
  });
  const watching = await Watching.begun(space);
  renameOver(space, 'recipes/t/patched/fix.patch', patch('three'));
  await watching.built('t/patched');
  fs.unlinkSync(space.at('recipes/t/patched/fix.patch'));
  await watching.idleAfter('the patch is gone', (one) => one.type === 'diagnostic');
  space.write('recipes/t/patched/fix.patch', patch('four'));
  await watching.built('t/patched');
  t.is(await watching.end(), 130);
});

test.serial('kinds and generated files', async (t) => {
  await using space = project();
  const watching = await Watching.begun(space, ['t/c']);
  const kind = fs.readFileSync(path.join(SHIPPED, 'recipes/kinds/script.yaml'), 'utf8');
  space.write('recipes/kinds/script.yaml', kind.replace('  - awk\n', ''));
  t.deepEqual(ended(await watching.built('t/c'), 'built'), ['t/c']);
  renameOver(space, 'recipes/kinds/script.yaml', kind.replace('  - basename\n', ''));
  t.deepEqual(ended(await watching.built('t/c'), 'built'), ['t/c']);
  const trigger = 'generated: [{globs: [usr/share/none], trigger: "true", summary: None}]\n';
  space.write('recipes/generated.yaml', trigger);
  t.deepEqual(ended(await watching.built('t/c'), 'built'), ['t/c']);
  fs.unlinkSync(space.at('recipes/generated.yaml'));
  const gone = await watching.idleAfter('a run', (one) => one.type === 'run-finished');
  t.deepEqual(ofType(gone, 'changed').at(-1)?.files, ['recipes/generated.yaml']);
  t.is(await watching.end(), 130);
});

test.serial('the configuration', async (t) => {
  await using space = project();
  space.write('recipes.config.yaml', 'sets: {some: [t/a]}\n');
  const watching = await Watching.begun(space, ['@some']);
  renameOver(space, 'recipes.config.yaml', 'sets: {some: [t/b, t/c]}\n');
  const events = await watching.built('t/c');
  t.deepEqual([...ended(events, 'built')].sort(), ['t/b', 't/c']);
  renameOver(space, 'recipes.config.yaml', 'sets: [\n');
  await watching.idleAfter('a mistake', (one) => one.type === 'diagnostic');
  renameOver(space, 'recipes.config.yaml', 'store: {path: elsewhere}\nsets: {some: [t/c]}\n');
  t.deepEqual(ended(await watching.built('t/c'), 'built'), ['t/c']);
  t.true(space.exists('elsewhere'));
  t.is(await watching.end(), 130);
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
