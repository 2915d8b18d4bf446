/**
 * A project as it was read and linked the last time, and what has changed since.
 * What has not changed is not read again. Nodes and recipes are made when somebody asks for them.
 * Auxiliary state. Only projects without mistakes and warnings are kept.
 */
import path from 'node:path';
import type {Host} from '../base/host.ts';
import {
  packSections,
  packTexts,
  unpackSections,
  unpackTexts,
  type Sections,
} from '../base/sections.ts';
import {changedIn, decodeWitness, encodeWitness, settledWitness} from '../base/witness.ts';
import {decodeGraph, encodeGraph} from '../graph/snapshot.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {Config, Generated, Project, Recipe} from '../load/model.ts';
import type {Previous} from '../load/project.ts';
import {cachePlace, readCache, writeCache} from './cache-place.ts';

/** A project with its graph, and the files and folders that reading it looked at. */
export interface OpenProject {
  readonly project: Project;
  readonly graph: BuildGraph;
  readonly inputs: readonly string[];
}

interface Head {
  readonly root: string;
  readonly config: Config;
  readonly generated: readonly Generated[];
  /** The files of its recipes, absolute, in the order of the project. */
  readonly files: readonly string[];
}

/** A project that was kept. */
export interface KeptProject extends OpenProject {
  /** Of its inputs those that are not as they were. */
  readonly changed: readonly string[];
  /** The recipe of a file, as it was. */
  recipeOf(file: string): Recipe | undefined;
}

/** Where the project of a call is kept: of the folder it is looked for from, and its settings. */
export function projectPlace(host: Host, cwd: string, flags: object): string | undefined {
  return cachePlace(host, 'projects', [cwd, flags]);
}

/** The project kept there; undefined where there is none that can be read. */
export function recallProject(host: Host, place: string): KeptProject | undefined {
  const bytes = readCache(host, place);
  const sections = bytes && unpackSections(bytes);
  const graph = sections && decodeGraph(sectionOf(sections, 'graph'));
  if (sections === undefined || graph === undefined) return undefined;
  const witness = decodeWitness(sectionOf(sections, 'witness'));
  const {files, ...head} = JSON.parse(sectionOf(sections, 'head').toString()) as Head;
  const recipeOf = recipesIn(sections, files);
  const project: Project = {
    ...head,
    get recipes() {
      return files.flatMap((file) => recipeOf(file) ?? []);
    },
  };
  return {project, graph, inputs: witness.paths, changed: changedIn(witness), recipeOf};
}

/** Each recipe is made once, when it is first asked for. */
function recipesIn(
  sections: Sections,
  files: readonly string[],
): (file: string) => Recipe | undefined {
  const texts = unpackTexts(sectionOf(sections, 'recipes'), files.length);
  const numberOf = new Map(files.map((file, number) => [file, number]));
  const made = new Map<string, Recipe>();
  return (file) => {
    const number = numberOf.get(file);
    const recipe = made.get(file) ?? (number === undefined ? undefined : parse(texts(number)));
    if (recipe !== undefined) made.set(file, recipe);
    return recipe;
  };
}

function parse(text: string): Recipe {
  return JSON.parse(text) as Recipe;
}

/**
 * What of a kept project can be taken over where some of it has changed; undefined where that may
 * concern every recipe: settings, kinds, folders that are new or gone, files that recipes name.
 */
export function takenOver({project, inputs, changed, recipeOf}: KeptProject): Previous | undefined {
  const top = path.join(project.root, 'recipes');
  const isRecipe = (file: string): boolean => recipeOf(file) !== undefined;
  if (!changed.every((file) => isRecipe(file) || isCollection(top, file))) return undefined;
  const others = new Set(changed);
  return {recipeOf: (file) => (others.has(file) ? undefined : recipeOf(file)), inputs};
}

function isCollection(top: string, file: string): boolean {
  return path.dirname(file) === top && !['kinds', 'generated.yaml'].includes(path.basename(file));
}

/** Keeps a project, unless something it was read from has changed since `begun` (ms since 1970). */
export function keepProject(place: string, open: OpenProject, begun: number): void {
  const {inputs, graph, project} = open;
  const {root, config, generated, recipes} = project;
  const witness = settledWitness(inputs, begun);
  if (witness === undefined) return;
  const head: Head = {root, config, generated, files: recipes.map((recipe) => recipe.file)};
  const sections = {
    witness: encodeWitness(witness),
    head: Buffer.from(JSON.stringify(head)),
    recipes: packTexts(recipes.map((recipe) => JSON.stringify(recipe))),
    graph: encodeGraph(graph),
  };
  writeCache(place, packSections(sections));
}

function sectionOf(sections: Sections, name: string): Buffer {
  return sections[name] ?? Buffer.alloc(0);
}
