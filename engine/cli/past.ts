/**
 * What some nodes came to the last time, whether that holds or not: what the project's root says of
 * them, as long as the root is as it was then.
 */
import {buildLabel, type Label} from '../base/label.ts';
import type {ActionKey, BlobDigest, TreeDigest} from '../base/hash.ts';
import {EDGE_KINDS, endOfEdges, firstEdge} from '../graph/edge-table.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {Past} from '../run/project-root.ts';
import {contentOfPrint} from '../run/source-content.ts';
import type {Held} from '../../store/roots.ts';
import type {OpenWork} from './open.ts';
import type {OutcomeTable} from './outcome-table.ts';

/** Undefined where nothing is remembered. */
export function pastOf({graph, outcomes}: OpenWork): Past | undefined {
  const table = outcomes.recalled?.outcomes.table;
  if (table === undefined) return undefined;
  return {
    heldBy: (labels) => heldAt(table, placesOf(graph, labels)),
    isOnlyOf: (labels, kind, digest) => {
      const own = new Set(placesOf(graph, labels));
      const isOwn = (at: number): boolean => own.has(at);
      // A tree is what a node made, or a folder that is a source.
      const columns = {keys: ['keys'], trees: ['trees', 'contents'], blobs: ['contents']} as const;
      return columns[kind].every((name) => table.placesOf(name, digest).every(isOwn));
    },
  };
}

/** The places of some nodes and of their sources. */
function placesOf(graph: BuildGraph, labels: readonly Label[]): readonly number[] {
  const places = new Set<number>();
  const edges = graph.edges();
  for (const label of labels) {
    places.add(graph.numberOf(label) ?? -1);
    const at = graph.numberOf(buildLabel(label)) ?? -1;
    for (let edge = firstEdge(edges, at); edge < endOfEdges(edges, at); edge += 1) {
      if (EDGE_KINDS[edges.kinds[edge] ?? 0] === 'source') places.add(edges.targets[edge] ?? 0);
    }
  }
  return [...places];
}

function heldAt(table: OutcomeTable, places: readonly number[]): Held {
  const keys = new Set<ActionKey>();
  const trees = new Set<TreeDigest>();
  const blobs = new Set<BlobDigest>();
  for (const at of places) {
    const row = table.hasRow(at) ? table.rowOf(at) : undefined;
    if (row !== undefined) keys.add(row.key);
    if (row?.tree !== undefined) trees.add(row.tree);
    const print = table.contentOf(at);
    const content = print === undefined ? undefined : contentOfPrint(print);
    if (content?.type === 'file') blobs.add(content.blob);
    else if (content !== undefined) trees.add(content.tree);
  }
  return {keys: [...keys], trees: [...trees], blobs: [...blobs]};
}
