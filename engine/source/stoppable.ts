/**
 * Runs a helper program that a signal of ours ends early. Knows nothing of what it does.
 */
import {ended, start} from '../base/process.ts';

export interface Ended {
  /** Exit status; 127 where the program is missing, null when a signal ended it. */
  readonly status: number | null;
  readonly stderr: string;
}

/** In a process group of its own, so that its helpers end with it; ends when we are killed. */
export async function runStoppable(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Ended> {
  if (signal.aborted) return {status: null, stderr: ''};
  const tied = ['setpriv', '--pdeathsig', 'KILL', ...argv];
  const child = start(tied, {env, detached: true, stdio: ['ignore', 'ignore', 'pipe']});
  const stop = (): void => {
    if (child.pid !== undefined) terminate(child.pid);
  };
  signal.addEventListener('abort', stop);
  try {
    return await ended(child);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function terminate(group: number): void {
  try {
    process.kill(-group, 'SIGTERM');
  } catch {
    // It has ended just now.
  }
}
