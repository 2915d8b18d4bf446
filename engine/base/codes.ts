/**
 * The one table of diagnostic codes: exit code and explanation of each.
 * docs/diagnostics.md is generated from it; a test sees that each is produced by some test.
 */
import {RECIPE_CODES} from './codes-recipe.ts';
import {RUN_CODES} from './codes-run.ts';
import {SOURCE_CODES} from './codes-source.ts';
import {STORE_CODES} from './codes-store.ts';
import {TARGET_CODES} from './codes-target.ts';

export interface CodeFacts {
  /** 1 a step failed · 2 wrong usage · 3 recipes or configuration · 4 store · 5 the machine. */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  /** What it means, one sentence. */
  readonly means: string;
  /** What to do. */
  readonly remedy: string;
}

export type DiagnosticCode =
  | keyof typeof STORE_CODES
  | keyof typeof SOURCE_CODES
  | keyof typeof RUN_CODES
  | keyof typeof TARGET_CODES
  | keyof typeof RECIPE_CODES;

export const CODES: Readonly<Record<DiagnosticCode, CodeFacts>> = {
  ...STORE_CODES,
  ...SOURCE_CODES,
  ...RUN_CODES,
  ...TARGET_CODES,
  ...RECIPE_CODES,
};
