/**
 * A project as it was read and linked the last time, and what has changed since.
 * What has not changed is not read again. Nodes and recipes are made when somebody asks for them,
 * from a second file: the first has its table, and what stat(2) says of it.
 * Auxiliary state. Only projects without mistakes and warnings are kept.
 */
import path from 'node:path';
import type {Host} from '../base/host.ts';
import {closeFile, errorCode, lookAtOpen, openRead} from '../base/files.ts';
import {packPieces, unpackSections, type Sections} from '../base/sections.ts';
import {openTexts, packTextFile, type TextFile} from '../base/text-file.ts';
import {
  changedIn,
  decodeWitness,
  encodeWitness,
  settledWitness,
  type Seen,
} from '../base/witness.ts';
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
  /** What stat(2) says of the file of texts. */
  readonly texts: readonly number[];
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

/** The file of texts of a project that is kept there. */
function textsAt(place: string): string {
  return path.join(path.dirname(place), '..', 'texts', path.basename(place));
}

/**
 * The project kept there; undefined where there is none that can be read. `seen`: what this
 * process has looked at already.
 */
export function recallProject(host: Host, place: string, seen?: Seen): KeptProject | undefined {
  const bytes = readCache(host, place);
  const sections = bytes && unpackSections(bytes);
  if (sections === undefined) return undefined;
  const {files, texts, ...head} = JSON.parse(sectionOf(sections, 'head').toString()) as Head;
  const opened = reopen(textsAt(place), texts, sectionOf(sections, 'table'));
  const graph = opened && decodeGraph(sectionOf(sections, 'graph'), opened);
  if (graph === undefined) return undefined;
  const witness = decodeWitness(sectionOf(sections, 'witness'));
  const recipeOf = recipesIn(files, (number) => opened?.textOf(graph.order.length + number));
  const project: Project = {
    ...head,
    get recipes() {
      return files.flatMap((file) => recipeOf(file) ?? []);
    },
  };
  return {
    project,
    graph,
    get inputs() {
      return witness.paths;
    },
    changed: changedIn(witness, seen),
    recipeOf,
  };
}

/** The texts, if they are those that were written; held open until the process ends. */
function reopen(file: string, stat: readonly number[], table: Buffer): TextFile | undefined {
  try {
    const fd = openRead(file);
    return statOf(fd).every((field, at) => field === stat[at]) ? openTexts(fd, table) : undefined;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function statOf(fd: number): readonly number[] {
  const {ino, size, mtimeMs, ctimeMs, uid} = lookAtOpen(fd);
  return [ino, size, mtimeMs, ctimeMs, uid];
}

/** Each recipe is made once, when it is first asked for. */
function recipesIn(
  files: readonly string[],
  textOf: (number: number) => string | undefined,
): (file: string) => Recipe | undefined {
  let numbers: Map<string, number> | undefined;
  const made = new Map<string, Recipe>();
  return (file) => {
    numbers ??= new Map(files.map((one, number) => [one, number]));
    const number = numbers.get(file);
    const text = number === undefined || made.has(file) ? undefined : textOf(number);
    if (text !== undefined) made.set(file, parse(text));
    return made.get(file);
  };
}

function parse(text: string): Recipe {
  return JSON.parse(text) as Recipe;
}

type Taken = Pick<KeptProject, 'inputs' | 'changed' | 'recipeOf'> & {
  readonly project: Pick<Project, 'root'>;
};

/**
 * What of a kept project can be taken over where some of it has changed; undefined where that may
 * concern every recipe: settings, kinds, folders that are new or gone, files that recipes name.
 */
export function takenOver({project, inputs, changed, recipeOf}: Taken): Previous | undefined {
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
  const {bytes, texts} = encodeGraph(graph);
  const {file, table} = packTextFile([...texts, ...recipes.map((one) => JSON.stringify(one))]);
  const stat = writeTexts(textsAt(place), file);
  if (stat === undefined) return;
  const files = recipes.map((recipe) => recipe.file);
  const head: Head = {root, config, generated, files, texts: stat};
  const sections = {
    witness: encodeWitness(witness),
    head: Buffer.from(JSON.stringify(head)),
    table,
    graph: bytes,
  };
  writeCache(place, packPieces(sections));
}

/** What stat(2) says of what was written; undefined where it cannot be. */
function writeTexts(file: string, bytes: Buffer): readonly number[] | undefined {
  writeCache(file, bytes);
  try {
    const fd = openRead(file);
    const stat = statOf(fd);
    closeFile(fd);
    return stat;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function sectionOf(sections: Sections, name: string): Buffer {
  return sections[name] ?? Buffer.alloc(0);
}
