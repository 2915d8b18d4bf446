/**
 * The one table of diagnostic codes: exit code and explanation of each.
 * docs/diagnostics.md is generated from it; a test sees that each is produced by some test.
 */

export interface CodeFacts {
  /** 1 a step failed · 2 wrong usage · 3 recipes or configuration · 4 store · 5 the machine. */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  /** What it means, one sentence. */
  readonly means: string;
  /** What to do. */
  readonly remedy: string;
}

export const CODES = {
  // --- store (4)
  'store/full': {
    exit: 4,
    means: 'The disk (or its inodes) is full.',
    remedy: 'Free space, then repeat the command.',
  },
  'store/unusable': {
    exit: 4,
    means: 'The store cannot be read or written.',
    remedy: 'Check owner and permissions of the store.',
  },
  'store/version': {
    exit: 4,
    means: 'The store has a format this version does not know.',
    remedy: 'Use the version that made it, or another store.path.',
  },
  'store/corrupt': {
    exit: 4,
    means: 'A file of the store does not have the content its name says.',
    remedy: 'Build again: the damaged file is set aside.',
  },
} as const;

export type DiagnosticCode = keyof typeof CODES;

/** The same table with the facts as one type. */
export const FACTS: Readonly<Record<DiagnosticCode, CodeFacts>> = CODES;
