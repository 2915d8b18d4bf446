/**
 * Loads a project: configuration, kinds and recipes, or every mistake of every file.
 * Knows nothing of the graph; names of needs are not looked up here.
 */
import path from 'node:path';
import {problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import {leadsToFile} from '../base/files.ts';
import {err, ok} from '../base/result.ts';
import {configOf, notFound, settingsRequest, type LoadRequest} from './config.ts';
import type {SchemaName} from '../../schemas/shape.ts';
import type {Document} from './document.ts';
import {flatten, RecipeIndex, type FlatRecipe, type RecipeSource} from './extends.ts';
import {findFiles, readFound, type FoundFiles} from './files.ts';
import {readKind, type Kind} from './kinds.ts';
import type {Config, Generated, Project, Recipe} from './model.ts';
import {placeAt} from './nodes.ts';
import {checkSettings, type OptionOwner} from './options.ts';
import {globError} from './paths.ts';
import {readRecipe} from './recipe.ts';
import {findRoot, searchedFor} from './root.ts';
import {configFilesOf, readSettings, type Setting} from './settings.ts';
import type {Surroundings} from './work.ts';

export type {LoadRequest} from './config.ts';

export interface LoadedProject {
  readonly project: Project;
  readonly warnings: readonly Diagnostic[];
  /**
   * Absolute paths of the files and folders that were looked at: as long as none of them changes
   * (or appears), and request and engine are the same, loading again gives the same project.
   */
  readonly inputs: readonly string[];
}

/** A project as far as it can be read. */
export interface ReadProject extends LoadedProject {
  readonly errors: readonly Diagnostic[];
  /** Packages that cannot be read, or not wholly; of the latter the rest is in the project. */
  readonly broken: ReadonlySet<string>;
}

/**
 * An earlier reading of the same project without mistakes, since which neither the settings nor a
 * kind has changed: of it everything is taken that would be read the same again.
 */
export interface Previous {
  /** The recipe of a file (absolute) that has not changed. */
  recipeOf(file: string): Recipe | undefined;
  readonly inputs: readonly string[];
}

/** Everything at and above a folder that makes a project; diagnostics sorted by file and line. */
export function loadProject(request: LoadRequest): Checked<LoadedProject> {
  const read = readProject(request);
  if (!read.ok) return read;
  const {errors, warnings} = read.value;
  return errors.length > 0 ? err([...errors, ...warnings]) : read;
}

/** The same with its mistakes: what others find in the rest can be told with them. */
export function readProject(request: LoadRequest, previous?: Previous): Checked<ReadProject> {
  const root = findRoot(request.cwd);
  if (root === undefined) return notFound(request.cwd);
  const problems: Diagnostic[] = [];
  const {settings, problems: wrong} = readSettings(settingsRequest(request, root));
  problems.push(...wrong);
  const config = configOf(settings);
  const files = findFiles(root, problems, request.shipped);
  const inputs = new Set<string>();
  const {memory} = request;
  const read: Read = (name, file) => {
    const {document, problems: wrong} = readFound(name, root, file, memory);
    problems.push(...wrong);
    return document;
  };
  const surroundings = surround(root, request.host.arch, files, config, inputs, read, problems);
  const found = {settings, previous, read};
  const {recipes, broken} = readRecipes(files, surroundings, found, problems);
  const generated = readGenerated(files.generated, read, problems);
  if (previous === undefined) memory?.endRound();
  const {errors, warnings} = sortDiagnostics(problems);
  const all = [
    ...searchedFor(request.cwd, root),
    ...configFilesOf(settingsRequest(request, root)),
    ...inputsOf(root, files),
    ...inputs,
    // Of what is taken over too: places where something was looked for, recipes left out.
    ...(previous?.inputs ?? []).filter((file) => !file.endsWith('.yaml')),
  ];
  const project = {root, config, recipes, generated};
  return ok({project, errors, warnings, broken, inputs: [...new Set(all)]});
}

/** Reads one file and notes its mistakes. */
type Read = <Name extends SchemaName>(name: Name, file: string) => Document<Name> | undefined;

type Around = Omit<Surroundings, 'index'>;

/** Known without configuration: the archive of the machine's apt sources. */
const BUILT_IN_ALIASES = ['debian'];

function surround(
  root: string,
  arch: string,
  files: FoundFiles,
  config: Config,
  inputs: Set<string>,
  read: Read,
  problems: Diagnostic[],
): Around {
  return {
    root,
    arch,
    kinds: readKinds(files, read, problems),
    aliases: new Set([...Object.keys(config.aliases), ...BUILT_IN_ALIASES]),
    isFile: (file) => {
      inputs.add(file);
      return leadsToFile(file);
    },
  };
}

function readKinds(
  files: FoundFiles,
  read: Read,
  problems: Diagnostic[],
): Map<string, Kind | undefined> {
  const kinds = new Map<string, Kind | undefined>();
  for (const {name, file} of files.kinds) {
    const document = read('kind', file);
    kinds.set(name, document === undefined ? undefined : readKind(name, document, problems));
  }
  return kinds;
}

interface RecipeReading {
  readonly settings: readonly Setting[];
  readonly previous: Previous | undefined;
  readonly read: Read;
}

function readRecipes(
  files: FoundFiles,
  around: Around,
  {settings, previous, read}: RecipeReading,
  problems: Diagnostic[],
): {recipes: readonly Recipe[]; broken: ReadonlySet<string>} {
  const sources = files.recipes.map(({collection, name, file}) =>
    lazySource({collection, package: name, file}, read),
  );
  const surroundings = {...around, index: new RecipeIndex(sources)};
  const takers = sources.map((source) => {
    const kept = previous?.recipeOf(path.join(around.root, source.file));
    // What it extends may have changed.
    return {source, kept: kept?.extends === undefined ? kept : undefined};
  });
  const fresh = takers.filter((one) => one.kept === undefined).map((one) => one.source);
  const flat = fresh.flatMap((source) => flatten(source, surroundings.index, problems) ?? []);
  const kept = takers.flatMap((one) => one.kept ?? []);
  checkSettings(settings, [...flat.map(optionOwner), ...kept.map(ownerOf)], problems);
  const done = new Map(
    flat.map((one) => [one.source.file, readRecipe(one, surroundings, settings, problems)]),
  );
  const broken = fresh.filter((one) => done.get(one.file)?.sound !== true);
  return {
    // Two files may give themselves one name; the file's own name is the one that is looked for.
    recipes: takers
      .map((one) => ({
        name: one.source.package,
        recipe: one.kept ?? done.get(one.source.file)?.recipe,
      }))
      .flatMap(({name, recipe}) => (recipe?.package === name ? [recipe] : [])),
    broken: new Set(broken.map((one) => one.package)),
  };
}

/** A recipe file that is read when somebody wants what is in it. */
function lazySource(named: Omit<RecipeSource, 'document'>, read: Read): RecipeSource {
  let found: {readonly document: RecipeSource['document']} | undefined;
  return {
    ...named,
    get document() {
      return (found ??= {document: read('recipe', named.file)}).document;
    },
  };
}

function optionOwner({source, sound, data}: FlatRecipe): OptionOwner {
  const {collection, package: name} = source;
  return {collection, package: name, declared: data.options ?? {}, sound};
}

function ownerOf({collection, package: name, options}: Recipe): OptionOwner {
  return {collection, package: name, declared: options, sound: true};
}

function readGenerated(file: string | undefined, read: Read, problems: Diagnostic[]): Generated[] {
  if (file === undefined) return [];
  const document = read('generated', file);
  return (document?.data.generated ?? []).flatMap(({globs, trigger, program}, group) =>
    globs.map((glob, index) => {
      const error = globError(glob);
      const at = document && placeAt(document.root, ['generated', group, 'globs', index]);
      if (error !== undefined)
        problems.push(problem('recipe/bad-glob', `the glob ${error}: ${glob}`, {at}));
      return {glob, trigger, program};
    }),
  );
}

function inputsOf(root: string, files: FoundFiles): string[] {
  const all = [...files.kinds, ...files.recipes].map(({file}) => file);
  const generated = files.generated === undefined ? [] : [files.generated];
  return [...files.folders, ...all, ...generated].map((file) => path.join(root, file));
}

/** Each mistake once, by file, line and column; those without a place first. */
export function sortDiagnostics(problems: readonly Diagnostic[]): {
  errors: readonly Diagnostic[];
  warnings: readonly Diagnostic[];
} {
  const unique = [...new Map(problems.map((one) => [identity(one), one])).values()];
  unique.sort(byPlace);
  return {
    errors: unique.filter(({severity}) => severity === 'error'),
    warnings: unique.filter(({severity}) => severity === 'warning'),
  };
}

/** A recipe that is extended has its mistakes reported once, not again by those that extend it. */
function identity({code, message, at}: Diagnostic): string {
  return JSON.stringify([code, message, at?.file, at?.line, at?.column]);
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  const [one, two] = [a.at, b.at];
  if (one === undefined || two === undefined)
    return Number(one !== undefined) - Number(two !== undefined);
  if (one.file !== two.file) return one.file < two.file ? -1 : 1;
  return one.line - two.line || one.column - two.column;
}
