/**
 * Gets the files of one commit of a git repository into the store. Repositories are kept bare in
 * the store's git/, one for each URL, and only what the commit needs is fetched.
 *
 * The tree is that of the commit, byte for byte: attributes that let git change files on the way
 * out (line ends, keywords, export-ignore) are switched off, or the content would depend on git's
 * version and on which refs were fetched. Submodules are empty folders.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {isDigest, sha256, treeDigest, type TreeDigest} from '../base/hash.ts';
import {minimalEnv} from '../base/process.ts';
import {err, ok} from '../base/result.ts';
import type {GitSource} from '../load/model.ts';
import {commitBytes} from '../../store/commit.ts';
import {importFolder} from '../../store/import-folder.ts';
import {auxIn, gitDir, temporaryIn, type Store} from '../../store/layout.ts';
import {protect, rely} from '../../store/protect.ts';
import {decodeLine, encodeLine} from '../../store/quick-log.ts';
import {hasTree} from '../../store/trees.ts';
import {storeTrouble} from '../../store/trouble.ts';
import {resolvePlace} from './alias.ts';
import {exclusively} from './exclusive.ts';
import {noUrl, type FetchContext} from './fetch.ts';
import {patienceOf} from './patience.ts';
import {proxyVariables, publicUrl} from './proxy.ts';
import {runStoppable, type Ended} from './stoppable.ts';

/**
 * Errors: `source/git` (what git said, for each URL), `source/offline`, `source/interrupted`,
 * `machine/missing-tool`, and those of the store. `git` is the program, for tests.
 */
export async function fetchGit(
  store: Store,
  source: GitSource,
  context: FetchContext,
  git = 'git',
): Promise<Checked<{readonly tree: TreeDigest}>> {
  try {
    const known = knownTree(store, source.rev, context);
    if (known !== undefined) return ok({tree: known});
    const name = `git-${repositoryName(source)}`;
    const repository: Repository = {store, source, context, git, folder: folderOf(store, source)};
    const done = await exclusively(store, name, source.placement.name, context, () =>
      treeOfCommit(repository),
    );
    return done === 'stopped' ? interrupted(source) : done;
  } catch (error) {
    return err(storeTrouble(error, gitDir(store)));
  }
}

interface Repository {
  readonly store: Store;
  readonly source: GitSource;
  readonly context: FetchContext;
  readonly git: string;
  /** The bare repository, absolute. */
  readonly folder: string;
}

function repositoryName(source: GitSource): string {
  return sha256(source.url).slice(0, 32);
}

function folderOf(store: Store, source: GitSource): string {
  return path.join(gitDir(store), repositoryName(source));
}

async function treeOfCommit(repository: Repository): Promise<Checked<{readonly tree: TreeDigest}>> {
  const {store, source, context} = repository;
  // Whoever was here before may have made it.
  const known = knownTree(store, source.rev, context);
  if (known !== undefined) return ok({tree: known});
  const ready = await prepare(repository);
  if (!ready.ok) return ready;
  if (!(await hasCommit(repository))) {
    if (context.offline) return offline(source);
    const fetched = await fetchCommit(repository);
    if (!fetched.ok) return fetched;
  }
  const imported = await importCommit(repository);
  if (imported.ok) remember(store, source.rev, imported.value.tree);
  return imported;
}

// --- the repository ------------------------------------------------------------------------------

const ATTRIBUTES =
  '* -export-ignore -export-subst -text -eol -crlf -ident -filter -working-tree-encoding\n';

/** Makes the bare repository where it is missing; also mends one whose making was ended. */
async function prepare(repository: Repository): Promise<Checked<undefined>> {
  const {folder, source} = repository;
  const attributes = path.join(folder, 'info', 'attributes');
  if (files.exists(attributes)) return ok(undefined);
  const format = source.rev.length === 64 ? ['--object-format=sha256'] : [];
  const made = await runGit(repository, ['init', '--quiet', '--bare', ...format, folder]);
  if (repository.context.signal.aborted) return interrupted(source);
  if (made.status === 127) return missing('git');
  if (made.status !== 0) return gitTrouble(source, [`git init: ${lastLine(made)}`]);
  files.makeDirs(path.dirname(attributes));
  files.writeFileAtomic(attributes, ATTRIBUTES, {durable: false});
  return ok(undefined);
}

async function hasCommit(repository: Repository): Promise<boolean> {
  const {folder, source} = repository;
  const argv = ['--git-dir', folder, 'cat-file', '-e', `${source.rev}^{commit}`];
  return (await runGit(repository, argv)).status === 0;
}

async function fetchCommit(repository: Repository): Promise<Checked<undefined>> {
  const {source, context} = repository;
  const urls = resolvePlace(source.url, context.config, context.host);
  const said = urls.length === 0 ? [noUrl(source.url)] : [];
  for (const url of urls) {
    const end = await fetchFrom(repository, url);
    if (context.signal.aborted) return interrupted(source);
    if (end === 'here') return ok(undefined);
    if (end.status === 127) return missing('git');
    said.push(`${publicUrl(url)}: ${lastLine(end) || `it does not have the commit ${source.rev}`}`);
  }
  return gitTrouble(source, said);
}

/** That one commit where the server gives it out by its id, else all branches and tags. */
async function fetchFrom(repository: Repository, url: string): Promise<Ended | 'here'> {
  const {source, context, folder} = repository;
  const event = {name: source.placement.name, url: publicUrl(url), bytes: 0, total: null};
  const fetch = ['--git-dir', folder, ...OPTIONS, 'fetch', '--quiet', '--no-write-fetch-head'];
  context.listener({type: 'download', ...event, done: false});
  try {
    await runGit(repository, [...fetch, '--no-tags', '--depth=1', '--', url, source.rev]);
    if (await hasCommit(repository)) return 'here';
    const whole = files.exists(path.join(folder, 'shallow')) ? ['--unshallow'] : [];
    const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    const end = await runGit(repository, [...fetch, ...whole, '--', url, ...all]);
    return (await hasCommit(repository)) ? 'here' : end;
  } finally {
    context.listener({type: 'download', ...event, done: true});
  }
}

/** No repacking in between; a connection that stands still ends. */
const OPTIONS = [
  ...['-c', 'gc.auto=0', '-c', 'maintenance.auto=false'],
  ...['-c', 'http.lowSpeedLimit=1', '-c', 'http.lowSpeedTime=30'],
];

/** Nothing of the user's git configuration, no questions; proxies as for other downloads. */
function runGit(repository: Repository, args: readonly string[]): Promise<Ended> {
  const {context, git} = repository;
  const env = {
    ...minimalEnv(),
    ...proxyVariables(context.host.env),
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
  };
  return runStoppable([git, ...args], env, context.signal);
}

// --- the commit's files --------------------------------------------------------------------------

async function importCommit(repository: Repository): Promise<Checked<{readonly tree: TreeDigest}>> {
  const {store, source, context} = repository;
  const work = temporaryIn(store);
  const archive = path.join(work, 'commit.tar');
  const content = path.join(work, 'content');
  files.makeDir(work, 0o700);
  try {
    files.makeDir(content, 0o700);
    const written = await archiveCommit(repository, archive);
    if (!written.ok) return written;
    const argv = ['tar', '--extract', '--file', archive, '--directory', content, '--no-same-owner'];
    const unpacked = await runStoppable(argv, minimalEnv(), context.signal);
    if (context.signal.aborted) return interrupted(source);
    if (unpacked.status === 127) return missing('tar');
    if (unpacked.status !== 0) return gitTrouble(source, [`tar: ${lastLine(unpacked)}`]);
    const rules = {normalize: true, ignore: () => false, outsideLinks: 'keep'} as const;
    return protect(
      store,
      context.run,
      [],
      (name) => {
        const imported = importFolder(store, content, rules);
        if (!imported.ok) return imported;
        name([`tree ${imported.value.tree}`]);
        return ok({tree: imported.value.tree});
      },
      patienceOf(context),
    );
  } finally {
    files.removeTree(work);
  }
}

async function archiveCommit(repository: Repository, file: string): Promise<Checked<undefined>> {
  const {source, folder, context} = repository;
  const argv = ['--git-dir', folder, 'archive', '--format=tar', `--output=${file}`, source.rev];
  const end = await runGit(repository, argv);
  if (context.signal.aborted) return interrupted(source);
  if (end.status === 0) return ok(undefined);
  return gitTrouble(source, [`git archive: ${lastLine(end)}`]);
}

// --- what is known and what is said --------------------------------------------------------------

/** A commit's id stands for its files; the row is auxiliary and checked by its line. */
function knownTree(store: Store, rev: string, context: FetchContext): TreeDigest | undefined {
  const text = files.unless(['ENOENT'], () => files.readText(rowOf(store, rev))) ?? '';
  const hex = decodeLine(text.replace(/\n$/, ''));
  if (hex === undefined || !isDigest(hex)) return undefined;
  const tree = treeDigest(hex);
  const isHere = (): boolean => hasTree(store, tree);
  return rely(store, context.run, [`tree ${tree}`], isHere, patienceOf(context)) ? tree : undefined;
}

function remember(store: Store, rev: string, tree: TreeDigest): void {
  commitBytes(store, rowOf(store, rev), encodeLine(tree), true);
}

function rowOf(store: Store, rev: string): string {
  return auxIn(store, `commits/${rev}`);
}

function offline(source: GitSource): Checked<never> {
  const {name} = source.placement;
  return fail('source/offline', `${name} is not in the store and --offline is set`, {
    at: source.at,
    notes: [{message: `${publicUrl(source.url)} at ${source.rev}`}],
  });
}

function interrupted(source: GitSource): Checked<never> {
  const {name} = source.placement;
  return fail('source/interrupted', `the download of ${name} was stopped`, {at: source.at});
}

function gitTrouble(source: GitSource, said: readonly string[]): Checked<never> {
  return fail('source/git', `the commit ${source.rev} could not be fetched`, {
    at: source.at,
    notes: said.map((message) => ({message})),
  });
}

function missing(tool: string): Checked<never> {
  const hint = `install it: apt install ${tool}`;
  return fail('machine/missing-tool', `${tool} is needed for git: sources`, {hint});
}

function lastLine(end: Ended): string {
  return end.stderr.trim().split('\n').at(-1) ?? '';
}
