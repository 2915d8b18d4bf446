/**
 * What goes wrong, as data: a stable code, a place, a sentence and, where we know it, a remedy.
 * Knows nothing of how it is shown (ui/diagnostics.ts) or of who finds it. Codes: codes.ts.
 */
import {CODES, type DiagnosticCode} from './codes.ts';
import type {Result} from './result.ts';

export type {DiagnosticCode} from './codes.ts';

/** A range in a file; lines and columns count from 1, the end is exclusive. */
export interface Location {
  /** As shown to people: relative to the project where it lies inside. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface Note {
  readonly message: string;
  readonly at?: Location | undefined;
}

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning';
  /** One sentence without full stop: what is wrong, with the values. */
  readonly message: string;
  readonly at?: Location | undefined;
  readonly notes?: readonly Note[];
  /** What to do about it. */
  readonly hint?: string | undefined;
}

/** The result of everything that can fail for a reason people can mend. */
export type Checked<T> = Result<T, readonly Diagnostic[]>;

type Extra = Omit<Diagnostic, 'code' | 'severity' | 'message'>;

export function problem(code: DiagnosticCode, message: string, extra: Extra = {}): Diagnostic {
  return {code, severity: 'error', message, ...extra};
}

export function warning(code: DiagnosticCode, message: string, extra: Extra = {}): Diagnostic {
  return {code, severity: 'warning', message, ...extra};
}

/** A failed result of one problem. */
export function fail(
  code: DiagnosticCode,
  message: string,
  extra: Extra = {},
): {readonly ok: false; readonly error: readonly Diagnostic[]} {
  return {ok: false, error: [problem(code, message, extra)]};
}

/** The documented exit code of the most severe kind among the errors; 0 without any. */
export function exitCodeOf(diagnostics: readonly Diagnostic[]): number {
  const codes = diagnostics
    .filter((one) => one.severity === 'error')
    .map((one) => CODES[one.code].exit);
  return codes.length === 0 ? 0 : Math.max(...codes);
}
