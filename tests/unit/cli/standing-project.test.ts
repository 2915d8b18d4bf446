/**
 * A watch's reading of what has changed comes to what reading everything comes to, whether the
 * change was told or only stat(2) shows it.
 */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {StandingProject} from '../../../engine/cli/standing-project.ts';
import {readProject} from '../../../engine/load/project.ts';
import {recipeText, Space} from '../load/space.ts';

/** A recipe that names a file. */
const THREE = recipeText('three', 'patches: [{file: three.patch}]\n');

const FILES = {
  'recipes/a/one.yaml': recipeText('one'),
  'recipes/a/two.yaml': recipeText('two', 'extends: one\n'),
  'recipes/b/three.yaml': THREE,
  'recipes/b/three.patch': 'nothing\n',
};

/** Changes a project in one way, and gives the paths the kernel would tell. */
type Change = (space: Space) => readonly string[];

const write = (file: string, text: string): Change => {
  return (space) => {
    space.write({[file]: text});
    return [file];
  };
};

const remove = (file: string): Change => {
  return (space) => {
    fs.rmSync(path.join(space.root, file), {recursive: true});
    return [file];
  };
};

const move = (from: string, to: string): Change => {
  return (space) => {
    fs.renameSync(path.join(space.root, from), path.join(space.root, to));
    return [from, to];
  };
};

const CHANGES: Readonly<Record<string, Change>> = {
  'a summary': write('recipes/b/three.yaml', `${THREE}license: MIT\n`),
  'a mistake': write('recipes/b/three.yaml', 'package: three\n'),
  'another mistake': write('recipes/a/one.yaml', 'nonsense'),
  'the mistakes go': (space) => [
    ...write('recipes/b/three.yaml', THREE)(space),
    ...write('recipes/a/one.yaml', recipeText('one'))(space),
  ],
  'what another extends': write('recipes/a/one.yaml', recipeText('one', 'license: MIT\n')),
  'a new recipe': write('recipes/b/four.yaml', recipeText('four')),
  'a new collection': write('recipes/c/five.yaml', recipeText('five')),
  'a file recipes name goes': remove('recipes/b/three.patch'),
  'and comes back': write('recipes/b/three.patch', 'more than nothing\n'),
  'a recipe goes': remove('recipes/b/four.yaml'),
  'a recipe moves': move('recipes/c/five.yaml', 'recipes/b/five.yaml'),
  'a kind': write('recipes/kinds/script.yaml', 'kind: script\nsummary: Other words\nsteps: any\n'),
  'the settings': write('recipes.config.yaml', 'jobs: 3\n'),
  'a collection is another': (space) => [
    ...move('recipes/a', 'aside')(space),
    ...write('recipes/a/one.yaml', recipeText('one', 'license: Zlib\n'))(space),
  ],
  'two names are one': write('recipes/a/six.yaml', recipeText('one')),
  'a recipe that is a link': (space) => {
    fs.rmSync(path.join(space.root, 'recipes/a/six.yaml'));
    fs.symlinkSync('../../aside/one.yaml', path.join(space.root, 'recipes/a/one2.yaml'));
    return ['recipes/a/six.yaml', 'recipes/a/one2.yaml'];
  },
};

function follows(t: ExecutionContext, space: Space, standing: StandingProject, what: string): void {
  const read = standing.read(space.request());
  const whole = readProject(space.request());
  if (!read.ok || !whole.ok) return void t.deepEqual(read, whole, what);
  const {inputs, ...rest} = read.value;
  const {inputs: all, ...expected} = whole.value;
  t.deepEqual(rest, expected, what);
  t.deepEqual(
    all.filter((file) => !inputs.includes(file)),
    [],
    what,
  );
}

for (const told of [true, false]) {
  test(`each change, ${told ? 'told' : 'seen by stat(2)'}`, (t) => {
    using space = Space.with(FILES);
    const standing = new StandingProject();
    t.deepEqual(space.problems(), []);
    follows(t, space, standing, 'as it is');
    follows(t, space, standing, 'nothing has changed');
    for (const [what, change] of Object.entries(CHANGES)) {
      for (const file of change(space)) if (told) standing.touch(path.join(space.root, file));
      follows(t, space, standing, what);
    }
  });
}

test('what has not changed is the same object', (t) => {
  using space = Space.with(FILES);
  const standing = new StandingProject();
  const recipes = (): readonly unknown[] => {
    const read = standing.read(space.request());
    return read.ok ? read.value.project.recipes : [];
  };
  const before = recipes();
  space.write({'recipes/a/one.yaml': recipeText('one', 'license: Zlib\n')});
  const after = recipes();
  t.deepEqual(
    before.map((one, at) => one === after[at]),
    // The second extends the first.
    [false, false, true],
  );
  standing.forget();
  t.not(recipes()[2], before[2]);
});
