/**
 * What recipes refer to on this machine, local folders and patch files, as values: linking and
 * keys stay pure, whoever reads the files hands in their prints.
 */
import type {Label} from '../base/label.ts';
import type {Patch} from '../load/model.ts';
import {nodeOf} from './graph.ts';
import type {BuildGraph, FetchNode} from './model.ts';

/** Prints of what recipes refer to on this machine; only those of the nodes asked for. */
export interface SourcePrints {
  /** Label of the fetch node of a `path:` source → print of what lies there: `tree <hex>`, `file <hex>`. */
  readonly paths: Pick<ReadonlyMap<Label, string>, 'get'>;
  /** Absolute path of a patch file → its sha256. */
  readonly patches: ReadonlyMap<string, string>;
}

/** What must be known of the machine before the recipe keys of these nodes can be computed. */
export function printsNeeded(
  graph: BuildGraph,
  labels: Iterable<Label>,
): {readonly paths: readonly FetchNode[]; readonly patches: readonly Patch[]} {
  const paths = new Map<Label, FetchNode>();
  const patches = new Map<string, Patch>();
  for (const label of labels) {
    const node = nodeOf(graph, label);
    const build = node.kind === 'test' ? nodeOf(graph, node.of) : node;
    const fetches = build.kind === 'build' ? build.fetches : [build.label];
    for (const fetch of fetches) {
      const source = nodeOf(graph, fetch);
      if (source.kind === 'fetch' && source.source.type === 'path') paths.set(fetch, source);
    }
    if (build.kind === 'build') build.build.patches.forEach((one) => patches.set(one.file, one));
  }
  return {paths: [...paths.values()], patches: [...patches.values()]};
}
