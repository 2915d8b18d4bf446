/**
 * Starts puppet.js as a process of its own, perhaps as another user, and reads what it says.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {spawn, type ChildProcess} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {removeAll} from '../../support/space.ts';

export const PUPPET: string = path.join(path.dirname(fileURLToPath(import.meta.url)), 'puppet.js');

export interface Said {
  readonly ready?: 'range' | 'single';
  readonly skipped?: string;
  readonly started?: number;
  readonly died?: string;
  readonly status?: number | string;
  readonly log?: string;
  readonly result?: {
    readonly ok: boolean;
    readonly value?: {outcome: string; diagnostics?: unknown; machine?: boolean};
    readonly error?: readonly {readonly code: string; readonly message: string}[];
  };
}

export class Engine {
  readonly child: ChildProcess;
  readonly said: Said[] = [];
  readonly ended: Promise<void>;
  errors = '';
  output = '';
  #wake: (() => void)[] = [];

  constructor(child: ChildProcess, tidy: () => void = () => undefined) {
    this.child = child;
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{')) this.said.push(JSON.parse(line) as Said);
      this.#tell();
    });
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString('utf8')));
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        this.#tell();
        tidy();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The first thing said that has this word; undefined when it ends without. */
  async heard(word: keyof Said): Promise<Said | undefined> {
    for (;;) {
      const found = this.said.find((one) => word in one);
      if (found !== undefined || this.child.exitCode !== null) return found;
      if (this.said.some((one) => one.skipped !== undefined)) return undefined;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #tell(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const one of waiting) one();
  }
}

/** `before`: what stands in front of the command, for example setpriv. */
export function startEngine(
  orders: unknown,
  before: readonly string[] = [],
  program: readonly string[] = [process.execPath, PUPPET],
): Engine {
  const argv = [...before, ...program, JSON.stringify(orders)];
  // Its own, since an engine that is killed cannot tidy up; open, since it may be another user.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-engine-'));
  fs.chmodSync(folder, 0o1777);
  const env = {...process.env, HOME: os.tmpdir(), TMPDIR: folder};
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  const child = spawn(argv[0] ?? '', argv.slice(1), {env, stdio: [...stdio]});
  return new Engine(child, () => {
    removeAll(folder);
  });
}

/** How to become another user; undefined (with the reason) where that cannot be tested. */
export function asUser(uid: number): readonly string[] | string {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  const closed = closedFolder(PUPPET) ?? closedFolder(process.execPath);
  if (closed !== undefined) return `${closed} is closed to other users`;
  const id = String(uid);
  return ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--inh-caps=-all', '--'];
}

function closedFolder(file: string): string | undefined {
  for (let at = path.dirname(file); at !== '/'; at = path.dirname(at)) {
    if ((fs.statSync(at).mode & 0o005) !== 0o005) return at;
  }
  return (fs.statSync(file).mode & 0o004) === 0 ? file : undefined;
}

/** The id of a user that has subordinate ids, if there is one. */
export function userWithRange(): number | undefined {
  const subuids = read('/etc/subuid').split('\n');
  const subgids = read('/etc/subgid');
  for (const line of subuids) {
    const [name = '', , count] = line.split(':');
    const user = read('/etc/passwd')
      .split('\n')
      .find((row) => row.startsWith(`${name}:`));
    const uid = Number(user?.split(':')[2]);
    if (name !== '' && Number(count) >= 65_536 && uid > 0 && subgids.includes(`${name}:`))
      return uid;
  }
  return undefined;
}

function read(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}
