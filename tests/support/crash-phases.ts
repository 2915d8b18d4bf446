/**
 * The commands that are ended at every call they make: a project of five recipes, the state each
 * command begins in, and what it must have come to. Knows nothing of crashes.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {joins, recipe, recipes, resultOf, writes, type Result} from './recipes.ts';
import type {Phase} from './crash-phase.ts';
import {Space, type Ran} from './space.ts';
import {SYSTEM_PHASES} from './crash-system.ts';
import {namesBelow, objectsOf, rowTroubles, sha256Of} from './store-check.ts';

/** a ← b, c ← d ← e; layers, hard links, a source, a test. */
export function fiveRecipes(parent: string): Space {
  const linked = 'ln "$DESTDIR/usr/share/a" "$DESTDIR/usr/share/hard"\nln -s a "$DESTDIR/link"\n';
  const source = {sources: [{path: '../../src', unpack: false}]};
  return Space.create(
    {
      ...recipes({
        't/a': {steps: writes('a') + linked},
        't/b': {needs: ['a'], steps: joins('b', ['a'])},
        't/c': {recipe: source, steps: writes('c'), test: {steps: {check: 'true'}}},
        't/d': {needs: ['b', 'c'], steps: joins('d', ['b', 'c'])},
      }),
      'recipes/t/e.yaml': lastRecipe('e'),
      'src/file': 'a source\n',
    },
    parent,
  );
}

const BUILD = ['build', '-j1', '--tests', 'all', '--json'];

/** Everything is built, in a store that is not there. */
const build: Phase = {
  name: 'build',
  command: BUILD,
  prepare: () => Promise.resolve(),
  outcome: (_, ran) => Promise.resolve(targetsOf(ran)),
  troubles: (space) => rowTroubles(space.at('.recipes')),
};

/** gc takes all that an older version of `a` came to, a dropped target, a failed build. */
const gc: Phase = {
  name: 'gc',
  command: ['store', 'gc', '--grace', '0s', '--json'],
  prepare: async (space) => {
    await space.expect(0, BUILD);
    space.write('recipes/t/f.yaml', recipe('t/f', {steps: 'echo x > /build/x; exit 3'}));
    await space.expect(1, ['build', 'f']);
    for (const name of ['e', 'f']) fs.rmSync(space.at(`recipes/t/${name}.yaml`));
    space.edit('recipes/t/a.yaml', "echo '", "echo 'x");
    await space.expect(0, BUILD);
  },
  outcome: async (space) => {
    const kinds = (['files', 'trees', 'records'] as const).map((kind) => {
      return [kind, objectsOf(space.at('.recipes'), kind)];
    });
    const others = ['farms', 'failed', 'logs', 'roots'].map((name) => {
      return [name, fs.readdirSync(space.at(`.recipes/${name}`)).sort()];
    });
    const left = Object.fromEntries([...kinds, ...others]) as object;
    // All that counts is there: nothing has to be built.
    const again = await space.expect(0, BUILD);
    const {executed} = resultOf(again);
    return JSON.stringify({left, executed, targets: targetsOf(again)});
  },
  troubles: () => [],
};

/** The second generation of a profile: builds the last recipe first. */
const switching: Phase = {
  name: 'switch',
  command: ['root', 'switch', 'sys', 'e', '-j1', '--json'],
  prepare: async (space) => {
    await space.expect(0, BUILD);
    await space.expect(0, ['root', 'switch', 'sys', 'e']);
    space.write('recipes/t/e.yaml', lastRecipe('new e'));
  },
  outcome: (space, ran) => {
    const {generation, tree, label} = JSON.parse(ran.stdout) as Record<string, unknown>;
    const names = fs.readdirSync(space.at('roots/sys')).sort();
    const current = fs.readlinkSync(space.at('roots/sys/current'));
    const said = {generation, tree, label, names, current};
    return Promise.resolve(JSON.stringify({...said, contents: contentsOf(space, '2')}));
  },
  troubles: generationTroubles,
};

export const PHASES: readonly Phase[] = [build, gc, switching, ...SYSTEM_PHASES];

/** The last of the five; another text is another output. */
function lastRecipe(text: string): string {
  return recipe('t/e', {needs: ['d'], steps: joins('d2', ['d']) + writes('e', text)});
}

function targetsOf(ran: Ran): string {
  const trees = (resultOf(ran) satisfies Result).targets;
  return JSON.stringify(trees.map(({label, key, tree}) => [label, key, tree]));
}

/** The old generation or the new one, and whichever there is is whole. */
function generationTroubles(space: Space): string[] {
  const current = fs.readlinkSync(space.at('roots/sys/current'));
  const numbers = fs.readdirSync(space.at('roots/sys')).filter((name) => /^\d+$/.test(name));
  const troubles = numbers.includes(current) ? [] : [`current leads to ${current}`];
  for (const number of numbers) {
    const text = number === '1' ? 'e' : 'new e';
    const {['usr/share/e']: found, ...others} = contentsOf(space, number);
    const whole =
      found === createHash('sha256').update(`${text}\n`).digest('hex') &&
      Object.keys(others).length === 1;
    if (!whole) troubles.push(`generation ${number} is not whole`);
    const root = space.at(`.recipes/roots/generations/sys/${number}`);
    if (!fs.existsSync(root)) troubles.push(`generation ${number} has no root`);
  }
  return troubles;
}

function contentsOf(space: Space, number: string): Record<string, string> {
  const folder = space.at(`roots/sys/${number}`);
  const names = namesBelow(folder);
  return Object.fromEntries(names.map((name) => [name, sha256Of(path.join(folder, name))]));
}
