/**
 * The keys of nodes and the lines behind them. The recipe key covers what is written; the action
 * key covers that and what it resolved to. Equal action keys mean equal work.
 * What exactly is covered is said in describe.ts; nothing is decided here.
 */
import {actionKey, recipeKey, type ActionKey, type RecipeKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {describeAction, describeRecipe, type ResolvedInputs} from './describe.ts';
import {hashOf, linesOf, type Description} from './fields.ts';
import {nodeOf} from './graph.ts';
import type {BuildGraph} from './model.ts';
import type {SourcePrints} from './prints.ts';

/** Goes up whenever a description changes; the golden keys show it. */
export const KEY_VERSION = 1;

/** The recipe keys of the nodes asked for; prints that are missing are a bug of the caller. */
export function computeRecipeKeys(
  graph: BuildGraph,
  prints: SourcePrints,
  labels: Iterable<Label> = graph.order,
): ReadonlyMap<Label, RecipeKey> {
  return new Map([...labels].map((label) => [label, recipeKeyOf(graph, label, prints)]));
}

export function recipeKeyOf(graph: BuildGraph, label: Label, prints: SourcePrints): RecipeKey {
  return recipeKey(hashOf(recipeOf(graph, label, prints)));
}

/** The lines behind a recipe key. */
export function recipeManifest(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
): readonly string[] {
  return linesOf(recipeOf(graph, label, prints));
}

export function actionKeyOf(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
  resolved: ResolvedInputs,
): ActionKey {
  return actionKey(hashOf(actionOf(graph, label, prints, resolved)));
}

/** The lines behind an action key: what a record stores and `explain` compares. */
export function actionManifest(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
  resolved: ResolvedInputs,
): readonly string[] {
  return linesOf(actionOf(graph, label, prints, resolved));
}

function recipeOf(graph: BuildGraph, label: Label, prints: SourcePrints): Description {
  return (sink) => {
    // Two kinds of key and two versions of the format never meet.
    sink('recipe', KEY_VERSION);
    describeRecipe(graph, nodeOf(graph, label), prints, sink);
  };
}

function actionOf(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
  resolved: ResolvedInputs,
): Description {
  return (sink) => {
    sink('action', KEY_VERSION);
    describeAction(graph, nodeOf(graph, label), prints, resolved, sink);
  };
}
