/**
 * One build of a recipe: its kind applied, its parameters, environment, steps and test.
 * Needs stay names as written; the graph links them.
 */
import type {Build as BuildFile, Needs} from '../../schemas/types/recipe.ts';
import {isPackageName} from '../base/label.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import {parameterType, scalarsAt, stepsAt, TYPE_WORDS, type Kind, type Parameter} from './kinds.ts';
import {parseSize, parseTime} from './measure.ts';
import type {Build, Environment, Need, Step, TestPlan} from './model.ts';
import {keyAt, nodeAt, placeAt, type DataNode, type Path} from './nodes.ts';
import {USUAL_RESOURCES} from './resources.ts';
import {readGlobs, type Materials} from './sources.ts';
import {readTools} from './tools.ts';
import {holds, report, type Work} from './work.ts';

type Value = string | readonly string[];

/** A build by its name; undefined when its kind is not known. All mistakes are reported. */
export function readBuild(
  work: Work,
  name: string,
  file: BuildFile,
  materials: Materials,
  variables: ReadonlyMap<string, string>,
): Build | undefined {
  const path: Path = ['builds', name];
  const kind = findKind(work, file, path);
  const environment = readEnvironment(work, file, path);
  const {needs, testNeeds} = readNeeds(work, file.needs ?? [], [...path, 'needs']);
  const outputs = readOutputs(work, file, [...path, 'outputs']);
  if (kind === undefined) return undefined;
  const parameters = readParameters(work, kind, [...path, 'with']);
  const {collection} = work.recipe.source;
  return {
    parts: {collection, package: work.recipe.data.package, build: name, test: false},
    version: work.recipe.data.version,
    at: keyAt(work.recipe.root, path),
    in: environment,
    needs,
    kind: kind.name,
    sources: materials.sources,
    patches: materials.patches,
    ...readTools(environment.type === 'host' ? [...kind.tools, ...ownTools(work)] : []),
    env: readEnv(work, kind, environment, [...path, 'env']),
    variables: Object.fromEntries([...variables, ...parameters]),
    shell: kind.shell,
    steps: withoutEmpty(readSteps(work, kind, kind.steps, [...path, 'steps'])),
    outputs,
    resources: readResources(file),
    test: readTest(work, kind, file, testNeeds, [...path, 'test']),
    top: materials.top,
  };
}

/** The kind a build uses; undefined (and reported where it is not known) when it cannot be had. */
function findKind(work: Work, file: BuildFile, path: Path): Kind | undefined {
  const {kinds} = work.surroundings;
  const name = file.uses ?? 'script';
  if (kinds.has(name)) return kinds.get(name);
  const {root} = work.recipe;
  const at = file.uses === undefined ? keyAt(root, path) : placeAt(root, [...path, 'uses']);
  const known = [...kinds.keys()];
  const all = known.length === 0 ? 'recipes/kinds is empty' : `kinds here: ${known.join(', ')}`;
  const hint = didYouMean(similarTo(name, known)) ?? all;
  report(work, 'recipe/unknown-kind', `there is no kind \`${name}\``, at, hint);
  return undefined;
}

function readEnvironment(work: Work, file: BuildFile, path: Path): Environment {
  const name = file.in;
  // A missing one is reported by the schema, or by recipe.ts where recipes extend others.
  if (name === undefined || name === 'host') return {type: 'host'};
  if (name === 'root') return {type: 'root'};
  const at = placeAt(work.recipe.root, [...path, 'in']);
  return {type: 'base', name: qualified(work, name, at.file), at};
}

/** Needs whose conditions hold, those of the test apart. */
function readNeeds(work: Work, needs: Needs, path: Path): {needs: Need[]; testNeeds: Need[]} {
  const found: Need[] = [];
  const testNeeds: Need[] = [];
  needs.forEach((need, index) => {
    const at = placeAt(work.recipe.root, [...path, index]);
    const written = typeof need === 'string' ? {build: need} : need;
    const place =
      typeof need === 'string' ? at : placeAt(work.recipe.root, [...path, index, 'build']);
    checkReserved(work, written.build, place);
    const name = qualified(work, written.build, at.file);
    if (!holds(work, [...path, index])) return;
    if (written.for === 'test') testNeeds.push({name, for: 'build', at: place});
    else found.push({name, for: written.for ?? 'both', at: place});
  });
  return {needs: found, testNeeds};
}

function checkReserved(work: Work, label: string, at: Need['at']): void {
  const name = label.slice(label.indexOf('/') + 1).split(':', 1)[0] ?? '';
  if (isPackageName(name)) return;
  report(work, 'recipe/bad-name', `\`${name}\` is an environment (\`in:\`), not a package`, at);
}

function qualified(work: Work, label: string, writtenIn: string): string {
  return work.surroundings.index.qualify(label, writtenIn, work.recipe.source);
}

function ownTools(work: Work): readonly string[] {
  return work.recipe.data.tools ?? [];
}

/** The kind's variables for this environment, then the recipe's over them. */
function readEnv(
  work: Work,
  kind: Kind,
  environment: Environment,
  path: Path,
): Record<string, string> {
  const block = kind.env[environment.type === 'host' ? 'host' : 'root'];
  const own = scalarsAt(work.recipe.root, path as readonly string[]);
  const all = [...block, ...own].map(([name, node]) => [name, work.variables.expand(node)]);
  return Object.fromEntries(all) as Record<string, string>;
}

/** The values of the kind's parameters, under the names they have in the shell. */
function readParameters(work: Work, kind: Kind, path: Path): Map<string, Value> {
  const given = nodeAt(work.recipe.root, path);
  const entries = given?.kind === 'map' ? given.entries : new Map<string, never>();
  for (const name of entries.keys())
    if (!kind.parameters.has(name) && kind.sound) unknownParameter(work, kind, [...path, name]);
  const values = new Map<string, Value>();
  for (const [name, parameter] of kind.parameters) {
    const node = entries.get(name)?.value;
    const fits = node === undefined || parameterType(node) === parameter.type;
    if (!fits) wrongParameter(work, parameter, [...path, name]);
    values.set(
      `with_${name}`,
      valueOf(work, parameter, (fits ? node : undefined) ?? parameter.default),
    );
  }
  return values;
}

function unknownParameter(work: Work, kind: Kind, path: Path): void {
  const name = String(path.at(-1));
  const known = [...kind.parameters.keys()];
  const all = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  const hint = didYouMean(similarTo(name, known)) ?? all;
  const message = `the kind ${kind.name} has no parameter \`${name}\``;
  report(work, 'recipe/bad-parameter', message, keyAt(work.recipe.root, path), hint);
}

function wrongParameter(work: Work, parameter: Parameter, path: Path): void {
  const message = `\`${String(path.at(-1))}\` must be ${TYPE_WORDS[parameter.type]}`;
  const hint = parameter.type === 'list' ? 'put it in brackets: […]' : undefined;
  report(work, 'recipe/bad-parameter', message, placeAt(work.recipe.root, path), hint);
}

function valueOf(work: Work, parameter: Parameter, node: DataNode | undefined): Value {
  if (parameter.type === 'list') {
    const items = node?.kind === 'list' ? node.items : [];
    return items.flatMap((item) => (item.kind === 'scalar' ? [work.variables.expand(item)] : []));
  }
  if (node?.kind === 'scalar') return work.variables.expand(node);
  return parameter.type === 'bool' ? 'false' : '';
}

/** The kind's steps with those the recipe replaces; its own ones where the kind takes any. */
function readSteps(
  work: Work,
  kind: Kind,
  offered: readonly Step[] | 'any',
  path: Path,
): readonly Step[] {
  const own = stepsAt(work.recipe.root, path as readonly string[]);
  if (offered === 'any') return own;
  const names = offered.map(({name}) => name);
  for (const {name} of own) {
    if (names.includes(name) || !kind.sound) continue;
    const hint = didYouMean(similarTo(name, names)) ?? `its steps: ${names.join(', ')}`;
    const message = `the kind ${kind.name} has no step \`${name}\``;
    report(work, 'recipe/unknown-step', message, keyAt(work.recipe.root, [...path, name]), hint);
  }
  const texts = new Map(own.map(({name, text}) => [name, text]));
  return offered.map((step) => ({name: step.name, text: texts.get(step.name) ?? step.text}));
}

/** Empty steps are places a recipe may fill, nothing to run. */
function withoutEmpty(steps: readonly Step[]): Step[] {
  return steps.filter(({text}) => text.trim() !== '');
}

function readOutputs(work: Work, file: BuildFile, path: Path): Build['outputs'] {
  const replaces = (file.outputs?.replaces ?? []).map((label, index): Need => {
    const at = placeAt(work.recipe.root, [...path, 'replaces', index]);
    return {name: qualified(work, label, at.file), for: 'both', at};
  });
  return {
    expect: readGlobs(work, [...path, 'expect']),
    ignore: readGlobs(work, [...path, 'ignore']),
    replaces,
    leaks: readGlobs(work, [...path, 'leaks']),
  };
}

function readResources({resources = {}}: BuildFile): Build['resources'] {
  const {cpu, memory, time, sbu, disk} = resources;
  return {
    cpu: cpu ?? USUAL_RESOURCES.cpu,
    memoryBytes: memory === undefined ? USUAL_RESOURCES.memoryBytes : parseSize(memory),
    milliseconds: time === undefined ? USUAL_RESOURCES.milliseconds : parseTime(time),
    ...(sbu === undefined ? {} : {sbu}),
    ...(disk === undefined ? {} : {diskBytes: parseSize(disk)}),
  };
}

/** The test a build asks for; without steps of its own, those of the kind. */
function readTest(
  work: Work,
  kind: Kind,
  {test}: BuildFile,
  before: readonly Need[],
  path: Path,
): TestPlan | undefined {
  if (test === undefined) return undefined;
  const steps = withoutEmpty(readSteps(work, kind, kind.testSteps ?? 'any', [...path, 'steps']));
  if (steps.length === 0 && kind.sound && work.recipe.sound) {
    const message = `the kind ${kind.name} has no test of its own, so \`test\` needs \`steps\``;
    report(work, 'recipe/unknown-step', message, keyAt(work.recipe.root, path));
  }
  const own = readNeeds(work, test.needs ?? [], [...path, 'needs']);
  const needs = [...before, ...own.needs, ...own.testNeeds];
  return {needs, steps, known: test.known ?? [], critical: test.critical ?? false};
}
