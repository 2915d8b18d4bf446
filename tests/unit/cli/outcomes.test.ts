/**
 * What is remembered of nodes changes no answer: after every change the plan is the one that is
 * made without it, and what runs is what that says.
 */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {joins, recipe, recipes} from '../../support/recipes.ts';
import {Space} from '../../support/space.ts';
import {answer, attempt, check, storeFiles} from './outcome-rig.ts';

/** Needs for building and for running, two sources, a patch, a test, something beside all that. */
const FILES = {
  ...recipes({
    't/libc': {recipe: {sources: [{path: '../../libc.txt'}]}, steps: takes('libc')},
    't/tool': {needs: [{build: 'libc', for: 'run'}], steps: takes('tool'), recipe: source('tool')},
    't/a': {
      ...{needs: [{build: 'tool', for: 'build'}], steps: joins('a', ['tool'])},
      recipe: {sources: [{path: '../../src'}], patches: [{file: 'a/fix.patch'}]},
      test: {steps: {check: 'true'}},
    },
    't/b': {needs: ['a'], steps: joins('b', ['a'])},
    't/c': {needs: [{build: 'b', for: 'build'}], steps: joins('c', ['b'])},
    't/d': {},
  }),
  'recipes/t/a/fix.patch': '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-old\n+new\n',
  'src/f': 'old\n',
  'src/sub/g': 'g\n',
  'libc.txt': 'libc\n',
  'tool.txt': 'tool\n',
};

/** One that comes to the first line of its source. */
function takes(name: string): string {
  return `mkdir -p "$DESTDIR/usr/share"; head -n 1 ../${name}.txt > "$DESTDIR/usr/share/${name}"`;
}

function source(name: string): object {
  return {sources: [{path: `../../${name}.txt`, unpack: false}], tools: ['mkfifo', 'head']};
}

const CHANGES: readonly (readonly [
  what: string,
  change: (space: Space) => unknown,
  executed?: readonly string[],
])[] = [
  ['nothing', () => undefined, []],
  [
    'a source, to the same output',
    (space) => fs.appendFileSync(space.at('tool.txt'), 'x\n'),
    ['t/tool'],
  ],
  [
    'a source, to another output',
    (space) => {
      space.write('tool.txt', 'other\n');
    },
    ['t/tool', 't/a', 't/a#test', 't/b', 't/c'],
  ],
  [
    'the source of what is only needed to run: it is a layer of who uses that',
    (space) => {
      space.write('libc.txt', 'other\n');
    },
  ],
  ['a file of a folder', (space) => space.write('src/sub/g', 'h\n')],
  ['a new file in a folder', (space) => space.write('src/sub/new', 'h\n')],
  [
    'two sources at once',
    (space) => {
      space.write('libc.txt', 'two\n');
      space.write('src/sub/g', 'two\n');
    },
  ],
  ['a patch', (space) => space.edit('recipes/t/a/fix.patch', '+new', '+newer')],
  ['a step', (space) => space.edit('recipes/t/b.yaml', 'mkdir', 'true; mkdir'), ['t/b']],
  [
    'a comment',
    (space) => {
      space.write('recipes/t/tool.yaml', `# hm\n${space.read('recipes/t/tool.yaml')}`);
    },
    [],
  ],
  ['a new recipe', (space) => space.write('recipes/t/e.yaml', recipe('t/e')), ['t/e']],
  [
    'a new recipe, and a source',
    (space) => {
      space.write('recipes/t/aa.yaml', recipe('t/aa'));
      space.write('tool.txt', 'third\n');
    },
  ],
  ['a recipe that goes', (space) => fs.unlinkSync(space.at('recipes/t/e.yaml')), []],
  ['a need less', (space) => space.edit('recipes/t/tool.yaml', 'for: run', 'for: build')],
  [
    'globs',
    (space) =>
      space.write('recipes/generated.yaml', 'generated: [{globs: [usr/x/*], summary: X}]\n'),
  ],
  [
    'records that have gone',
    (space) => {
      for (const file of storeFiles(space, 'records').slice(0, 4)) fs.unlinkSync(file);
    },
  ],
  [
    'trees that have gone',
    (space) => {
      for (const file of storeFiles(space, 'trees').slice(2, 6)) fs.unlinkSync(file);
    },
  ],
  [
    'everything that has gone',
    (space) => {
      for (const kind of ['records', 'trees', 'files']) {
        for (const file of storeFiles(space, kind)) fs.unlinkSync(file);
      }
    },
  ],
  ['the log', (space) => fs.unlinkSync(space.at('.recipes/actions.log')), []],
  [
    'a source, and the root has gone',
    (space) => {
      fs.rmSync(space.at('.recipes/roots/projects'), {recursive: true});
      fs.appendFileSync(space.at('tool.txt'), 'y\n');
    },
    ['t/tool'],
  ],
];

async function everyChange(
  t: ExecutionContext,
  part: (space: Space) => Promise<unknown>,
  isExpected: boolean,
): Promise<void> {
  await using space = Space.create(FILES);
  await answer(space, space.at('.cache'), {});
  await answer(space, space.at('.cache'), {});
  for (const [what, change, expected] of CHANGES) {
    change(space);
    await part(space);
    const executed = await check(t, space, what);
    if (isExpected && expected !== undefined) {
      t.deepEqual([...executed].sort(), [...expected].sort(), what);
    }
    t.true(fs.readdirSync(space.at('.cache/recipes/outcomes')).length > 0, what);
  }
}

test('after every change it is as if nothing were remembered', async (t) => {
  await everyChange(t, () => Promise.resolve(), true);
});

for (const words of [['t/libc'], ['t/tool', 't/d']]) {
  test(`the same where only ${words.join(' and ')} is built first`, async (t) => {
    const without = {tests: 'none'};
    await everyChange(t, (space) => answer(space, space.at('.cache'), without, words), false);
  });
}

test('edits in quick succession: what is too young to be relied upon is not', async (t) => {
  await using space = Space.create(FILES);
  await answer(space, space.at('.cache'), {});
  await answer(space, space.at('.cache'), {});
  for (const text of ['x', 'y', 'z']) {
    space.write('tool.txt', `tool\n${text}\n`);
    t.deepEqual(await check(t, space, text, 0), ['t/tool'], text);
  }
  space.write('tool.txt', 'tool\nx\n');
  t.deepEqual(await check(t, space, 'back', 0), []);
  t.deepEqual(await check(t, space, 'nothing', 0), []);
});

test('an outcome that is damaged costs time and nothing else', async (t) => {
  await using space = Space.create(FILES);
  await answer(space, space.at('.cache'), {});
  await answer(space, space.at('.cache'), {});
  for (const folder of ['outcomes', 'texts', 'projects']) {
    const at = space.at(`.cache/recipes/${folder}`);
    for (const name of fs.readdirSync(at)) {
      const bytes = fs.readFileSync(path.join(at, name));
      for (const place of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        const other = Buffer.from(bytes);
        other[place] = (other[place] ?? 0) ^ 1;
        fs.writeFileSync(path.join(at, name), other);
        t.deepEqual(await check(t, space, `${folder} ${place}`), []);
      }
      fs.writeFileSync(path.join(at, name), bytes.subarray(0, 100));
      t.deepEqual(await check(t, space, `${folder}, its start`), []);
    }
  }
});

/** a, what is made from it, what is made from that, and what has nothing to do with it. */
const CHAIN = recipes({
  't/a': {steps: 'echo a > "$DESTDIR/a"'},
  't/b': {needs: ['a'], tools: ['cat'], steps: 'cat /sysroot/a > "$DESTDIR/b"'},
  't/c': {needs: ['b'], tools: ['cat'], steps: 'cat /sysroot/b > "$DESTDIR/c"'},
  't/d': {},
});

async function remembered(): Promise<Space> {
  const space = Space.create(CHAIN);
  for (let times = 0; times < 2; times += 1) await answer(space, space.at('.cache'), {});
  return space;
}

for (const mode of ['finish', 'continue', 'kill']) {
  test(`the one edited node fails, --on-error ${mode}: what is above it is skipped`, async (t) => {
    await using space = await remembered();
    space.edit('recipes/t/a.yaml', 'echo a', 'false; echo a');
    const {status, failed, skipped} = await attempt(space, {onError: mode});
    t.deepEqual(
      {status, failed, skipped: [...skipped].sort()},
      {
        ...{status: 1, failed: ['t/a'], skipped: ['t/b', 't/c']},
      },
    );
    space.edit('recipes/t/a.yaml', 'false; echo a', 'echo b');
    t.deepEqual((await check(t, space, 'mended')).length, 3);
  });
}

test('a source of the one edited node cannot be had: what is above it is skipped', async (t) => {
  await using space = await remembered();
  const source = `{url: 'http://127.0.0.1:9/x.tar', sha256: ${'a'.repeat(64)}}`;
  space.edit('recipes/t/a.yaml', 'builds:', `sources: [${source}]\nbuilds:`);
  const {status, executed, skipped} = await attempt(space, {});
  t.deepEqual({status, executed}, {status: 1, executed: []});
  t.deepEqual([...skipped].sort(), ['t/a', 't/b', 't/c']);
});

test('a node above fails that was woken: the rest above it is skipped', async (t) => {
  await using space = await remembered();
  // What b does depends on what a has come to.
  space.edit(
    'recipes/t/b.yaml',
    'cat /sysroot/a >',
    'test "$(cat /sysroot/a)" = a; cat /sysroot/a >',
  );
  await answer(space, space.at('.cache'), {});
  await answer(space, space.at('.cache'), {});
  space.edit('recipes/t/a.yaml', 'echo a', 'echo b');
  const {executed, failed, skipped} = await attempt(space, {});
  t.deepEqual({executed, failed, skipped}, {executed: ['t/a'], failed: ['t/b'], skipped: ['t/c']});
});

const READS_B = 'mkdir -p "$DESTDIR/usr/share"; cat b > "$DESTDIR/usr/share/b"';

for (const [what, change] of Object.entries({
  gone: (space: Space) => fs.unlinkSync(space.at('recipes/t/a.yaml')),
  renamed: (space: Space) => {
    fs.unlinkSync(space.at('recipes/t/a.yaml'));
    space.write('recipes/t/z.yaml', recipe('t/z', {recipe: folderOf('a')}));
  },
})) {
  test(`a recipe with a local source is ${what}: sources of others are still watched`, async (t) => {
    await using space = Space.create({
      'recipes/t/a.yaml': recipe('t/a', {recipe: folderOf('a')}),
      'recipes/t/b.yaml': recipe('t/b', {recipe: folderOf('b'), steps: READS_B}),
      ...{'code-a/b': 'a\n', 'code-b/b': 'b\n'},
    });
    for (let times = 0; times < 2; times += 1) await answer(space, space.at('.cache'), {});
    change(space);
    for (let times = 0; times < 2; times += 1) await answer(space, space.at('.cache'), {});
    space.write('code-b/b', 'other\n');
    t.deepEqual(await check(t, space, what), ['t/b']);
  });
}

function folderOf(name: string): object {
  return {sources: [{path: `../../code-${name}`}], tools: ['mkfifo', 'cat']};
}
