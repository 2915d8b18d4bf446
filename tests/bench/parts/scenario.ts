/**
 * The pieces of work that are measured, by name.
 */

export type Scenario = 'full' | 'noop' | 'same' | 'changed';

/** In the order they are measured: each stands on the one before. */
export const SCENARIOS: readonly Scenario[] = ['full', 'noop', 'same', 'changed'];

export const TITLES: Readonly<Record<Scenario, string>> = {
  full: 'full build',
  noop: 'nothing to do',
  same: 'one source changed, output the same',
  changed: 'one source changed, output too',
};
