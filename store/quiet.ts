/**
 * How to see without opening a store that it has what it had, and that nobody is at work in it.
 * Names places only; what is kept of them is others' business.
 */
import path from 'node:path';
import {namesIn} from '../engine/base/files.ts';
import {actionLogFile, choicesFile, rootsDir, runsDir, scratchDir, type Store} from './layout.ts';

/**
 * Paths of which one changes (as stat(2) shows it) whenever a record, a tree or a root of a project
 * is added, replaced or removed, by whom ever.
 */
export function tellingPaths(store: Store): readonly string[] {
  const folders = ['records', 'trees'].flatMap((kind) => {
    const folder = path.join(store.root, kind);
    return [folder, ...namesIn(folder).map((name) => path.join(folder, name))];
  });
  const projects = path.join(rootsDir(store), 'projects');
  const version = path.join(store.root, 'VERSION');
  return [version, actionLogFile(store), choicesFile(store), projects, ...folders];
}

/** Folders that hold something while a run is under way, and after one was killed. */
export function workFolders(store: Store): readonly string[] {
  return [runsDir(store), scratchDir(store)];
}
