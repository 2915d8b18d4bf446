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
import {err, ok} from '../base/result.ts';
import type {BuildGraph} from '../graph/model.ts';
import {printsNeeded, type SourcePrints} from '../graph/prints.ts';
import type {Patch} from '../load/model.ts';
import {importPath, type PathContent} from '../source/path-source.ts';
import type {Store} from '../../store/layout.ts';
import type {StatCache} from '../../store/stat-cache.ts';

/** The prints of all these nodes refer to; every problem of all of them at once. */
export function readPrints(
  graph: BuildGraph,
  labels: Iterable<Label>,
  store: Store,
  cache: StatCache,
  host: Host,
): Checked<SourcePrints> {
  const needed = printsNeeded(graph, labels);
  const problems: Diagnostic[] = [];
  const paths = new Map<Label, string>();
  for (const node of needed.paths) {
    if (node.source.type !== 'path') continue;
    const imported = importPath(store, node.source, cache, host);
    if (imported.ok) paths.set(node.label, printOf(imported.value));
    else problems.push(...imported.error);
  }
  const patches = new Map<string, string>();
  for (const patch of needed.patches) {
    const print = printPatch(patch);
    if (print.ok) patches.set(patch.file, print.value);
    else problems.push(...print.error);
  }
  return problems.length > 0 ? err(problems) : ok({paths, patches});
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
