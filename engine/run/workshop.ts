/**
 * What the runs of one process share: a registered run of the store and the sandbox worker. One
 * build opens and closes it; a watch keeps it open from build to build.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Host} from '../base/host.ts';
import {ok} from '../base/result.ts';
import {NO_RUN_WATCH, timed, type RunWatch} from '../base/span.ts';
import {beginWorker, startWorker, type BegunWorker} from '../sandbox/worker-process.ts';
import {openRun, type RunHandle} from '../../store/claims.ts';
import type {Owner, Store} from '../../store/layout.ts';
import {sweepScratch} from '../../store/sweep.ts';
import {guard} from '../../store/trouble.ts';
import {WorkerHolder} from './worker-holder.ts';

export interface WorkshopSettings {
  readonly host: Host;
  readonly owner: Owner | undefined;
  /** The worker gets the user's terminal. */
  readonly terminal?: boolean;
  /** Who reads where the time goes; nobody without it. */
  readonly watch?: RunWatch;
  /** One that may be on its way already; the workshop ends it. */
  readonly worker?: WorkerHolder | undefined;
  /** A worker that was begun before there was anybody to hold it. */
  readonly begun?: BegunWorker | undefined;
  /** One that is registered already; the workshop ends it. */
  readonly run?: RunHandle | undefined;
}

export interface Workshop {
  readonly store: Store;
  readonly run: RunHandle;
  readonly worker: WorkerHolder;
  /**
   * Registers anew, when nothing runs: what the builds so far relied on is gc's again, and what
   * they left in the scratch folder goes.
   */
  renew(): Promise<Checked<undefined>>;
  /** Ends the worker, removes the scratch folder and gives up all claims. */
  close(): Promise<void>;
}

/** A worker to be, that anybody may start. */
export function holdWorker(store: Store, settings: WorkshopSettings): WorkerHolder {
  const {host, owner, terminal = false, watch = NO_RUN_WATCH, begun} = settings;
  const request = {storeRoot: store.root, host, owner, terminal, watch: watch.worker};
  const begin = (): BegunWorker | undefined => {
    const made = beginWorker(request);
    return made.ok ? made.value : undefined;
  };
  return new WorkerHolder((own) => startWorker({...request, begun: own}), {begin, begun});
}

export async function openWorkshop(
  store: Store,
  settings: WorkshopSettings,
): Promise<Checked<Workshop>> {
  const {host, watch = NO_RUN_WATCH} = settings;
  const opened = guard(store.root, () => settings.run ?? openRun(store, host));
  if (!opened.ok) return opened;
  let run = opened.value;
  const worker = settings.worker ?? holdWorker(store, settings);
  const release = async (own: RunHandle): Promise<void> => {
    // What cannot be removed is of a dead run from now on.
    guard(store.root, () => own.release());
    await sweepAll(store, own, worker);
  };
  // The worker goes last: what is swept may need it, and a new one where the first has died.
  const close = async (): Promise<void> => {
    await release(run);
    await worker.quit();
  };
  const renew = async (): Promise<Checked<undefined>> => {
    const next = guard(store.root, () => openRun(store, host));
    if (!next.ok) return next;
    const last = run;
    run = next.value;
    await release(last);
    return ok(undefined);
  };
  const sweep = (): ReturnType<typeof sweepAll> => sweepAll(store, run, worker);
  const swept = await timed(watch.engine, 'engine', 'sweep what dead runs left', sweep);
  if (!swept.ok) {
    await close();
    return swept;
  }
  return ok({
    store,
    get run() {
      return run;
    },
    worker,
    renew,
    close,
  });
}

/** Removes what dead runs left; what belongs to other ids is removed by the worker. */
export async function sweepAll(
  store: Store,
  run: RunHandle,
  holder: WorkerHolder,
): Promise<Checked<undefined>> {
  const swept = guard(store.root, () => sweepScratch(store, run));
  if (!swept.ok) return swept;
  if (swept.value.left.length === 0) return ok(undefined);
  const worker = await holder.get();
  // A machine that cannot run the worker can still tell what is fresh.
  if (!worker.ok) return ok(undefined);
  await worker.value.remove(swept.value.left);
  return guard(store.root, () => void sweepScratch(store, run));
}
