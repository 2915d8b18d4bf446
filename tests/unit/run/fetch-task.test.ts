/** Sources brought into the store, and what is remembered of it: files and repositories here. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {blobDigest, sha256} from '../../../engine/base/hash.ts';
import type {Place, RemoteSource, Source} from '../../../engine/load/model.ts';
import {fetchSource} from '../../../engine/run/fetch-task.ts';
import {hasBlob} from '../../../store/pool.ts';
import {readTree} from '../../../store/trees.ts';
import {at, label, local, placement, remote} from '../graph/values.ts';
import {codesOf, folder, has, must, skip} from '../store/rig.ts';
import {bedOf, contextFor, runOf, type Bed, type ContextParts} from './rig.ts';

const A = label('x/a@a.tar');

function place(file: string, content: string): Place {
  return {url: `file://${file}`, sha256: sha256(content), at: at('place.yaml', 1)};
}

function of(places: readonly Place[]): RemoteSource {
  return {...remote('a.tar', '0'), places};
}

async function fetch(
  t: ExecutionContext,
  bed: Bed,
  parts: ContextParts = {},
): ReturnType<typeof fetchSource> {
  const name = [...bed.graph.nodes.keys()].find((one) => one.includes('@')) ?? '';
  const context = contextFor(bed, {offline: false, run: runOf(t, bed.store), ...parts});
  return fetchSource(context, bed.fetch(name));
}

const bedWith = (t: ExecutionContext, source: Source): Bed =>
  bedOf(t, {'x/a': {sources: [source]}});

test('a file is fetched, its bytes lie in the store, its place is remembered', async (t) => {
  const file = path.join(folder(t), 'a.tar');
  fs.writeFileSync(file, 'bytes');
  const bed = bedWith(t, of([place('/nowhere/a.tar', 'others'), place(file, 'bytes')]));
  t.is(bed.resolver.resolve(bed.node('x/a')).type, 'open');
  must(await fetch(t, bed));
  t.not(hasBlob(bed.store, blobDigest(sha256('bytes'))), undefined);
  t.is(bed.choices.get(bed.resolver.recipeKeyOf(A), 'a.tar'), sha256('bytes'));
  t.deepEqual(bed.known('x/a').sources, [{name: 'a.tar', digest: sha256('bytes')}]);
});

test('what was chosen before is fetched again, though the first place has its file too', async (t) => {
  const dir = folder(t);
  const [one, two] = [path.join(dir, 'one'), path.join(dir, 'two')];
  fs.writeFileSync(one, 'one');
  fs.writeFileSync(two, 'two');
  const bed = bedWith(t, of([place(one, 'one'), place(two, 'two')]));
  bed.resolver.choose(A, blobDigest(sha256('two')));
  must(await fetch(t, bed));
  t.is(bed.choices.get(bed.resolver.recipeKeyOf(A), 'a.tar'), sha256('two'));
  t.is(hasBlob(bed.store, blobDigest(sha256('one'))), undefined);
});

test('when its place is gone another one is taken, and that choice is remembered', async (t) => {
  const one = path.join(folder(t), 'one');
  fs.writeFileSync(one, 'one');
  const bed = bedWith(t, of([place(one, 'one'), place('/nowhere/two', 'two')]));
  bed.resolver.choose(A, blobDigest(sha256('two')));
  must(await fetch(t, bed));
  t.is(bed.choices.get(bed.resolver.recipeKeyOf(A), 'a.tar'), sha256('one'));
});

const FAILURES: readonly (readonly [string, string, ContextParts, string])[] = [
  ['no place has it', 'file:///nowhere/a.tar', {}, 'source/unreachable'],
  ['nothing may be fetched', 'file:///nowhere/a.tar', {offline: true}, 'source/offline'],
  ['an alias nobody configured', 'gone:a.tar', {}, 'source/unreachable'],
  ['the run stops', 'file:///nowhere/a.tar', {signal: AbortSignal.abort()}, 'source/interrupted'],
];

for (const [what, url, parts, code] of FAILURES) {
  test(`${what}: ${code}, nothing is remembered`, async (t) => {
    const bed = bedWith(t, of([{...place('', 'x'), url}]));
    const failed = await fetch(t, bed, parts);
    t.deepEqual(codesOf(failed), [code]);
    t.is(failed.ok ? undefined : failed.error[0]?.at?.file, 'source.yaml');
    t.is(bed.choices.get(bed.resolver.recipeKeyOf(A), 'a.tar'), undefined);
  });
}

test('other bytes than the recipe names are refused, at their own place', async (t) => {
  const file = path.join(folder(t), 'a.tar');
  fs.writeFileSync(file, 'something else');
  const bed = bedWith(t, of([place(file, 'bytes')]));
  const failed = await fetch(t, bed);
  t.deepEqual(codesOf(failed), ['source/digest']);
  t.is(failed.ok ? undefined : failed.error[0]?.at?.file, 'place.yaml');
  t.is(hasBlob(bed.store, blobDigest(sha256('something else'))), undefined);
});

test('a local folder is imported before a run, never fetched', async (t) => {
  const paths = new Map([[label('x/a@code'), `tree ${'1'.repeat(64)}`]]);
  const prints = {paths, patches: new Map<string, string>()};
  const bed = bedOf(t, {'x/a': {sources: [local('code', '/code')]}}, {prints});
  t.deepEqual(codesOf(await fetch(t, bed)), ['source/path-missing']);
});

test('a commit of a repository becomes a tree that is remembered', async (t) => {
  if (!has('git')) return skip(t, 'git');
  const dir = folder(t);
  const git = (...argv: string[]): string => {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
    const ran = spawnSync('git', [...who, ...argv], {cwd: dir, encoding: 'utf8'});
    if (ran.status !== 0) throw new Error(ran.stderr);
    return ran.stdout.trim();
  };
  git('init', '--quiet', '.');
  fs.writeFileSync(path.join(dir, 'main.c'), 'int main;');
  git('add', '.');
  git('commit', '--quiet', '--message', 'one');
  const rev = git('rev-parse', 'HEAD');
  const source = {
    type: 'git',
    at: at('s', 1),
    placement: placement('repo'),
    url: `file://${dir}`,
    rev,
  } as const;
  const bed = bedWith(t, source);
  must(await fetch(t, bed));
  const content = bed.resolver.contentOf(label('x/a@repo'));
  t.is(content?.type, 'tree');
  const tree = content?.type === 'tree' ? content.tree : undefined;
  const entries = tree === undefined ? [] : must(readTree(bed.store, tree));
  t.deepEqual(
    entries.map((one) => one.path),
    ['main.c'],
  );
});
