/**
 * The bytes of a file of the pool, piece by piece and hashed on the way: damage is found before the
 * end. Knows nothing of where they go.
 */
import * as files from '../engine/base/files.ts';
import {sha256Stream} from '../engine/base/hash.ts';
import type {Store} from './layout.ts';
import {openPool} from './open-pool.ts';
import {blobPath} from './pool.ts';
import type {FileEntry} from './tree-entry.ts';
import {fault} from './trouble.ts';

/** Takes pieces in order; what it is given is its own. */
export type Sink = (bytes: Buffer) => void;

const CHUNK = 1 << 20;

/** Throws system errors and `StoreFault`. */
export function writePieces(store: Store, {digest, mode, size}: FileEntry, sink: Sink): void {
  const hash = sha256Stream();
  let done = 0;
  const fd = openPool(blobPath(store, digest, mode, size));
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(size, 1)));
      const n = files.readInto(fd, buffer);
      if (n === 0) break;
      const piece = buffer.subarray(0, n);
      hash.update(piece);
      done += n;
      sink(piece);
    }
  } finally {
    files.closeFile(fd);
  }
  if (done !== size || hash.digest('hex') !== digest) {
    fault('store/corrupt', `the file ${digest} is damaged`);
  }
}
