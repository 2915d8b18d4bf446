/**
 * What a generation was laid together from: packages with versions and sizes, and how two
 * generations differ in them.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {layersOf} from '../graph/closure.ts';
import {formatSize} from '../ui/text.ts';
import type {PackageFacts} from '../../store/roots.ts';
import {readTree} from '../../store/trees.ts';
import {filesOf} from '../../store/verified.ts';
import {rootOf} from './artifacts.ts';
import type {OpenWork} from './open.ts';

/** Of a root its layers, else the artifacts themselves. `known`: of some of them their sizes. */
export function packagesOf(
  work: OpenWork,
  labels: readonly Label[],
  known: readonly PackageFacts[],
): Checked<readonly PackageFacts[]> {
  const sizes = new Map(known.map((one) => [one.tree, one.size]));
  const {graph} = work;
  const all = labels.flatMap((one) => (rootOf(graph, one) ? layersOf(graph, one).layers : [one]));
  const packages: PackageFacts[] = [];
  for (const label of new Set(all)) {
    const node = graph.nodes.get(label);
    const tree = work.resolver.treeOf(label);
    if (node?.kind !== 'build' || tree === undefined) continue;
    const size = sizes.get(tree) ?? sizeOf(work, tree);
    if (typeof size !== 'number') return size;
    packages.push({label, version: node.build.version, tree, size});
  }
  return ok(packages.sort((a, b) => (a.label < b.label ? -1 : 1)));
}

/** Each content once. */
function sizeOf({store}: OpenWork, tree: TreeDigest): number | Checked<never> {
  const entries = readTree(store, tree);
  if (!entries.ok) return entries;
  const sizes = new Map(filesOf(entries.value).map(({digest, size}) => [digest, size]));
  return [...sizes.values()].reduce((sum, one) => sum + one, 0);
}

export interface PackageChange {
  readonly label: Label;
  readonly before: PackageFacts | undefined;
  readonly after: PackageFacts | undefined;
}

/** Those that came, went, or have other files, by label. */
export function diffPackages(
  before: readonly PackageFacts[],
  after: readonly PackageFacts[],
): readonly PackageChange[] {
  const [old, now] = [before, after].map((list) => new Map(list.map((one) => [one.label, one])));
  const labels = [...new Set([...before, ...after].map((one) => one.label))].sort();
  return labels
    .map((label) => ({label, before: old?.get(label), after: now?.get(label)}))
    .filter((one) => one.before?.tree !== one.after?.tree);
}

/** `~ lfs/bash 5.2.37 → 5.3 (+120 kB)` */
export function packageText({label, before, after}: PackageChange): string {
  if (before === undefined) return `+ ${label} ${after?.version ?? ''} (${sizeText(after)})`;
  if (after === undefined) return `- ${label} ${before.version} (${sizeText(before)})`;
  const versions =
    before.version === after.version ? after.version : `${before.version} → ${after.version}`;
  const change = after.size - before.size;
  return `~ ${label} ${versions}${change === 0 ? '' : ` (${sizeChange(change)})`}`;
}

/** With its sign. */
export function sizeChange(bytes: number): string {
  return `${bytes > 0 ? '+' : '-'}${formatSize(Math.abs(bytes))}`;
}

function sizeText(facts: PackageFacts | undefined): string {
  return formatSize(facts?.size ?? 0);
}
