/** What a build sees of its needs: their order, what they need to run, and where two clash. */
import fs from 'node:fs';
import test from 'ava';
import {recipes, resultOf, writes, type Sketch} from '../support/recipes.ts';
import {filesOf, inRoot, SmallRoots} from '../support/small-root.ts';
import {Space} from '../support/space.ts';

const roots = new SmallRoots();
test.before(() => roots.prepare());
test.after.always(() => roots[Symbol.asyncDispose]());

/** Installs one file, and a list of what is in usr/share already. */
function lists(name: string): string {
  const list = `ls "$SYSROOT/usr/share" > "$DESTDIR/usr/lib/${name}" 2>/dev/null || true\n`;
  return `mkdir -p "$DESTDIR/usr/lib"\n${list}${writes(name)}`;
}

/** What a build has seen. */
async function seenBy(space: Space, name: string): Promise<string[]> {
  await space.expect(0, ['checkout', name, `out-${name}`]);
  return space.read(`out-${name}/usr/lib/${name}`).trim().split('\n');
}

async function layersOf(space: Space, name: string): Promise<readonly string[]> {
  const {stdout} = await space.expect(0, ['show', '--json', name]);
  return (JSON.parse(stdout) as {layers: readonly string[]}).layers;
}

// --- closures ------------------------------------------------------------------------------------

/** plugin is made with tool, which runs with lib; it runs with lib and data. */
const CLOSURES: Readonly<Record<string, Sketch>> = {
  't/lib': {},
  't/data': {},
  't/tool': {needs: ['lib']},
  't/plugin': {
    needs: [{build: 'tool', for: 'build'}, 'lib', {build: 'data', for: 'run'}],
    steps: lists('plugin'),
  },
  't/user': {needs: ['plugin'], steps: lists('user')},
  't/maker': {needs: [{build: 'plugin', for: 'build'}], steps: lists('maker')},
  't/last': {needs: ['maker', 'user', 'plugin'], steps: lists('last')},
};

test.serial('a build sees its needs and what these need to run, not what made them', async (t) => {
  await using space = Space.create(recipes(CLOSURES));
  await space.expect(0, ['build']);
  t.deepEqual(await seenBy(space, 'plugin'), ['lib', 'tool'], 'what is for running is not there');
  t.deepEqual(await seenBy(space, 'user'), ['data', 'lib', 'plugin']);
  t.deepEqual(await seenBy(space, 'maker'), ['data', 'lib', 'plugin']);
  t.deepEqual(await seenBy(space, 'last'), ['data', 'lib', 'maker', 'plugin', 'user']);
});

test.serial('each artifact is laid once at its first place, dependencies first', async (t) => {
  await using space = Space.create(recipes(CLOSURES));
  t.deepEqual(await layersOf(space, 'plugin'), ['t/lib', 't/tool']);
  t.deepEqual(await layersOf(space, 'user'), ['t/lib', 't/data', 't/plugin']);
  t.deepEqual(await layersOf(space, 'last'), ['t/maker', 't/lib', 't/data', 't/plugin', 't/user']);
  const [first, second] = [
    'needs:\n      - maker\n      - user',
    'needs:\n      - user\n      - maker',
  ];
  space.edit('recipes/t/last.yaml', first, second);
  t.deepEqual(await layersOf(space, 'last'), ['t/lib', 't/data', 't/plugin', 't/user', 't/maker']);
});

test.serial('checkout --with-run: all that is needed to run, nothing more', async (t) => {
  await using space = Space.create(recipes(CLOSURES));
  await space.expect(0, ['build']);
  await space.expect(0, ['checkout', '--with-run', 'user', 'user']);
  t.deepEqual(fs.readdirSync(space.at('user/usr/share')).sort(), ['data', 'lib', 'plugin', 'user']);
  await space.expect(0, ['checkout', '--with-run', 'maker', 'maker']);
  t.deepEqual(fs.readdirSync(space.at('maker/usr/share')), ['maker']);
});

test.serial('the order of needs is part of what is built, equal needs twice are not', async (t) => {
  await using space = Space.create(
    recipes({'t/a': {}, 't/b': {}, 't/c': {needs: ['a', 'b'], steps: lists('c')}}),
  );
  await space.expect(0, ['build']);
  const executed = async (): Promise<readonly string[]> =>
    resultOf(await space.expect(0, ['build', '--json'])).executed;
  space.edit('recipes/t/c.yaml', '- a\n      - b', '- a\n      - t/b:main');
  t.deepEqual(await executed(), []);
  space.edit('recipes/t/c.yaml', '- a\n      - t/b:main', '- b\n      - a');
  t.deepEqual(await executed(), ['t/c']);
});

// --- clashes -------------------------------------------------------------------------------------

/** Two needs with something at the same path. */
const CLASHES: Readonly<Record<string, readonly [string, string, string | undefined]>> = {
  'equal files': [writes('x'), writes('x'), undefined],
  'equal folders': ['mkdir -p /usr/share/x', `mkdir -p /usr/share/x\n${writes('y')}`, undefined],
  'equal links': ['ln -s a /usr/x', 'ln -s a /usr/x', undefined],
  'files of other content': [writes('x', 'one'), writes('x', 'two'), '/usr/share/x'],
  'files of other modes': [writes('x'), `${writes('x')}chmod 755 /usr/share/x`, '/usr/share/x'],
  'links to elsewhere': ['ln -s a /usr/x', 'ln -s b /usr/x', '/usr/x'],
  'a file and a link': ['echo x > /usr/x', 'ln -s a /usr/x', '/usr/x'],
  'a file and a folder': ['echo x > /usr/x', 'mkdir -p /usr/x\necho y > /usr/x/y', '/usr/x'],
};

for (const [title, [first, second, path]] of Object.entries(CLASHES)) {
  test.serial(`two needs with ${title}: ${path === undefined ? 'fine' : 'an error'}`, async (t) => {
    await using space = roots.project({
      't/first': inRoot(first),
      't/second': inRoot(second),
      't/user': inRoot('true', ['first', 'second']),
    });
    const ran = await space.expect(path === undefined ? 0 : 1, ['build', 'user']);
    if (path === undefined) return t.regex(ran.stderr, /✔ t\/user built/);
    t.regex(ran.stderr, /recipes\/t\/user\.yaml:\d+:3 +error +build\/conflict\n/);
    t.true(
      ran.stderr.includes(`t/first and t/second, both needed by t/user, have different ${path}\n`),
      ran.stderr,
    );
    t.regex(ran.stderr, /hint: .*let t\/second replace it \(outputs\.replaces: \[t\/first\]\)/);
  });
}

test.serial('needs of needs clash as well, and a test’s own needs', async (t) => {
  await using space = Space.create(
    recipes({
      't/one': {steps: writes('x', 'one')},
      't/two': {steps: writes('x', 'two')},
      't/far': {needs: [{build: 'two', for: 'run'}]},
      't/user': {needs: ['one', 'far']},
      't/tested': {needs: ['one'], test: {needs: ['two'], steps: {check: 'true'}}},
    }),
  );
  const {stderr} = await space.expect(1, ['build', '-k', '--tests', 'all']);
  t.true(stderr.includes('t/one and t/two, both needed by t/user, have different /usr/share/x'));
  t.true(stderr.includes('t/one and t/two, both needed by t/tested#test, have different'), stderr);
  t.regex(stderr, /2 failed, 4 built/);
});

test.serial(
  'the later of two needs may replace the earlier, not the other way round',
  async (t) => {
    await using space = roots.project({
      't/one': inRoot(writes('x', 'one')),
      't/two': inRoot(writes('x', 'two'), [], {outputs: {replaces: ['one']}}),
      't/user': inRoot('cp /usr/share/x /usr/share/seen', ['one', 'two']),
      't/wrong': inRoot('true', ['two', 'one']),
    });
    await space.expect(0, ['build', 'user']);
    await space.expect(0, ['checkout', 'user', 'out']);
    t.is(space.read('out/usr/share/seen'), 'two\n');
    const {stderr} = await space.expect(1, ['build', 'wrong']);
    t.true(stderr.includes('t/two and t/one, both needed by t/wrong, have different /usr/share/x'));
  },
);

test.serial('a base is covered by needs without a word', async (t) => {
  await using space = roots.project({
    't/base': inRoot(writes('x', 'base'), [{build: 'base/shell', for: 'run'}]),
    't/need': inRoot(writes('x', 'need')),
    't/user': {steps: 'cp /usr/share/x /usr/share/seen', needs: ['need'], build: {in: 'base'}},
  });
  await space.expect(0, ['build', 'user']);
  await space.expect(0, ['checkout', 'user', 'out']);
  t.is(space.read('out/usr/share/seen'), 'need\n');
});

test.serial(
  'the files of a need may be changed by who replaces it, of its owner alone',
  async (t) => {
    const harm = 'echo more >> /usr/share/one\necho more >> /usr/share/two';
    await using space = roots.project({
      't/one': inRoot(writes('one')),
      't/two': inRoot(writes('two')),
      't/harm': inRoot(harm, ['one', 'two'], {outputs: {replaces: ['one']}}),
    });
    const {stderr} = await space.expect(1, ['build', 'harm']);
    t.regex(stderr, /t\/harm changes or removes a file of t\/two\n/);
    t.notRegex(stderr, /of t\/one\n/);
    space.edit(
      'recipes/t/harm.yaml',
      'replaces:\n        - one',
      'replaces:\n        - one\n        - two',
    );
    await space.expect(0, ['build', 'harm']);
    t.deepEqual(Object.keys(await filesOf(space, 'harm')), ['usr/share/one', 'usr/share/two']);
  },
);

test.serial(
  'many needs: each is there, also above the number of layers that are mounted',
  async (t) => {
    const names = Array.from({length: 70}, (_, at) => `n${String(at).padStart(2, '0')}`);
    await using space = Space.create(
      recipes({
        ...Object.fromEntries(names.map((name) => [`t/${name}`, {}])),
        't/user': {needs: names, steps: lists('user')},
      }),
    );
    await space.expect(0, ['build', '-q', 'user']);
    t.deepEqual(await seenBy(space, 'user'), names);
  },
);

test.serial('needs that are empty, or have the same files, may be many', async (t) => {
  const nothing: Sketch = {steps: 'true'};
  await using space = Space.create(
    recipes({
      ...{'t/a': nothing, 't/b': nothing, 't/c': nothing},
      't/x': {steps: writes('x')},
      't/y': {steps: writes('x')},
      't/user': {needs: ['a', 'x', 'b', 'y', 'c'], steps: lists('user')},
    }),
  );
  await space.expect(0, ['build', 'user']);
  t.deepEqual(await seenBy(space, 'user'), ['x']);
  t.deepEqual(await layersOf(space, 'user'), ['t/a', 't/x', 't/b', 't/y', 't/c']);
});
