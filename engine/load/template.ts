/**
 * Texts of new files: a recipe for `recipes new`, a project for `recipes init`.
 * Writes nothing; the caller decides what exists already.
 */
import path from 'node:path';
import {namesIn, readText} from '../base/files.ts';
import {schemaNames, schemaText} from '../../schemas/shape.ts';

export interface NewFile {
  /** Relative to the project. */
  readonly file: string;
  readonly text: string;
}

export interface NewRecipe {
  readonly collection: string;
  readonly package: string;
  readonly version: string;
  readonly summary: string;
  /** Where the source is, and its digest. */
  readonly source: {readonly url: string; readonly sha256: string} | undefined;
  readonly kind: string;
}

/** A recipe that loads, with the version taken out of its place where it stands there. */
export function newRecipe(recipe: NewRecipe): NewFile {
  const {collection, package: name, version, summary, source, kind} = recipe;
  const place = source && [
    'sources:',
    `  - url: ${scalar(withVersion(source.url, version))}`,
    `    sha256: ${scalar(source.sha256)}`,
  ];
  const lines = [
    '# yaml-language-server: $schema=../../schemas/recipe.schema.json',
    `package: ${scalar(name)}`,
    `version: ${JSON.stringify(version)}`,
    `summary: ${scalar(summary)}`,
    ...(place ?? []),
    'builds:',
    '  main:',
    '    in: host',
    `    uses: ${scalar(kind)}`,
  ];
  return {file: `recipes/${collection}/${name}.yaml`, text: `${lines.join('\n')}\n`};
}

/** A place that follows the version; signs that would be variables are kept from being so. */
function withVersion(url: string, version: string): string {
  return url.split('${').join('$${').split(version).join('${version}');
}

/** All that a new project begins with: configuration, kinds, schemas and settings for editors. */
export function newProject(): readonly NewFile[] {
  return [
    {file: 'recipes.config.yaml', text: CONFIG},
    ...shipped('recipes'),
    ...shipped('recipes/kinds'),
    ...schemaNames().map((name) => ({
      file: `schemas/${name}.schema.json`,
      text: schemaText(name) ?? '',
    })),
    {file: '.vscode/settings.json', text: `${JSON.stringify(EDITOR, null, 2)}\n`},
  ];
}

const CONFIG = `# yaml-language-server: $schema=./schemas/config.schema.json
# Short names of places: with \`name: https://…/\` a recipe may write \`url: name:path\`.
# \`debian:\` needs no entry: it is the Debian archive configured on this machine.
aliases: {}
# Named groups of targets: \`recipes build @name\`.
sets: {}
`;

const EDITOR = {
  'yaml.schemas': {
    './schemas/recipe.schema.json': ['recipes/*/*.yaml', '!recipes/kinds/*.yaml'],
    './schemas/kind.schema.json': 'recipes/kinds/*.yaml',
    './schemas/generated.schema.json': 'recipes/generated.yaml',
    './schemas/config.schema.json': 'recipes.config.yaml',
  },
};

/** The YAML files of a folder as they come with this program. */
function shipped(folder: string): NewFile[] {
  const from = new URL(`../../../${folder}/`, import.meta.url).pathname;
  return namesIn(from)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({file: path.posix.join(folder, name), text: readText(from + name)}));
}

/** A text as YAML: plain where that is surely read back as the same text. */
function scalar(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9 ._/+-]*[A-Za-z0-9]$/.test(text);
  const word = /^(true|false|null|yes|no|on|off)$/i.test(text);
  return plain && !word ? text : JSON.stringify(text);
}
