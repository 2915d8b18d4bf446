/**
 * The way from a sandbox to its log: a fifo that is read here. Were the log itself the descriptor,
 * `>/dev/stderr` in a step would empty it, and a build could rewrite what it has said.
 */
// eslint-disable-next-line no-restricted-imports -- waits for a pipe, no network
import {Socket} from 'node:net';
import * as files from '../base/files.ts';

export interface Output {
  /** Our hold on it goes; then its end comes with the last process of the sandbox. */
  letGo(): void;
  /** Writes what has come so far. */
  flush(): void;
  /** Resolves when all is in the log; rejects where the log cannot be written. */
  readonly written: Promise<void>;
}

/** Bytes that are kept until the next `flush`. */
const MOST_KEPT = 1 << 16;

/** `fifo` is there already, and nobody has it open. */
export function openOutput(fifo: string, logFd: number): Output {
  // Until the sandbox has opened it the fifo must not seem to be at its end.
  const hold = files.openFifo(fifo, true);
  const stream = new Socket({fd: files.openFifoToRead(fifo), readable: true, writable: false});
  let kept: Buffer[] = [];
  let size = 0;
  let isHeld = true;
  let trouble: Error | undefined;
  /** What cannot be written is told when all is over: whoever flushes has other things to do. */
  const flush = (): void => {
    if (size === 0) return;
    const bytes = Buffer.concat(kept);
    [kept, size] = [[], 0];
    try {
      if (trouble === undefined) files.writeAll(logFd, bytes);
    } catch (error) {
      trouble = error instanceof Error ? error : new Error('a log cannot be written');
    }
  };
  const written = new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      kept.push(chunk);
      size += chunk.length;
      if (size >= MOST_KEPT) flush();
    });
    stream.once('error', () => undefined);
    stream.once('close', () => {
      flush();
      if (trouble === undefined) resolve();
      else reject(trouble);
    });
  });
  // Who waits for it comes later.
  written.catch(() => undefined);
  return {
    letGo: () => {
      if (isHeld) files.closeFile(hold);
      isHeld = false;
    },
    flush,
    written,
  };
}
