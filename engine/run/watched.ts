/**
 * What has to be watched so that no change of a project is missed: the folders, and of what they
 * tell, what matters. Editors leave much else beside what they save.
 */
import path from 'node:path';
import {lookAt, realPath, unless, type Stats} from '../base/files.ts';
import type {PathSource} from '../load/model.ts';
import type {LocalTrees} from './local-trees.ts';

export interface Watched {
  readonly folders: ReadonlySet<string>;
  /** Whether reading the project may come to something else after a change there. */
  concernsRecipes(file: string): boolean;
  /** Whether a change of this file or folder can change anything. */
  concerns(file: string): boolean;
}

/** What a project is made from on this machine, absolute paths. */
export interface Origins {
  /** Files and folders, there or not; of folders the YAML files and further folders count. */
  readonly inputs: readonly string[];
  readonly patches: readonly string[];
  readonly sources: readonly PathSource[];
}

export function watchedOf({inputs, patches, sources}: Origins, trees: LocalTrees): Watched {
  const look = rememberLooks();
  const folders = new Set<string>();
  const read = new Set<string>();
  const others = new Set<string>();
  const note = (file: string, names: Set<string>): void => {
    for (const name of [file, ...throughLinks(file, look)]) noteName(name, names, folders, look);
  };
  for (const input of inputs) note(input, read);
  for (const file of [...patches, ...sources.map((one) => one.path)]) note(file, others);
  const open = new Set(inputs.filter((input) => look(input)?.isDirectory() === true));
  for (const folder of open) folders.add(folder);
  for (const source of sources) for (const one of trees.foldersOf(source)) folders.add(one);
  const concernsRecipes = (file: string): boolean =>
    read.has(file) || (open.has(path.dirname(file)) && mayBeRecipes(file));
  const concerns = (file: string): boolean =>
    concernsRecipes(file) ||
    others.has(file) ||
    sources.some((source) => trees.concerns(source, file));
  return {folders, concernsRecipes, concerns};
}

type Look = (file: string) => Stats | undefined;

/** lstat, once for each path. */
function rememberLooks(): Look {
  const seen = new Map<string, Stats | undefined>();
  return (file) => {
    if (!seen.has(file))
      seen.set(
        file,
        unless(UNREADABLE, () => lookAt(file)),
      );
    return seen.get(file);
  };
}

/** A recipe, or a folder that could hold some. */
function mayBeRecipes(file: string): boolean {
  const name = path.basename(file);
  if (name.startsWith('.') || name.endsWith('~')) return false;
  return /\.ya?ml$/.test(name) || !name.includes('.');
}

/** The name itself, and what lies between it and the nearest folder that is there. */
function noteName(file: string, names: Set<string>, folders: Set<string>, look: Look): void {
  for (let at = file; ; at = path.dirname(at)) {
    names.add(at);
    const above = path.dirname(at);
    const isFolder = folders.has(above) || look(above)?.isDirectory() === true;
    if (isFolder || above === at) return void folders.add(above);
  }
}

/** Where a link leads, for files that are kept elsewhere. */
function throughLinks(file: string, look: Look): readonly string[] {
  if (look(file)?.isSymbolicLink() !== true) return [];
  const real = unless(UNREADABLE, () => realPath(file));
  return real === undefined ? [] : [real];
}

const UNREADABLE = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'EINVAL'];
