/**
 * A shell at a terminal of its own, made by script(1): tests type into it and read what it shows.
 */
import {spawn, type ChildProcess} from 'node:child_process';
import fs from 'node:fs';
import {cleanEnv, until, type Space} from './space.ts';

export const hasScript: boolean = fs.existsSync('/usr/bin/script');

export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #shown = '';
  #seen = 0;

  /** Runs the text in sh(1) in the project; without a text it is an interactive bash. */
  constructor(space: Space, text?: string) {
    const command = text === undefined ? 'bash --norc --noediting -i' : 'sh -c "$TEXT"';
    const env = {...cleanEnv(), TERM: 'dumb', SHELL: '/bin/sh', TEXT: text ?? '', PS1: '$ '};
    this.#child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
      cwd: space.root,
      env,
      stdio: 'pipe',
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#shown += chunk.toString('utf8')));
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Waits for a text after all that was waited for before; gives what was shown up to it. */
  async shows(text: RegExp): Promise<string> {
    const find = (): RegExpExecArray | null => text.exec(this.#shown.slice(this.#seen));
    await until(`the terminal shows ${String(text)}`, () => find() !== null).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${this.#shown}`);
      },
    );
    const found = find();
    const end = (found?.index ?? 0) + (found?.[0].length ?? 0);
    const shown = this.#shown.slice(this.#seen, this.#seen + end);
    this.#seen += end;
    return shown;
  }

  async ended(): Promise<number | null> {
    return this.#ended;
  }

  /** `script` takes its shell with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
