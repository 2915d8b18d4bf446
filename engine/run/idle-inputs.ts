/**
 * All files and folders outside the store that say whether something has to be built: as long as
 * none of them changes, nothing new is to be done. Lists paths; judges nothing.
 */
import path from 'node:path';
import {follow, lookAt} from '../base/files.ts';
import type {Label} from '../base/label.ts';
import type {BuildGraph} from '../graph/model.ts';
import {printsNeeded} from '../graph/prints.ts';
import type {PathSource} from '../load/model.ts';
import {isLeftOut} from '../source/path-source.ts';
import {toBytes} from '../../store/bytes.ts';
import {walkFolder} from '../../store/walk-folder.ts';
import type {Knowledge} from './knowledge.ts';

export interface Looked {
  /** What reading the project looked at: load/project.ts. */
  readonly inputs: readonly string[];
  readonly graph: BuildGraph;
  readonly wanted: ReadonlySet<Label>;
  readonly knowledge: Pick<Knowledge, 'toolPlaces'>;
}

/** Absolute paths, each once; of folders that are sources all that is in them. */
export function idleInputs({inputs, graph, wanted, knowledge}: Looked): readonly string[] {
  const {paths, patches} = printsNeeded(graph, wanted);
  // In the order in which outcomes are kept: both are compared in one row then.
  const inOrder = paths.toSorted(
    (a, b) => (graph.numberOf(a.label) ?? 0) - (graph.numberOf(b.label) ?? 0),
  );
  const sources = inOrder.flatMap(({source}) => (source.type === 'path' ? pathsOf(source) : []));
  const tools = knowledge.toolPlaces(toolsOf(graph, wanted));
  return [...new Set([...inputs, ...sources, ...patches.map(({file}) => file), ...tools])];
}

/** Of a folder all that is in it. */
export function pathsOf(source: PathSource): readonly string[] {
  if (follow(source.path)?.isDirectory() !== true) return [source.path];
  const below: string[] = [];
  for (const {path: name, stat} of walkFolder(source.path, isLeftOut(source.ignore), lookAt)) {
    // Another target of a link is a new link: the folder shows it.
    if (!stat.isSymbolicLink()) below.push(path.join(source.path, toBytes(name).toString('utf8')));
  }
  return [source.path, ...below];
}

/** The names of all host tools of some builds. */
export function toolsOf(graph: BuildGraph, wanted: Iterable<Label>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const label of wanted) {
    const node = graph.nodes.get(label);
    if (node?.kind !== 'build' || node.build.in.type !== 'host') continue;
    for (const name of node.build.tools) names.add(name);
  }
  return names;
}
