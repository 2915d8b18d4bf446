/**
 * The local folders that are sources (`path:`), for whoever builds again and again: which folders
 * lie in them, and what they came to. Conditions of reuse: nothing inside was told to have
 * changed since, by somebody who watches every folder of it.
 */
import path from 'node:path';
import {entriesOf, lookAt, realPath, unless} from '../base/files.ts';
import {globMatcher} from '../base/glob.ts';
import type {PathSource} from '../load/model.ts';
import {LEFT_OUT} from '../source/path-source.ts';
import type {KnownPaths} from './prints.ts';

interface Tree {
  readonly isLeftOut: (relative: string) => boolean;
  readonly real: string | undefined;
  readonly folders: readonly string[];
  print: string | undefined;
}

const UNREADABLE = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'];

/** Invariant: a tree is forgotten as soon as something in it is told to have changed. */
export class LocalTrees implements KnownPaths {
  readonly #trees = new Map<string, Tree>();

  /** The folders of a source, itself first; none where it is no folder. */
  foldersOf(source: PathSource): readonly string[] {
    return this.#tree(source).folders;
  }

  /** Whether a change there can change the source. */
  concerns(source: PathSource, file: string): boolean {
    if (file === source.path) return true;
    const {real, isLeftOut} = this.#tree(source);
    return [source.path, ...(real === undefined ? [] : [real])].some((folder) => {
      const relative = path.relative(folder, file);
      return !relative.startsWith('..') && !isLeftOut(relative);
    });
  }

  /** Something has changed there. */
  touch(file: string): void {
    for (const [name, tree] of this.#trees) {
      const {path: folder} = JSON.parse(name) as Named;
      const inside = [folder, tree.real ?? folder].some(
        (one) => file === one || file.startsWith(`${one}/`) || one.startsWith(`${file}/`),
      );
      if (inside) this.#trees.delete(name);
    }
  }

  /** Forgets everything but these. */
  keep(sources: readonly PathSource[]): void {
    const names = new Set(sources.map(nameOf));
    for (const name of this.#trees.keys()) if (!names.has(name)) this.#trees.delete(name);
  }

  get(source: PathSource): string | undefined {
    return this.#trees.get(nameOf(source))?.print;
  }

  set(source: PathSource, print: string): void {
    const tree = this.#trees.get(nameOf(source));
    if (tree !== undefined) tree.print = print;
  }

  #tree(source: PathSource): Tree {
    const name = nameOf(source);
    const known = this.#trees.get(name) ?? look(source);
    this.#trees.set(name, known);
    return known;
  }
}

type Named = Pick<PathSource, 'path' | 'ignore'>;

function nameOf({path: at, ignore}: Named): string {
  return JSON.stringify({path: at, ignore});
}

function look(source: PathSource): Tree {
  const matches = globMatcher(source.ignore);
  const isLeftOut = (relative: string): boolean => {
    const parts = relative.split('/');
    if (parts.some((part) => LEFT_OUT.has(part))) return true;
    return parts.some((_, at) => matches(parts.slice(0, at + 1).join('/')));
  };
  const real = unless(UNREADABLE, () => realPath(source.path));
  const isFolder = real !== undefined && lookAt(real)?.isDirectory() === true;
  const folders = isFolder ? walk(source.path, isLeftOut) : [];
  return {isLeftOut, real, folders, print: undefined};
}

function walk(top: string, isLeftOut: Tree['isLeftOut']): readonly string[] {
  const folders = [top];
  // Grows while it is walked.
  for (const folder of folders) {
    for (const entry of unless(UNREADABLE, () => entriesOf(folder)) ?? []) {
      if (!entry.isDirectory()) continue;
      const inside = path.join(folder, entry.name.toString('utf8'));
      if (!isLeftOut(path.relative(top, inside))) folders.push(inside);
    }
  }
  return folders;
}
