/**
 * The power cut while a whole system becomes current, by the real command line: the phases of
 * crash-system.ts on a disk of power-disk.ts. After each cut the old system or the new one is
 * current and complete, and the same command comes to what it comes to undisturbed.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import type {Phase} from './crash-phase.ts';
import {fiveRecipes} from './crash-phases.ts';
import {SYSTEM_PHASES} from './crash-system.ts';
import type {Disk} from './power-disk.ts';
import {pointsOf, type CutReport} from './power-loss.ts';
import {removeAll, type Space} from './space.ts';
import {rowTroubles, troublesOf} from './store-check.ts';

export const SYSTEM_CASES: readonly string[] = SYSTEM_PHASES.map(({name}) => name);

/** Cuts the power at some points of one of the cases. */
export async function cutSystem(disk: Disk, name: string, most: number): Promise<CutReport> {
  const phase = SYSTEM_PHASES.find((one) => one.name === name);
  if (phase === undefined) throw new Error(`no case ${name}`);
  await using trial = await Trial.begin(disk, phase);
  const calls = await trial.count();
  const points = pointsOf(calls, most);
  const seen = {old: 0, new: 0};
  const troubles: string[] = [];
  for (const point of points) {
    for (const journal of [false, true]) {
      const found = await trial.cutAt(point, journal, point > calls);
      seen[found.isNew ? 'new' : 'old'] += 1;
      const where = `${disk.kind}, ${name}, before call ${String(point)} of ${String(calls)}`;
      const when = journal ? ', journal durable' : '';
      troubles.push(...found.troubles.slice(0, 5).map((text) => `${where}${when}: ${text}`));
    }
  }
  return {name, calls, points, cuts: points.length * 2, seen, troubles};
}

/** Invariant: between calls the project lies on the disk in the state the phase begins in. */
class Trial implements AsyncDisposable {
  readonly #disk: Disk;
  readonly #phase: Phase;
  readonly #space: Space;
  #expected = '';
  #old = '';

  private constructor(disk: Disk, phase: Phase) {
    this.#disk = disk;
    this.#phase = phase;
    this.#space = fiveRecipes(disk.at);
  }

  static async begin(disk: Disk, phase: Phase): Promise<Trial> {
    const trial = new Trial(disk, phase);
    const space = trial.#space;
    await phase.prepare(space);
    execFileSync('cp', ['-a', '--', space.root, trial.#saved]);
    trial.#old = trial.#current();
    trial.#expected = await phase.outcome(space, await space.expect(0, phase.command));
    trial.#restore();
    return trial;
  }

  /** How many numbered calls the command makes: the last one it can be ended before. */
  async count(): Promise<number> {
    let [low, high] = [1, 2];
    while (await this.#isEndedAt(high)) [low, high] = [high, high * 2];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await this.#isEndedAt(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  async cutAt(
    point: number,
    journal: boolean,
    done: boolean,
  ): Promise<{readonly isNew: boolean; readonly troubles: readonly string[]}> {
    const [space, phase] = [this.#space, this.#phase];
    const troubles: string[] = [];
    if ((await this.#isEndedAt(point, false)) === done) troubles.push('it was not ended there');
    this.#disk.cut(journal);
    troubles.push(...this.#look());
    const isNew = this.#current() !== this.#old;
    if (done && !isNew) troubles.push('what it has said is done is lost');
    const again = await space.run(phase.command);
    if (again.status !== 0) troubles.push(`the same command fails: ${again.stderr}`);
    else {
      const outcome = await phase.outcome(space, again);
      if (outcome !== this.#expected) troubles.push(`came to ${outcome}, not ${this.#expected}`);
      troubles.push(...this.#look().map((text) => `after the same command: ${text}`));
    }
    const aside = fs.readdirSync(space.at('.recipes/quarantine'));
    troubles.push(...aside.map((one) => `taken for damaged: ${one}`));
    this.#restore();
    return {isNew, troubles};
  }

  async #isEndedAt(point: number, restore = true): Promise<boolean> {
    const env = {RECIPES_CRASH_AT: String(point), NODE_V8_COVERAGE: ''};
    const {signal} = await this.#space.run(this.#phase.command, {env});
    if (restore) this.#restore();
    return signal === 'SIGKILL';
  }

  #look(): string[] {
    const store = this.#space.at('.recipes');
    return [...troublesOf(store), ...rowTroubles(store), ...this.#phase.troubles(this.#space)];
  }

  #current(): string {
    return fs.readlinkSync(this.#space.at('roots/sys/current'));
  }

  #restore(): void {
    removeAll(this.#space.root);
    execFileSync('cp', ['-a', '--', this.#saved, this.#space.root]);
    this.#disk.sync();
  }

  get #saved(): string {
    return `${this.#space.root}.saved`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#space[Symbol.asyncDispose]();
    removeAll(this.#saved);
  }
}
