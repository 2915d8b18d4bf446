/**
 * In which collections the bare names of a recipe are looked for first: its own, then those of
 * the recipes it extends, because inherited needs were written there.
 */
import {parseLabel} from '../base/label.ts';
import type {Recipe} from '../load/model.ts';
import type {NameIndex} from './model.ts';

/** `recipes` is keyed by `collection/package`. Chains that lead back to themselves end there. */
export function homesOf(
  recipe: Recipe,
  recipes: ReadonlyMap<string, Recipe>,
  names: NameIndex,
): readonly string[] {
  const homes = new Set<string>();
  const seen = new Set<Recipe>();
  let at: Recipe | undefined = recipe;
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    homes.add(at.collection);
    at = extended(at, recipes, names);
  }
  return [...homes];
}

/** The recipe another one extends; a bare name cannot mean the recipe itself. */
function extended(
  recipe: Recipe,
  recipes: ReadonlyMap<string, Recipe>,
  names: NameIndex,
): Recipe | undefined {
  const written = recipe.extends === undefined ? undefined : parseLabel(recipe.extends);
  if (written === undefined) return undefined;
  const having = names.collections.get(written.package) ?? [];
  const others = having.filter(
    (collection) => collection !== recipe.collection || written.package !== recipe.package,
  );
  const own = others.includes(recipe.collection) ? recipe.collection : undefined;
  const only = others.length === 1 ? others[0] : undefined;
  return recipes.get(`${written.collection ?? own ?? only ?? ''}/${written.package}`);
}
