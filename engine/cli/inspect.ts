/**
 * Commands that only look at recipes and graph: list, validate, graph, why, deps, rdeps.
 * No store is opened and nothing is hashed.
 */
import {problem, type Checked} from '../base/diagnostic.ts';
import type {Label} from '../base/label.ts';
import {err, ok} from '../base/result.ts';
import {toDot, toJson} from '../graph/export.ts';
import type {BuildGraph} from '../graph/model.ts';
import {dependenciesOf, dependentsOf, somePath, type Hop} from '../graph/query.ts';
import {resolveTargets} from '../graph/targets.ts';
import type {Recipe} from '../load/model.ts';
import {count} from '../ui/text.ts';
import {readWhole} from './read-whole.ts';
import {loadRequest, openProject} from './open.ts';
import {isSet, optionOf, type Answer, type World} from './world.ts';

export async function list(world: World): Answer {
  const opened = await openTargets(world, world.call.words);
  if (!opened.ok) return opened;
  const {graph, targets, recipes} = opened.value;
  const rows = [...targets]
    .filter((label) => graph.nodes.get(label)?.kind === 'build')
    .sort()
    .map((label) => row(graph, recipes, label));
  if (world.call.globals.json === true) {
    const sets = Object.fromEntries(graph.sets);
    world.print(JSON.stringify({builds: rows, sets}));
    return ok(0);
  }
  const width = Math.max(0, ...rows.map((one) => one.label.length));
  for (const {label, version, summary} of rows)
    world.print(`${label.padEnd(width)}  ${version}  ${summary}`);
  if (world.call.words.length === 0)
    for (const [name, labels] of graph.sets) world.print(`@${name}  ${labels.length} targets`);
  return ok(0);
}

function row(
  graph: BuildGraph,
  recipes: readonly Recipe[],
  label: Label,
): {label: Label; version: string; summary: string} {
  const node = graph.nodes.get(label);
  const recipe = recipes.find(
    (one) => node?.kind === 'build' && one.file !== '' && sameRecipe(one, label),
  );
  return {label, version: recipe?.version ?? '', summary: recipe?.summary ?? ''};
}

function sameRecipe(recipe: Recipe, label: Label): boolean {
  const name = `${recipe.collection}/${recipe.package}`;
  return label === name || label.startsWith(`${name}:`);
}

/** The mistakes themselves are the answer; without any, what was read. */
export async function validate(world: World): Answer {
  const opened = await readWhole(world, loadRequest(world));
  if (!opened.ok) return opened;
  const {project} = opened.value;
  const builds = project.recipes.reduce((sum, recipe) => sum + recipe.builds.length, 0);
  const text = `${count(project.recipes.length, 'recipe')} with ${count(builds, 'build')}, no mistakes`;
  if (world.call.globals.json === true)
    world.print(JSON.stringify({ok: true, recipes: project.recipes.length, builds}));
  else world.tell(text);
  return ok(0);
}

export async function graph(world: World): Answer {
  const opened = await openTargets(world, world.call.words);
  if (!opened.ok) return opened;
  const labels = dependenciesOf(opened.value.graph, opened.value.targets, 'all');
  const wanted = [...new Set([...labels, ...opened.value.targets])];
  const json = optionOf(world, 'format') === 'json' || world.call.globals.json === true;
  world.print((json ? toJson : toDot)(opened.value.graph, wanted).trimEnd());
  return ok(0);
}

export async function why(world: World): Answer {
  const [from = '', to = ''] = world.call.words;
  const opened = await openTargets(world, [from, to]);
  if (!opened.ok) return opened;
  const {graph: net, targets} = opened.value;
  const [start, end = start] = targets;
  const hops = start === undefined || end === undefined ? undefined : somePath(net, start, end);
  if (hops === undefined) {
    return err([problem('target/no-path', `${start ?? from} does not need ${end ?? to}`)]);
  }
  printPath(world, start ?? from, hops);
  return ok(0);
}

function printPath(world: World, start: string, hops: readonly Hop[]): void {
  if (world.call.globals.json === true) {
    world.print(JSON.stringify({path: hops}));
    return;
  }
  world.print(start);
  for (const {edge} of hops) {
    const {file, line, column} = edge.at;
    world.print(`  ${edge.kind} need ${edge.to}  (${file}:${line}:${column})`);
  }
}

export function deps(world: World): Answer {
  return neighbours(world, dependenciesOf);
}

export function rdeps(world: World): Answer {
  return neighbours(world, dependentsOf);
}

async function neighbours(world: World, query: typeof dependenciesOf): Answer {
  const opened = await openTargets(world, world.call.words);
  if (!opened.ok) return opened;
  const labels = query(
    opened.value.graph,
    opened.value.targets,
    isSet(world, 'direct') ? 'direct' : 'all',
  );
  if (world.call.globals.json === true) world.print(JSON.stringify({labels}));
  else for (const label of labels) world.print(label);
  return ok(0);
}

interface Targets {
  readonly graph: BuildGraph;
  readonly targets: readonly Label[];
  readonly recipes: readonly Recipe[];
}

async function openTargets(world: World, words: readonly string[]): Promise<Checked<Targets>> {
  const opened = await openProject(world);
  if (!opened.ok) return opened;
  const {graph: net, project} = opened.value;
  const targets = resolveTargets(net, words.length === 0 ? ['**'] : words);
  return targets.ok ? ok({graph: net, targets: targets.value, recipes: project.recipes}) : targets;
}
