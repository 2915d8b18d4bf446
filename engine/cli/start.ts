/**
 * `init` and `new`: the first files of a project, the first text of a recipe. Never overwrites.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import {exists, makeDirs, readText, writeFileAtomic} from '../base/files.ts';
import {isName, isPackageName, parseLabel} from '../base/label.ts';
import {ok} from '../base/result.ts';
import type {Project} from '../load/model.ts';
import {loadProject} from '../load/project.ts';
import {guard} from '../../store/trouble.ts';
import {loadRequest} from './open.ts';
import {pinUrl} from './pin.ts';
import {SHIPPED} from './shipped.ts';
import {textOption, type Answer, type World} from './world.ts';

const CONFIG = `# recipes.config.yaml: every field is optional; \`recipes config show --origin\` tells what holds.
# aliases: {gnu: "https://…/gnu/"}
# sets: {base: [examples/hello]}
`;

const VSCODE = JSON.stringify(
  {'yaml.schemas': {'schemas/recipe.schema.json': 'recipes/*/*.yaml'}},
  null,
  2,
);

export function init(world: World): Answer {
  const folder = path.resolve(world.cwd, world.call.words[0] ?? '.');
  const config = path.join(folder, 'recipes.config.yaml');
  if (exists(config)) return Promise.resolve(fail('usage/wrong', `${config} is there already`));
  const files: Readonly<Record<string, string>> = {
    'recipes.config.yaml': CONFIG,
    '.gitignore': '.recipes/\n',
    '.vscode/settings.json': `${VSCODE}\n`,
    'schemas/recipe.schema.json': readText(path.join(SHIPPED, 'schemas/recipe.schema.json')),
    'recipes/local/.keep': '',
  };
  const written = writeNew(folder, files);
  if (!written.ok) return Promise.resolve(written);
  world.tell(`a project in ${folder}\nnext: recipes new local/hello --url <where its source is>`);
  return Promise.resolve(ok(0));
}

/** Files that are there stay as they are. */
function writeNew(folder: string, texts: Readonly<Record<string, string>>): Checked<undefined> {
  return guard(folder, () => {
    for (const [name, text] of Object.entries(texts)) {
      const file = path.join(folder, name);
      makeDirs(path.dirname(file));
      if (!exists(file)) writeFileAtomic(file, text);
    }
    return undefined;
  });
}

export async function newRecipe(world: World): Answer {
  const [word = ''] = world.call.words;
  const label = parseLabel(word.includes('/') ? word : `local/${word}`);
  if (
    label?.collection === undefined ||
    !isName(label.collection) ||
    !isPackageName(label.package)
  ) {
    return fail('usage/wrong', `'${word}' is not [collection/]package`);
  }
  const loaded = loadProject(loadRequest(world));
  if (!loaded.ok) return loaded;
  const name = `recipes/${label.collection}/${label.package}.yaml`;
  const file = path.join(loaded.value.project.root, name);
  if (exists(file)) return fail('usage/wrong', `${name} is there already`);
  const source = await sourceText(world, textOption(world, 'url'), loaded.value.project);
  if (!source.ok) return source;
  const text = recipeText(label.package, textOption(world, 'kind') ?? 'autotools', source.value);
  const written = writeNew(loaded.value.project.root, {[name]: text});
  if (!written.ok) return written;
  world.tell(`wrote ${name}\nnext: recipes build ${label.collection}/${label.package}`);
  return ok(0);
}

async function sourceText(
  world: World,
  url: string | undefined,
  project: Project,
): Promise<Checked<string>> {
  if (url === undefined) return ok('');
  const pin = await pinUrl(world, project, url);
  if (!pin.ok) return pin;
  return ok(
    `sources:\n  - url: ${JSON.stringify(url)}\n    sha256: ${pin.value.sha256}\n    size: ${pin.value.size}\n`,
  );
}

function recipeText(name: string, kind: string, sources: string): string {
  const version = /-(\d[\w.]*?)\.(?:tar|tgz|zip)/.exec(sources)?.[1] ?? '1';
  return `# yaml-language-server: $schema=../../schemas/recipe.schema.json
package: ${name}
version: "${version}"
summary: What ${name} is, in one line
${sources}builds:
  main:
    in: host
    uses: ${kind}
`;
}
