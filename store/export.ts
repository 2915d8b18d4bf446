/**
 * Writes artifacts as one tar (archive-format.ts): their records, trees and blobs. What it writes
 * it has hashed while writing; damage stops it. Knows no recipes: which artifacts belong together
 * is for the caller to say.
 */
import type {Checked} from '../engine/base/diagnostic.ts';
import * as files from '../engine/base/files.ts';
import {sha256, type TreeDigest} from '../engine/base/hash.ts';
import {HEAD, LARGEST_MANIFEST, type Head} from './archive-format.ts';
import {writePieces, type Sink} from './pool-pieces.ts';
import {recordIn, treeIn, type Store} from './layout.ts';
import type {FileEntry} from './manifest.ts';
import type {ActionRecord} from './records.ts';
import {BLOCK, encodeHeader} from './tar-header.ts';
import {readTree} from './trees.ts';
import {fault, guard} from './trouble.ts';
import {filesOf} from './verified.ts';

/** A good record, with its tree. */
export type Artifact = ActionRecord & {readonly tree: TreeDigest};

/** Writes the tar; gives its head. */
export function exportArtifacts(
  store: Store,
  artifacts: readonly Artifact[],
  sink: Sink,
): Checked<Head> {
  return guard(store.root, () => {
    const sorted = [...artifacts].sort((a, b) => (a.label < b.label ? -1 : 1));
    const trees = [...new Set(sorted.map((one) => one.tree))].sort();
    const blobs = blobsOf(store, trees);
    const head: Head = {
      format: 1,
      artifacts: sorted.map(({label, key, tree}) => ({label, key, tree})),
      files: blobs.length,
      trees: trees.length,
      records: sorted.length,
    };
    writeText(sink, HEAD, `${JSON.stringify(head, null, 1)}\n`);
    for (const blob of blobs) writeBlob(store, sink, blob);
    for (const tree of trees)
      writeText(sink, nameOf(store, treeIn(store, tree)), textOf(store, tree));
    for (const {key} of [...sorted].sort((a, b) => (a.key < b.key ? -1 : 1))) {
      const file = recordIn(store, key);
      writeText(sink, nameOf(store, file), files.readText(file));
    }
    // Two empty blocks end a tar.
    sink(Buffer.alloc(2 * BLOCK));
    return head;
  });
}

/** Each pool file once, sorted by its name. */
function blobsOf(store: Store, trees: readonly TreeDigest[]): readonly FileEntry[] {
  const found = new Map<string, FileEntry>();
  for (const tree of trees) {
    const entries = readTree(store, tree);
    if (!entries.ok)
      return fault('store/corrupt', entries.error[0]?.message ?? 'a tree is damaged');
    for (const one of filesOf(entries.value)) found.set(blobName(one), one);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function blobName({digest, mode}: FileEntry): string {
  const bits = (mode & 0o777).toString(8).padStart(3, '0');
  return `files/${digest.slice(0, 2)}/${digest.slice(2)}.${bits}`;
}

function nameOf(store: Store, file: string): string {
  return file.slice(store.root.length + 1);
}

function textOf(store: Store, tree: TreeDigest): string {
  const text = files.readBytes(treeIn(store, tree));
  if (sha256(text) !== tree) fault('store/corrupt', `the tree ${tree} is damaged`);
  const tooLarge = `the tree ${tree} is too large for an export`;
  return text.length > LARGEST_MANIFEST ? fault('store/bad-export', tooLarge) : text;
}

// --- tar -------------------------------------------------------------------------------------------

function writeText(sink: Sink, name: string, text: string): void {
  const bytes = Buffer.from(text);
  sink(encodeHeader(name, bytes.length));
  sink(bytes);
  sink(padding(bytes.length));
}

function writeBlob(store: Store, sink: Sink, entry: FileEntry): void {
  sink(encodeHeader(blobName(entry), entry.size));
  writePieces(store, entry, sink);
  sink(padding(entry.size));
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
