/**
 * Runs one command to its end and says what it took: wall time here, the memory of its largest
 * process from GNU time. Knows no build system.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Cost {
  readonly milliseconds: number;
  /** Of the largest process that was waited for; null without GNU time. */
  readonly mebibytes: number | null;
}

const GNU_TIME = '/usr/bin/time';

export function hasGnuTime(): boolean {
  return fs.existsSync(GNU_TIME);
}

/** Runs it, and throws with its output unless it ends well. */
export function measure(command: Command): Cost {
  // The peak of a process of Node's begins with Node's own size; behind time(1) it does not.
  const time = hasGnuTime() ? [GNU_TIME, '-q', '-f', '%M'] : [];
  const begun = performance.now();
  const {stderr} = run({...command, argv: [...time, ...command.argv]});
  const milliseconds = performance.now() - begun;
  const kibibytes = time.length > 0 ? Number(stderr.trimEnd().split('\n').at(-1)) : null;
  return {milliseconds, mebibytes: kibibytes === null ? null : kibibytes / 1024};
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

export function run({argv, cwd, env}: Command): Output {
  const [program = '', ...words] = argv;
  const ran = spawnSync(program, words, {
    cwd,
    env: {PATH: PATH, HOME: os.homedir(), LC_ALL: 'C.UTF-8', ...env},
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (ran.status === 0) return {stdout: ran.stdout, stderr: ran.stderr};
  const how = ran.error?.message ?? `exit ${String(ran.status ?? ran.signal)}`;
  const last = `${ran.stdout}${ran.stderr}`.split('\n').slice(-LAST_LINES).join('\n');
  throw new Error(`${argv.join(' ')}: ${how}\n${last}`);
}

const LAST_LINES = 20;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where a program is that commands run here would find. */
export function findProgram(name: string): string | undefined {
  const places = PATH.split(':').map((folder) => `${folder}/${name}`);
  return places.find((place) => fs.existsSync(place));
}
