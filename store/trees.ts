/**
 * The trees of a store: manifests by their sha256, verified on every first read.
 * Knows nothing of the blobs they name; whoever writes a tree has stored those before.
 */
import type {Checked} from '../engine/base/diagnostic.ts';
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import type {TreeDigest} from '../engine/base/hash.ts';
import {commitBytes, setAside} from './commit.ts';
import {treeIn, type Store} from './layout.ts';
import {digestOf, encodeManifest, parseManifest, type TreeEntry} from './manifest.ts';
import {fault, guard} from './trouble.ts';

/** Stores a tree whose blobs are durable already; durable on return. Throws system errors. */
export function writeTree(store: Store, entries: readonly TreeEntry[]): TreeDigest {
  const digest = writeBytes(store, encodeManifest(entries));
  rememberTree(store, digest, entries);
  return digest;
}

/** The same for a good manifest. */
export function writeManifest(store: Store, manifest: Buffer): TreeDigest {
  const digest = writeBytes(store, manifest);
  unparsed.set(store, {digest, manifest});
  return digest;
}

/** The manifest this process has written last: whoever goes on with its tree need not read it. */
const unparsed = new WeakMap<Store, {readonly digest: TreeDigest; readonly manifest: Buffer}>();

function writeBytes(store: Store, manifest: Buffer): TreeDigest {
  const digest = digestOf(manifest);
  if (hasManifest(store, digest, manifest)) {
    // The one who wrote it may not have come to this yet.
    files.syncDir(path.dirname(treeIn(store, digest)));
  } else {
    setAside(store, treeIn(store, digest));
    commitBytes(store, treeIn(store, digest), manifest, false);
  }
  return digest;
}

export function hasTree(store: Store, digest: TreeDigest): boolean {
  return files.lookAt(treeIn(store, digest))?.isFile() === true;
}

/** The entries of a tree, in order. A manifest with another digest is set aside, or left. */
export function readTree(
  store: Store,
  digest: TreeDigest,
  damaged: 'set aside' | 'leave' = 'set aside',
): Checked<readonly TreeEntry[]> {
  return guard(treeIn(store, digest), () => recall(store, digest) ?? load(store, digest, damaged));
}

/** A good manifest as it is written, or was just now; undefined where it is not there, or damaged. */
export function readManifest(store: Store, digest: TreeDigest): Buffer | undefined {
  const own = unparsed.get(store);
  if (own?.digest === digest) return own.manifest;
  const file = treeIn(store, digest);
  if (files.lookAt(file)?.isFile() !== true) return undefined;
  const manifest = files.readFile(file);
  return digestOf(manifest) === digest ? manifest : undefined;
}

/** For whoever has set a manifest aside: the next reader looks at the disk again. */
export function forgetTree(store: Store, digest: TreeDigest): void {
  const memory = memories.get(store);
  const entries = memory?.trees.get(digest);
  if (memory === undefined || entries === undefined) return;
  memory.trees.delete(digest);
  memory.entries -= entries.length;
}

function load(
  store: Store,
  digest: TreeDigest,
  damaged: 'set aside' | 'leave',
): readonly TreeEntry[] {
  const file = treeIn(store, digest);
  if (files.lookAt(file) === undefined) {
    return fault('store/corrupt', `the store has no tree ${digest}`);
  }
  const own = unparsed.get(store);
  const isOwn = own?.digest === digest;
  // Manifests are ASCII; other bytes come out as other characters and change the digest.
  const manifest = isOwn ? own.manifest.toString('latin1') : readPlain(file);
  const parsed = isOwn || digestOf(manifest) === digest ? parseManifest(manifest) : undefined;
  if (isOwn) unparsed.delete(store);
  if (parsed?.ok !== true) {
    const why = parsed === undefined ? 'its content does not match its name' : parsed.error;
    if (damaged === 'leave')
      return fault('store/corrupt', `the tree ${digest} is damaged (${why})`);
    setAside(store, file);
    return fault('store/corrupt', `the tree ${digest} is damaged (${why}) and was set aside`);
  }
  rememberTree(store, digest, parsed.value);
  return parsed.value;
}

/** Only a plain file is read: a link or fifo in its place is damage like other bytes. */
function readPlain(file: string): string {
  return files.lookAt(file)?.isFile() === true ? files.readBytes(file) : '';
}

/** Whether the store has this very manifest already; a damaged one is to be replaced. */
export function hasManifest(store: Store, digest: TreeDigest, manifest: Buffer): boolean {
  const file = treeIn(store, digest);
  const stat = files.lookAt(file);
  if (stat?.isFile() !== true || stat.size !== manifest.length) return false;
  return files.readFile(file).equals(manifest);
}

// --- parsed trees in memory: valid as long as the process, since a digest's tree never changes ---

/** All trees of a large system together have some hundred thousand entries. */
const MOST_ENTRIES = 500_000;

interface Memory {
  /** Least recently used first, which is the order of a Map when entries are put in again. */
  readonly trees: Map<TreeDigest, readonly TreeEntry[]>;
  entries: number;
}

const memories = new WeakMap<Store, Memory>();

function recall(store: Store, digest: TreeDigest): readonly TreeEntry[] | undefined {
  const trees = memories.get(store)?.trees;
  const entries = trees?.get(digest);
  if (trees === undefined || entries === undefined) return undefined;
  trees.delete(digest);
  trees.set(digest, entries);
  return entries;
}

/** Keeps the parsed entries of a tree that the store has. */
export function rememberTree(
  store: Store,
  digest: TreeDigest,
  entries: readonly TreeEntry[],
): void {
  const memory = memories.get(store) ?? {
    trees: new Map<TreeDigest, readonly TreeEntry[]>(),
    entries: 0,
  };
  memories.set(store, memory);
  if (memory.trees.has(digest)) return;
  memory.trees.set(digest, entries);
  memory.entries += entries.length;
  for (const [oldest, old] of memory.trees) {
    if (memory.entries <= MOST_ENTRIES || oldest === digest) break;
    memory.trees.delete(oldest);
    memory.entries -= old.length;
  }
}
