/** Prints of local folders and patches: what they are, what is told when they are missing. */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {sha256} from '../../../engine/base/hash.ts';
import {realHost} from '../../../engine/base/host.ts';
import {readPrints} from '../../../engine/run/prints.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import {hasTree} from '../../../store/trees.ts';
import {treeDigest} from '../../../engine/base/hash.ts';
import type {Store} from '../../../store/layout.ts';
import {StatCache} from '../../../store/stat-cache.ts';
import {at, graphOf, label, local} from '../graph/values.ts';
import {emptyStore, folder, must} from '../store/rig.ts';

interface Space {
  readonly dir: string;
  readonly store: Store;
  readonly graph: BuildGraph;
}

/** One build of a folder, a file and a patch; another of the same patch and a file not there. */
function space(t: ExecutionContext): Space {
  const dir = folder(t);
  fs.mkdirSync(path.join(dir, 'code'));
  fs.writeFileSync(path.join(dir, 'code/main.c'), 'int main;');
  fs.writeFileSync(path.join(dir, 'one.txt'), 'one');
  fs.writeFileSync(path.join(dir, 'fix.patch'), 'fix');
  const patch = {
    file: path.join(dir, 'fix.patch'),
    name: 'fix.patch',
    strip: 1,
    at: at('a.yaml', 7),
  };
  const graph = graphOf({
    'x/a': {
      sources: [local('code', path.join(dir, 'code')), local('one.txt', path.join(dir, 'one.txt'))],
      patches: [patch],
      test: {},
    },
    'x/b': {
      sources: [local('gone', path.join(dir, 'gone'))],
      patches: [patch, {...patch, file: path.join(dir, 'gone.patch'), at: at('b.yaml', 9)}],
    },
  });
  return {dir, store: emptyStore(t), graph};
}

const read = ({graph, store}: Space, ...labels: string[]): ReturnType<typeof readPrints> =>
  readPrints(graph, labels.map(label), store, StatCache.load(store), realHost());

test('a folder is a tree in the store, a file its bytes, a patch its sha256', (t) => {
  const one = space(t);
  const {paths, patches} = must(read(one, 'x/a'));
  t.deepEqual([...patches], [[path.join(one.dir, 'fix.patch'), sha256('fix')]]);
  t.is(paths.get(label('x/a@one.txt')), `file ${sha256('one')}`);
  const tree = /^tree ([0-9a-f]{64})$/.exec(paths.get(label('x/a@code')) ?? '')?.[1] ?? '';
  t.true(hasTree(one.store, treeDigest(tree)));
});

test('a test, and a source itself, are asked for by what they are made of', (t) => {
  const one = space(t);
  t.deepEqual(must(read(one, 'x/a#test')), must(read(one, 'x/a')));
  t.is(must(read(one, 'x/a@code')).paths.size, 1);
  t.is(must(read(one)).paths.size, 0);
});

const CHANGES: readonly (readonly [string, (dir: string) => void, string | undefined])[] = [
  ['text of the folder', (dir) => fs.writeFileSync(`${dir}/code/main.c`, 'int main2'), 'x/a@code'],
  ['a new name', (dir) => fs.renameSync(`${dir}/code/main.c`, `${dir}/code/m.c`), 'x/a@code'],
  ['the execute bit', (dir) => fs.chmodSync(`${dir}/code/main.c`, 0o755), 'x/a@code'],
  ['the file', (dir) => fs.writeFileSync(`${dir}/one.txt`, 'two'), 'x/a@one.txt'],
  ['the patch', (dir) => fs.writeFileSync(`${dir}/fix.patch`, 'mix'), 'fix.patch'],
  ['times', (dir) => fs.utimesSync(`${dir}/code/main.c`, 5, 5), undefined],
  ['a mode nobody looks at', (dir) => fs.chmodSync(`${dir}/code/main.c`, 0o640), undefined],
  ['git’s own folder', (dir) => fs.mkdirSync(`${dir}/code/.git`), undefined],
];

for (const [what, change, expected] of CHANGES) {
  test(`changed: ${what} → ${expected ?? 'nothing'}`, (t) => {
    const one = space(t);
    const flat = (): Map<string, string> => {
      const {paths, patches} = must(read(one, 'x/a'));
      return new Map([
        ...paths,
        ...[...patches].map(([at, hex]) => [path.basename(at), hex] as const),
      ]);
    };
    const before = flat();
    change(one.dir);
    const changed = [...flat()].filter(([name, print]) => before.get(name) !== print);
    t.deepEqual(
      changed.map(([name]) => name),
      expected === undefined ? [] : [expected],
    );
  });
}

test('everything that is missing is told at once, where it is written', (t) => {
  const one = space(t);
  const failed = read(one, 'x/a', 'x/b');
  t.deepEqual(failed.ok ? [] : failed.error.map((each) => [each.code, each.at?.file]), [
    ['source/path-missing', 'source.yaml'],
    ['recipe/bad-path', 'b.yaml'],
  ]);
  t.true(read(one, 'x/a').ok, 'nobody is held up by what others lack');
});

test('a folder in the place of a patch is no patch', (t) => {
  const one = space(t);
  fs.unlinkSync(path.join(one.dir, 'fix.patch'));
  fs.mkdirSync(path.join(one.dir, 'fix.patch'));
  const failed = read(one, 'x/a');
  t.deepEqual(failed.ok ? [] : failed.error.map((each) => each.code), ['recipe/bad-path']);
});
