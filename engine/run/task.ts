/**
 * What is scheduled, by which limits, and what the scheduler asks of whoever does the work. Types
 * only.
 */
import type {Label} from '../base/label.ts';
import type {Lease, TokenPool} from './tokens.ts';

/**
 * waiting: for its dependencies · deciding: asked whether it must run · blocked: for its lazy
 * dependencies (downloads) · ready: for tokens · running · and four ways to end.
 */
export type State =
  | 'waiting'
  | 'deciding'
  | 'blocked'
  | 'ready'
  | 'running'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'cancelled';

/** What happens to the rest when a node fails. */
export type FailureMode = 'finish' | 'continue' | 'kill';

export interface Task {
  readonly label: Label;
  /**
   * Downloads take a slot, builds take tokens; what is kept runs already, with the tokens it took
   * in the run before.
   */
  readonly lane: 'download' | 'build' | 'kept';
  readonly dependencies: readonly Label[];
  /** Downloads: needed only when the node must run. */
  readonly lazy: readonly Label[];
  /** Started only when somebody asks for it. */
  readonly onDemand: boolean;
  readonly cpu: number;
  readonly memoryBytes: number;
  /** Length of the longest path from here to a target; larger goes first. */
  readonly priority: number;
}

/** `bad`: it is known to fail; what needs it is skipped, and nothing else is stopped for it. */
export type Decision = 'done' | 'run' | 'fetch-first' | 'bad';

export interface Hooks {
  /** All dependencies ended well: must it run? `fetch-first`: ask again after the downloads. */
  decide(label: Label): Decision | Promise<Decision>;
  /** Nothing but a turn is missing now: tokens, memory, a slot. */
  ready?(label: Label): void;
  /** Runs it; true when it ended well. */
  execute(label: Label, jobs: number, lease: Lease | undefined): Promise<boolean>;
  /** It has ended: tasks that are there because of that; all of them where the run does not go on. */
  more?(label: Label, good: boolean): readonly Task[];
  /** Lends or recalls tokens of a running build. */
  adjustTokens(label: Label, count: number): void;
  /** It will not run: because of a failed node, or because the run stops. */
  dropped(label: Label, state: 'skipped' | 'cancelled', because: Label | undefined): void;
  /** Ends a running node at once. */
  kill(label: Label): void;
}

export interface Limits {
  readonly tokens: number;
  readonly memoryBytes: number;
  readonly downloads: number;
  readonly onFailure: FailureMode;
  /** The tokens of the run before, where builds of it go on. */
  readonly pool?: TokenPool | undefined;
}
