/**
 * Reads what recipes refer to on this machine, local folders and patch files, into prints.
 * Folders are imported to the store first: the build uses the import, whatever happens to the
 * folder meanwhile. Nothing is remembered here; the stat cache is the store's.
 */
import {problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import {readFile, unless} from '../base/files.ts';
import {sha256} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import type {Label} from '../base/label.ts';
import {Bug, err, ok} from '../base/result.ts';
import type {BuildGraph, FetchNode} from '../graph/model.ts';
import {printsNeeded, type SourcePrints} from '../graph/prints.ts';
import type {Patch, PathSource} from '../load/model.ts';
import {importPaths, type PathContent} from '../source/path-source.ts';
import {openRun, type RunHandle} from '../../store/claims.ts';
import type {Store} from '../../store/layout.ts';
import {protect} from '../../store/protect.ts';
import type {StatCache} from '../../store/stat-cache.ts';
import {guard} from '../../store/trouble.ts';

/** What local folders came to, for whoever knows that they have not changed since. */
export interface KnownPaths {
  get(source: PathSource): string | undefined;
  set(source: PathSource, print: string): void;
}

/** What is known already, for whoever reads prints again and again. */
export interface Standing {
  readonly known?: KnownPaths | undefined;
  /** The run this process is known as. */
  readonly run?: RunHandle | undefined;
}

/** As they were read: all of them are here. */
export interface ReadPrints extends SourcePrints {
  readonly paths: ReadonlyMap<Label, string>;
}

/** The prints of all these nodes refer to; every problem of all of them at once. */
export function readPrints(
  graph: BuildGraph,
  labels: Iterable<Label>,
  store: Store,
  cache: StatCache,
  host: Host,
  {known, run}: Standing = {},
): Checked<ReadPrints> {
  const needed = printsNeeded(graph, labels);
  const problems: Diagnostic[] = [];
  const note = <K, V>(prints: Map<K, V>, key: K, print: Checked<V>): void => {
    if (print.ok) prints.set(key, print.value);
    else problems.push(...print.error);
  };
  const paths = new Map<Label, string>();
  const unknown = needed.paths.filter(({label, source}) => {
    const print = known?.get(pathOf(label, source));
    if (print !== undefined) paths.set(label, print);
    return print === undefined;
  });
  const sources = unknown.map(({label, source}) => pathOf(label, source));
  const imported = asRun(sources.length > 0, store, host, run, () =>
    importPaths(store, sources, cache, host),
  );
  if (!imported.ok) return imported;
  unknown.forEach(({label, source}, at) => {
    const print = printIn(imported.value, at);
    note(paths, label, print);
    if (print.ok) known?.set(pathOf(label, source), print.value);
  });
  const patches = new Map<string, string>();
  for (const patch of needed.patches) note(patches, patch.file, printPatch(patch));
  return problems.length > 0 ? err(problems) : ok({paths, patches});
}

/**
 * Whoever writes to the store is known there as a run: else others take its files for waste. What
 * is imported is relied upon only when the build names it (settle.ts), which looks again.
 */
function asRun<T>(
  writes: boolean,
  store: Store,
  host: Host,
  own: RunHandle | undefined,
  write: () => Checked<T>,
): Checked<T | undefined> {
  if (!writes) return ok(undefined);
  const written = guard(store.root, () => {
    const run = own ?? openRun(store, host);
    const tell = (holder: string): void => {
      host.stderr.write(`waiting for the store: ${holder}\n`);
    };
    try {
      return protect(store, run, [], write, {wait: true, tell});
    } finally {
      if (own === undefined) run.release();
    }
  });
  return written.ok ? written.value : written;
}

function pathOf(label: Label, source: FetchNode['source']): PathSource {
  if (source.type !== 'path') throw new Bug(`${label} is no path`);
  return source;
}

function printIn(
  imported: readonly Checked<PathContent>[] | undefined,
  at: number,
): Checked<string> {
  const content = imported?.[at];
  if (content === undefined) throw new Bug('a source was not imported');
  return content.ok ? ok(printOf(content.value)) : content;
}

function printOf(content: PathContent): string {
  return content.type === 'file' ? `file ${content.blob}` : `tree ${content.tree}`;
}

function printPatch(patch: Patch): Checked<string> {
  const bytes = unless(['ENOENT', 'EISDIR', 'EACCES'], () => readFile(patch.file));
  if (bytes !== undefined) return ok(sha256(bytes));
  return err([
    problem('recipe/bad-path', `the patch ${patch.file} cannot be read`, {at: patch.at}),
  ]);
}
