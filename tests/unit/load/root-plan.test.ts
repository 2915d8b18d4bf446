/** `root:` of a recipe: what is read of it, and its mistakes with their places. */
import test from 'ava';
import {recipeText, Space} from './space.ts';

const HEAD = 'package: sys\nversion: 1\nsummary: A root\n';

function lines(rest: string, files: Readonly<Record<string, string>> = {}): readonly string[] {
  using space = Space.with({'recipes/a/sys.yaml': `${HEAD}${rest}`, ...files});
  return space.lines();
}

test('it is the one build of its recipe, and its triggers are the steps', (t) => {
  using space = Space.with({
    'recipes/a/sys.yaml': `${HEAD}options: {big: {type: bool, default: false, summary: x}}
root:
  layers: [base, {layer: b/big, when: options.big}, '@more']
  triggers: {one: do-one, two: do-two}
`,
  });
  const build = space.build('sys');
  t.deepEqual(
    build.needs.map(({name, for: what}) => `${name} ${what}`),
    ['base both', '@more both'],
  );
  t.deepEqual(
    build.steps.map(({name}) => name),
    ['one', 'two'],
  );
});

test('a recipe has builds or a root', (t) => {
  t.deepEqual(lines(''), [
    'a/sys.yaml:1:1 schema/missing-field: the field `builds` is missing (for example `builds: {main: {in: host}}`)',
  ]);
  t.deepEqual(lines('root: {layers: [x]}\nbuilds: {main: {in: host}}\ntools: [cc]\n'), [
    'a/sys.yaml:5:1 recipe/bad-root: a recipe with `root` has no `builds` (write a recipe of its own)',
    'a/sys.yaml:6:1 recipe/bad-root: a recipe with `root` has no `tools` (write a recipe of its own)',
  ]);
});

test('files: a text or a file beside the recipe, at a place inside', (t) => {
  const rest = `root:
  layers: [x]
  folders: {/a/b: {}}
  files:
    /one: {}
    /two: {text: x, from: y}
    /three: {from: nothing}
    /a/../b: {text: x}
    /a/./b: {text: x}
    /a/b: {text: x}
`;
  t.deepEqual(lines(rest), [
    'a/sys.yaml:8:5 recipe/bad-root: /one has to have either `text` or `from`',
    'a/sys.yaml:9:5 recipe/bad-root: /two has to have either `text` or `from`',
    'a/sys.yaml:10:20 recipe/missing-file: there is no file nothing beside the recipe',
    'a/sys.yaml:11:5 recipe/bad-path: the place leaves its folder with `..`: /a/../b',
    'a/sys.yaml:12:5 recipe/bad-path: the place has a part `.`: /a/./b',
    'a/sys.yaml:13:5 recipe/bad-root: /a/b is there twice',
  ]);
});

test('what the schema says of modes, owners, places and names', (t) => {
  const bad = [
    'folders: {a: {}}',
    'folders: {/a/: {}}',
    'folders: {/a: {mode: 8}}',
    'folders: {/a: {owner: "a b"}}',
    'users: {Root: {uid: 0}}',
    'users: {root: {}}',
    'users: {root: {uid: -1}}',
    'groups: {g: {gid: 4294967295}}',
    'layers: ["a b"]',
    'links: {/a: ""}',
  ];
  for (const one of bad) {
    const rest = one.startsWith('layers') ? one : `layers: [x]\n  ${one}`;
    const found = lines(`root:\n  ${rest}\n`);
    t.is(found.length, 1, `${one}: ${found.join('\n')}`);
    t.regex(found[0] ?? '', /schema\//);
  }
});

test('a root is extended like any recipe', (t) => {
  using space = Space.with({
    'recipes/a/sys.yaml': `${HEAD}root: {layers: [x], files: {/a: {text: a}}}\n`,
    'recipes/b/mine.yaml':
      'package: mine\nextends: a/sys\nroot: {files: {/b: {text: b, mode: 600}}}\n',
    'recipes/b/x.yaml': recipeText('x'),
  });
  const items = space.build('mine').root?.items ?? [];
  t.deepEqual(
    items.map(({path, mode}) => [path, mode]),
    [
      ['a', undefined],
      ['b', 0o600],
    ],
  );
});
