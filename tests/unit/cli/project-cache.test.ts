/** A project from the cache is the project one would read, after whatever change. */
import fs from 'node:fs';
import test from 'ava';
import {canonicalJson} from '../../../engine/base/hash.ts';
import {realHost} from '../../../engine/base/host.ts';
import {openProject} from '../../../engine/cli/open.ts';
import type {OpenProject} from '../../../engine/cli/project-cache.ts';
import {makeWorld} from '../../../engine/cli/world.ts';
import {recipe, recipes} from '../../support/recipes.ts';
import {Space} from '../../support/space.ts';

/**
 * Opens a project in this process, which takes itself to be new and it to be ten seconds later;
 * with or without a place for caches.
 */
async function open(space: Space, cwd: string, cached: boolean): Promise<OpenProject | string> {
  const env = {HOME: space.at('home'), XDG_CACHE_HOME: cached ? space.at('.cache') : '/dev/null'};
  const quiet = {isTerminal: false, columns: 80, write: () => undefined};
  const later = (): number => Date.now() + 10_000;
  const screen = {stdout: quiet, stderr: quiet};
  const host = {...realHost(), ...screen, cwd, env, now: later, tick: () => 50};
  const globals = {directory: '.', color: 'never', progress: 'auto'} as const;
  const call = {command: 'list', words: [], options: {}, globals};
  const opened = await openProject(makeWorld(host, call, () => undefined));
  return opened.ok ? opened.value : JSON.stringify(opened.error);
}

/** All of a project that others can see, as text. */
function allOf(open: OpenProject | string): string {
  if (typeof open === 'string') return open;
  const {project, graph, inputs} = open;
  const nodes = graph.order.map((label) => [graph.nodes.get(label), graph.targetsOf(label)]);
  const {root, config, generated, recipes: all} = project;
  const names = [...graph.names.builds];
  return canonicalJson([root, config, generated, all, nodes, [...graph.sets], names, inputs]);
}

const CHANGES: Readonly<Record<string, (space: Space) => void>> = {
  nothing: () => undefined,
  'a recipe': (space) => {
    space.edit('recipes/t/b.yaml', 'mkdir', 'true; mkdir');
  },
  'a new recipe': (space) => {
    space.write('recipes/t/d.yaml', recipe('t/d'));
  },
  'a recipe that goes': (space) => {
    fs.unlinkSync(space.at('recipes/t/d.yaml'));
  },
  'a recipe that others extend': (space) => {
    space.edit('recipes/t/a.yaml', 'What a is', 'What a was');
  },
  'a recipe that hides the one that was extended': (space) => {
    space.write('recipes/u/a.yaml', recipe('u/a', {recipe: {version: '7'}}));
  },
  'a recipe with an option that the configuration sets': (space) => {
    const options = {options: {x: {type: 'bool', default: false, summary: 'X'}}};
    space.write('recipes/t/e.yaml', recipe('t/e', {recipe: options}));
  },
  'a mistake': (space) => {
    space.edit('recipes/t/b.yaml', 'summary', 'sumary');
  },
  'the mistake mended': (space) => {
    space.edit('recipes/t/b.yaml', 'sumary', 'summary');
  },
  'the configuration': (space) => {
    space.write('recipes.config.yaml', 'sets: {all: [t/a, t/b]}\noptions: {t/e.x: true}\n');
  },
  'the configuration of the user': (space) => {
    space.write('home/.config/recipes/config.yaml', 'jobs: 1\n');
  },
  'a kind of its own': (space) => {
    space.write('recipes/kinds/script.yaml', 'kind: script\nsummary: Mine\nsteps: {install: ""}\n');
  },
  'globs that are made once': (space) => {
    space.write('recipes/generated.yaml', 'generated: [{globs: [usr/x], trigger: "true"}]\n');
  },
  'a file that a recipe names, as a folder': (space) => {
    fs.unlinkSync(space.at('one'));
    fs.mkdirSync(space.at('one'));
  },
};

test('after every change it is what reading gives, and it was kept before', async (t) => {
  const source = {recipe: {sources: [{path: '../../one'}]}};
  await using space = Space.create({
    ...recipes({'t/a': {}, 't/b': {needs: ['a']}, 't/c': source}),
    'recipes/u/c.yaml': 'package: c\nextends: t/c\n',
    'recipes/v/b.yaml': 'package: b\nextends: a\nversion: "2"\n',
    'recipes/v/a.yaml': recipe('v/a', {recipe: {version: '3'}}),
    one: 'one\n',
  });
  for (const [what, change] of Object.entries(CHANGES)) {
    change(space);
    const read = allOf(await open(space, space.root, false));
    t.is(allOf(await open(space, space.root, true)), read, `${what}, first`);
    t.is(allOf(await open(space, space.root, true)), read, `${what}, again`);
  }
  t.true(fs.readdirSync(space.at('.cache/recipes/projects')).length > 0);
});

test('another project nearer by is found', async (t) => {
  await using space = Space.create({...recipes({'t/a': {}}), 'sub/folder/x': ''});
  const from = space.at('sub/folder');
  const outer = await open(space, from, true);
  t.is(allOf(await open(space, from, true)), allOf(outer));
  space.write('sub/recipes.config.yaml', 'jobs: 1\n');
  const inner = await open(space, from, true);
  t.is(typeof inner === 'string' ? inner : inner.project.root, space.at('sub'));
});

test('a project with mistakes or warnings is not kept', async (t) => {
  await using space = Space.create({'recipes/t/a.yaml': 'package: a\n'});
  t.is(typeof (await open(space, space.root, true)), 'string');
  t.false(space.exists('.cache/recipes/projects'));
});
