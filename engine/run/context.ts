/**
 * What the tasks of one run share. Types only; build.ts makes it.
 */
import type {Batcher} from '../base/batcher.ts';
import type {Listener} from '../base/event.ts';
import type {Host} from '../base/host.ts';
import type {RunWatch} from '../base/span.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {RootComposer} from '../graph/root-parts.ts';
import type {Config} from '../load/model.ts';
import type {ActionLog} from '../../store/action-log.ts';
import type {RunHandle} from '../../store/claims.ts';
import type {Store} from '../../store/layout.ts';
import type {ActionRecord} from '../../store/records.ts';
import type {Resolver} from './resolve.ts';
import type {WorkerHolder} from './worker-holder.ts';

export interface RunContext {
  /** How roots are laid together. */
  readonly roots: RootComposer;
  readonly host: Host;
  readonly listener: Listener;
  readonly config: Config;
  readonly graph: BuildGraph;
  readonly store: Store;
  readonly log: ActionLog;
  /** Writes records down, each with its row in the log. */
  readonly records: Batcher<ActionRecord, undefined>;
  readonly resolver: Resolver;
  readonly run: RunHandle;
  readonly worker: WorkerHolder;
  readonly watch: RunWatch;
  readonly offline: boolean;
  /** False: another process that has a node is an error, not something to wait for. */
  readonly wait: boolean;
  /** Hosts that failed once in this run. */
  readonly hostsDown: Set<string>;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
  /** Version of the engine, for records. */
  readonly engine: string;
}
