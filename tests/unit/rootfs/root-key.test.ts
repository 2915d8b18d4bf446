/** What of a root is in its key, and what is not: field by field, by the recipe as it is written. */
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {recipeKeyOf} from '../../../engine/graph/key.ts';
import {linkProject} from '../../../engine/graph/link.ts';
import {recipeText, Space} from '../load/space.ts';

const ROOT: Readonly<Record<string, unknown>> = {
  layers: ['a', 'b'],
  overrides: ['c'],
  exclude: ['usr/doc', 'usr/man'],
  folders: {'/tmp': {mode: '1777'}},
  files: {'/etc/x': {text: 'x', owner: 'root'}},
  links: {'/bin/sh': 'bash'},
  users: {root: {uid: 0}},
  groups: {root: {gid: 0}},
  triggers: {one: 'do one', two: 'do two'},
};

function keyOf(root: object, generated = 'ldconfig -r .', sets = '[a]'): string {
  using space = Space.with({
    'recipes.config.yaml': `sets: {some: ${sets}}\n`,
    'recipes/generated.yaml': `generated: [{globs: [etc/ld.so.cache], trigger: "${generated}", program: ldconfig, summary: x}]\n`,
    ...Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [`recipes/t/${name}.yaml`, recipeText(name)]),
    ),
    'recipes/r/sys.yaml': `package: sys\nversion: 1\nsummary: A root\nroot: ${JSON.stringify(root)}\n`,
  });
  const graph = linkProject(space.load().project);
  if (!graph.ok) throw new Error(JSON.stringify(graph.error));
  return recipeKeyOf(graph.value, 'r/sys' as Label, {paths: new Map(), patches: new Map()});
}

/** Each is another root. */
const COUNTS: Readonly<Record<string, object>> = {
  'the order of layers': {layers: ['b', 'a']},
  'a layer less': {layers: ['a']},
  'an override that is a layer': {layers: ['a', 'b', 'c'], overrides: []},
  'what is left out': {exclude: ['usr/doc']},
  'a mode': {folders: {'/tmp': {mode: '1775'}}},
  'an owner': {files: {'/etc/x': {text: 'x', owner: 'root:adm'}}},
  'a text': {files: {'/etc/x': {text: 'y', owner: 'root'}}},
  'a target': {links: {'/bin/sh': 'dash'}},
  'a folder in place of a link': {links: {}, folders: {'/tmp': {mode: '1777'}, '/bin/sh': {}}},
  'a user': {users: {root: {uid: 0, shell: '/bin/sh'}}},
  'a group': {groups: {root: {gid: 0, members: ['root']}}},
  'a trigger': {triggers: {one: 'do one', two: 'do 2'}},
  'the order of triggers': {triggers: {two: 'do two', one: 'do one'}},
};

test('all that is in it counts', (t) => {
  const usual = keyOf(ROOT);
  const keys = Object.entries(COUNTS).map(([what, change]): [string, string] => [
    what,
    keyOf({...ROOT, ...change}),
  ]);
  for (const [what, key] of keys) t.not(key, usual, what);
  t.is(new Set(keys.map(([, key]) => key)).size, keys.length);
  t.not(keyOf(ROOT, 'ldconfig'), usual, 'the trigger of generated files');
});

test('the order of what is left out, and of the fields, does not', (t) => {
  const usual = keyOf(ROOT);
  t.is(keyOf({...ROOT, exclude: ['usr/man', 'usr/doc']}), usual);
  t.is(keyOf(Object.fromEntries(Object.entries(ROOT).reverse())), usual);
});

test('a set counts by what it holds', (t) => {
  const root = {...ROOT, layers: ['@some', 'b']};
  t.is(keyOf(root), keyOf(ROOT));
  t.not(keyOf(root, undefined, '[a, c]'), keyOf(ROOT));
});
