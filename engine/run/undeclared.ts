/**
 * Warns of what a finished build needs to run and nothing declared for running provides: what
 * works here because a build need lies beside it would fail where it is installed.
 * Looks at captured files and at manifests; runs nothing.
 */
import {warning, type Diagnostic} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import {labelParts, type Label} from '../base/label.ts';
import {layersOf, withRunClosure} from '../graph/closure.ts';
import type {BuildNode} from '../graph/model.ts';
import type {RootChange} from '../graph/root-parts.ts';
import {toText} from '../../store/bytes.ts';
import type {Store} from '../../store/layout.ts';
import {ManifestText} from '../../store/manifest-text.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {readManifest, readTree} from '../../store/trees.ts';
import {guard, StoreFault} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import type {Inputs} from './job-spec.ts';
import {leavesOf, mayProvide, takeProvided, wantedBy, type Wanted} from './wanted.ts';

/** More of the same kind tell nothing new. */
const MOST = 20;

type Context = Pick<RunContext, 'graph' | 'resolver' | 'store'>;

/** What a build came to. */
export interface Captured {
  readonly tree: TreeDigest;
  /** What is not as it was when nothing was lacking. */
  readonly changed?: RootChange | undefined;
}

/** One warning for each missing name, at most 20; troubles of the store come back as warnings. */
export function undeclaredNeeds(
  context: Context,
  node: BuildNode,
  inputs: Inputs,
  {tree, changed}: Captured,
): readonly Diagnostic[] {
  const found = guard(context.store.root, () =>
    changed !== undefined && lacksNothing(context.store, tree, changed)
      ? []
      : find(context, node, inputs, tree),
  );
  return found.ok ? found.value : found.error.map((one) => ({...one, severity: 'warning'}));
}

/** Whether a root of which so much has changed still has all that its files ask for. */
function lacksNothing(store: Store, tree: TreeDigest, {now, before}: RootChange): boolean {
  const there = new Set(leavesOf(now));
  if (before.some((one) => mayProvide(one) && !there.has(one.path))) return false;
  const missing = wantedBy(store, now);
  takeProvided(missing, there);
  const manifest = missing.size === 0 ? undefined : readManifest(store, tree);
  if (manifest !== undefined) takeProvided(missing, new ManifestText(manifest).leaves());
  return missing.size === 0;
}

function find(
  {graph, resolver, store}: Context,
  node: BuildNode,
  inputs: Inputs,
  tree: TreeDigest,
): readonly Diagnostic[] {
  const missing = wantedBy(store, entriesOf(store, tree));
  const isRoot = node.root !== undefined;
  const declared = isRoot
    ? layersOf(graph, node.label).layers
    : withRunClosure(graph, [node.label]);
  for (const known of [tree, ...declared.map((label) => resolver.treeOf(label))]) {
    if (missing.size > 0 && known !== undefined)
      takeProvided(missing, leavesOf(entriesOf(store, known)));
  }
  const layers = inputs.layers.map((one, at) => ({...one, isBase: at < inputs.baseLayers}));
  // Of several layers the highest is the one whose file the build has seen.
  const told = layers.toReversed().flatMap(({owner, tree: layer, isBase}) => {
    const taken =
      missing.size === 0 ? [] : takeProvided(missing, leavesOf(entriesOf(store, layer)));
    return taken.map((wanted) => providedBy(node, wanted, owner, isBase));
  });
  const inHost = node.build.in.type === 'host';
  const left = inHost ? [] : [...missing.values()].flat().map((one) => providedByNone(node, one));
  return [...told, ...left].slice(0, MOST);
}

function entriesOf(store: Store, tree: TreeDigest): readonly TreeEntry[] {
  const entries = readTree(store, tree);
  if (!entries.ok) throw new StoreFault(entries.error);
  return entries.value;
}

function providedBy(node: BuildNode, wanted: Wanted, owner: Label, isBase: boolean): Diagnostic {
  const name = shortName(node.label, owner);
  const message = `${subject(wanted)}, which ${owner} provides, but ${owner} is no run need`;
  const hint = isBase ? `needs: [{build: ${name}, for: run}]` : `needs: [${name}]`;
  return warning('build/undeclared-need', message, {at: node.build.at, hint});
}

function providedByNone(node: BuildNode, wanted: Wanted): Diagnostic {
  const message = `${subject(wanted)}, which nothing that is declared provides`;
  return warning('build/undeclared-need', message, {
    at: node.build.at,
    hint: 'declare what has it: needs: [{build: …, for: run}]',
  });
}

function subject({need, first, others}: Wanted): string {
  const name = toText(need.name);
  if (others === 0) return `${toText(first)} needs ${name}`;
  return `${toText(first)} and ${others} more ${others === 1 ? 'file' : 'files'} need ${name}`;
}

/** As a recipe of the same collection names it. */
function shortName(user: Label, owner: Label): string {
  const {collection} = labelParts(user);
  return owner.startsWith(`${collection}/`) ? owner.slice(collection.length + 1) : owner;
}
