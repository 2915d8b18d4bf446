/**
 * `init` and `new`: the first files of a project, the first text of a recipe. Never overwrites.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import {exists, makeDirs, writeFileAtomic} from '../base/files.ts';
import {parseLabel} from '../base/label.ts';
import {ok} from '../base/result.ts';
import type {Config} from '../load/model.ts';
import {
  newProject,
  newRecipe as recipeFile,
  type NewFile,
  type NewRecipe,
} from '../load/template.ts';
import {guard} from '../../store/trouble.ts';
import {openConfig, pinUrl} from './pin.ts';
import {textOption, type Answer, type World} from './world.ts';

export function init(world: World): Answer {
  const folder = path.resolve(world.cwd, world.call.words[0] ?? '.');
  const config = path.join(folder, 'recipes.config.yaml');
  if (exists(config)) return Promise.resolve(fail('usage/wrong', `${config} is there already`));
  const written = writeNew(folder, [
    ...newProject(),
    {file: '.gitignore', text: '.recipes/\n/roots/\n'},
  ]);
  if (!written.ok) return Promise.resolve(written);
  world.tell(`a project in ${folder}\nnext: recipes new local/hello --url <where its source is>`);
  return Promise.resolve(ok(0));
}

/** Files that are there stay as they are. */
function writeNew(folder: string, news: readonly NewFile[]): Checked<undefined> {
  return guard(folder, () => {
    for (const {file, text} of news) {
      const at = path.join(folder, file);
      makeDirs(path.dirname(at));
      if (!exists(at)) writeFileAtomic(at, text);
    }
    return undefined;
  });
}

export async function newRecipe(world: World): Answer {
  const [word = ''] = world.call.words;
  const label = parseLabel(word.includes('/') ? word : `local/${word}`);
  if (label?.collection === undefined || label.build !== 'main' || label.test) {
    return fail('usage/wrong', `'${word}' is not [collection/]package`);
  }
  const opened = openConfig(world);
  if (!opened.ok) return opened;
  const {collection, package: name} = label;
  const file = `recipes/${collection}/${name}.yaml`;
  if (exists(path.join(opened.value.root, file))) {
    return fail('usage/wrong', `${file} is there already`);
  }
  const source = await newSource(world, opened.value.config);
  if (!source.ok) return source;
  const text = recipeFor(collection, name, source.value, textOption(world, 'kind'));
  const written = writeNew(opened.value.root, [text]);
  if (!written.ok) return written;
  world.tell(`wrote ${file}\nnext: recipes build ${collection}/${name}`);
  return ok(0);
}

function recipeFor(
  collection: string,
  name: string,
  source: NewRecipe['source'],
  kind = 'autotools',
): NewFile {
  const version = versionIn(source?.url ?? '');
  const summary = `What ${name} is, in one line`;
  return recipeFile({collection, package: name, version, summary, source, kind});
}

/** The source given with `--url` and the digest of what is there now. */
async function newSource(world: World, config: Config): Promise<Checked<NewRecipe['source']>> {
  const url = textOption(world, 'url');
  if (url === undefined) return ok(undefined);
  const pin = await pinUrl(world, config, url);
  return pin.ok ? ok({url, sha256: pin.value.sha256}) : pin;
}

/** `hello_2.10.orig.tar.gz`, `hello-2.10.tar.xz`: what stands between name and suffix. */
function versionIn(url: string): string {
  return /[-_](\d[\w.]*?)(?:\.orig)?\.(?:tar|tgz)/.exec(url)?.[1] ?? '1';
}
