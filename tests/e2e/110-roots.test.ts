/** Builds in roots made of artifacts: what they install is recorded, what they break is refused. */
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {resultOf, writes, type Sketch} from '../support/recipes.ts';
import {filesOf, inRoot, SmallRoots} from '../support/small-root.ts';
import type {Space} from '../support/space.ts';

const roots = new SmallRoots();
test.before(() => roots.prepare());
test.after.always(() => roots[Symbol.asyncDispose]());

const INSTALLS = `\
mkdir -p /usr/bin /usr/share/doc /etc/tool.d /srv/spool
echo 'echo tool' > /usr/bin/tool
chmod 4755 /usr/bin/tool
ln /usr/bin/tool /usr/bin/tool-1
ln -s ../bin/tool /usr/share/doc/link
echo secret > /etc/tool.d/key
chmod 600 /etc/tool.d/key
chmod 1777 /srv/spool
: > /etc/empty
touch /usr/bin/cat
echo scratch | cp /dev/stdin /tmp/scratch
echo x > /run/x
echo x > /build/x
`;

const INSTALLED = {
  'etc/empty': 'file 0644 0',
  'etc/tool.d/key': 'file 0600 7',
  'srv/spool': 'dir 1777',
  'usr/bin/tool': 'file 4755 10',
  'usr/bin/tool-1': 'file 4755 10 = usr/bin/tool',
  'usr/share/doc/link': 'link ../bin/tool',
};

test.serial('what is installed straight into / is recorded, and nothing else', async (t) => {
  await using space = roots.project({'t/tool': inRoot(INSTALLS)});
  await space.expect(0, ['build', 'tool']);
  t.deepEqual(await filesOf(space, 'tool'), INSTALLED);
  const {stdout} = await space.expect(0, ['files', 't/tool']);
  t.true(stdout.includes('\n/srv/spool/\n'));
  t.true(stdout.includes('\n/usr/share/doc/link -> ../bin/tool\n'));
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json', 'tool'])).executed, []);
});

test.serial('owner: whose a file is', async (t) => {
  await using space = roots.project({
    't/tool': inRoot(INSTALLS),
    't/user': inRoot('/usr/bin/tool > /usr/share/said', ['tool']),
    't/other': inRoot(writes('other')),
  });
  await space.expect(0, ['build']);
  const ownerOf = async (...words: readonly string[]): Promise<string> =>
    (await space.expect(0, ['owner', ...words])).stdout.trim();
  t.is(await ownerOf('/usr/bin/tool'), 't/tool');
  t.is(await ownerOf('usr/share/said'), 't/user');
  t.is(await ownerOf('/usr/share'), 't/other\nt/tool\nt/user');
  t.is(await ownerOf('/usr/share', '--in', 'user'), 't/tool\nt/user');
  t.is(await ownerOf('/bin'), 'base/shell');
  const missing = await space.expect(1, ['owner', '/usr/bin/tool', '--in', 'other']);
  t.regex(missing.stderr, /target\/no-owner[^]*nothing that is built has \/usr\/bin\/tool/);
  const json = await space.expect(0, ['owner', '--json', 'etc/empty']);
  t.deepEqual(JSON.parse(json.stdout), {path: '/etc/empty', owners: ['t/tool']});
});

test.serial('checkout: links, hard links and modes as they were made', async (t) => {
  await using space = roots.project({'t/tool': inRoot(INSTALLS)});
  await space.expect(0, ['build', 'tool']);
  await space.expect(0, ['checkout', '--copy', 'tool', 'out']);
  const at = (name: string): fs.Stats => fs.lstatSync(space.at(`out/${name}`));
  t.is(at('etc/tool.d/key').mode & 0o777, 0o600);
  t.is(at('usr/bin/tool').mode & 0o777, 0o755);
  t.is(at('usr/bin/tool').ino, at('usr/bin/tool-1').ino);
  t.is(fs.readlinkSync(space.at('out/usr/share/doc/link')), '../bin/tool');
  t.is(space.read('out/usr/bin/tool'), 'echo tool\n');
});

// --- files of needs ------------------------------------------------------------------------------

const VICTIM: Sketch = inRoot(
  'mkdir -p /usr/lib/victim/deep\necho one > /usr/lib/victim/a\necho two > /usr/lib/victim/deep/b\n',
);

interface Harm {
  readonly step: string;
  /** What the message lists. */
  readonly said: readonly string[];
  /** Of the harmful build, once it may: paths below usr/lib/victim. */
  readonly recorded: Readonly<Record<string, string>>;
  /** Of both together. */
  readonly left: readonly string[];
}

const HARMS: Readonly<Record<string, Harm>> = {
  'deletes a file': {
    step: 'rm /usr/lib/victim/a',
    said: ['removed: usr/lib/victim/a'],
    recorded: {a: 'whiteout'},
    left: ['deep', 'deep/b'],
  },
  'edits a file': {
    step: 'echo more >> /usr/lib/victim/a',
    said: ['changed: usr/lib/victim/a'],
    recorded: {a: 'file 0644 9'},
    left: ['a', 'deep', 'deep/b'],
  },
  'changes a mode': {
    step: 'chmod 4755 /usr/lib/victim/a',
    said: ['changed: usr/lib/victim/a'],
    recorded: {a: 'file 4755 4'},
    left: ['a', 'deep', 'deep/b'],
  },
  'replaces a folder by a file': {
    step: 'rm -r /usr/lib/victim/deep\necho flat > /usr/lib/victim/deep',
    said: ['changed: usr/lib/victim/deep', 'changed: usr/lib/victim/deep/b'],
    recorded: {deep: 'file 0644 5'},
    left: ['a', 'deep'],
  },
  'moves a folder away': {
    step: 'mv /usr/lib/victim/deep /usr/lib/victim/high',
    said: ['removed: usr/lib/victim/deep', 'removed: usr/lib/victim/deep/b'],
    recorded: {deep: 'whiteout', 'high/b': 'file 0644 4'},
    left: ['a', 'high', 'high/b'],
  },
};

for (const [title, harm] of Object.entries(HARMS)) {
  test.serial(`a build that ${title} of a need fails, unless it replaces it`, async (t) => {
    await using space = roots.project({
      't/victim': VICTIM,
      't/harm': inRoot(harm.step, ['victim']),
    });
    const {stderr} = await space.expect(1, ['build', 'harm']);
    t.regex(stderr, /sandbox\/changes-need\n\s+t\/harm changes or removes .* of t\/victim\n/);
    t.regex(stderr, /hint: if that is wanted: outputs: \{replaces: \[t\/victim\]\}/);
    for (const line of harm.said) t.true(stderr.includes(line), stderr);
    space.edit('recipes/t/harm.yaml', 'in: root', 'in: root\n    outputs: {replaces: [victim]}');
    await space.expect(0, ['build', 'harm']);
    await isLeft(t, space, harm);
  });
}

async function isLeft(t: ExecutionContext, space: Space, harm: Harm): Promise<void> {
  const below = Object.entries(harm.recorded).map(([name, what]) => [
    `usr/lib/victim/${name}`,
    what,
  ]);
  t.deepEqual(await filesOf(space, 'harm'), Object.fromEntries(below));
  await space.expect(0, ['checkout', '--with-run', 'harm', 'both']);
  const left = fs.readdirSync(space.at('both/usr/lib/victim'), {recursive: true, encoding: 'utf8'});
  t.deepEqual(left.sort(), [...harm.left]);
  await space.expect(0, ['checkout', 'victim', 'before']);
  t.is(space.read('before/usr/lib/victim/a'), 'one\n', 'the need itself is as it was');
}

test.serial('a hard link whose first name was replaced keeps its content', async (t) => {
  await using space = roots.project({
    't/pair': inRoot('mkdir /opt\necho old > /opt/a\nln /opt/a /opt/b'),
    't/new': inRoot('rm /opt/a\necho new > /opt/a', ['pair'], {outputs: {replaces: ['pair']}}),
    't/user': inRoot('cat /opt/a /opt/b > /opt/seen', ['new']),
  });
  await space.expect(0, ['build']);
  await space.expect(0, ['checkout', '--with-run', 'user', 'out']);
  t.is(space.read('out/opt/seen'), 'new\nold\n');
  t.is(space.read('out/opt/a'), 'new\n');
  t.is(space.read('out/opt/b'), 'old\n');
});

test.serial('what a failed build did to its needs is in no later build', async (t) => {
  await using space = roots.project({
    't/victim': VICTIM,
    't/harm': inRoot('rm -r /usr/lib/victim\nexit 1', ['victim']),
    't/user': inRoot('cat /usr/lib/victim/a > /usr/lib/copy', ['victim']),
  });
  await space.expect(1, ['build', 'harm']);
  t.deepEqual(resultOf(await space.expect(0, ['build', '--json', 'user'])).executed, ['t/user']);
});

// --- in: label -----------------------------------------------------------------------------------

test.serial('in: label: the artifact is the base, and may be changed at will', async (t) => {
  await using space = roots.project({
    't/system': inRoot('mkdir /etc\necho one > /etc/conf\necho x > /etc/extra', [
      {build: 'base/shell', for: 'run'},
    ]),
    't/lib': inRoot('mkdir -p /usr/lib\necho lib > /usr/lib/text'),
    't/in': {
      steps: 'cat /usr/lib/text >> /etc/conf\nrm /etc/extra\nrm /usr/bin/sleep\n',
      needs: ['lib'],
      build: {in: 'system'},
    },
    't/far': {steps: 'cat /etc/conf /etc/extra > /etc/seen', build: {in: 'system'}},
  });
  await space.expect(0, ['build']);
  t.deepEqual(await filesOf(space, 'in'), {
    'etc/conf': 'file 0644 8',
    'etc/extra': 'whiteout',
    'usr/bin/sleep': 'whiteout',
  });
  const {stdout} = await space.expect(0, ['files', 'in']);
  t.true(stdout.includes('/etc/extra (removed)\n'));
  await space.expect(0, ['checkout', 'in', 'out']);
  t.deepEqual(fs.readdirSync(space.at('out'), {recursive: true}).sort().slice(0, 2), [
    'etc',
    'etc/conf',
  ]);
  t.is(space.read('out/etc/conf'), 'one\nlib\n');
  await space.expect(0, ['checkout', 'far', 'far']);
  t.is(space.read('far/etc/seen'), 'one\nx\n', 'the base itself is as it was');
});

test.serial('in: label: a changed base is a changed build', async (t) => {
  await using space = roots.project({
    't/system': inRoot(writes('conf', 'one'), [{build: 'base/shell', for: 'run'}]),
    't/in': {steps: 'cp /usr/share/conf /usr/share/copy', build: {in: 'system'}},
  });
  await space.expect(0, ['build']);
  space.edit('recipes/t/system.yaml', "echo 'one'", "echo 'two'");
  const ran = resultOf(await space.expect(0, ['build', '--json']));
  t.deepEqual([...ran.executed].sort(), ['t/in', 't/system']);
  await space.expect(0, ['checkout', 'in', 'out']);
  t.is(space.read('out/usr/share/copy'), 'two\n');
});

test.serial('a root without a shell says what is missing', async (t) => {
  await using space = roots.project({
    't/bare': {steps: 'true', build: {in: 'root'}},
    't/half': {
      steps: 'mkdir -p "$DESTDIR/usr/bin"\ncp /usr/bin/bash "$DESTDIR/usr/bin/"',
      build: {outputs: {leaks: ['**']}},
    },
    't/user': {steps: 'true', needs: ['half'], build: {in: 'root'}},
  });
  const bare = await space.expect(1, ['build', 'bare']);
  t.regex(bare.stderr, /sandbox\/no-shell\n\s+t\/bare has no bash to run its steps\n/);
  t.regex(bare.stderr, /hint: add a need that holds usr\/bin\/bash\n/);
  const user = await space.expect(1, ['build', 'user']);
  t.regex(user.stderr, /sandbox\/no-shell\n\s+bash cannot be started: /);
  t.regex(user.stderr, /hint: bash needs its loader and libraries/);
});
