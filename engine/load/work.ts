/**
 * What is at hand while one recipe is made from its file: the tree with places, its variables
 * and options, and the list that mistakes go to.
 */
import {problem, type Diagnostic, type DiagnosticCode, type Location} from '../base/diagnostic.ts';
import {decide, type Facts} from './condition.ts';
import type {Variables} from './expand.ts';
import type {FlatRecipe, RecipeIndex} from './extends.ts';
import type {Kind} from './kinds.ts';
import {nodeAt, partOf, type Path} from './nodes.ts';

/** What all recipes of a project share. */
export interface Surroundings {
  /** The project folder, absolute. */
  readonly root: string;
  readonly arch: string;
  readonly index: RecipeIndex;
  /** By name; undefined for a kind whose file cannot be read. */
  readonly kinds: ReadonlyMap<string, Kind | undefined>;
  /** Aliases of the configuration, and those known without it. */
  readonly aliases: ReadonlySet<string>;
  /** Whether a file is there; collects what the project depends on. */
  readonly isFile: (file: string) => boolean;
}

export interface Work {
  readonly surroundings: Surroundings;
  readonly recipe: FlatRecipe;
  readonly variables: Variables;
  readonly facts: Facts;
  /** Options that exist but whose declaration is wrong, which has been said. */
  readonly brokenOptions: ReadonlySet<string>;
  readonly problems: Diagnostic[];
}

/** The text at a path with its variables replaced; undefined where nothing is written. */
export function textAt(work: Work, path: Path): string | undefined {
  const node = nodeAt(work.recipe.root, path);
  return node?.kind === 'scalar' ? work.variables.expand(node) : undefined;
}

/** The texts of a list, each with its variables replaced and its place. */
export function textsAt(work: Work, path: Path): {readonly text: string; readonly at: Location}[] {
  const node = nodeAt(work.recipe.root, path);
  if (node?.kind !== 'list') return [];
  return node.items.flatMap((item) =>
    item.kind === 'scalar' ? [{text: work.variables.expand(item), at: item.at}] : [],
  );
}

/** Whether the `when:` of the map at a path holds; true where there is none or it is wrong. */
export function holds(work: Work, path: Path): boolean {
  const node = nodeAt(work.recipe.root, [...path, 'when']);
  if (node?.kind !== 'scalar') return true;
  const decided = decide(node.source, work.facts);
  if (decided.ok) return decided.value;
  const {message, start, end, hint, option} = decided.error;
  if (option === undefined || !work.brokenOptions.has(option))
    report(work, 'recipe/bad-condition', message, partOf(node, start, end), hint);
  return true;
}

export function report(
  work: Work,
  code: DiagnosticCode,
  message: string,
  at: Location,
  hint?: string,
): void {
  work.problems.push(problem(code, message, {at, hint}));
}
