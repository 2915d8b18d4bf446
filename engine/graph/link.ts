/**
 * Turns recipes into the linked graph: resolves every name, makes fetch, build and test nodes,
 * and refuses cycles. Pure: the prints of local files and the keys come later (key.ts).
 */
import {problem, type Checked, type Diagnostic, type Location} from '../base/diagnostic.ts';
import {formatLabel, testLabel, type Label, type LabelParts} from '../base/label.ts';
import {err, ok} from '../base/result.ts';
import type {Build, Need, Project, Recipe, TestPlan} from '../load/model.ts';
import {cycleProblems} from './cycles.ts';
import {fetchNodeFor} from './fetches.ts';
import {finishGraph, holdNodes} from './graph.ts';
import {isGlob} from '../base/glob.ts';
import {homesOf} from './homes.ts';
import {layerLabels} from './layer-names.ts';
import type {
  BuildGraph,
  BuildNode,
  Edge,
  EdgeKind,
  FetchNode,
  GeneratedTrigger,
  LinkedNeed,
  NameIndex,
  Node,
  TestNode,
} from './model.ts';
import {indexNames, lookUp, standIn} from './names.ts';
import {readOverrides} from './overrides.ts';
import {linkSets} from './targets.ts';

/** Everything the linking of one build looks at. */
interface Scope {
  readonly project: Project;
  readonly names: NameIndex;
  /** Collections in which its bare names are looked for first. */
  readonly homes: readonly string[];
  readonly user: LabelParts;
  readonly problems: Diagnostic[];
}

/**
 * The graph of a project, or every mistake in it: unknown and ambiguous names, overrides and
 * sets that lead nowhere, cycles edge by edge. Equal projects give equal graphs, whatever the
 * order of their recipes.
 */
export function linkProject(project: Project): Checked<BuildGraph> {
  const recipes = [...project.recipes].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const parts = recipes.flatMap((recipe) => recipe.builds.map((build) => build.parts));
  const overrides = readOverrides(project.config.overrides, indexNames(parts, new Map()));
  const names = indexNames(parts, overrides.map);
  const problems: Diagnostic[] = [...overrides.problems];
  const loose = holdNodes(linkRecipes(project, recipes, names, problems));
  problems.push(...cycleProblems(loose));
  if (loose.stuck.length > 0) return err(withoutRepetition(problems));
  const generated = [...new Set(project.generated.map((one) => one.glob))].sort();
  const graph = finishGraph(loose, names, generated);
  const sets = linkSets(graph, project.config.sets);
  problems.push(...sets.problems);
  return problems.length > 0
    ? err(withoutRepetition(problems))
    : ok({...graph, sets: sets.members});
}

function linkRecipes(
  project: Project,
  recipes: readonly Recipe[],
  names: NameIndex,
  problems: Diagnostic[],
): readonly Node[] {
  const fetches = new Map<Label, FetchNode>();
  const byName = new Map(recipes.map((recipe) => [nameOf(recipe), recipe]));
  const nodes: Node[] = [];
  for (const recipe of recipes) {
    const homes = homesOf(recipe, byName, names);
    const builds = [...recipe.builds].sort((a, b) => (a.parts.build < b.parts.build ? -1 : 1));
    for (const build of builds) {
      const scope: Scope = {project, names, homes, user: build.parts, problems};
      const node = linkBuild(scope, build, fetches);
      nodes.push(node);
      if (build.test !== undefined) nodes.push(linkTest(scope, node, build.test));
    }
  }
  return [...nodes, ...fetches.values()];
}

function linkBuild(scope: Scope, build: Build, known: Map<Label, FetchNode>): BuildNode {
  const edges = new EdgeList();
  const fetches = build.sources.map((source) => {
    const {label} = fetchNodeFor(known, build, source);
    edges.add(label, 'source', source.at);
    return label;
  });
  const base = build.in.type === 'base' ? resolve(scope, build.in) : undefined;
  if (build.in.type === 'base' && base !== undefined) edges.add(base, 'base', build.in.at);
  const take = (need: Need): readonly LinkedNeed[] =>
    targetsOf(scope, need).map((to) => {
      edges.add(to, need.for, need.at);
      return {to, for: need.for};
    });
  const needs = build.needs.flatMap(take);
  const replaces = resolveAll(scope, build.outputs.replaces);
  const label = formatLabel(build.parts);
  const {root} = build;
  const node = {label, kind: 'build', build, base, replaces, fetches} as const;
  if (root === undefined) return {...node, dependencies: edges.list, needs};
  const overrides = root.overrides.flatMap(take);
  return {
    ...{...node, dependencies: edges.list, needs: [...needs, ...overrides]},
    root: {overrides: overrides.map(({to}) => to), triggers: triggersOf(scope.project)},
  };
}

/** One label, or those of a set. */
function targetsOf(scope: Scope, need: Need): readonly Label[] {
  if (!need.name.startsWith('@')) {
    const to = resolve(scope, need);
    return to === undefined ? [] : [to];
  }
  const found = layerLabels(scope.names, scope.project.config.sets, need.name, scope.homes);
  if (found.ok) return found.value;
  const {message, hint} = found.error;
  scope.problems.push(problem('graph/unknown-need', message, {at: need.at, hint}));
  return [];
}

/** The triggers of generated files, each once, those that name the program they are made with. */
function triggersOf({generated}: Project): readonly GeneratedTrigger[] {
  const found = new Map<string, GeneratedTrigger>();
  for (const {glob, trigger, program} of generated) {
    if (trigger === undefined || program === undefined) continue;
    const folders = found.get(trigger)?.folders ?? [];
    found.set(trigger, {text: trigger, program, folders: [...folders, plainFolder(glob)]});
  }
  return [...found.values()];
}

/** The folder a glob begins with, up to its first sign. */
function plainFolder(glob: string): string {
  const parts = glob.split('/').slice(0, -1);
  const end = parts.findIndex(isGlob);
  return parts.slice(0, end < 0 ? undefined : end).join('/');
}

/** A test compiles again when its build's folder is gone, so it needs the sources as well. */
function linkTest(scope: Scope, of: BuildNode, plan: TestPlan): TestNode {
  const edges = new EdgeList();
  edges.add(of.label, 'subject', of.build.at);
  for (const edge of of.dependencies) {
    if (edge.kind === 'source') edges.add(edge.to, 'source', edge.at);
  }
  const needs = plan.needs.flatMap((need): readonly Label[] => {
    const to = resolve(scope, need);
    if (to === undefined) return [];
    edges.add(to, 'test', need.at);
    return [to];
  });
  const label = testLabel(of.label);
  return {label, kind: 'test', dependencies: edges.list, of: of.label, plan, needs};
}

function resolveAll(scope: Scope, needs: readonly Need[]): readonly Label[] {
  return needs.flatMap((need) => {
    const label = resolve(scope, need);
    return label === undefined ? [] : [label];
  });
}

/** The build a recipe means by a name, overrides applied; undefined and a problem when none. */
function resolve(
  scope: Scope,
  written: {readonly name: string; readonly at: Location},
): Label | undefined {
  const found = lookUp(scope.names, written.name, scope.homes);
  if (found.ok && !found.value.test) return standIn(scope.names, found.value.label, scope.user);
  scope.problems.push(
    found.ok
      ? problem('graph/unknown-need', 'a test cannot be needed', {
          at: written.at,
          hint: `need the build: ${found.value.label}`,
        })
      : problem(
          found.error.ambiguous ? 'graph/ambiguous-name' : 'graph/unknown-need',
          found.error.message,
          {at: written.at, hint: found.error.hint},
        ),
  );
  return undefined;
}

/** Edges in the order first written, each target once. */
class EdgeList {
  readonly #edges = new Map<Label, Edge>();

  /** A second need of the same label widens what the first one is for. */
  add(to: Label, kind: EdgeKind, at: Location): void {
    const there = this.#edges.get(to);
    if (there === undefined) this.#edges.set(to, {to, kind, at});
    else if (isNeed(there.kind) && there.kind !== kind) {
      this.#edges.set(to, {...there, kind: 'both'});
    }
  }

  get list(): readonly Edge[] {
    return [...this.#edges.values()];
  }
}

function isNeed(kind: EdgeKind): boolean {
  return kind === 'build' || kind === 'run';
}

function nameOf(recipe: Recipe): string {
  return `${recipe.collection}/${recipe.package}`;
}

/** A recipe that extends another shows the other's mistakes too: the same line is said once. */
function withoutRepetition(problems: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map<string, Diagnostic>();
  for (const one of problems) {
    const at = one.at === undefined ? '' : `${one.at.file}:${one.at.line}:${one.at.column}`;
    unique.set(`${one.code} ${at} ${one.message}`, one);
  }
  return [...unique.values()];
}
