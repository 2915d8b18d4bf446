/**
 * Who has an object: the artifacts whose trees hold it, and what was built from it. Read from
 * manifests, records and the log, for people who ask what damage means to them.
 */
import * as files from '../engine/base/files.ts';
import type {TreeDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';
import {ActionLog} from './action-log.ts';
import {treeIn, type Store} from './layout.ts';
import type {ActionRecord} from './records.ts';
import {heldBy, lookAtRoots, type Root} from './roots.ts';
import {blobsNamed} from './manifest.ts';
import type {Survey} from './verify.ts';

export interface Holders {
  /** Artifacts it is part of, sorted. */
  readonly artifacts: readonly Label[];
  /** What it was a source, patch or need of, sorted. */
  readonly inputOf: readonly Label[];
  /** Roots that hold one of these artifacts, as they are named below roots/, sorted. */
  readonly roots: readonly string[];
  /** The records behind both. */
  readonly records: readonly ActionRecord[];
}

/** For each of these digests (of blobs, trees, keys) who has it. Throws system errors. */
export function holdersOf(
  store: Store,
  survey: Survey,
  digests: ReadonlySet<string>,
): ReadonlyMap<string, Holders> {
  const trees = treesWith(store, survey, digests);
  const inputs = new Map(survey.records.map((one) => [one, inputsOf(one)]));
  const log = ActionLog.open(store);
  const roots = lookAtRoots(store);
  const found = new Map<string, Holders>();
  for (const digest of digests) {
    const around = new Set([digest, ...(trees.get(digest) ?? [])]);
    const makers = survey.records.filter(({tree}) => tree !== undefined && around.has(tree));
    const users = survey.records.filter((one) => inputs.get(one)?.has(digest) === true);
    // Of a record that cannot be read the log knows the label.
    const rows = [...around].flatMap((one) => log.byKey(one as ActionRecord['key']) ?? []);
    found.set(digest, {
      artifacts: labelsOf([...makers, ...rows]),
      inputOf: labelsOf(users),
      roots: rootsWith(roots, new Set([...around, ...[...makers, ...rows].map((one) => one.key)])),
      records: [...new Set([...makers, ...users])],
    });
  }
  return found;
}

/** The roots that name one of these keys, trees or blobs; damaged ones cannot be asked. */
function rootsWith(roots: ReturnType<typeof lookAtRoots>, things: ReadonlySet<string>): string[] {
  const holds = (root: Root): boolean =>
    heldBy(root).some(({keys, trees, blobs}) =>
      [...keys, ...trees, ...blobs].some((one) => things.has(one)),
    );
  return roots.filter(({root}) => root !== undefined && holds(root)).map((one) => nameOf(one));
}

/** A project by its file, others by their place. */
function nameOf({place, root}: ReturnType<typeof lookAtRoots>[number]): string {
  return root?.kind === 'project' ? `project ${root.path}` : place;
}

/** Which trees hold each of the blobs. */
function treesWith(
  store: Store,
  survey: Survey,
  digests: ReadonlySet<string>,
): Map<string, Set<TreeDigest>> {
  const found = new Map<string, Set<TreeDigest>>();
  for (const tree of survey.trees) {
    const manifest = files.unless(['ENOENT'], () => files.readBytes(treeIn(store, tree)));
    for (const blob of manifest === undefined ? [] : blobsNamed(manifest).keys()) {
      if (!digests.has(blob)) continue;
      found.set(blob, (found.get(blob) ?? new Set()).add(tree));
    }
  }
  return found;
}

/** Every digest the lines of an action's key name, and its recorded sources. */
function inputsOf(record: ActionRecord): Set<string> {
  const found = new Set<string>(record.provenance.sources.map((one) => one.digest));
  for (const line of record.manifest) {
    for (const [digest] of line.matchAll(/\b[0-9a-f]{64}\b/g)) found.add(digest);
  }
  return found;
}

function labelsOf(list: readonly {readonly label: Label}[]): Label[] {
  return [...new Set(list.map((one) => one.label))].sort();
}
