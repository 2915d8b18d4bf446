/** New recipes and projects load as they are written. */
import test from 'ava';
import {
  newProject,
  newRecipe,
  type NewFile,
  type NewRecipe,
} from '../../../engine/load/template.ts';
import {DIGEST, Space} from './space.ts';

const asFiles = (list: readonly NewFile[]): Record<string, string> =>
  Object.fromEntries(list.map(({file, text}) => [file, text]));

test('a new project loads, and everything it needs is in it', (t) => {
  using space = new Space();
  const files = newProject();
  space.write(asFiles(files));
  const {project} = space.load();
  t.deepEqual(project.recipes, []);
  const names = files.map(({file}) => file);
  for (const name of [
    'recipes.config.yaml',
    'recipes/kinds/script.yaml',
    'schemas/recipe.schema.json',
  ])
    t.true(names.includes(name), name);
});

test('a new recipe loads and says what was asked for', (t) => {
  const recipe: NewRecipe = {
    collection: 'mine',
    package: 'hello',
    version: '1.10',
    summary: 'Greeting: "quoted", with \\ and ${signs}',
    source: {url: 'https://x.example/${odd}/hello-1.10.tar.gz', sha256: DIGEST},
    kind: 'script',
  };
  using space = new Space();
  space.write(asFiles([...newProject(), newRecipe(recipe)]));
  const loaded = space.recipe('hello');
  t.is(loaded.version, '1.10');
  t.is(loaded.summary, recipe.summary);
  const source = loaded.builds[0]?.sources[0];
  t.is(source?.type === 'remote' ? source.places[0]?.url : '', recipe.source?.url);
  t.regex(newRecipe(recipe).text, /hello-\$\{version\}\.tar\.gz/);
});

test('names and versions that look like something else stay texts', (t) => {
  for (const name of ['7', '1e3', 'true', 'no', '0x10']) {
    using space = new Space();
    const recipe = {
      collection: 'c',
      package: name,
      version: '0755',
      summary: 'yes',
      source: undefined,
      kind: 'script',
    };
    space.write(asFiles([...newProject(), newRecipe(recipe)]));
    const loaded = space.recipe(name);
    t.deepEqual([loaded.package, loaded.version, loaded.summary], [name, '0755', 'yes']);
  }
});
