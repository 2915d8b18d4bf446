/**
 * One recipe: from its (merged) file to a Recipe with everything decided that needs no graph.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import {isPackageName} from '../base/label.ts';
import path from 'node:path';
import {readBuild} from './builds.ts';
import type {OptionFact} from './condition.ts';
import {Variables, type Scope} from './expand.ts';
import type {FlatRecipe} from './extends.ts';
import {scalarsAt} from './kinds.ts';
import {licenseError} from './license.ts';
import type {Build, Recipe} from './model.ts';
import {keyAt, nodeAt, placeAt, type DataNode} from './nodes.ts';
import {checkDeclarations, decideOptions} from './options.ts';
import {readRoot} from './root-plan.ts';
import type {Setting} from './settings.ts';
import {readMaterials} from './sources.ts';
import {holds, report, type Surroundings, type Work} from './work.ts';

/** `sound`: without mistakes; of others the rest stands, for those who look for more mistakes. */
export interface ReadRecipe {
  readonly recipe: Recipe;
  readonly sound: boolean;
}

/** A recipe; all its mistakes are reported. */
export function readRecipe(
  recipe: FlatRecipe,
  surroundings: Surroundings,
  settings: readonly Setting[],
  problems: Diagnostic[],
): ReadRecipe {
  const before = problems.length;
  const {data} = recipe;
  const work = startWork(recipe, surroundings, settings, problems);
  checkNames(work);
  checkShape(work);
  checkEnvironments(work);
  checkLicense(work);
  const values = new Map(work.variables.all());
  const builds =
    data.root === undefined ? readBuilds(work, values) : [readRoot(work, data.root, values)];
  const {source, root} = recipe;
  const sound = problems.length === before && recipe.sound;
  const read: Recipe = {
    collection: source.collection,
    package: data.package,
    version: data.version,
    summary: data.summary ?? '',
    homepage: data.homepage,
    license: data.license,
    file: path.resolve(surroundings.root, source.file),
    at: keyAt(root, ['package']),
    builds,
    extends: data.extends,
    options: data.options ?? {},
  };
  return {recipe: read, sound};
}

function startWork(
  recipe: FlatRecipe,
  surroundings: Surroundings,
  settings: readonly Setting[],
  problems: Diagnostic[],
): Work {
  const {source, root, written, data} = recipe;
  const declared = data.options ?? {};
  // Declared in a base: said there.
  const own = nodeAt(root, ['options']);
  if (own?.at.file === source.file) checkDeclarations(root, declared, problems);
  const owner = {collection: source.collection, package: source.package};
  const options = decideOptions(owner, declared, settings);
  const scope = scopeOf(data, root, written, surroundings.arch, options);
  return {
    surroundings,
    recipe,
    variables: new Variables(scope, problems),
    facts: {arch: surroundings.arch, options},
    brokenOptions: keysAt(written, 'options'),
    problems,
  };
}

/** The variables of a recipe as data fields may use them. */
export function scopeOf(
  data: FlatRecipe['data'],
  root: DataNode,
  written: DataNode,
  arch: string,
  options: ReadonlyMap<string, OptionFact>,
): Scope {
  const fixed = new Map([
    ['package', data.package],
    ['version', data.version],
    ['arch', arch],
    ...[...options].map(([name, {value}]): [string, string] => [name, String(value)]),
  ]);
  const broken = new Set([...keysAt(written, 'options'), ...keysAt(written, 'vars')]);
  return {fixed, written: scalarsAt(root, ['vars']), broken};
}

/** The names written in a map of the file, right or wrong. */
function keysAt(written: DataNode, field: string): Set<string> {
  const node = nodeAt(written, [field]);
  return new Set(node?.kind === 'map' ? node.entries.keys() : []);
}

/** Names the engine gives its own variables. */
const TAKEN: ReadonlySet<string> = new Set(['package', 'version', 'arch', 'jobs']);

function checkNames(work: Work): void {
  const {source, root, data} = work.recipe;
  if (data.package !== source.package) {
    const message = `the package is named ${data.package}, its file ${source.package}.yaml`;
    report(work, 'recipe/bad-name', message, placeAt(root, ['package']), 'rename one of them');
  } else if (!isPackageName(source.package)) {
    const message = `\`${source.package}\` is an environment (\`in:\`) and cannot be a package`;
    report(work, 'recipe/bad-name', message, keyAt(root, ['package']));
  }
  const options = Object.keys(data.options ?? {});
  for (const name of options) checkVariable(work, name, 'options');
  for (const name of Object.keys(data.vars ?? {})) {
    checkVariable(work, name, 'vars');
    if (!options.includes(name)) continue;
    const at = keyAt(root, ['vars', name]);
    report(work, 'recipe/bad-name', `\`${name}\` is a variable and an option`, at);
  }
}

function checkVariable(work: Work, name: string, field: 'vars' | 'options'): void {
  if (!TAKEN.has(name) && !name.startsWith('with_')) return;
  const at = keyAt(work.recipe.root, [field, name]);
  report(work, 'recipe/bad-name', `the name \`${name}\` is the engine's own`, at, 'take another');
}

/** A recipe is of a package that is built, or of a root. */
function checkShape(work: Work): void {
  const {data, root, sound} = work.recipe;
  if (data.builds === undefined && data.root === undefined && sound) {
    const hint = 'for example `builds: {main: {in: host}}`';
    const at = keyAt(root, ['package']);
    work.problems.push(
      problem('schema/missing-field', 'the field `builds` is missing', {at, hint}),
    );
  }
  if (data.root === undefined) return;
  for (const field of ['builds', 'sources', 'patches', 'tools'] as const) {
    if (data[field] === undefined) continue;
    const message = `a recipe with \`root\` has no \`${field}\``;
    report(work, 'recipe/bad-root', message, keyAt(root, [field]), 'write a recipe of its own');
  }
}

/** With `extends` the schema cannot know whether the base has a build of this name. */
function checkEnvironments(work: Work): void {
  const {recipe, problems} = work;
  for (const name of Object.keys(recipe.data.builds ?? {})) {
    if (nodeAt(recipe.written, ['builds', name, 'in']) !== undefined) continue;
    const at = keyAt(recipe.root, ['builds', name]);
    const hint = 'for example `in: host`';
    problems.push(problem('schema/missing-field', 'the field `in` is missing', {at, hint}));
  }
}

function checkLicense(work: Work): void {
  const {license} = work.recipe.data;
  const error = license === undefined ? undefined : licenseError(license);
  if (error === undefined) return;
  const at = placeAt(work.recipe.root, ['license']);
  report(work, 'recipe/bad-license', error.message, at, error.hint);
}

/** The builds whose conditions hold; the others are read too, for their mistakes. */
function readBuilds(work: Work, values: ReadonlyMap<string, string>): Build[] {
  const materials = readMaterials(work);
  const node = nodeAt(work.recipe.root, ['builds']);
  const names = node?.kind === 'map' ? [...node.entries.keys()] : [];
  return names.flatMap((name) => {
    const file = work.recipe.data.builds?.[name] ?? {};
    const build = readBuild(work, name, file, materials, values);
    return holds(work, ['builds', name]) && build !== undefined ? [build] : [];
  });
}
