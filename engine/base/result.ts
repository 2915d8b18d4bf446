/**
 * Results as values: an expected failure is returned, a bug is thrown.
 * Knows nothing of what failed; see diagnostic.ts for that.
 */

/** Either a value or the reason there is none. */
export type Result<T, E> =
  {readonly ok: true; readonly value: T} | {readonly ok: false; readonly error: E};

export function ok<T>(value: T): {readonly ok: true; readonly value: T} {
  return {ok: true, value};
}

export function err<E>(error: E): {readonly ok: false; readonly error: E} {
  return {ok: false, error};
}

/** A broken invariant of ours. The command line prints it as a bug and exits with 70. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Marks the branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${JSON.stringify(value)}`);
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}
