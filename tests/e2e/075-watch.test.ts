/** `watch`: what a change reaches is built again, and nothing else; it survives every mistake. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {SHIPPED} from '../../engine/cli/shipped.ts';
import {joins, recipe, recipes, writes} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';
import {ended, isEnd, logsOf, ofType, renameOver, Watching} from '../support/watching.ts';

/** a ← b; c alone. */
function project(): Space {
  return Space.create(
    recipes({'t/a': {}, 't/b': {needs: ['a'], steps: joins('b', ['a'])}, 't/c': {}}),
  );
}

function a(content: string): string {
  return recipe('t/a', {steps: writes('a', content)});
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
