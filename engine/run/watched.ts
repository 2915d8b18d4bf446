/**
 * What has to be watched so that no change of a project is missed: the folders, and of what they
 * tell, what matters. Editors leave much else beside what they save.
 */
import path from 'node:path';
import {lookAt, realPath, unless} from '../base/files.ts';
import type {PathSource} from '../load/model.ts';
import type {LocalTrees} from './local-trees.ts';

export interface Watched {
  readonly folders: ReadonlySet<string>;
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
  const folders = new Set<string>();
  const names = new Set<string>();
  const open = new Set<string>();
  for (const input of [...inputs, ...patches, ...sources.map((one) => one.path)]) {
    for (const name of [input, ...throughLinks(input)]) noteName(name, names, folders);
  }
  for (const folder of inputs.filter(isFolder)) {
    folders.add(folder);
    open.add(folder);
  }
  for (const source of sources) for (const one of trees.foldersOf(source)) folders.add(one);
  const concerns = (file: string): boolean =>
    names.has(file) ||
    (open.has(path.dirname(file)) && mayBeRecipes(file)) ||
    sources.some((source) => trees.concerns(source, file));
  return {folders, concerns};
}

/** A recipe, or a folder that could hold some. */
function mayBeRecipes(file: string): boolean {
  const name = path.basename(file);
  if (name.startsWith('.') || name.endsWith('~')) return false;
  return /\.ya?ml$/.test(name) || !name.includes('.');
}

/** The name itself, and what lies between it and the nearest folder that is there. */
function noteName(file: string, names: Set<string>, folders: Set<string>): void {
  for (let at = file; ; at = path.dirname(at)) {
    names.add(at);
    const above = path.dirname(at);
    if (isFolder(above) || above === at) return void folders.add(above);
  }
}

/** Where a link leads, for files that are kept elsewhere. */
function throughLinks(file: string): readonly string[] {
  if (unless(UNREADABLE, () => lookAt(file))?.isSymbolicLink() !== true) return [];
  const real = unless(UNREADABLE, () => realPath(file));
  return real === undefined ? [] : [real];
}

const UNREADABLE = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'EINVAL'];

function isFolder(file: string): boolean {
  return unless(UNREADABLE, () => lookAt(file))?.isDirectory() === true;
}
