/**
 * The one sandbox worker of a run: started when the first node must run, ended with the run.
 * Where one dies on the way (out of memory, killed), what it ran has failed, and the next node
 * gets a new one.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {BegunWorker, Worker} from '../sandbox/worker-process.ts';

type Start = (begun: BegunWorker | undefined) => Promise<Checked<Worker>>;

export interface Ahead {
  /** One that is on its way already. */
  readonly begun?: BegunWorker | undefined;
  /** Sets one on its way; undefined where that cannot be, which whoever needs it is told then. */
  begin(): BegunWorker | undefined;
}

const NOTHING_AHEAD: Ahead = {begin: () => undefined};

export class WorkerHolder {
  readonly #start: Start;
  readonly #ahead: Ahead;
  /** On its way, and nobody has asked for it. */
  #begun: BegunWorker | undefined;
  #worker: Promise<Checked<Worker>> | undefined;

  constructor(start: Start, ahead: Ahead = NOTHING_AHEAD) {
    this.#start = start;
    this.#ahead = ahead;
    this.#begun = ahead.begun;
  }

  /** Sets the worker on its way, which goes on without us. */
  prepare(): void {
    if (this.#worker === undefined) this.#begun ??= this.#ahead.begin();
  }

  get(): Promise<Checked<Worker>> {
    this.#worker ??= this.#begin();
    return this.#worker;
  }

  /** Ends the worker if there is one; what it still runs dies with it. */
  async quit(): Promise<void> {
    const started = await this.#worker;
    if (started?.ok === true) await started.value.quit();
    await this.#begun?.connection.end();
  }

  #begin(): Promise<Checked<Worker>> {
    const starting = this.#start(this.#begun);
    this.#begun = undefined;
    void starting.then(async (started) => {
      if (!started.ok) return;
      await started.value.died;
      if (this.#worker === starting) this.#worker = undefined;
    });
    return starting;
  }
}
