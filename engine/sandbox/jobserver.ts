/**
 * Make's tokens for one build: a fifo of its own, filled by us (GNU make manual, "POSIX
 * Jobserver"). Every build has one token without asking; these are the further ones.
 * Knows nothing of who hands tokens out.
 */
// eslint-disable-next-line no-restricted-imports -- waits for a pipe, no network
import {Socket} from 'node:net';
import * as files from '../base/files.ts';

export interface Jobserver {
  /** Puts tokens in. */
  give(count: number): void;
  /** From now on takes so many more out, as they come back. */
  recall(count: number): void;
  /** How many were taken out since it was asked last. */
  collect(): number;
  /** Tokens that are lent after this are nobody's: the build has just ended. */
  close(): void;
}

/** Understood by make 4.3, which knows only descriptors, and by later ones. */
export const MAKEFLAGS = ' -j --jobserver-auth=3,4';

/**
 * `fifo` is there already. The build has it open twice: make reads tokens from one descriptor and
 * writes them back to the other.
 */
export function openJobserver(fifo: string, tokens: number): Jobserver {
  // Both ends: an open never waits for the other side, and no reader ever sees the end.
  const own = files.openFifo(fifo, true);
  let wanted = 0;
  let taken = 0;
  let stop: (() => void) | undefined;
  // The number of a closed descriptor soon belongs to something else, a file of the store even.
  let open = true;
  const give = (count: number): void => {
    if (open && count > 0) files.writeAll(own, '+'.repeat(count));
  };
  const caught = (count: number): void => {
    const kept = Math.min(count, wanted);
    taken += kept;
    wanted -= kept;
    if (wanted === 0) {
      stop?.();
      stop = undefined;
    }
    give(count - kept);
  };
  give(tokens);
  return {
    // What is to be taken stays so: whoever asked counts each token that comes back.
    give,
    recall: (count) => {
      wanted += count;
      if (open && wanted > 0) stop ??= catchTokens(fifo, caught);
    },
    collect: () => {
      const count = taken;
      taken = 0;
      return count;
    },
    close: () => {
      open = false;
      stop?.();
      files.closeFile(own);
    },
  };
}

/**
 * Waits in line with make. Looking now and then would come too late each time: a busy make takes
 * back within microseconds what it returns.
 */
function catchTokens(fifo: string, caught: (count: number) => void): () => void {
  const line = new Socket({fd: files.openFifo(fifo, true), readable: true, writable: false});
  line.on('data', (chunk: Buffer) => caught(chunk.length));
  line.on('error', () => undefined);
  return () => void line.destroy();
}
