/** Which folders are watched for a project, and what of them matters. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {PathSource} from '../../../engine/load/model.ts';
import {LocalTrees} from '../../../engine/run/local-trees.ts';
import {watchedOf, type Origins} from '../../../engine/run/watched.ts';

function folder(t: ExecutionContext, files: readonly string[]): (name: string) => string {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-watched-')));
  t.teardown(() => fs.rmSync(root, {recursive: true}));
  const at = (name: string): string => path.join(root, name);
  for (const file of files) {
    fs.mkdirSync(path.dirname(at(file)), {recursive: true});
    fs.writeFileSync(at(file), '');
  }
  return at;
}

const source = (at: string, ignore: readonly string[] = []): PathSource =>
  ({type: 'path', path: at, ignore}) as unknown as PathSource;

const origins = (more: Partial<Origins>): Origins => ({
  inputs: [],
  patches: [],
  sources: [],
  ...more,
});

test('recipes that are there and that may come, not what editors leave', (t) => {
  const at = folder(t, ['recipes/t/a.yaml']);
  const inputs = [at('recipes'), at('recipes/t'), at('recipes/t/a.yaml')];
  const {folders, concerns} = watchedOf(origins({inputs}), new LocalTrees());
  t.deepEqual(
    [...folders].sort(),
    [at('.'), at('recipes'), at('recipes/t')].sort().map((one) => path.resolve(one)),
  );
  for (const name of ['recipes', 'recipes/t', 'recipes/t/a.yaml', 'recipes/t/b.yml', 'recipes/u']) {
    t.true(concerns(at(name)), name);
  }
  for (const name of [
    'recipes/t/.a.yaml.swp',
    'recipes/t/a.yaml~',
    'recipes/t/x.new',
    'other',
    'recipes/t/a/fix',
  ]) {
    t.false(concerns(at(name)), name);
  }
});

test('a file that is not there yet: the nearest folder, and what lies between', (t) => {
  const at = folder(t, ['here/file']);
  const {folders, concerns} = watchedOf(
    origins({inputs: [at('here/no/such/config')]}),
    new LocalTrees(),
  );
  t.deepEqual([...folders], [at('here')]);
  for (const name of ['here/no', 'here/no/such', 'here/no/such/config']) t.true(concerns(at(name)));
  t.false(concerns(at('here/file')));
});

test('a file behind a link is watched where it is', (t) => {
  const at = folder(t, ['elsewhere/real', 'recipes/x']);
  fs.symlinkSync('../elsewhere/real', at('recipes/fix.patch'));
  const {folders, concerns} = watchedOf(
    origins({patches: [at('recipes/fix.patch')]}),
    new LocalTrees(),
  );
  t.deepEqual([...folders].sort(), [at('elsewhere'), at('recipes')]);
  t.true(concerns(at('elsewhere/real')));
  t.true(concerns(at('recipes/fix.patch')));
});

test('local folders wholly, but for what they leave out', (t) => {
  const at = folder(t, ['src/a/b/file', 'src/.git/HEAD', 'src/out/deep/x', 'src/x.o']);
  const trees = new LocalTrees();
  const sources = [source(at('src'), ['out', '*.o'])];
  const {folders, concerns} = watchedOf(origins({sources}), trees);
  t.deepEqual(
    [...folders].sort(),
    ['.', 'src', 'src/a', 'src/a/b'].map((one) => path.resolve(at(one))),
  );
  for (const name of ['src', 'src/new', 'src/a/b/file']) t.true(concerns(at(name)), name);
  for (const name of ['src/.git/HEAD', 'src/out/deep/x', 'src/x.o', 'srcs'])
    t.false(concerns(at(name)), name);
});

test('what is known of a local folder holds until something in it changes', (t) => {
  const at = folder(t, ['src/a/file', 'other/file']);
  const trees = new LocalTrees();
  const [src, other] = [source(at('src')), source(at('other'))];
  for (const one of [src, other]) trees.foldersOf(one);
  trees.set(src, 'tree 1');
  trees.set(other, 'tree 2');
  fs.mkdirSync(at('src/new'));
  t.deepEqual(trees.foldersOf(src), [at('src'), at('src/a')]);
  trees.touch(at('src/new'));
  t.deepEqual([...trees.foldersOf(src)].sort(), [at('src'), at('src/a'), at('src/new')]);
  t.deepEqual([trees.get(src), trees.get(other)], [undefined, 'tree 2']);
  trees.touch(path.dirname(at('other')));
  t.is(trees.get(other), undefined);
  trees.foldersOf(other);
  trees.set(other, 'tree 3');
  trees.keep([src]);
  t.is(trees.get(other), undefined);
});
