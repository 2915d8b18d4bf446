/**
 * What the store takes on the disk: by part, and by artifact. A blob is shared when the trees of
 * two artifacts have it; it is stored once. Knows nothing of what is needed.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {actionKey, type TreeDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';
import {bytesBelow, bytesOf, takeInventory, type Item} from './inventory.ts';
import {treeIn, type Store} from './layout.ts';
import {blobsNamed} from './manifest.ts';
import {readRecord, type ActionRecord} from './records.ts';

export interface PartSize {
  /** The name in the store: `files`, `logs`, … */
  readonly part: string;
  readonly bytes: number;
}

/** Every file and folder at the top of the store. Files with several names count once, in files/. */
export function sizesByPart(store: Store): readonly PartSize[] {
  return files.namesIn(store.root).map((part) => ({part, bytes: sizeOfPart(store, part)}));
}

/** Pool files have further names in farms and checkouts, and count all the same. */
function sizeOfPart(store: Store, part: string): number {
  if (part !== 'files') return bytesBelow(store, part);
  const at = path.join(store.root, part);
  const stat = files.lookAt(at);
  const heads = files.namesIn(at).map((head) => path.join(at, head));
  const all = heads.flatMap((head) => [
    head,
    ...files.namesIn(head).map((one) => `${head}/${one}`),
  ]);
  return all.reduce((sum, one) => sum + bytesAt(one), stat === undefined ? 0 : bytesOf(stat));
}

function bytesAt(file: string): number {
  const stat = files.lookAt(file);
  return stat === undefined ? 0 : bytesOf(stat);
}

export interface ArtifactSize {
  readonly label: Label;
  readonly tree: TreeDigest;
  /** Bytes of blobs that no other artifact has, and of those that another one has too. */
  readonly own: number;
  readonly shared: number;
}

/**
 * The sizes of these artifacts, `among` all others of the store, by label. Each blob with all its
 * files of different permission bits. What is missing has no size.
 */
export function sizesOfArtifacts(
  store: Store,
  wanted: ReadonlyMap<Label, TreeDigest>,
  among: Iterable<TreeDigest>,
): readonly ArtifactSize[] {
  const blobs = new Map<string, number>();
  for (const {name, bytes} of takeInventory(store).blobs) {
    blobs.set(name, (blobs.get(name) ?? 0) + bytes);
  }
  const held = new Map<TreeDigest, ReadonlySet<string>>();
  const holders = new Map<string, number>();
  for (const tree of new Set([...among, ...wanted.values()])) {
    const names = blobsOf(store, tree);
    held.set(tree, names);
    for (const name of names) holders.set(name, (holders.get(name) ?? 0) + 1);
  }
  return [...wanted].map(([label, tree]) => {
    let [own, shared] = [0, 0];
    for (const name of held.get(tree) ?? []) {
      const bytes = blobs.get(name) ?? 0;
      if ((holders.get(name) ?? 0) > 1) shared += bytes;
      else own += bytes;
    }
    return {label, tree, own, shared};
  });
}

function blobsOf(store: Store, tree: TreeDigest): ReadonlySet<string> {
  const text = files.unless(['ENOENT', 'EISDIR'], () => files.readBytes(treeIn(store, tree)));
  return new Set(blobsNamed(text ?? '').keys());
}

/** The newest good artifact of each label that the store has, by label; from the records. */
export function newestArtifacts(store: Store): ReadonlyMap<Label, TreeDigest> {
  const newest = new Map<Label, ActionRecord>();
  for (const record of takeInventory(store).records.flatMap((item) => recordOf(store, item))) {
    const known = newest.get(record.label);
    if (record.outcome !== 'ok' || record.tree === undefined) continue;
    if (known === undefined || known.finishedAt < record.finishedAt)
      newest.set(record.label, record);
  }
  const sorted = [...newest.values()].sort((a, b) => (a.label < b.label ? -1 : 1));
  return new Map(sorted.flatMap(({label, tree}) => (tree === undefined ? [] : [[label, tree]])));
}

function recordOf(store: Store, {name}: Item): readonly ActionRecord[] {
  const record = readRecord(store, actionKey(name), undefined, 'leave');
  return record.ok && record.value !== undefined ? [record.value] : [];
}
