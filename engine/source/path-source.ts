/**
 * Takes a `path:` source, a file or folder of this machine, into the store: by content, names,
 * types and execute bits only. What is built is the import, so an edit meanwhile changes nothing
 * but the next run.
 */
import {fail, problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {globMatcher} from '../base/glob.ts';
import {blobDigest, isDigest, type BlobDigest, type TreeDigest} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import {err, ok} from '../base/result.ts';
import type {PathSource} from '../load/model.ts';
import {commitStaged} from '../../store/batch.ts';
import {toBytes, toText, type BytePath} from '../../store/bytes.ts';
import {importFolder, type ImportCache} from '../../store/import-folder.ts';
import type {Store} from '../../store/layout.ts';
import type {TreeEntry} from '../../store/manifest.ts';
import {hasBlob} from '../../store/pool.ts';
import {stageCopy, type Staged} from '../../store/stage.ts';
import type {StatCache} from '../../store/stat-cache.ts';
import {guard, storeTrouble} from '../../store/trouble.ts';
import {trustBlob} from '../../store/verified.ts';
import {addName, followLink, newNames} from './names.ts';

export type PathContent =
  | {readonly type: 'file'; readonly blob: BlobDigest}
  | {readonly type: 'tree'; readonly tree: TreeDigest};

/** Never part of a source, at any depth: bookkeeping of git and of ourselves. */
export const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.recipes']);

/** So many sources are made durable together, and lie twice on the disk meanwhile at most. */
const TOGETHER = 1024;

/**
 * Stores what `path:` sources name; durable on return. Files the cache knows are not read.
 * Gives for each its content or `source/path-missing`, `source/path-link-leaves` (each such link)
 * or trouble of the store; trouble with all of them is the outer error. The caller saves the cache.
 */
export function importPaths(
  store: Store,
  sources: readonly PathSource[],
  cache: StatCache,
  host: Host,
): Checked<readonly Checked<PathContent>[]> {
  const known = cacheOf(cache, host);
  const done: Checked<PathContent>[] = [];
  for (let at = 0; at < sources.length; at += TOGETHER) {
    const begun = sources.slice(at, at + TOGETHER).map((one) => beginImport(store, one, known));
    const copies = begun.flatMap((one) => ('staged' in one ? [one.staged] : []));
    const stored = guard(store.root, () => commitStaged(store, copies));
    if (!stored.ok) return stored;
    done.push(...begun.map((one) => ('staged' in one ? endImport(store, one, known) : one)));
  }
  return ok(done);
}

/** A file that was read, but is not in the pool yet. */
interface Copied {
  readonly source: PathSource;
  readonly place: string;
  readonly stat: files.BigIntStats;
  readonly staged: Staged;
}

function beginImport(
  store: Store,
  source: PathSource,
  known: ImportCache,
): Copied | Checked<PathContent> {
  return reading(store, source, () => {
    const place = files.realPath(source.path);
    const stat = files.lookExactly(place);
    if (stat?.isDirectory() === true) return importTree(store, source, place, known);
    if (stat?.isFile() === true) return copyFile(store, source, {place, stat}, known);
    const message = `${source.path} is no file and no folder`;
    return fail('source/path-missing', message, {at: source.at});
  });
}

/** What cannot be read is the source's trouble, all else the store's. */
function reading<T>(store: Store, source: PathSource, read: () => T): T | Checked<never> {
  try {
    return read();
  } catch (error) {
    const code = files.errorCode(error) ?? '';
    if (!ABSENT.has(code) || isInStore(store, error)) return err(storeTrouble(error, source.path));
    const message = `cannot read ${source.path} (${code})`;
    return fail('source/path-missing', message, {at: source.at});
  }
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG']);

function isInStore(store: Store, error: unknown): boolean {
  const {path} = error as {path?: unknown};
  return typeof path === 'string' && path.startsWith(`${store.root}/`);
}

/** The stat cache with the time of this import: rows of files just written are not kept. */
function cacheOf(cache: StatCache, host: Host): ImportCache {
  const now = host.now();
  return {
    get: (path, stat) => cache.get(path, stat),
    set: (path, stat, digest) => {
      cache.set(path, stat, digest, now);
    },
  };
}

function copyFile(
  store: Store,
  source: PathSource,
  {place, stat}: Pick<Copied, 'place' | 'stat'>,
  cache: ImportCache,
): Copied | Checked<PathContent> {
  const known = cache.get(place, stat);
  if (known !== undefined && isDigest(known) && hasBlob(store, blobDigest(known)) !== undefined) {
    return ok({type: 'file', blob: blobDigest(known)});
  }
  const mode = (stat.mode & 0o100n) === 0n ? 0o644 : 0o755;
  return {source, place, stat, staged: stageCopy(store, place, mode)};
}

/** A file that changed while it was read is not remembered. */
function endImport(
  store: Store,
  {source, place, stat, staged}: Copied,
  cache: ImportCache,
): Checked<PathContent> {
  return reading(store, source, () => {
    trustBlob(store, staged.digest);
    const after = files.lookExactly(place);
    const same = after?.mtimeNs === stat.mtimeNs && after.ctimeNs === stat.ctimeNs;
    if (same) cache.set(place, stat, staged.digest);
    return ok({type: 'file', blob: staged.digest});
  });
}

function importTree(
  store: Store,
  source: PathSource,
  folder: string,
  cache: ImportCache,
): Checked<PathContent> {
  const ignore = isLeftOut(source.ignore);
  // Links are judged below: by where they really lead, and all at once.
  const rules = {normalize: true, ignore, outsideLinks: 'keep', cache} as const;
  const imported = importFolder(store, folder, rules);
  if (!imported.ok) return err(imported.error.map((one) => ({at: source.at, ...one})));
  const stray = strayLinks(imported.value.entries, source);
  return stray.length > 0 ? err(stray) : ok({type: 'tree', tree: imported.value.tree});
}

/**
 * Whether a path in a folder is no part of a source. Globs match whole relative paths; what lies
 * below a match is left out with it.
 */
export function isLeftOut(globs: readonly string[]): (path: BytePath) => boolean {
  const matches = globMatcher(globs);
  return (path) => {
    if (LEFT_OUT.has(path.slice(path.lastIndexOf('/') + 1))) return true;
    return globs.length > 0 && matches(toBytes(path).toString('utf8'));
  };
}

/** So many links are named one by one. */
const MOST_NAMED = 20;

function strayLinks(entries: readonly TreeEntry[], source: PathSource): readonly Diagnostic[] {
  const names = newNames();
  const links = entries.filter((entry) => entry.type === 'link');
  for (const {path, target} of links) addName(names, path, 'link', target);
  const stray = links.filter(({path}) => {
    const followed = followLink(names, path);
    // A link in a circle stays inside; that it leads nowhere is the source's own affair.
    return !followed.ok && followed.error === 'leaves';
  });
  const rest = stray.length - MOST_NAMED;
  const more = `${rest} more links lead out of ${source.path}`;
  const last = rest > 0 ? [problem('source/path-link-leaves', more, {at: source.at})] : [];
  const named = stray.slice(0, MOST_NAMED).map(({path, target}) => {
    const link = `${toText(path)} → ${toText(target)}`;
    const message = `the link ${link} leads out of ${source.path}`;
    const hint = 'make it relative and keep it inside, or leave it out with ignore:';
    return problem('source/path-link-leaves', message, {at: source.at, hint});
  });
  return [...named, ...last];
}
