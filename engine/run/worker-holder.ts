/**
 * The one sandbox worker of a run: started when the first node must run, ended with the run.
 * Where one dies on the way (out of memory, killed), what it ran has failed, and the next node
 * gets a new one.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Worker} from '../sandbox/worker-process.ts';

type Start = () => Promise<Checked<Worker>>;

export class WorkerHolder {
  readonly #start: Start;
  #worker: Promise<Checked<Worker>> | undefined;

  constructor(start: Start) {
    this.#start = start;
  }

  /** Begins to start the worker, which goes on without us. */
  prepare(): void {
    void this.get();
  }

  get(): Promise<Checked<Worker>> {
    this.#worker ??= this.#begin();
    return this.#worker;
  }

  /** Ends the worker if there is one; what it still runs dies with it. */
  async quit(): Promise<void> {
    const started = await this.#worker;
    if (started?.ok === true) await started.value.quit();
  }

  #begin(): Promise<Checked<Worker>> {
    const starting = this.#start();
    void starting.then(async (started) => {
      if (!started.ok) return;
      await started.value.died;
      if (this.#worker === starting) this.#worker = undefined;
    });
    return starting;
  }
}
