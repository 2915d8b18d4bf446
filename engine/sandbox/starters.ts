/**
 * Starts programs through shells that stay. For each process it starts, Node copies the tables of
 * all its memory, which takes longer than most of what we start; a small shell does not.
 * A shell runs one line at a time. Making a network takes the kernel as long as a sixth of a sandbox, so
 * where many are started each shell gets one network, for one sandbox after the other, and a place with few mounts.
 * Knows nothing of what is started.
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
cd ${STORE_MOUNT} || exit
while IFS= read -r line; do
  s=
  eval "$line"
  s=\${s:-$?}
  printf '\\nended %s\\n' "$s" >&5
done`;

/**
 * In a network of its own: what a sandbox had open is closed with it, but a connection that was closed in
 * order would keep its port for a minute.
 */
const LOOP_APART = `\
echo 0 >/proc/sys/net/ipv4/tcp_max_tw_buckets || exit
NET=
${LOOP}`;

/** In place of a word that makes a network: in a shell that has one it is nothing, else it is that word. */
export function networkWord(word: string): string {
  return `\${NET-${word}}`;
}

/** The highest status of a command that no signal has ended. */
const MOST_STATUS = 128;

/** So many sandboxes make their networks themselves. */
const SOME = 8;

/** A mount that comes or goes just then holds one up; after so many in a row there are none to be had. */
const TRIES = 3;

/** Descriptors up to 5; 0 is where lines come from, 5 where all is told. */
const STDIO = ['pipe', 'ignore', 'inherit', 'ignore', 'ignore', 'pipe'] as const;

export interface StarterWords {
  /** The words before a command that bound what all of them may use. */
  readonly limits?: readonly string[];
  /**
   * Those that give it a network of its own and few mounts, among them all that sandboxes are made of, also what the
   * worker mounts later; without them there are none such.
   */
  readonly apart?: readonly string[];
}

export class Starters {
  readonly #limits: readonly string[];
  readonly #idle: Shell[] = [];
  readonly #apart: Shell[] = [];
  #apartWords: readonly string[] | undefined;
  #sandboxes = 0;
  #failures = 0;

  constructor({limits = [], apart}: StarterWords = {}) {
    this.#limits = limits;
    this.#apartWords = apart;
  }

  /** Runs one line of shell text; `take` gets what is printed on descriptor 5. */
  async line(text: string, take: Take): Promise<number | null> {
    const shell = this.#idle.pop() ?? new Shell(this.#limits, LOOP);
    const status = await shell.run(text, take);
    if (status !== null) this.#idle.push(shell);
    return status;
  }

  /** The same for a line that starts a sandbox with `networkWord` in it. */
  async sandbox(text: string, take: Take): Promise<number | null> {
    this.#sandboxes += 1;
    const apart = this.#sandboxes > SOME ? await this.#shellApart() : undefined;
    if (apart === undefined) return this.line(text, take);
    const status = await apart.run(text, take);
    // Where a signal has ended bwrap itself, what it ran may not be gone yet.
    if (status !== null && status <= MOST_STATUS) this.#apart.push(apart);
    else apart.end();
    return status;
  }

  /** Undefined where there can be none. */
  async #shellApart(): Promise<Shell | undefined> {
    const idle = this.#apart.pop();
    if (idle !== undefined || this.#apartWords === undefined) return idle;
    const shell = new Shell([...this.#limits, ...this.#apartWords], LOOP_APART);
    const isUp = (await shell.run(':', () => undefined)) === 0;
    this.#failures = isUp ? 0 : this.#failures + 1;
    if (this.#failures === TRIES) this.#apartWords = undefined;
    return isUp ? shell : undefined;
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

  constructor(before: readonly string[], loop: string) {
    this.#child = start([...before, 'sh', '-c', loop], {stdio: [...STDIO]});
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

  /** Takes no more lines. */
  end(): void {
    this.#child.stdin?.end();
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
