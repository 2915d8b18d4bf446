/**
 * What jobs use one after the other, in the worker's memory: fifos, which hold nothing when nobody
 * has them open, and the folder builds may only read. Making these takes longer than many builds.
 */
import * as files from '../base/files.ts';
import {SLOTS} from './places.ts';
import type {Starters} from './starters.ts';

export interface Slot {
  /** The fifo of make's tokens. */
  readonly tokens: string;
  /** The fifo of all output of a sandbox. */
  readonly output: string;
  /** /run/recipes, read-only inside: steps and variables. */
  readonly control: string;
  /** /run/recipes/status: what the step shell reports. New for each job, which may write there. */
  readonly status: string;
  /** The command that starts its sandbox. */
  readonly start: string;
}

/** So many are made at once. */
const AT_ONCE = 4;

export class Slots {
  readonly #starters: Starters;
  readonly #idle: Slot[] = [];
  #made = 0;

  constructor(starters: Starters) {
    this.#starters = starters;
  }

  async take(): Promise<Slot> {
    for (;;) {
      const slot = this.#idle.pop();
      if (slot !== undefined) return slot;
      await this.#make();
    }
  }

  /** Nobody has its fifos open any more, and nobody sees its folders. */
  give(slot: Slot): void {
    files.removeTree(slot.status);
    this.#idle.push(slot);
  }

  async #make(): Promise<void> {
    const slots = Array.from({length: AT_ONCE}, () => slotOf((this.#made += 1)));
    for (const {control} of slots) {
      for (const folder of [`${control}/status`, `${control}/steps`]) files.makeDirs(folder, 0o755);
    }
    const fifos = slots.flatMap(({tokens, output}) => [tokens, output]);
    const {status, said} = await this.#starters.command(['mkfifo', '-m', '600', ...fifos]);
    if (status !== 0) throw new Error(`mkfifo: ${said}`);
    this.#idle.push(...slots);
  }
}

/** Removes what an earlier shell was told, and what it has said. */
export function renewSlot({control, status, start}: Slot): void {
  const texts = [`${control}/steps`, control].flatMap((folder) =>
    files.namesIn(folder).map((name) => `${folder}/${name}`),
  );
  const kept = [`${control}/status`, `${control}/steps`];
  for (const file of [...texts, start]) {
    if (!kept.includes(file)) files.unless(['ENOENT'], () => files.unlink(file));
  }
  files.removeTree(status);
  files.makeDir(status, 0o755);
}

function slotOf(number: number): Slot {
  const at = (name: string): string => `${SLOTS}/${number}/${name}`;
  return {
    tokens: at('tokens'),
    output: at('output'),
    control: at('control'),
    status: at('status'),
    start: at('start'),
  };
}
