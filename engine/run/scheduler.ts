/**
 * Decides what runs when: critical path first, within tokens, memory and download slots.
 * A state machine over labels; knows nothing of keys, sandboxes or the store.
 */
import {Bug} from '../base/result.ts';
import type {Label} from '../base/label.ts';
import {PriorityQueue} from './priority-queue.ts';
import type {Decision, Hooks, Limits, State, Task} from './task.ts';
import {TokenPool, type Borrower, type Lease} from './tokens.ts';

/** So many may be at their end, without tokens, while others run. */
const MOST_ENDING = 12;

interface Entry {
  readonly task: Task;
  state: State;
  /** Dependencies that have not ended well yet. */
  open: number;
  lease: Lease | undefined;
  /** Its steps are over; what is still to do takes little of the machine. */
  isEnding: boolean;
  /** It was asked already and must run once its downloads are there. */
  decided: boolean;
  readonly dependents: Entry[];
}

export class Scheduler {
  readonly #entries = new Map<Label, Entry>();
  readonly #hooks: Hooks;
  readonly #limits: Limits;
  readonly #pool: TokenPool;
  /** Those that are not ready any more are left out when their turn comes. */
  readonly #builds = new PriorityQueue<Entry>();
  readonly #downloads = new PriorityQueue<Entry>();
  #keptOnes: Entry[] = [];
  readonly #ending = new Set<Entry>();
  #downloading = 0;
  #memory = 0;
  #running = 0;
  #deciding = 0;
  #left = 0;
  #stopping = false;
  #finish: (() => void) | undefined;
  #crash: ((error: unknown) => void) | undefined;

  constructor(tasks: readonly Task[], hooks: Hooks, limits: Limits) {
    this.#hooks = hooks;
    this.#limits = limits;
    const pump = (): void => {
      this.#pump();
    };
    this.#pool = limits.pool ?? new TokenPool(limits.tokens, pump);
    this.#pool.serve(pump);
    this.#enter(tasks);
  }

  /** Connected, not yet begun. */
  #enter(tasks: readonly Task[]): readonly Entry[] {
    const entries = tasks.map((task): Entry => ({
      ...{task, state: 'waiting', open: 0, lease: undefined},
      ...{isEnding: false, decided: false, dependents: []},
    }));
    for (const entry of entries) this.#entries.set(entry.task.label, entry);
    this.#left += tasks.filter((task) => !task.onDemand).length;
    for (const entry of entries) this.#connect(entry);
    return entries;
  }

  /** Runs all to their ends. Rejects only for a bug. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#crash = reject;
      for (const entry of this.#entries.values()) {
        if (entry.open === 0 && !entry.task.onDemand) this.#reached(entry);
      }
      this.#pump();
    });
  }

  /** Starts nothing new; what runs goes on unless `kills` says otherwise. */
  stop(kills: (label: Label) => boolean): void {
    this.#stopping = true;
    for (const entry of this.#entries.values()) {
      const {label} = entry.task;
      if (entry.state === 'running' && kills(label)) this.#hooks.kill(label);
      else if (entry.state === 'waiting' || entry.state === 'blocked' || entry.state === 'ready') {
        this.#drop(entry, 'cancelled', undefined);
      }
    }
    this.#pump();
  }

  /**
   * The steps of a running build are over: the next one may begin while it is stored. One job at a
   * time stays just that.
   */
  ending(label: Label): void {
    const entry = this.#entries.get(label);
    if (entry?.state !== 'running' || this.#pool.total === 1) return;
    entry.isEnding = true;
    this.#ending.add(entry);
    entry.lease?.end();
  }

  stateOf(label: Label): State | undefined {
    return this.#entries.get(label)?.state;
  }

  /** How many wait for nothing but their turn. */
  get ready(): number {
    return this.#builds.size;
  }

  get running(): number {
    return this.#running;
  }

  get pool(): TokenPool {
    return this.#pool;
  }

  #connect(entry: Entry): void {
    for (const label of entry.task.dependencies) {
      const on = this.#entries.get(label);
      if (on === undefined || on.state === 'done') continue;
      on.dependents.push(entry);
      entry.open += 1;
    }
  }

  /** What is to be done now that one has ended, beside what was known from the start. */
  #extend(entry: Entry, good: boolean): void {
    // While stopping nothing new is begun: all that is left is to be told of.
    const more = this.#hooks.more?.(entry.task.label, good && !this.#stopping) ?? [];
    for (const one of this.#enter(more)) {
      if (this.#stopping) this.#drop(one, 'cancelled', undefined);
      else if (one.open === 0 && !one.task.onDemand) this.#reached(one);
    }
  }

  #reached(entry: Entry): void {
    if (this.#stopping) {
      this.#drop(entry, 'cancelled', undefined);
      return;
    }
    if (entry.task.lane !== 'build' || entry.decided) this.#makeReady(entry);
    else this.#ask(entry);
  }

  #ask(entry: Entry): void {
    entry.state = 'deciding';
    this.#deciding += 1;
    Promise.resolve()
      .then(() => this.#hooks.decide(entry.task.label))
      .then((decision) => {
        this.#decided(entry, decision);
      })
      .catch((error: unknown) => this.#crash?.(error));
  }

  #decided(entry: Entry, decision: Decision): void {
    this.#deciding -= 1;
    if (this.#stopping && decision !== 'done') this.#drop(entry, 'cancelled', undefined);
    else if (decision === 'done') this.#end(entry, true);
    else if (decision === 'bad') this.#endBadly(entry);
    else {
      entry.decided = decision === 'run';
      this.#awaitDownloads(entry);
    }
    this.#pump();
  }

  /** Starts the downloads that are wanted now and waits for those that have not ended. */
  #awaitDownloads(entry: Entry): void {
    entry.state = 'blocked';
    const wanted = entry.task.lazy
      .map((label) => this.#entries.get(label))
      .filter((one) => one !== undefined);
    const failed = wanted.find((one) => one.state === 'failed');
    if (failed !== undefined) {
      this.#drop(entry, 'skipped', failed.task.label);
      this.#skipAbove(entry, failed.task.label);
      return;
    }
    for (const one of wanted.filter((each) => each.state !== 'done')) {
      one.dependents.push(entry);
      entry.open += 1;
      this.demand(one.task.label);
    }
    if (entry.open === 0) this.#reached(entry);
  }

  /** Starts an on-demand node; does nothing when it is under way. */
  demand(label: Label): void {
    const entry = this.#entries.get(label);
    if (entry === undefined || entry.state !== 'waiting' || !entry.task.onDemand) return;
    this.#left += 1;
    this.#reached(entry);
  }

  #makeReady(entry: Entry): void {
    entry.state = 'ready';
    const {label, lane, priority} = entry.task;
    this.#hooks.ready?.(label);
    if (lane === 'kept') this.#keptOnes.push(entry);
    else (lane === 'download' ? this.#downloads : this.#builds).add(entry, priority);
  }

  /**
   * The one place where things are started. Builds wait until every question is answered: the
   * one still being decided may be the most urgent, and may want the tokens that seem idle.
   */
  #pump(): void {
    const kept = this.#keptOnes;
    this.#keptOnes = [];
    for (const entry of kept) if (entry.state === 'ready') this.#goOn(entry);
    this.#startDownloads();
    if (this.#startBuilds()) this.#pool.lendIdle();
    if (this.#left === 0) this.#finish?.();
  }

  #startDownloads(): void {
    while (this.#downloading < this.#limits.downloads) {
      const entry = firstReady(this.#downloads);
      if (entry === undefined) return;
      this.#downloads.take();
      this.#startDownload(entry);
    }
  }

  /** False when one of them must wait. */
  #startBuilds(): boolean {
    if (this.#deciding > 0) return false;
    for (;;) {
      const entry = firstReady(this.#builds);
      if (entry === undefined) return true;
      // Asking for tokens can bring them back at once, and with them a pump within this one.
      if (!this.#startBuild(entry)) return false;
    }
  }

  #startDownload(entry: Entry): void {
    this.#downloading += 1;
    this.#execute(entry, 1, undefined, () => {
      this.#downloading -= 1;
    });
  }

  #goOn(entry: Entry): void {
    const {memoryBytes} = entry.task;
    this.#memory += memoryBytes;
    this.#execute(entry, 1, undefined, () => {
      this.#memory -= memoryBytes;
    });
  }

  /** False when it must wait: then nothing of lower priority overtakes it. */
  #startBuild(entry: Entry): boolean {
    const {label, cpu, memoryBytes} = entry.task;
    if (this.#running >= this.#pool.total + MOST_ENDING) return false;
    if (this.#isOvertaking(entry)) return false;
    const fits = this.#memory === 0 || this.#memory + memoryBytes <= this.#limits.memoryBytes;
    const borrower: Borrower = {
      adjust: (count) => {
        this.#hooks.adjustTokens(label, count);
      },
    };
    const lease = fits ? this.#pool.take(cpu, borrower) : undefined;
    if (lease === undefined) return false;
    this.#builds.take();
    this.#memory += memoryBytes;
    entry.lease = lease;
    this.#execute(entry, this.#pool.reservable(cpu), lease, () => {
      this.#memory -= memoryBytes;
      lease.end();
    });
    return true;
  }

  /** Whether something more urgent waits only for builds that are about to end. */
  #isOvertaking({task}: Entry): boolean {
    for (const ending of this.#ending) {
      for (const next of ending.dependents) {
        if (next.state !== 'waiting' || next.task.priority <= task.priority) continue;
        if (next.task.dependencies.every((label) => this.#isOverSoon(label))) return true;
      }
    }
    return false;
  }

  #isOverSoon(label: Label): boolean {
    const entry = this.#entries.get(label);
    return entry === undefined || entry.isEnding || entry.state === 'done';
  }

  #execute(entry: Entry, jobs: number, lease: Lease | undefined, after: () => void): void {
    entry.state = 'running';
    this.#running += 1;
    this.#hooks
      .execute(entry.task.label, jobs, lease)
      .then((good) => {
        this.#running -= 1;
        this.#ending.delete(entry);
        this.#end(entry, good);
        after();
        this.#pump();
      })
      .catch((error: unknown) => this.#crash?.(error));
  }

  #end(entry: Entry, good: boolean): void {
    entry.state = good ? 'done' : 'failed';
    this.#extend(entry, good);
    this.#left -= 1;
    if (good) this.#release(entry);
    else this.#failed(entry);
  }

  #endBadly(entry: Entry): void {
    entry.state = 'failed';
    this.#extend(entry, false);
    this.#left -= 1;
    this.#skipAbove(entry);
  }

  #release(entry: Entry): void {
    for (const next of entry.dependents) {
      next.open -= 1;
      const open = next.state === 'waiting' || next.state === 'blocked';
      if (next.open === 0 && open) this.#reached(next);
    }
  }

  #failed(entry: Entry): void {
    this.#skipAbove(entry);
    const mode = this.#limits.onFailure;
    if (mode !== 'continue' && !this.#stopping) this.stop(() => mode === 'kill');
  }

  /** All that needs a node that failed or is skipped, near or far, is skipped `because` of it. */
  #skipAbove(entry: Entry, because: Label = entry.task.label): void {
    const queue = [...entry.dependents];
    // Grows while it is walked: the near ones are told before the far ones.
    for (const next of queue) {
      if (next.state !== 'waiting' && next.state !== 'blocked') continue;
      this.#drop(next, 'skipped', because);
      queue.push(...next.dependents);
    }
  }

  #drop(entry: Entry, state: 'skipped' | 'cancelled', because: Label | undefined): void {
    const counted = !entry.task.onDemand || entry.state !== 'waiting';
    entry.state = state;
    if (!counted) return;
    this.#left -= 1;
    if (this.#left < 0) throw new Bug(`${entry.task.label} ended twice`);
    this.#hooks.dropped(entry.task.label, state, because);
  }
}

/** The first that is still ready; those before it that are not are dropped. */
function firstReady(queue: PriorityQueue<Entry>): Entry | undefined {
  for (let entry = queue.first; entry !== undefined; entry = queue.first) {
    if (entry.state === 'ready') return entry;
    queue.take();
  }
  return undefined;
}
