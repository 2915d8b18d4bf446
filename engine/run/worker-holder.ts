/**
 * The one sandbox worker of a run: started when the first node must run, ended with the run.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Worker} from '../sandbox/worker-process.ts';

export class WorkerHolder {
  readonly #start: () => Promise<Checked<Worker>>;
  #worker: Promise<Checked<Worker>> | undefined;

  constructor(start: () => Promise<Checked<Worker>>) {
    this.#start = start;
  }

  get(): Promise<Checked<Worker>> {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  /** Ends the worker if there is one; what it still runs dies with it. */
  async quit(): Promise<void> {
    const started = await this.#worker;
    if (started?.ok === true) await started.value.quit();
  }
}
