/**
 * The way from a sandbox to its log: a fifo and one cat(1). Were the log itself the descriptor,
 * `>/dev/stderr` in a step would empty it, and a build could rewrite what it has said.
 */
import * as files from '../base/files.ts';
import {start} from '../base/process.ts';

export interface Output {
  /** The sandbox's standard output and error. */
  readonly fd: number;
  /** Our hold on it goes; then its end comes with the last process of the sandbox. */
  letGo(): void;
  /** Resolves when all is in the log. */
  readonly written: Promise<void>;
}

/** `fifo` is there already. */
export function openOutput(fifo: string, logFd: number): Output {
  // Both ends first: opening one alone waits for the other.
  const both = files.openFifo(fifo, false);
  const read = files.openRead(fifo);
  const fd = files.openFifoToWrite(fifo);
  const cat = start(['cat'], {stdio: [read, logFd, logFd]});
  const written = new Promise<void>((resolve) => {
    cat.once('error', () => resolve());
    cat.once('close', () => resolve());
  });
  for (const end of [both, read]) files.closeFile(end);
  return {fd, written, letGo: () => files.closeFile(fd)};
}
