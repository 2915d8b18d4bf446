/**
 * Stores trees with their contents, several at once with the same barriers: contents and manifests
 * durable, then the names of the contents, then those of the manifests. Gives the same as one by
 * one. Knows nothing of where the contents come from.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import type {TreeDigest} from '../engine/base/hash.ts';
import {contentsDurable, foldersDurable} from './barrier.ts';
import {linkAll, stageNew, type Adoption} from './batch.ts';
import {makeFolders, setAside, stageText} from './commit.ts';
import {fileIn, treeIn, type Store} from './layout.ts';
import {digestOf, encodeManifest, type TreeEntry} from './manifest.ts';
import {unstage, type Staged} from './stage.ts';
import {hasManifest, rememberTree} from './trees.ts';

export interface NewTree {
  readonly entries: readonly TreeEntry[];
  /** The contents of its files; those the store has may be among them. */
  readonly adoptions: readonly Adoption[];
}

/**
 * Stores trees; durable on return. Throws system errors and `StoreFault`; then some of the files
 * are in the pool, whole ones only, and perhaps some of the trees.
 */
export async function storeTrees(store: Store, trees: readonly NewTree[]): Promise<TreeDigest[]> {
  const adoptions = trees.flatMap((one) => one.adoptions);
  const staged = stageNew(store, adoptions);
  const manifests: Manifest[] = [];
  try {
    for (const {entries} of trees) manifests.push(stageManifest(store, entries));
    const texts = manifests.flatMap((one) => one.staged ?? []);
    await contentsDurable(store, [...staged.map((one) => one.file), ...texts]);
    const finals = adoptions.map((one) => fileIn(store, one.digest, one.mode));
    const places = manifests.map((one) => treeIn(store, one.digest));
    // Both come to be durable with the barrier before any manifest has its name.
    const parents = makeFolders(store, [...finals, ...places]);
    linkAll(store, staged);
    // Also for files that were there: whoever linked them may not have come to this line yet.
    await foldersDurable([...parents, ...finals.map((one) => path.dirname(one))]);
    for (const one of manifests) nameManifest(store, one);
    await foldersDurable(places.map((one) => path.dirname(one)));
  } finally {
    clean(staged, manifests);
  }
  manifests.forEach(({digest}, at) => rememberTree(store, digest, trees[at]?.entries ?? []));
  return manifests.map((one) => one.digest);
}

interface Manifest {
  readonly digest: TreeDigest;
  /** Its temporary file; undefined: the store has it. */
  readonly staged: string | undefined;
}

function stageManifest(store: Store, entries: readonly TreeEntry[]): Manifest {
  const text = encodeManifest(entries);
  const digest = digestOf(text);
  if (hasManifest(store, digest, text)) return {digest, staged: undefined};
  const place = treeIn(store, digest);
  // Damage: a folder in its place would refuse another name.
  if (files.exists(place)) setAside(store, place);
  return {digest, staged: stageText(store, text)};
}

/** What is there by now is the same, or damaged. */
function nameManifest(store: Store, {digest, staged}: Manifest): void {
  if (staged !== undefined) files.rename(staged, treeIn(store, digest));
}

function clean(staged: readonly Staged[], manifests: readonly Manifest[]): void {
  unstage(staged);
  for (const {staged: file} of manifests) {
    if (file !== undefined) files.unless(['ENOENT'], () => files.unlink(file));
  }
}
