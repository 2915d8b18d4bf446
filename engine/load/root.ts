/**
 * Finds the project: the nearest folder upwards with a configuration file.
 * Loads nothing, so that a run with nothing to do can afford it.
 */
import path from 'node:path';
import {exists} from '../base/files.ts';

/** The names of the project's configuration, the first one found counts. */
export const CONFIG_NAMES: readonly string[] = ['recipes.config.yaml', 'recipes.config.json'];

/** The project folder at or above an absolute path; undefined where there is none. */
export function findRoot(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    if (configFile(folder) !== undefined) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Every path that decides which folder `findRoot` comes to. */
export function searchedFor(cwd: string, root: string): readonly string[] {
  const places = CONFIG_NAMES.map((name) => path.join(cwd, name));
  return cwd === root ? places : [...places, ...searchedFor(path.dirname(cwd), root)];
}

/** The configuration file of a project folder. */
export function configFile(root: string): string | undefined {
  return CONFIG_NAMES.map((name) => path.join(root, name)).find((file) => exists(file));
}

/** A path as shown to people: relative to the project where it lies inside. */
export function shownPath(root: string, file: string): string {
  const relative = path.relative(root, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
