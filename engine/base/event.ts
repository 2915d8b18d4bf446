/**
 * Everything the engine tells the world while it works, as one union.
 * Only engine/ui turns events into text; `--progress json` is this union, one record a line.
 */
import type {Diagnostic} from './diagnostic.ts';
import type {Label} from './label.ts';

export type NodeKind = 'fetch' | 'build' | 'test' | 'root';

/** What a running node is doing. */
export type Phase = 'waiting' | 'fetching' | 'staging' | 'unpacking' | 'running' | 'capturing';

/** How a node ended. `cut`: its inputs came out as before, so nothing had to run. */
export type Outcome = 'built' | 'fresh' | 'cut' | 'failed' | 'skipped' | 'cancelled';

/** Why a node failed, with what the failure block shows. */
export interface Failure {
  readonly diagnostics: readonly Diagnostic[];
  readonly step?: string | undefined;
  readonly exit?: number | undefined;
  readonly signal?: string | undefined;
  /** The last lines of its log, escapes included. */
  readonly tail: readonly string[];
  readonly logFile?: string | undefined;
  /** True when what failed is the machine (killed, no space), not the build. */
  readonly machine: boolean;
}

export type Event =
  | {
      readonly type: 'run-started';
      readonly targets: readonly Label[];
      /** Nodes wanted in all, and of these the ones that will or may run. */
      readonly nodes: number;
      readonly pending: number;
      readonly jobs: number;
    }
  | {
      readonly type: 'node-started';
      readonly label: Label;
      readonly kind: NodeKind;
      readonly reason?: string;
    }
  | {
      readonly type: 'node-phase';
      readonly label: Label;
      readonly phase: Phase;
      readonly step?: string;
    }
  /** The last line a running node printed; at most a few times a second. */
  | {readonly type: 'node-output'; readonly label: Label; readonly line: string}
  | {
      readonly type: 'node-finished';
      readonly label: Label;
      readonly kind: NodeKind;
      readonly outcome: Outcome;
      readonly milliseconds: number;
      readonly failure?: Failure;
      /** For a skipped node: the failed one it waited for. */
      readonly because?: Label;
      /** It failed before and nothing of it has changed: it was not run again. */
      readonly unchanged?: true;
    }
  | {
      readonly type: 'download';
      readonly name: string;
      readonly url: string;
      readonly bytes: number;
      readonly total: number | null;
      readonly done: boolean;
    }
  | {readonly type: 'waiting'; readonly forWhat: string; readonly holder: string}
  /** About how long the rest will take, from history; null when nothing is known. */
  | {readonly type: 'estimate'; readonly milliseconds: number | null}
  | {readonly type: 'diagnostic'; readonly diagnostic: Diagnostic}
  | {readonly type: 'message'; readonly text: string}
  | {readonly type: 'stopping'; readonly signal: string; readonly running: number}
  | {readonly type: 'run-finished'; readonly summary: Summary}
  /** While watching: what changed, a few of its names, and what comes of it. */
  | {
      readonly type: 'changed';
      /** Relative to the project where they lie inside. */
      readonly files: readonly string[];
      /** How many more there are. */
      readonly more: number;
      /** `broken`: the recipes cannot be read, so nothing is started; diagnostics follow. */
      readonly state: 'runs' | 'fresh' | 'broken';
      /** The first of what is started, and how many more. */
      readonly starts: readonly Label[];
      readonly moreStarts: number;
    }
  /** Nothing runs, and changes are waited for. */
  | {
      readonly type: 'watching';
      readonly folders: number;
      /** The machine gives no more watches: files are looked at again and again. */
      readonly polling: boolean;
      /** Whether keys are listened to. */
      readonly keys: boolean;
    };

export interface Summary {
  readonly ok: boolean;
  readonly executed: readonly Label[];
  readonly fresh: readonly Label[];
  readonly failed: readonly Label[];
  readonly skipped: readonly Label[];
  readonly cancelled: readonly Label[];
  readonly milliseconds: number;
  /** Time the fresh nodes took when they were built. */
  readonly savedMilliseconds: number;
  readonly interrupted: string | null;
}

export type Finished = Extract<Event, {type: 'node-finished'}>;

/** Nodes that were never started, of which there is no more to say, and that ended in the same way: there may be thousands. */
export interface Together {
  readonly type: 'nodes-finished';
  readonly outcome: Outcome;
  readonly count: number;
  readonly nodes: () => readonly Finished[];
}

/** What listeners are told. */
export type Told = Event | Together;

export type Listener = (event: Told) => void;

/** The same, one by one. */
export function singly(told: Told): readonly Event[] {
  return told.type === 'nodes-finished' ? told.nodes() : [told];
}
