/**
 * Build steps driven by the test: the step makes a fifo in /build and does what is written to it.
 * The test finds the fifo in the scratch folder of the store; nothing sleeps.
 */
import fs from 'node:fs';
import path from 'node:path';
import {until, type Space} from './space.ts';

/** The text of a step that waits for orders under a name; each order is a line of shell. */
export function puppetStep(name: string): string {
  return [
    `mkfifo /build/puppet-${name}`,
    `while read -r order < /build/puppet-${name}; do`,
    '  [ "$order" = go ] && break',
    '  eval "$order"',
    'done',
  ].join('\n');
}

export class Puppet {
  readonly #space: Space;
  readonly #name: string;

  constructor(space: Space, name: string) {
    this.#space = space;
    this.#name = name;
  }

  /** Whether the step is waiting for orders now. */
  get waits(): boolean {
    return this.#fifo() !== undefined;
  }

  /** Waits until the step has begun. */
  async begun(): Promise<void> {
    await until(`${this.#name} begins`, () => this.waits);
  }

  /** Has the step run a line of shell; `go` ends its waiting. */
  async tell(order: string): Promise<void> {
    await this.begun();
    const fifo = this.#fifo();
    if (fifo === undefined) throw new Error(`${this.#name} is gone`);
    await fs.promises.writeFile(fifo, `${order}\n`);
  }

  async go(): Promise<void> {
    await this.tell('go');
  }

  #fifo(): string | undefined {
    const scratch = this.#space.at('.recipes/scratch');
    for (const run of list(scratch)) {
      for (const job of list(path.join(scratch, run))) {
        const fifo = path.join(scratch, run, job, 'build', `puppet-${this.#name}`);
        if (fs.existsSync(fifo)) return fifo;
      }
    }
    return undefined;
  }
}

function list(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}
