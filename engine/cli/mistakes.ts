/**
 * Every mistake of a project in one run: those found while reading it, and those that linking
 * finds in what could be read. A name that only a broken file could explain is no mistake yet.
 */
import type {Diagnostic} from '../base/diagnostic.ts';
import {linkProject} from '../graph/link.ts';
import type {Project} from '../load/model.ts';
import {sortDiagnostics, type ReadProject} from '../load/project.ts';

/** The errors, sorted by file and line. */
export function allMistakes({project, errors, broken}: ReadProject): readonly Diagnostic[] {
  const linked = linkProject(withoutSources(project));
  const more = linked.ok ? [] : linked.error.filter((one) => isCertain(one, broken));
  return sortDiagnostics([...errors, ...more]).errors;
}

/** Names of sources may be missing or stand twice, which has been said. */
function withoutSources(project: Project): Project {
  const recipes = project.recipes.map((recipe) => ({
    ...recipe,
    builds: recipe.builds.map((build) => ({...build, sources: []})),
  }));
  return {...project, recipes};
}

const NAME = /[a-z0-9][a-z0-9+._-]*/g;

function isCertain({code, message}: Diagnostic, broken: ReadonlySet<string>): boolean {
  if (code === 'graph/cycle') return true;
  return ![...message.matchAll(NAME)].some(([name]) => broken.has(name));
}
