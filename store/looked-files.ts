/**
 * The pool files this process has looked at and found as they should be, and whose bytes were
 * hashed since the machine was started, by whomever. Valid as long as the process, like everything
 * that is looked at once; knows nothing of why they are looked at.
 */
import type {BlobDigest} from '../engine/base/hash.ts';
import type {Store} from './layout.ts';

/**
 * By the store's folder, which is the same one however often it is opened: digests, each with the
 * permission bits it was looked at with. Few have several; those are looked at again.
 */
const memories = new Map<string, Map<BlobDigest, number>>();

export function noteLook(store: Store, digest: BlobDigest, mode: number): void {
  const known = memories.get(store.root) ?? new Map<BlobDigest, number>();
  memories.set(store.root, known);
  known.set(digest, mode & 0o777);
}

export function wasLookedAt(store: Store, digest: BlobDigest, mode: number): boolean {
  return memories.get(store.root)?.get(digest) === (mode & 0o777);
}
