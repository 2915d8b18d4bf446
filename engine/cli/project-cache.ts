/**
 * A project as it was read and linked the last time, as long as no file or folder it was read from
 * has changed: then no recipe is read again. Nodes and recipes are made when somebody asks for
 * them. Auxiliary state. Only projects without mistakes and warnings are kept.
 */
import type {Host} from '../base/host.ts';
import {
  packSections,
  packTexts,
  unpackSections,
  unpackTexts,
  type Sections,
} from '../base/sections.ts';
import {decodeWitness, encodeWitness, isUnchanged, settledWitness} from '../base/witness.ts';
import {decodeGraph, encodeGraph} from '../graph/snapshot.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {Config, Generated, Project, Recipe} from '../load/model.ts';
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
  readonly recipes: number;
}

/** Where the project of a call is kept: of the folder it is looked for from, and its settings. */
export function projectPlace(host: Host, cwd: string, flags: object): string | undefined {
  return cachePlace(host, 'projects', [cwd, flags]);
}

/** The project kept there, while it is true. */
export function recallProject(host: Host, place: string): OpenProject | undefined {
  const bytes = readCache(host, place);
  const sections = bytes && unpackSections(bytes);
  if (sections === undefined) return undefined;
  const witness = decodeWitness(sectionOf(sections, 'witness'));
  const graph = isUnchanged(witness) ? decodeGraph(sectionOf(sections, 'graph')) : undefined;
  if (graph === undefined) return undefined;
  return {project: projectOf(sections), graph, inputs: witness.paths};
}

function projectOf(sections: Sections): Project {
  const {recipes: count, ...head} = JSON.parse(sectionOf(sections, 'head').toString()) as Head;
  let made: readonly Recipe[] | undefined;
  const make = (): readonly Recipe[] => {
    const texts = unpackTexts(sectionOf(sections, 'recipes'), count);
    return Array.from({length: count}, (_one, at) => JSON.parse(texts(at)) as Recipe);
  };
  return {
    ...head,
    get recipes() {
      return (made ??= make());
    },
  };
}

/** Keeps a project, unless something it was read from has changed since `begun` (ms since 1970). */
export function keepProject(place: string, open: OpenProject, begun: number): void {
  const {inputs, graph, project} = open;
  const {root, config, generated, recipes} = project;
  const witness = settledWitness(inputs, begun);
  if (witness === undefined) return;
  const head: Head = {root, config, generated, recipes: recipes.length};
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
