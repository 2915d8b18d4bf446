/**
 * Runs a helper program that a signal of ours ends early. Knows nothing of what it does.
 */
import {ended, start} from '../base/process.ts';

export interface Ended {
  /** Exit status; 127 where the program is missing, null when a signal ended it. */
  readonly status: number | null;
  readonly stderr: string;
}

/** Out of reach of the terminal's Ctrl-C, which is ours to handle; ends when we are killed. */
export async function runStoppable(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Ended> {
  if (signal.aborted) return {status: null, stderr: ''};
  const tied = ['setpriv', '--pdeathsig', 'KILL', ...argv];
  const child = start(tied, {env, detached: true, stdio: ['ignore', 'ignore', 'pipe']});
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop);
  try {
    return await ended(child);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
