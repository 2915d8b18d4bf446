/**
 * What the nodes of a project came to the last time, kept from run to run: of most of them nothing
 * else is needed to know that they are fresh (run/recollection.ts). What has changed of that on
 * which it relies is found out here.
 * Auxiliary state: lost or damaged it costs time and nothing else.
 */
import {sha256} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import type {Label} from '../base/label.ts';
import {
  changedIn,
  changedPlaces,
  joined,
  rangeOf,
  type Seen,
  type Witness,
} from '../base/witness.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {SourcePrints} from '../graph/prints.ts';
import type {Remembered, Row} from '../run/recollection.ts';
import {printOfLog} from '../../store/action-log.ts';
import type {Store} from '../../store/layout.ts';
import {readCache, writeCache} from './cache-place.ts';
import {decodeOutcomes, encodeOutcomes, type Outcomes} from './outcome-table.ts';

/** What of it holds. */
export interface Recalled {
  /** With the table of the graph of today. */
  readonly outcomes: Outcomes;
  readonly remembered: Remembered;
  /** Of the sources and patches that are as they were. */
  readonly prints: SourcePrints;
}

/** Undefined where there is nothing, or nothing that holds for any node. */
export function recallOutcomes(
  host: Host,
  place: string,
  graph: BuildGraph,
  seen: Seen | undefined,
  store: Store,
): Recalled | undefined {
  const bytes = readCache(host, place);
  const kept = bytes && decodeOutcomes(bytes);
  if (kept === undefined || kept.head.generated !== printOfGlobs(graph)) return undefined;
  // In the order in which they were looked at.
  const changed = changedPlaces(kept.paths, seen);
  if (changedIn(kept.ground, seen).length > 0) return undefined;
  // Another list of labels is rare: recipes that are new or gone.
  const isOfGraph = kept.table.isOf(graph);
  if (!isOfGraph && changed.length > 0) return undefined;
  const table = isOfGraph ? kept.table : kept.table.arranged(graph);
  const paths = isOfGraph ? kept.paths : arrangedPaths(graph, kept);
  const outcomes = {...kept, table, paths};
  const asWritten = table.samePrints(graph.prints());
  const contents = table.contentsAmong(asWritten);
  for (const at of ownersOf(outcomes, changed)) contents[at] = 0;
  const locals = table.localAmong(contents);
  const localContentOf = (label: Label): string | undefined => {
    const at = graph.numberOf(label);
    return at !== undefined && locals[at] === 1 ? table.contentOf(at) : undefined;
  };
  const patches = new Map(kept.head.patches);
  return {
    outcomes,
    remembered: {
      ...rowsOf(outcomes, asWritten),
      ...{contents, locals},
      contentOf: (at) => (contents[at] === 1 ? table.contentOf(at) : undefined),
      folders: kept.folders,
      isLatest: kept.head.log === printOfLog(store),
    },
    prints: {
      paths: {get: localContentOf},
      patches,
    },
  };
}

/** The paths of the sources that another graph still has, in its order. */
function arrangedPaths({order}: BuildGraph, {table, paths}: Outcomes): Witness {
  const owned = new Map<string, Witness>();
  let from = 0;
  for (const [at, label] of table.labels.toString('utf8').split('\n').entries()) {
    const end = from + table.ownedBy(at);
    if (end > from) owned.set(label, rangeOf(paths, from, end));
    from = end;
  }
  return joined(order.flatMap((label) => owned.get(label) ?? []));
}

/** The rows of nodes that are written as they were; each is made once. */
function rowsOf(
  {table}: Outcomes,
  asWritten: Uint8Array,
): Pick<Remembered, 'rowOf' | 'rows' | 'liesIn' | 'timeOf'> {
  const made: Row[] = [];
  const rows = table.rowsAmong(asWritten);
  return {
    rows,
    rowOf: (at) => (rows[at] === 1 ? (made[at] ??= table.rowOf(at)) : undefined),
    timeOf: (at) => (rows[at] === 1 ? table.timeOf(at) : undefined),
    liesIn: (at, records, trees) => table.liesIn(at, records, trees),
  };
}

/** The places of the sources that these paths are of, in order. */
function ownersOf({table}: Outcomes, paths: readonly number[]): readonly number[] {
  if (paths.length === 0) return [];
  const owned = table.ownedByAll();
  const owners: number[] = [];
  let [end, next] = [0, 0];
  for (let at = 0; at < owned.length && next < paths.length; at += 1) {
    end += owned[at] ?? 0;
    if ((paths[next] ?? end) >= end) continue;
    owners.push(at);
    while ((paths[next] ?? end) < end) next += 1;
  }
  return owners;
}

/** Globs no artifact may own are part of every key. */
export function printOfGlobs({generated}: BuildGraph): string {
  return sha256(JSON.stringify(generated));
}

export function keepOutcomes(place: string, outcomes: Outcomes): void {
  writeCache(place, encodeOutcomes(outcomes));
}
