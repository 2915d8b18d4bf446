/**
 * Starts programs through shells that stay. For each process it starts, Node copies the tables of
 * all its memory, which takes longer than most of what we start; a small shell does not.
 * A shell runs one line at a time. Knows nothing of what is started.
 */
import {start, type ChildProcess} from '../base/process.ts';
import {assert} from '../base/result.ts';
import {lineSplitter} from './lines.ts';
import {STORE_MOUNT} from './places.ts';
import {quote} from './steps.ts';

/** What programs print on descriptor 5 while a line runs, line by line. */
export type Take = (line: string) => void;

export interface Ran {
  /** Exit status as a shell tells it; null when the shell itself is gone. */
  readonly status: number | null;
  /** What was printed. */
  readonly said: string;
}

export interface CommandOptions {
  /** Relative to the store, where it starts without. */
  readonly cwd?: string;
  /** A new file for its output; without it that is part of what was printed. */
  readonly output?: string;
}

/** A line may set `s` to the exit status it wants to be told with. */
const LOOP = `\
while IFS= read -r line; do
  s=
  eval "$line"
  s=\${s:-$?}
  printf '\\nended %s\\n' "$s" >&5
done`;

/** Descriptors up to 5; 0 is where lines come from, 5 where all is told. */
const STDIO = ['pipe', 'ignore', 'inherit', 'ignore', 'ignore', 'pipe'] as const;

export class Starters {
  readonly #limits: readonly string[];
  readonly #idle: Shell[] = [];

  /** `limits`: the words before a command that bound what all of them may use. */
  constructor(limits: readonly string[] = []) {
    this.#limits = limits;
  }

  /** Runs one line of shell text; `take` gets what is printed on descriptor 5. */
  async line(text: string, take: Take): Promise<number | null> {
    const shell = this.#idle.pop() ?? new Shell(this.#limits);
    const status = await shell.run(text, take);
    if (status !== null) this.#idle.push(shell);
    return status;
  }

  /** Runs a program to its end. */
  async command(argv: readonly string[], {cwd, output}: CommandOptions = {}): Promise<Ran> {
    const said: string[] = [];
    const to = output === undefined ? '>&5' : `>${quote(output)}`;
    const call = `${argv.map(quote).join(' ')} </dev/null ${to} 2>&5`;
    const text =
      cwd === undefined ? call : `cd -- ${quote(cwd)} && ${call}; s=$?; cd ${STORE_MOUNT}`;
    const status = await this.line(text, (line) => said.push(line));
    return {status, said: said.join('\n').trim()};
  }
}

class Shell {
  readonly #child: ChildProcess;
  #take: Take = () => undefined;
  #end: ((status: number | null) => void) | undefined;
  #isGone = false;

  constructor(limits: readonly string[]) {
    this.#child = start([...limits, 'sh', '-c', LOOP], {stdio: [...STDIO]});
    const gone = (): void => {
      this.#isGone = true;
      this.#ended(null);
    };
    const streams: readonly (NodeJS.EventEmitter | null | undefined)[] = this.#child.stdio;
    streams[5]?.on(
      'data',
      lineSplitter((line) => this.#told(line)),
    );
    this.#child.stdin?.on('error', () => undefined);
    this.#child.once('error', gone);
    this.#child.once('close', gone);
  }

  run(text: string, take: Take): Promise<number | null> {
    assert(!text.includes('\n'), 'a line of shell text is one line');
    return new Promise((resolve) => {
      if (this.#isGone) {
        resolve(null);
        return;
      }
      this.#take = take;
      this.#end = resolve;
      this.#child.stdin?.write(`${text}\n`);
    });
  }

  #told(line: string): void {
    const status = /^ended (\d+)$/.exec(line)?.[1];
    if (status !== undefined) this.#ended(Number(status));
    else if (line !== '') this.#take(line);
  }

  #ended(status: number | null): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(status);
  }
}
