/**
 * A root: its layers read and laid together, what comes of it stored, and what its triggers left
 * laid over that. Knows nothing of how things are laid, run or recorded.
 */
import {isDeepStrictEqual} from 'node:util';
import {writeFileAtomic, readFile, lookAt} from '../base/files.ts';
import {fail, type Checked} from '../base/diagnostic.ts';
import type {BlobDigest, TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import type {BuildNode} from '../graph/model.ts';
import type {FileContent, RecomposeParts, RootParts, StoredLayer} from '../graph/root-parts.ts';
import type {Step} from '../load/model.ts';
import {mergeLayers, type LayerEntries} from '../sandbox/lowers.ts';
import {entriesOf} from '../sandbox/staging.ts';
import {giveToOwner} from '../../store/commit.ts';
import {logIn, type Store} from '../../store/layout.ts';
import {ManifestText} from '../../store/manifest-text.ts';
import {writeNamedManifest, writeNamedTree} from '../../store/named-tree.ts';
import {blobPath, hasBlob} from '../../store/pool.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {readManifest, readTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import type {Inputs} from './job-spec.ts';
import {recallRoot, rememberRoot, type RootMemory} from './root-memory.ts';

/** A root without what its triggers make. */
export interface LaidRoot {
  readonly tree: TreeDigest;
  readonly triggers: readonly Step[];
  /** What was done, for its log. */
  readonly said: string;
}

export function layRoot(context: RunContext, node: BuildNode, inputs: Inputs): Checked<LaidRoot> {
  const files = sourcesOf(context, node, inputs);
  if (!files.ok) return files;
  const read = (digest: BlobDigest): Buffer => readFile(pathOf(context, digest));
  const parts = {node, files: files.value, read};
  const again = guard(context.store.root, () => layAgain(context, parts, inputs));
  if (!again.ok) return again;
  return again.value === undefined ? layWhole(context, parts, inputs) : ok(again.value);
}

type Parts = Omit<RootParts, 'layers'>;

function layWhole(context: RunContext, parts: Parts, inputs: Inputs): Checked<LaidRoot> {
  const {store} = context;
  const layers: {owner: Label; entries: readonly TreeEntry[]}[] = [];
  for (const {owner, tree} of inputs.layers) {
    const entries = readTree(store, tree);
    if (!entries.ok) return entries;
    layers.push({owner, entries: entries.value});
  }
  const composed = guard(store.root, () => context.roots.compose({...parts, layers}));
  if (!composed.ok) return composed;
  if (!composed.value.ok) return composed.value;
  const root = composed.value.value;
  const {entries, contents, triggers, placed} = root;
  const tree = guard(store.root, () => writeNamedTree(store, context.run, entries, contents));
  if (!tree.ok) return tree;
  const done = {tree: tree.value, triggers, placed};
  if (root.isStraight) remember(context, parts, inputs, done);
  return ok({...done, said: summary(layers, entries.length)});
}

/** Undefined: there is nothing to begin with, or it is no use. Throws what stores throw. */
function layAgain(context: RunContext, parts: Parts, inputs: Inputs): LaidRoot | undefined {
  const {store} = context;
  const memory = recallRoot(store, parts.node);
  const stored = memory && storedParts(store, memory, inputs);
  const made = stored && context.roots.recompose({...parts, ...stored});
  if (made === undefined) return undefined;
  const {text, contents, triggers, placed} = made;
  const done = {tree: writeNamedManifest(store, context.run, text, contents), triggers, placed};
  remember(context, parts, inputs, done);
  return {...done, said: summary(inputs.layers, new ManifestText(text).count)};
}

type StoredParts = Pick<RecomposeParts, 'layers' | 'before'>;

/** The layers as they are and as they were; undefined where others were laid, or one is missing. */
function storedParts(store: Store, memory: RootMemory, inputs: Inputs): StoredParts | undefined {
  const owners = memory.layers.map((one) => one.owner);
  if (
    !isDeepStrictEqual(
      owners,
      inputs.layers.map((one) => one.owner),
    )
  )
    return undefined;
  const layers = inputs.layers.map(({owner, tree}) => ({owner, manifest: textOf(store, tree)}));
  const old = memory.layers.map(({tree}, at) =>
    tree === inputs.layers[at]?.tree ? 'as now' : textOf(store, tree),
  );
  const root = textOf(store, memory.tree);
  if (root === undefined || !layers.every(isThere) || old.includes(undefined)) return undefined;
  const before = old.map((one) => (one === 'as now' ? undefined : one));
  return {layers, before: {layers: before, root, placed: memory.placed}};
}

type Sought = Pick<StoredLayer, 'owner'> & {readonly manifest: ManifestText | undefined};

function isThere(layer: Sought): layer is StoredLayer {
  return layer.manifest !== undefined;
}

function textOf(store: Store, tree: TreeDigest): ManifestText | undefined {
  const manifest = readManifest(store, tree);
  return manifest === undefined ? undefined : new ManifestText(manifest);
}

function remember(
  {store}: RunContext,
  {node}: Parts,
  {layers}: Inputs,
  {tree, triggers, placed}: Omit<LaidRoot, 'said'> & Pick<RootMemory, 'placed'>,
): void {
  rememberRoot(store, node, {layers, tree, placed, isWhole: triggers.length === 0});
}

function pathOf({store}: RunContext, digest: BlobDigest): string {
  return blobPath(store, digest, hasBlob(store, digest) ?? 0o644);
}

function sourcesOf(
  context: RunContext,
  node: BuildNode,
  inputs: Inputs,
): Checked<ReadonlyMap<string, FileContent>> {
  const found = new Map<string, FileContent>();
  for (const [at, {placement, at: place}] of node.build.sources.entries()) {
    const content = inputs.sources[at];
    if (content?.type !== 'file') {
      return fail('source/changed', `${placement.name} is no file any more`, {at: place});
    }
    const size = guard(placement.name, () => lookAt(pathOf(context, content.blob))?.size ?? 0);
    if (!size.ok) return size;
    found.set(placement.name, {digest: content.blob, size: size.value});
  }
  return ok(found);
}

/** The root with what was changed in it, as overlayfs would show both. */
export function withChanges(
  context: RunContext,
  {label}: BuildNode,
  root: TreeDigest,
  changes: TreeDigest,
): Checked<TreeDigest> {
  const layers: LayerEntries[] = [];
  for (const tree of [root, changes]) {
    const entries = readTree(context.store, tree);
    if (!entries.ok) return entries;
    layers.push({owner: label, isBase: false, entries: entries.value});
  }
  const entries = entriesOf(mergeLayers(layers));
  const {store, run} = context;
  return guard(store.root, () => writeNamedTree(store, run, entries));
}

function summary(layers: readonly {readonly owner: Label}[], entries: number): string {
  const names = layers.map(({owner}) => `${owner}\n`).join('');
  return `${names}${layers.length} layers, ${entries} entries\n`;
}

/** The log of a root in which nothing ran. */
export function writeLog({store}: RunContext, name: string, text: string): Checked<undefined> {
  return guard(store.root, () => {
    const file = logIn(store, name);
    writeFileAtomic(file, text, {durable: false});
    giveToOwner(store, file);
    return undefined;
  });
}
