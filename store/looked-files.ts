/**
 * The pool files this process has looked at and found as they should be.
 * Their bytes were hashed since the machine was started, by whomever. Valid as long as the process, like everything
 * that is looked at once; knows nothing of why they are looked at.
 */
import type {BlobDigest} from '../engine/base/hash.ts';
import type {Store} from './layout.ts';

/** Digests with the permission bits each was looked at with. Few have several: looked at again. */
const memories = new WeakMap<Store, Map<BlobDigest, number>>();

export function noteLook(store: Store, digest: BlobDigest, mode: number): void {
  const known = memories.get(store) ?? new Map<BlobDigest, number>();
  memories.set(store, known);
  known.set(digest, mode & 0o777);
}

export function wasLookedAt(store: Store, digest: BlobDigest, mode: number): boolean {
  return memories.get(store)?.get(digest) === (mode & 0o777);
}
