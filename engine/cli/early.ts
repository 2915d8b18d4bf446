/**
 * What a build begins before it is known what will run: asking what the machine has while recipes
 * are read for the first time; as soon as something is not as it was, so that most likely something
 * will run, the worker, which takes as long to start as all that comes before, and the run of the
 * store. Knows nothing of what runs.
 */
import type {Checked} from '../base/diagnostic.ts';
import {ok} from '../base/result.ts';
import type {Node} from '../graph/model.ts';
import type {WorkerHolder} from '../run/worker-holder.ts';
import {holdWorker} from '../run/workshop.ts';
import {readAhead, type Reading} from '../sandbox/debian-version.ts';
import {openRun, runAhead, type RunAhead, type RunHandle} from '../../store/claims.ts';
import type {Store} from '../../store/layout.ts';
import {guard, guardLater} from '../../store/trouble.ts';
import {ownerFor} from '../sandbox/launch.ts';
import type {OpenWork} from './open.ts';
import {isSet, type World} from './world.ts';

export class Early {
  readonly #world: World;
  #packages: Reading | undefined;
  #ahead: Promise<Checked<RunAhead>> | undefined;
  worker: WorkerHolder | undefined;
  run: RunHandle | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Nothing is known of the project, so most likely nothing of its tools. */
  foresee(): void {
    this.#packages = readAhead();
  }

  /** When what was asked of the machine is there; in a store in which something was built it is known. */
  async ready({log}: OpenWork): Promise<void> {
    if (this.#packages !== undefined && log.isEmpty) await this.#packages.done;
  }

  /** Something is not as it was, or nothing was ever built; what will run nobody knows yet. */
  suspect(store: Store): void {
    if (isSet(this.#world, 'dryRun')) return;
    const {seen, host} = this.#world;
    this.#worker(store).prepare();
    // Where nothing was ever built there is no answer to be kept, and the run is begun with the build.
    if (seen !== undefined) this.#ahead = guardLater(store.root, () => runAhead(store, host));
  }

  /** `stale`: what is not as it was. Gives the run; undefined where nothing will run. */
  async begin(store: Store, stale: readonly Node[]): Promise<Checked<RunHandle | undefined>> {
    if (isSet(this.#world, 'dryRun')) return ok(undefined);
    const worker = this.#worker(store);
    // Roots are laid together without a worker, most of them.
    const needsWorker = stale.some((one) => one.kind !== 'build' || one.root === undefined);
    if (needsWorker) worker.prepare();
    const ahead = await this.#takeAhead();
    const opened = guard(store.root, () => ahead?.open() ?? openRun(store, this.#world.host));
    if (opened.ok) this.run = opened.value;
    return opened;
  }

  /** What cannot be begun so is begun when it is wanted, and says then why it cannot be. */
  async #takeAhead(): Promise<RunAhead | undefined> {
    const ahead = await this.#ahead;
    this.#ahead = undefined;
    return ahead?.ok === true ? ahead.value : undefined;
  }

  #worker(store: Store): WorkerHolder {
    const {host, watch, begun} = this.#world;
    return (this.worker ??= holdWorker(store, {host, owner: ownerFor(host.uid), watch, begun}));
  }

  /** Whoever has built something has ended them; here ends what nobody has used. */
  async end(): Promise<void> {
    (await this.#takeAhead())?.drop();
    this.run?.release();
    await this.#packages?.end();
    await this.worker?.quit();
  }
}
