/**
 * The project as a watch read it last, so that of what has not changed nothing is read again.
 * A file has changed when the kernel told so, or when stat(2) says another thing of it: neither is
 * believed alone. Knows nothing of what is built.
 */
import path from 'node:path';
import type {Checked} from '../base/diagnostic.ts';
import {changedIn, compare, prolonged, type Witness} from '../base/witness.ts';
import type {Recipe} from '../load/model.ts';
import {readProject, type LoadRequest, type Previous, type ReadProject} from '../load/project.ts';

/** A project without mistakes and warnings, and what stat(2) said before it was read. */
interface Standing {
  readonly root: string;
  readonly recipes: ReadonlyMap<string, Recipe>;
  readonly witness: Witness;
}

/** Invariant: whatever has changed since `#standing` was read is in `#told`, or stat(2) says so. */
export class StandingProject {
  #standing: Standing | undefined;
  readonly #told = new Set<string>();

  /** Something at this path may have changed. */
  touch(file: string): void {
    this.#told.add(file);
  }

  /** The next time all is read. */
  forget(): void {
    this.#standing = undefined;
  }

  read(request: LoadRequest): Checked<ReadProject> {
    const last = this.#standing;
    const now = last && compare(last.witness).seen;
    const changed = last && new Set([...this.#told, ...changedIn(last.witness, now)]);
    const previous = last && changed && takenOver(last, changed);
    const read = readProject(request, previous);
    // While it is broken, what changed since it was whole is still told.
    if (!read.ok || read.value.errors.length + read.value.warnings.length > 0) return read;
    const {project, inputs} = read.value;
    this.#standing = {
      root: project.root,
      recipes: new Map(project.recipes.map((one) => [one.file, one])),
      witness: prolonged(inputs, now),
    };
    this.#told.clear();
    return read;
  }
}

/**
 * All but the recipes that have changed; undefined where the change may concern every recipe:
 * settings, kinds, files that recipes name, folders that are new or gone.
 */
function takenOver({root, recipes, witness}: Standing, changed: Changed): Previous | undefined {
  const inputs = new Set(witness.paths);
  const isMinor = (file: string): boolean =>
    recipes.has(file) || isCollection(root, inputs.has(file) ? file : path.dirname(file));
  if (![...changed].every(isMinor)) return undefined;
  const recipeOf = (file: string): Recipe | undefined =>
    changed.has(file) ? undefined : recipes.get(file);
  return {recipeOf, inputs: witness.paths};
}

type Changed = ReadonlySet<string>;

/** Whether it is a folder of recipes: those in it are listed each time. */
function isCollection(root: string, folder: string): boolean {
  const inTop = path.dirname(folder) === path.join(root, 'recipes');
  return inTop && !['kinds', 'generated.yaml'].includes(path.basename(folder));
}
