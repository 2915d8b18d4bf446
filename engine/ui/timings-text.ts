/**
 * Words of the page of timings: short times, and what the groups of phases are.
 */
import type {Group} from '../base/span.ts';
import {formatDuration} from './text.ts';

/** Down to tenths of a millisecond, which is what a phase of a small node takes. */
export function timeText(milliseconds: number): string {
  if (milliseconds >= 1000) return formatDuration(milliseconds);
  return `${Number(milliseconds.toFixed(milliseconds < 10 ? 1 : 0))} ms`;
}

/** The groups a node's time is split into, with what they hold. */
export const GROUPS: readonly (readonly [group: Group | 'other', means: string])[] = [
  ['wait', 'waiting for a turn, a claim, a lock or the worker'],
  ['prepare', 'key, staging, mounting, start of the sandbox'],
  ['unpack', 'unpacking and patching'],
  ['run', 'steps, downloads'],
  ['capture', 'walking, hashing, judging what was made'],
  ['store', 'storing it durably, the record'],
  ['clean', 'end of the sandbox, clearing away'],
  ['other', 'not measured'],
];
