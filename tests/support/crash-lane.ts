/**
 * One place where a command is ended at one call after the other, always from the same state:
 * the project lies at one path, and is put back from a copy each time. Several lanes work beside
 * each other. What must hold after a crash is said here.
 */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {readTrace, straceInto, type Traced} from './call-trace.ts';
import type {Phase} from './crash-phase.ts';
import {fiveRecipes} from './crash-phases.ts';
import {processesOf, remains} from './remains.ts';
import {removeAll, until, type Ran, type Space} from './space.ts';
import {troublesOf} from './store-check.ts';

export type Victim = 'engine' | 'worker';

export interface Verdict {
  /** Whether the command noticed: an engine is dead, of a worker the engine has to say so. */
  readonly died: boolean;
  readonly troubles: readonly string[];
}

/** Invariant: between calls the project lies in the state that the phase begins in. */
export class Lane implements AsyncDisposable {
  readonly phase: Phase;
  readonly #home: string;
  readonly #space: Space;
  #expected = '';
  /** What a run that nobody disturbs leaves. */
  #left: readonly string[] = [];

  private constructor(phase: Phase, home: string) {
    this.phase = phase;
    this.#home = home;
    this.#space = fiveRecipes(home);
  }

  /** Makes the state of a phase, and runs its command once without a crash. */
  static async open(phase: Phase): Promise<Lane> {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-crash-'));
    fs.chmodSync(home, 0o755);
    fs.mkdirSync(path.join(home, 'tmp'), {mode: 0o777});
    const lane = new Lane(phase, home);
    try {
      await phase.prepare(lane.#space);
      execFileSync('cp', ['-a', '--', lane.#space.root, lane.#saved]);
      const ran = await lane.#space.expect(0, phase.command, lane.#options());
      lane.#left = remains(lane.#space);
      lane.#expected = await phase.outcome(lane.#space, ran);
      lane.#restore();
      return lane;
    } catch (error) {
      await lane[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the command does to files, by strace. */
  async trace(): Promise<{engine: Traced; worker: Traced | undefined}> {
    const file = path.join(this.#home, 'trace');
    const options = {...this.#options('trace'), through: straceInto(file)};
    await this.#space.expect(0, this.phase.command, options);
    this.#restore();
    return readTrace(fs.readFileSync(file, 'utf8'));
  }

  /** Ends one process of the command at a point (`17`, `17+`), looks, and repeats the command. */
  async crash(victim: Victim, point: string, verify: boolean): Promise<Verdict> {
    const at = victim === 'engine' ? point : `worker:${point}`;
    const troubles: string[] = [];
    const ran = await this.#space.run(this.phase.command, this.#options(at));
    const died = victim === 'engine' ? ran.signal === 'SIGKILL' : ran.status !== 0;
    try {
      await this.#looked(troubles);
      if (verify) await this.#space.expect(0, ['store', 'verify', '--full'], this.#options());
      const again = await this.#space.expect(0, this.phase.command, this.#options());
      await this.#compare(again, troubles);
    } catch (error) {
      // The whole report is of all crashes before, too.
      troubles.push(String(error).split('\n$ ').slice(-3).join('\n$ '));
    }
    this.#restore();
    return {died, troubles: troubles.map((one) => `${this.phase.name} ${at}: ${one}`)};
  }

  /** Right after the crash: nothing works on, and whatever has its final name is sound. */
  async #looked(troubles: string[]): Promise<void> {
    await until('the processes of the project end', () => processesOf(this.#space).length === 0);
    troubles.push(...troublesOf(this.#space.at('.recipes')), ...this.phase.troubles(this.#space));
  }

  /** After the same command again: the same ids, and nothing is left of the first. */
  async #compare(again: Ran, troubles: string[]): Promise<void> {
    const left = remains(this.#space).filter((one) => !this.#left.includes(one));
    const outcome = await this.phase.outcome(this.#space, again);
    if (outcome !== this.#expected) troubles.push(`came to ${outcome}, not ${this.#expected}`);
    const aside = this.#space.at('.recipes/quarantine');
    troubles.push(
      ...troublesOf(this.#space.at('.recipes')),
      ...this.phase.troubles(this.#space),
      ...left.map((one) => `left: ${one}`),
      ...fs.readdirSync(aside).map((one) => `taken for damaged: ${one}`),
      ...fs.readdirSync(path.join(this.#home, 'tmp')).map((one) => `left outside: ${one}`),
    );
  }

  #restore(): void {
    removeAll(this.#space.root);
    execFileSync('cp', ['-a', '--', this.#saved, this.#space.root]);
    for (const one of fs.readdirSync(path.join(this.#home, 'tmp'))) {
      removeAll(path.join(this.#home, 'tmp', one));
    }
  }

  get #saved(): string {
    return path.join(this.#home, 'saved');
  }

  #options(crashAt?: string): {env: Record<string, string>} {
    const home = {TMPDIR: path.join(this.#home, 'tmp'), NODE_V8_COVERAGE: ''};
    // Layers this small would be copied: farms would never be made.
    const own = {...home, RECIPES_OVERLAY: 'always'};
    return {env: crashAt === undefined ? own : {...own, RECIPES_CRASH_AT: crashAt}};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#space[Symbol.asyncDispose]();
    removeAll(this.#home);
  }
}
