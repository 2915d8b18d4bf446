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

  /** Whether the step has begun. */
  get waits(): boolean {
    return this.#fifos().length > 0;
  }

  /** Waits until the step has begun. */
  async begun(): Promise<void> {
    await until(`${this.#name} begins`, () => this.waits);
  }

  /** Has the step run a line of shell; `go` ends its waiting. */
  async tell(order: string): Promise<void> {
    await until(`${this.#name} takes an order`, () =>
      this.#fifos().some((fifo) => written(fifo, `${order}\n`)),
    );
  }

  async go(): Promise<void> {
    await this.tell('go');
  }

  /** A run that was killed leaves its fifos, which nobody reads. */
  #fifos(): string[] {
    const scratch = this.#space.at('.recipes/scratch');
    return list(scratch)
      .flatMap((run) => list(path.join(scratch, run)).map((job) => path.join(scratch, run, job)))
      .map((job) => path.join(job, 'build', `puppet-${this.#name}`))
      .filter((fifo) => fs.existsSync(fifo));
  }
}

/** False when nobody reads it now. */
function written(fifo: string, text: string): boolean {
  try {
    const fd = fs.openSync(fifo, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
    fs.writeSync(fd, text);
    fs.closeSync(fd);
    return true;
  } catch {
    return false;
  }
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
