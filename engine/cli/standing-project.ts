/**
 * The project as a watch read it last, so that of what has not changed nothing is read again.
 * A file has changed when the kernel told so, or when stat(2) says another thing of it: neither is
 * believed alone. Knows nothing of what is built.
 */
import path from 'node:path';
import type {Checked} from '../base/diagnostic.ts';
import {compare} from '../base/seen.ts';
import {changedIn, prolonged, type Witness} from '../base/witness.ts';
import type {Project, Recipe} from '../load/model.ts';
import {readProject, type LoadRequest, type Previous, type ReadProject} from '../load/project.ts';
import {takenOver} from './project-cache.ts';

/** A project without mistakes and warnings, and what stat(2) said before it was read. */
interface Standing {
  readonly project: Pick<Project, 'root'>;
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
    const previous = last && previousOf(last, [...this.#told, ...changedIn(last.witness, now)]);
    const read = readProject(request, previous);
    // While it is broken, what changed since it was whole is still told.
    if (!read.ok || read.value.errors.length + read.value.warnings.length > 0) return read;
    const {project, inputs} = read.value;
    this.#standing = {
      project,
      recipes: new Map(project.recipes.map((one) => [one.file, one])),
      witness: prolonged(inputs, now),
    };
    this.#told.clear();
    return read;
  }
}

/** A file that was not there before is a change of its folder. */
function previousOf(last: Standing, told: readonly string[]): Previous | undefined {
  const {project, recipes, witness} = last;
  const inputs = new Set(witness.paths);
  const changed = told.map((file) => (inputs.has(file) ? file : path.dirname(file)));
  const recipeOf = (file: string): Recipe | undefined => recipes.get(file);
  return takenOver({project, inputs: witness.paths, changed, recipeOf});
}
