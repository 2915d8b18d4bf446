/** What a machine would add to a graph, as values: prints of files, trees of what is staged. */
import {actionKey, sha256, treeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {layersOf} from '../../../engine/graph/closure.ts';
import type {ResolvedInputs} from '../../../engine/graph/describe.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import {printsNeeded, type SourcePrints} from '../../../engine/graph/prints.ts';
import type {Patch} from '../../../engine/load/model.ts';
import {at} from './values.ts';

export const NO_PRINTS: SourcePrints = {paths: new Map(), patches: new Map()};

export function patch(name: string): Patch {
  return {file: `/project/recipes/lfs/${name}`, name, strip: 1, at: at('x', 1)};
}

/** Prints for everything a graph asks for, made from the names. */
export function printsFor(graph: BuildGraph): SourcePrints {
  const needed = printsNeeded(graph, graph.order);
  return {
    paths: new Map(needed.paths.map((node) => [node.label, `tree ${sha256(node.label)}`])),
    patches: new Map(needed.patches.map((one) => [one.file, sha256(one.name)])),
  };
}

/** As if every tree had the digest of its label. */
export function resolvedFor(graph: BuildGraph, of: Label): ResolvedInputs {
  const node = graph.nodes.get(of);
  const {base, layers} = layersOf(graph, of);
  const build = node?.kind === 'test' ? graph.nodes.get(node.of) : node;
  const sources = build?.kind === 'build' ? build.build.sources : [];
  return {
    layers: [...base, ...layers].map((one) => ({label: one, tree: treeDigest(sha256(one))})),
    sources: sources.map((one) => ({
      name: one.placement.name,
      digest: sha256(one.placement.name),
    })),
    fingerprint: {make: 'sha256 1', cc: 'sha256 2'},
    policy: 1,
    subject: node?.kind === 'test' ? actionKey(sha256(node.of)) : undefined,
  };
}
