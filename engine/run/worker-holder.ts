/**
 * The one sandbox worker of a run: started when the first node must run, ended with the run.
 * Where one dies on the way (out of memory, killed), what it ran has failed, and the next node
 * gets a new one.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Worker} from '../sandbox/worker-process.ts';

/** Calls when the worker's processes are under way. */
type Start = (onLaunched: () => void) => Promise<Checked<Worker>>;

export class WorkerHolder {
  readonly #start: Start;
  #worker: Promise<Checked<Worker>> | undefined;

  constructor(start: Start) {
    this.#start = start;
  }

  /** Begins to start the worker; resolves when that goes on without us, or has failed. */
  prepare(): Promise<void> {
    return new Promise((done) => {
      this.#worker ??= this.#begin(done);
      void this.#worker.then(() => done());
    });
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

  #begin(onLaunched: () => void = () => undefined): Promise<Checked<Worker>> {
    const starting = this.#start(onLaunched);
    void starting.then(async (started) => {
      if (!started.ok) return;
      await started.value.died;
      if (this.#worker === starting) this.#worker = undefined;
    });
    return starting;
  }
}
