/**
 * Opens what a run needs besides its plan: a registered run, a worker to be, limits; closes it.
 */
import type {Checked} from '../base/diagnostic.ts';
import type {Listener} from '../base/event.ts';
import {ok} from '../base/result.ts';
import {NO_RUN_WATCH} from '../base/span.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {RootComposer} from '../graph/root-parts.ts';
import type {Project} from '../load/model.ts';
import type {ActionLog} from '../../store/action-log.ts';
import type {Store} from '../../store/layout.ts';
import type {RunContext} from './context.ts';
import {recordBatcher} from './record.ts';
import type {Resolver} from './resolve.ts';
import {openWorkshop, type Workshop, type WorkshopSettings} from './workshop.ts';

export interface RunSettings extends WorkshopSettings {
  readonly listener: Listener;
  readonly offline: boolean;
  readonly wait: boolean;
  readonly engine: string;
  readonly roots: RootComposer;
}

export interface RunInWorkshop {
  readonly context: RunContext;
  /** What builds together may plan to use. */
  readonly memoryBytes: number;
  /** Ends downloads and waiting. */
  abort(): void;
}

export interface OpenContext extends RunInWorkshop {
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
  const opened = await openWorkshop(work.store, settings);
  if (!opened.ok) return opened;
  const workshop = opened.value;
  return ok({...contextIn(workshop, work, settings), close: () => workshop.close()});
}

/** One run in a workshop that others use before and after. */
export function contextIn(
  {run, worker}: Workshop,
  work: Opened,
  settings: RunSettings,
): RunInWorkshop {
  const aborter = new AbortController();
  const context: RunContext = {
    ...settings,
    ...work,
    config: work.project.config,
    records: recordBatcher(work.store, work.log),
    run,
    worker,
    watch: settings.watch ?? NO_RUN_WATCH,
    hostsDown: new Set(),
    signal: aborter.signal,
  };
  return {
    context,
    memoryBytes: Math.floor(settings.host.memoryBytes * MEMORY_SHARE),
    abort: () => {
      aborter.abort();
    },
  };
}
