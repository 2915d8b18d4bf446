/**
 * What a run leaves to the run that takes its place: its tokens, and the builds it has in the
 * sandbox whose keys are still wanted. They go on, and are not begun again.
 * Types and small values; who hands over what is build-run.ts's business.
 */
import type {Failure} from '../base/event.ts';
import type {ActionKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import type {TokenPool} from './tokens.ts';

/** A build of the run before that goes on. */
export interface Kept {
  /** The tick at which it began. */
  readonly since: number | undefined;
  readonly ended: Promise<KeptEnd>;
  kill(): void;
}

/** `nothing`: it never came to anything, so the new run does it. */
export type KeptEnd =
  | {readonly type: 'done'}
  | {readonly type: 'failed'; readonly failure: Failure}
  | {readonly type: 'nothing'};

export interface Before {
  readonly kept: ReadonlyMap<Label, Kept>;
  /** Still has the leases of what is kept. */
  readonly pool: TokenPool | undefined;
}

export const NOTHING_BEFORE: Before = {kept: new Map(), pool: undefined};

/** Whether a running node is wanted as it is. */
export type IsKept = (label: Label, key: ActionKey) => boolean;

/** How an execution of the old run looks from the new one. */
export function keptEnd(good: boolean, failure: Failure | undefined): KeptEnd {
  if (good) return {type: 'done'};
  const stopped = failure?.diagnostics.some((one) => one.code === 'build/interrupted') === true;
  return failure === undefined || stopped ? {type: 'nothing'} : {type: 'failed', failure};
}
