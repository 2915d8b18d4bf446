/**
 * The files of a project's recipes folder: which there are and what each of them is.
 *
 *   recipes/<collection>/<package>.yaml · recipes/kinds/<kind>.yaml · recipes/generated.yaml
 *
 * Folders below a collection hold files that recipes name; nobody looks into them here.
 */
import path from 'node:path';
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import {listed, type Listed} from '../base/files.ts';
import {isName} from '../base/label.ts';
import type {DocumentMemory} from './document-memory.ts';
import {orUnreadable, readDocument, type DocumentResult} from './document.ts';
import type {SchemaName} from '../../schemas/shape.ts';
import {readBytes, startOf} from './text.ts';

/** One YAML file, by its name without suffix. */
export interface FoundFile {
  readonly name: string;
  /** Relative to the project. */
  readonly file: string;
}

export interface FoundFiles {
  readonly kinds: readonly FoundFile[];
  readonly recipes: readonly (FoundFile & {readonly collection: string})[];
  /** recipes/generated.yaml, where it is. */
  readonly generated: string | undefined;
  /** The folders whose content decides all this, relative to the project. */
  readonly folders: readonly string[];
}

const TOP = 'recipes';
const KINDS = 'kinds';
const SUFFIX = '.yaml';

/**
 * Looks through the recipes folder of a project; none is an empty project. Kinds and generated
 * globs the project does not have are those that come with the program, in `shipped`.
 */
export function findFiles(root: string, problems: Diagnostic[], shipped?: string): FoundFiles {
  const own = findOwn(root, problems);
  if (shipped === undefined || shipped === root) return own;
  const theirs = findOwn(shipped, []);
  const here = (file: string): string => path.relative(root, path.join(shipped, file));
  const missing = theirs.kinds.filter(({name}) => !own.kinds.some((kind) => kind.name === name));
  const kinds = [...own.kinds, ...missing.map(({name, file}) => ({name, file: here(file)}))];
  const generated = theirs.generated === undefined ? undefined : here(theirs.generated);
  const folders = [...own.folders, here(TOP), here(`${TOP}/${KINDS}`)];
  return {...own, kinds, generated: own.generated ?? generated, folders};
}

function findOwn(root: string, problems: Diagnostic[]): FoundFiles {
  const found = visible(path.join(root, TOP));
  const names = found.map(({name}) => name);
  const folders = found.filter((one) => one.isFolder).map(({name}) => name);
  const collections = folders.filter((name) => name !== KINDS && isCollection(name, problems));
  const recipes = collections.flatMap((collection) =>
    yamlFiles(root, `${TOP}/${collection}`, problems).map((found) => ({...found, collection})),
  );
  for (const name of names) {
    const stray = isYaml(name) && !folders.includes(name) && name !== `generated${SUFFIX}`;
    if (stray) misplaced(`${TOP}/${name}`, 'a recipe lies in a folder, its collection', problems);
  }
  return {
    kinds: folders.includes(KINDS) ? yamlFiles(root, `${TOP}/${KINDS}`, problems) : [],
    recipes,
    generated: names.includes(`generated${SUFFIX}`) ? `${TOP}/generated${SUFFIX}` : undefined,
    folders: [TOP, ...folders.map((name) => `${TOP}/${name}`)],
  };
}

/** Reads a file of the project against its schema. */
export function readFound<Name extends SchemaName>(
  name: Name,
  root: string,
  file: string,
  memory?: DocumentMemory,
): DocumentResult<Name> {
  return orUnreadable(file, () => {
    const bytes = readBytes(path.join(root, file));
    return memory?.read(name, file, bytes) ?? readDocument(name, file, bytes);
  });
}

function yamlFiles(root: string, folder: string, problems: Diagnostic[]): FoundFile[] {
  return visible(path.join(root, folder)).flatMap(({name, isFolder}) => {
    const file = `${folder}/${name}`;
    if (!isYaml(name) || isFolder) return [];
    const bare = name.slice(0, name.lastIndexOf('.'));
    if (!name.endsWith(SUFFIX)) misplaced(file, `the file must be named ${bare}.yaml`, problems);
    else if (!isName(bare)) misplaced(file, `${bare} is no name of a package`, problems);
    else return [{name: bare, file}];
    return [];
  });
}

function isCollection(name: string, problems: Diagnostic[]): boolean {
  if (!isName(name)) misplaced(`${TOP}/${name}`, `${name} is no name of a collection`, problems);
  return isName(name);
}

function misplaced(file: string, message: string, problems: Diagnostic[]): void {
  const hint = 'names start with a small letter or digit and have only a-z 0-9 + . _ -';
  problems.push(problem('recipe/bad-name', message, {at: startOf(file), hint}));
}

function isYaml(name: string): boolean {
  return name.endsWith(SUFFIX) || name.endsWith('.yml');
}

/** Editors and version control leave names with a dot behind. */
function visible(folder: string): readonly Listed[] {
  return listed(folder).filter(({name}) => !name.startsWith('.'));
}
