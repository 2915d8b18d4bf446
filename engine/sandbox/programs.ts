/**
 * Which of the machine's programs that we start ourselves are there.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import {exists} from '../base/files.ts';
import {minimalEnv} from '../base/process.ts';
import {ok} from '../base/result.ts';
import {installHint} from './packages.ts';

/** Of the given ones, those that are not in the folders our helpers are looked for. */
export function absentPrograms(wanted: readonly string[]): readonly string[] {
  const folders = (minimalEnv()['PATH'] ?? '').split(':');
  return wanted.filter((name) => !folders.some((folder) => exists(`${folder}/${name}`)));
}

/** Without these no build can be started at all. */
const NEEDED = [
  ...['bwrap', 'unshare', 'nsenter', 'setpriv', 'prlimit', 'mount', 'umount', 'getfattr'],
  ...['mkfifo', 'bash', 'sh', 'rm'],
];

export function requirePrograms(): Checked<undefined> {
  const absent = absentPrograms(NEEDED);
  if (absent.length === 0) return ok(undefined);
  const hint = installHint(absent);
  return fail(
    'machine/missing-tool',
    `sandboxes need programs that are not here: ${absent.join(', ')}`,
    {hint},
  );
}
