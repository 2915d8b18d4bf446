/**
 * Fifos of jobs, in the worker's memory: several are made at once, and those of a job that has
 * ended serve another. One that nobody has open holds nothing.
 */
import path from 'node:path';
import * as files from '../base/files.ts';
import {PIPES} from './places.ts';
import type {Starters} from './starters.ts';

export interface Pipes {
  /** Make's tokens. */
  readonly tokens: string;
  /** All output of a sandbox. */
  readonly output: string;
}

/** Pairs that are made at once. */
const PAIRS = 4;

export class PipePool {
  readonly #starters: Starters;
  readonly #idle: Pipes[] = [];
  #made = 0;

  constructor(starters: Starters) {
    this.#starters = starters;
  }

  async take(): Promise<Pipes> {
    for (;;) {
      const pipes = this.#idle.pop();
      if (pipes !== undefined) return pipes;
      await this.#make();
    }
  }

  /** Nobody has them open any more. */
  give(pipes: Pipes): void {
    this.#idle.push(pipes);
  }

  async #make(): Promise<void> {
    const pairs = Array.from({length: PAIRS}, () => pairOf((this.#made += 1)));
    for (const {tokens} of pairs) files.makeDirs(path.dirname(tokens));
    const paths = pairs.flatMap(({tokens, output}) => [tokens, output]);
    const {status, said} = await this.#starters.command(['mkfifo', '-m', '600', ...paths]);
    if (status !== 0) throw new Error(`mkfifo: ${said}`);
    this.#idle.push(...pairs);
  }
}

function pairOf(number: number): Pipes {
  return {tokens: `${PIPES}/${number}/tokens`, output: `${PIPES}/${number}/output`};
}
