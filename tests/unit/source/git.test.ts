/** Commits of repositories in local folders: what is fetched, what the tree holds, what is said. */
import test from 'ava';
import path from 'node:path';
import {
  chmod,
  makeDirs,
  makeLink,
  namesIn,
  removeTree,
  writeFileAtomic,
} from '../../../engine/base/files.ts';
import {minimalEnv, run, runSync} from '../../../engine/base/process.ts';
import type {GitSource} from '../../../engine/load/model.ts';
import {fetchGit} from '../../../engine/source/git.ts';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import type {TreeDigest} from '../../../engine/base/hash.ts';
import {auxIn, gitDir} from '../../../store/layout.ts';
import {readTree} from '../../../store/trees.ts';
import {AT, bench, blobText, complaint, config, PLACEMENT, type Bench} from './support.ts';

const hasGit = runSync(['git', '--version']).status === 0;
const gitTest = hasGit ? test : test.skip;
if (!hasGit) {
  test('git sources', (t) => {
    t.log('SKIPPED: git is not installed');
    t.pass();
  });
}

interface Upstream {
  readonly folder: string;
  /** Runs git there and gives what it prints. */
  git(...args: string[]): Promise<string>;
  /** Writes files and commits them; the commit's id. */
  commit(what: Readonly<Record<string, string>>): Promise<string>;
}

async function upstream(rig: Bench, ...init: string[]): Promise<Upstream> {
  const folder = path.join(rig.folder, 'upstream');
  makeDirs(folder);
  const who = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@a.test',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@a.test',
  };
  const env = {...minimalEnv(), ...who, HOME: rig.folder, GIT_CONFIG_NOSYSTEM: '1'};
  const git = async (...args: string[]): Promise<string> => {
    const done = await run(['git', ...args], {cwd: folder, env});
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  };
  await git('init', '--quiet', '--initial-branch=main', ...init);
  const commit = async (what: Readonly<Record<string, string>>): Promise<string> => {
    for (const [name, content] of Object.entries(what)) {
      makeDirs(path.dirname(path.join(folder, name)));
      writeFileAtomic(path.join(folder, name), content, {durable: false});
    }
    await git('add', '--all');
    await git('commit', '--quiet', '--message=x');
    return git('rev-parse', 'HEAD');
  };
  return {folder, git, commit};
}

function source(url: string, rev: string): GitSource {
  return {type: 'git', at: AT, placement: PLACEMENT, url, rev};
}

function paths(rig: Bench, result: Checked<{readonly tree: TreeDigest}>): string[] {
  if (!result.ok) return [JSON.stringify(result.error)];
  const entries = readTree(rig.store, result.value.tree);
  return entries.ok ? entries.value.map((entry) => `${entry.type} ${entry.path}`) : ['no tree'];
}

gitTest('the files of the commit, not of a later one', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  makeLink('a.c', path.join(up.folder, 'l'));
  const old = await up.commit({'a.c': 'old', 'd/run': '#!'});
  chmod(path.join(up.folder, 'd/run'), 0o755);
  await up.commit({'a.c': 'new', b: ''});
  const result = await fetchGit(rig.store, source(up.folder, old), rig.context());
  t.deepEqual(paths(rig, result), ['file a.c', 'dir d', 'file d/run', 'link l']);
  t.is(blobText(rig.store, 'old'), 'old');
  t.is(blobText(rig.store, 'new'), undefined);
  t.deepEqual(namesIn(path.join(rig.store.root, 'tmp')), []);
});

gitTest('once fetched, neither the repository nor the network is needed', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  const rev = await up.commit({a: 'a'});
  const first = await fetchGit(rig.store, source(up.folder, rev), rig.context());
  removeTree(up.folder);
  const offline = rig.context({offline: true});
  t.deepEqual(await fetchGit(rig.store, source(up.folder, rev), offline), first);
  // Without the note of its tree, the commit is still in the store's repository.
  removeTree(auxIn(rig.store, `commits/${rev}`));
  t.deepEqual(await fetchGit(rig.store, source(up.folder, rev), offline), first);
  writeFileAtomic(auxIn(rig.store, `commits/${rev}`), 'damaged');
  t.deepEqual(await fetchGit(rig.store, source(up.folder, rev), offline), first);
});

gitTest('attributes that change files on the way out do not count', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  const text = 'one\ntwo $Id$ $Format:%H%d$\n';
  const rev = await up.commit({
    '.gitattributes': '* text eol=crlf ident export-subst\nhidden export-ignore\n',
    a: text,
    hidden: 'still here',
  });
  await up.git('tag', 'v1');
  const result = await fetchGit(rig.store, source(up.folder, rev), rig.context());
  t.deepEqual(paths(rig, result), ['file .gitattributes', 'file a', 'file hidden']);
  t.is(blobText(rig.store, text), text);
});

gitTest('a commit no branch has any more, where the server gives it out', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  await up.commit({a: '1'});
  const gone = await up.commit({a: '2'});
  await up.git('reset', '--quiet', '--hard', 'HEAD~1');
  const result = await fetchGit(rig.store, source(`file://${up.folder}`, gone), rig.context());
  t.deepEqual(paths(rig, result), ['file a']);
});

gitTest('a server that gives out branches only: all of them are fetched', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  const first = await up.commit({a: '1'});
  const second = await up.commit({a: '2'});
  await up.commit({a: '3'});
  // Version 0 of the protocol allows only what refs name.
  const wrapper = path.join(rig.folder, 'git-v0');
  writeFileAtomic(wrapper, '#!/bin/sh\nexec git -c protocol.version=0 "$@"\n', {mode: 0o755});
  for (const rev of [second, first]) {
    const result = await fetchGit(
      rig.store,
      source(`file://${up.folder}`, rev),
      rig.context(),
      wrapper,
    );
    t.deepEqual(paths(rig, result), ['file a']);
  }
});

gitTest('a repository of sha256 commits', async (t) => {
  await using rig = bench();
  const up = await upstream(rig, '--object-format=sha256');
  const rev = await up.commit({a: 'a'});
  t.is(rev.length, 64);
  const result = await fetchGit(rig.store, source(up.folder, rev), rig.context());
  t.deepEqual(paths(rig, result), ['file a']);
});

gitTest('links that lead out are kept: in a sandbox they lead nowhere', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  makeLink('/etc/passwd', path.join(up.folder, 'l'));
  const rev = await up.commit({a: ''});
  const result = await fetchGit(rig.store, source(up.folder, rev), rig.context());
  t.deepEqual(paths(rig, result), ['file a', 'link l']);
});

gitTest('several at once: the repository is fetched once', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  const rev = await up.commit({a: 'a'});
  const all = await Promise.all(
    [1, 2, 3].map(() => fetchGit(rig.store, source(up.folder, rev), rig.context())),
  );
  t.true(all.every((one) => one.ok));
  t.is(rig.events.filter((event) => event.type === 'download' && !event.done).length, 1);
  t.is(namesIn(gitDir(rig.store)).length, 1);
});

gitTest('aliases and their prefixes, in order', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  const rev = await up.commit({a: 'a'});
  const aliases = {hub: [`file://${rig.folder}/nowhere`, `file://${rig.folder}`]};
  const context = rig.context({config: config({aliases})});
  const result = await fetchGit(rig.store, source('hub:upstream', rev), context);
  t.deepEqual(paths(rig, result), ['file a']);
});

gitTest('what git says, for each place', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  await up.commit({a: 'a'});
  const none = 'f'.repeat(40);
  const get = async (url: string): Promise<string> => {
    const {code, text} = complaint(await fetchGit(rig.store, source(url, none), rig.context()));
    t.is(code, 'source/git');
    return text;
  };
  t.regex(
    await get(path.join(rig.folder, 'nowhere')),
    /nowhere.*(does not appear|not exist)|repository exists/s,
  );
  t.regex(await get(up.folder), /does not have the commit f{40}/);
  t.regex(await get('nope:x'), /no alias nope is configured/);
  t.regex(await get('ext::sh -c "touch /tmp/x"'), /not allowed|no alias/);
  t.regex(await get('--upload-pack=touch /tmp/x'), /upload-pack/);
});

gitTest('offline, and stopped', async (t) => {
  await using rig = bench();
  const up = await upstream(rig);
  const rev = await up.commit({a: 'a'});
  const offline = complaint(
    await fetchGit(rig.store, source(up.folder, rev), rig.context({offline: true})),
  );
  t.is(offline.code, 'source/offline');
  t.regex(offline.text, new RegExp(`${up.folder} at ${rev}`));
  const stopped = rig.context({signal: AbortSignal.abort()});
  t.is(
    complaint(await fetchGit(rig.store, source(up.folder, rev), stopped)).code,
    'source/interrupted',
  );
});

test('without git: the package is named', async (t) => {
  await using rig = bench();
  const missing = source('/nowhere', 'a'.repeat(40));
  const {code, hint} = complaint(await fetchGit(rig.store, missing, rig.context(), '/no/such/git'));
  t.is(code, 'machine/missing-tool');
  t.is(hint, 'install it: apt install git');
});
