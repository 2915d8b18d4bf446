/**
 * Brings one source into the store and remembers which of its places was used.
 * Local folders were imported when the run was prepared; only what comes from elsewhere is here,
 * and what fetches it is loaded when there is something to fetch.
 */
import {problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import type {BlobDigest, TreeDigest} from '../base/hash.ts';
import {err, ok} from '../base/result.ts';
import type {FetchNode} from '../graph/model.ts';
import type {RunContext} from './context.ts';

/** Fetches, and records which of its places was used. */
export async function fetchSource(
  context: RunContext,
  node: FetchNode,
): Promise<Checked<undefined>> {
  const fetched = await bring(context, node);
  if (!fetched.ok) return err(fetched.error.map((one) => placed(one, node)));
  context.resolver.choose(node.label, fetched.value);
  return ok(undefined);
}

async function bring(
  context: RunContext,
  node: FetchNode,
): Promise<Checked<BlobDigest | TreeDigest>> {
  const {source} = node;
  const known = context.resolver.contentOf(node.label);
  const preferred = known?.type === 'file' ? known.blob : undefined;
  const fetchContext = {...context, preferred};
  if (source.type === 'git') {
    const {fetchGit} = await import('../source/git.ts');
    const got = await fetchGit(context.store, source, fetchContext);
    return got.ok ? ok(got.value.tree) : got;
  }
  if (source.type === 'path')
    return err([problem('source/path-missing', `${source.path} was not imported`)]);
  const {fetchRemote} = await import('../source/fetch.ts');
  const got = await fetchRemote(context.store, source, fetchContext);
  return got.ok ? ok(got.value.digest) : got;
}

/** A problem without a place is shown where the source is written. */
function placed(one: Diagnostic, node: FetchNode): Diagnostic {
  return one.at === undefined ? {...one, at: node.source.at} : one;
}
