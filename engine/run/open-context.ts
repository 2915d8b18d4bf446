/**
 * Opens what a run needs besides its plan: a registered run, a worker to be, limits; closes it.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Listener} from '../base/event.ts';
import type {Host} from '../base/host.ts';
import {ok} from '../base/result.ts';
import {NO_RUN_WATCH, timed, type RunWatch} from '../base/span.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {Project} from '../load/model.ts';
import {startWorker} from '../sandbox/worker-process.ts';
import type {ActionLog} from '../../store/action-log.ts';
import {openRun, type RunHandle} from '../../store/claims.ts';
import type {Owner, Store} from '../../store/layout.ts';
import {sweepScratch} from '../../store/sweep.ts';
import {guard} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import type {Resolver} from './resolve.ts';
import {WorkerHolder} from './worker-holder.ts';

export interface RunSettings {
  readonly host: Host;
  readonly listener: Listener;
  readonly offline: boolean;
  readonly wait: boolean;
  readonly engine: string;
  readonly owner: Owner | undefined;
  /** The worker gets the user's terminal. */
  readonly terminal?: boolean;
  /** Who reads where the time goes; nobody without it. */
  readonly watch?: RunWatch;
}

export interface OpenContext {
  readonly context: RunContext;
  /** What builds together may plan to use. */
  readonly memoryBytes: number;
  /** Ends downloads and waiting. */
  abort(): void;
  /** Ends the worker, removes the scratch folder and gives up all claims. */
  close(): Promise<void>;
}

interface Opened {
  readonly project: Project;
  readonly graph: BuildGraph;
  readonly store: Store;
  readonly log: ActionLog;
  readonly resolver: Resolver;
}

/** Builds may plan to use this share of the machine's memory. */
const MEMORY_SHARE = 0.9;

export async function openRunContext(
  work: Opened,
  settings: RunSettings,
): Promise<Checked<OpenContext>> {
  const {store} = work;
  const {host, listener, watch = NO_RUN_WATCH} = settings;
  const opened = guard(store.root, () => openRun(store, host));
  if (!opened.ok) return opened;
  const run = opened.value;
  const aborter = new AbortController();
  const worker = new WorkerHolder(() =>
    startWorker({
      storeRoot: store.root,
      host,
      owner: settings.owner,
      listener,
      terminal: settings.terminal === true,
      watch: watch.worker,
    }),
  );
  const context: RunContext = {
    ...settings,
    ...work,
    config: work.project.config,
    run,
    worker,
    watch,
    hostsDown: new Set(),
    signal: aborter.signal,
  };
  // The worker goes last: what is swept may need it, and a new one where the first has died.
  const close = async (): Promise<void> => {
    // What cannot be removed is of a dead run from now on.
    guard(store.root, () => run.release());
    await sweepAll(store, run, worker);
    await worker.quit();
  };
  const sweep = (): ReturnType<typeof sweepAll> => sweepAll(store, run, worker);
  const swept = await timed(watch.engine, 'engine', 'sweep what dead runs left', sweep);
  if (!swept.ok) {
    await close();
    return swept;
  }
  return ok({
    context,
    memoryBytes: Math.floor(host.memoryBytes * MEMORY_SHARE),
    abort: () => {
      aborter.abort();
    },
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
