/**
 * A root: its layers read and laid together, what comes of it stored, and what its triggers left
 * laid over that. Knows nothing of how things are laid, run or recorded.
 */
import {isDeepStrictEqual} from 'node:util';
import {writeFileAtomic, readFile, lookAt} from '../base/files.ts';
import {fail, type Checked} from '../base/diagnostic.ts';
import {sha256, type BlobDigest, type TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import type {BuildNode} from '../graph/model.ts';
import type {
  FileContent,
  RecomposeParts,
  RootChange,
  RootParts,
  StoredLayer,
} from '../graph/root-parts.ts';
import type {Step} from '../load/model.ts';
import {mergeLayers, type LayerEntries} from '../sandbox/lowers.ts';
import {entriesOf} from '../sandbox/staging.ts';
import type {BytePath} from '../../store/bytes.ts';
import {giveToOwner} from '../../store/commit.ts';
import {logIn, type Store} from '../../store/layout.ts';
import {ManifestText} from '../../store/manifest-text.ts';
import {writeNamedManifest, writeNamedTree} from '../../store/named-tree.ts';
import {blobPath, hasBlob} from '../../store/pool.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {readManifest, readTree} from '../../store/trees.ts';
import {fault, guard} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import type {Inputs} from './job-spec.ts';
import {recallRoot, type RootMemory} from './root-memory.ts';

/** A root without what its triggers make. */
export interface LaidRoot {
  readonly tree: TreeDigest;
  readonly triggers: readonly Step[];
  /** What was done, for its log. */
  readonly said: string;
  /** Undefined: it cannot be told what is as it was before. */
  readonly changed: RootChange | undefined;
  /** What is to be remembered of it, once it is known what its files lack. */
  readonly memory: Omit<RootMemory, 'lacksNothing'> | undefined;
}

export function layRoot(context: RunContext, node: BuildNode, inputs: Inputs): Checked<LaidRoot> {
  const files = sourcesOf(context, node, inputs);
  if (!files.ok) return files;
  const read = (digest: BlobDigest): Buffer => readBlob(context, digest);
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
  const {entries, contents, triggers} = root;
  const tree = guard(store.root, () => writeNamedTree(store, context.run, entries, contents));
  if (!tree.ok) return tree;
  const linked = new Set(layers.flatMap((one) => linkedIn(one.entries)));
  const said = summary(layers, entries.length);
  const memory = root.isStraight
    ? memoryOf(inputs, {...root, linked, tree: tree.value, count: entries.length})
    : undefined;
  return ok({tree: tree.value, triggers, said, changed: undefined, memory});
}

function linkedIn(entries: readonly TreeEntry[]): readonly BytePath[] {
  return entries.flatMap((one) =>
    one.type === 'file' && one.hardlink !== undefined ? [one.path, one.hardlink] : [],
  );
}

/** Undefined: there is nothing to begin with, or it is no use. Throws what stores throw. */
function layAgain(context: RunContext, parts: Parts, inputs: Inputs): LaidRoot | undefined {
  const {store} = context;
  const memory = recallRoot(store, parts.node);
  const stored = memory && storedParts(store, memory, inputs);
  const made = stored && context.roots.recompose({...parts, ...stored});
  if (memory === undefined || made === undefined) return undefined;
  const {manifest, contents, triggers} = made;
  const tree = writeNamedManifest(store, context.run, manifest, contents);
  const count = memory.count + made.changed.now.length - made.changed.before.length;
  const said = summary(inputs.layers, count);
  // What is left out of the root may be what its files need all the same, and triggers change it.
  const isPlain = triggers.length === 0 && parts.node.build.root?.exclude.length === 0;
  const isComparable = memory.isWhole && memory.lacksNothing && isPlain;
  const changed = isComparable ? made.changed : undefined;
  return {tree, triggers, said, changed, memory: memoryOf(inputs, {...made, tree, count})};
}

type StoredParts = Pick<RecomposeParts, 'layers' | 'before'>;

/** The layers as they are and as they were; undefined where others were laid, or one is missing. */
function storedParts(store: Store, memory: RootMemory, inputs: Inputs): StoredParts | undefined {
  const owners = inputs.layers.map((one) => one.owner);
  const before = memory.layers.map((one) => one.owner);
  const root = isDeepStrictEqual(owners, before) ? textOf(store, memory.tree) : undefined;
  if (root === undefined) return undefined;
  const layers: StoredLayer[] = [];
  for (const [at, {owner, tree}] of inputs.layers.entries()) {
    const old = memory.layers[at]?.tree ?? tree;
    const was = old === tree ? undefined : textOf(store, old);
    if (old !== tree && was === undefined) return undefined;
    layers.push({owner, before: was, read: () => textOf(store, tree)});
  }
  return {layers, before: {...memory, root}};
}

function textOf(store: Store, tree: TreeDigest): ManifestText | undefined {
  const manifest = readManifest(store, tree);
  return manifest === undefined ? undefined : new ManifestText(manifest);
}

type Laid = Pick<RootMemory, 'tree' | 'count' | 'placed' | 'bearers' | 'linked'> &
  Pick<LaidRoot, 'triggers'>;

function memoryOf({layers}: Inputs, laid: Laid): LaidRoot['memory'] {
  const {tree, count, placed, bearers, linked, triggers} = laid;
  return {layers, tree, count, placed, bearers, linked, isWhole: triggers.length === 0};
}

/** Nobody may have looked at it before. */
function readBlob(context: RunContext, digest: BlobDigest): Buffer {
  const bytes = readFile(pathOf(context, digest));
  if (sha256(bytes) === digest) return bytes;
  return fault('store/corrupt', `the file ${digest} is damaged`);
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
