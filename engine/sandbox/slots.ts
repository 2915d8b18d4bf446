/**
 * What jobs use one after the other, in the worker's memory: fifos, which hold nothing when nobody
 * has them open, and the folder builds may only read. Making these takes longer than many builds.
 */
import * as files from '../base/files.ts';
import {SLOTS} from './places.ts';
import {writeText} from './staging.ts';
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
  /** What its shell has been told: files to be removed. */
  readonly told: string[];
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
    clear(slot);
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
export function renewSlot(slot: Slot): void {
  clear(slot);
  files.makeDir(slot.status, 0o755);
}

function clear({told, status}: Slot): void {
  // One that could not be written is not there.
  for (const file of told.splice(0)) files.unless(['ENOENT'], () => files.unlink(file));
  files.removeTree(status);
}

/** Writes a file that a shell is told something with; it must not be there. */
export function tellSlot({told}: Slot, file: string, text: string): void {
  told.push(file);
  writeText(file, text);
}

function slotOf(number: number): Slot {
  const at = (name: string): string => `${SLOTS}/${number}/${name}`;
  return {
    tokens: at('tokens'),
    output: at('output'),
    control: at('control'),
    status: at('status'),
    start: at('start'),
    told: [],
  };
}
