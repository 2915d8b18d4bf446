/**
 * What goes wrong in a store, as diagnostics: system errors are wrapped once, here.
 * Functions of the store that do not return `Checked` throw Node's system errors or a `StoreFault`;
 * `storeTrouble` makes diagnostics of both. Anything else is a bug and flies on.
 */
import {
  fail,
  type Checked,
  type Diagnostic,
  type DiagnosticCode,
} from '../engine/base/diagnostic.ts';
import {errorCode, type PathLike} from '../engine/base/files.ts';
import {err, ok} from '../engine/base/result.ts';

/** A failure of the store that is no system error: damage, a missing program. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((one) => one.message).join('; '));
    this.diagnostics = diagnostics;
  }
}

/** Throws a `StoreFault` of one diagnostic. */
export function fault(code: DiagnosticCode, message: string, hint?: string): never {
  throw new StoreFault(fail(code, message, {hint}).error);
}

const FULL: Readonly<Record<string, string>> = {
  ENOSPC: 'no space (or no inode) is left',
  EDQUOT: "the owner's quota is used up",
  EFBIG: 'the file would grow past the limit for files',
};

/** Diagnostics of a system error or `StoreFault`; other errors are thrown again. */
export function storeTrouble(error: unknown, at: PathLike): readonly Diagnostic[] {
  if (error instanceof StoreFault) return error.diagnostics;
  const code = errorCode(error);
  if (!(error instanceof Error) || code === undefined) throw error;
  // The worker has the store as its folder.
  const where = placeOf(error) ?? (at === '.' ? 'the store' : at.toString());
  const full = FULL[code];
  if (full === undefined) {
    return fail('store/unusable', `cannot use ${where}: ${error.message}`, {hint: HINTS[code]})
      .error;
  }
  const hint = 'free space: `recipes store gc` removes what nothing needs any more';
  return fail('store/full', `cannot write ${where}: ${full} (${code})`, {hint}).error;
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'run as the user the store belongs to, or set store.path to a folder of your own',
  EPERM: 'run as the user the store belongs to, or set store.path to a folder of your own',
  EROFS: 'the file system is read-only: set store.path to another one',
  EIO: 'the disk reports errors: look at the kernel log before anything else',
};

/** The file a system error is about, where Node knows it. */
function placeOf(error: Error): string | undefined {
  const {path, dest} = error as {path?: unknown; dest?: unknown};
  const places = [path, dest].filter((one) => typeof one === 'string' || Buffer.isBuffer(one));
  return places.length === 0 ? undefined : places.map(String).join(' → ');
}

/** Runs a piece of work on the store; its failures come back as a value. */
export function guard<T>(at: PathLike, work: () => T): Checked<T> {
  try {
    return ok(work());
  } catch (error) {
    return err(storeTrouble(error, at));
  }
}

/** The same for work that takes its time. */
export async function guardLater<T>(at: PathLike, work: () => Promise<T>): Promise<Checked<T>> {
  try {
    return ok(await work());
  } catch (error) {
    return err(storeTrouble(error, at));
  }
}
