/** From recipes to inputs and keys: what is known, what is open, what changes which key. */
import test, {type ExecutionContext} from 'ava';
import {blobDigest, sha256, treeDigest, type ActionKey} from '../../../engine/base/hash.ts';
import type {GitSource} from '../../../engine/load/model.ts';
import type {HostTools} from '../../../engine/run/knowledge.ts';
import {putBytes} from '../../../store/pool.ts';
import {patch, printsFor} from '../graph/resolved.ts';
import {at, graphOf, label, local, placement, remote, type Builds} from '../graph/values.ts';
import {emptyStore} from '../store/rig.ts';
import {bedFor, bedOf, storedTree, wellEnded, type Bed} from './rig.ts';

const ONE = blobDigest(sha256('one'));
const TWO = blobDigest(sha256('two'));

/** A source of two places with different bytes. */
const EITHER = {
  ...remote('a.tar', '0'),
  places: [
    {url: 'gnu:a.tar', sha256: ONE as string, at: at('s', 1)},
    {url: 'debian:a.tar', sha256: TWO as string, at: at('s', 2)},
  ],
};
const GIT: GitSource = {
  ...{type: 'git', at: at('s', 1), placement: placement('repo')},
  ...{url: 'https://example.org/repo', rev: 'a'.repeat(40)},
};
const A_TAR = label('x/a@a.tar');

test('inputs: the base below, needs with what runs with them, sources, patches, tools', (t) => {
  const graph = graphOf({
    'x/libc': {},
    'x/base': ['libc run'],
    'x/zlib': {},
    'x/png': ['zlib'],
    'x/doc': {},
    'x/app': {
      ...{in: 'x/base', needs: ['png', 'doc run'], sources: [remote('app.tar', '1')]},
      patches: [patch('fix.patch')],
      test: {needs: ['doc']},
    },
  });
  const bed = bedFor(graph, emptyStore(t), {prints: printsFor(graph)});
  bed.done(['x/libc', 'x/base', 'x/zlib', 'x/png', 'x/doc']);
  const {inputs, sources, key} = bed.known('x/app');
  t.deepEqual(
    inputs.layers.map((one) => one.owner),
    ['x/libc', 'x/base', 'x/zlib', 'x/png'].map(label),
  );
  t.is(inputs.layers[0]?.tree, bed.resolver.treeOf(label('x/libc')));
  t.is(inputs.baseLayers, 2);
  t.deepEqual(inputs.sources, [{type: 'file', blob: blobDigest('1'.repeat(64))}]);
  t.deepEqual(inputs.patches, [blobDigest(sha256('fix.patch'))]);
  t.deepEqual(sources, [{name: 'app.tar', digest: '1'.repeat(64)}]);
  t.deepEqual(inputs.tools, {});
  // The test is of one outcome of its build, and sees its own needs too.
  t.deepEqual(bed.resolver.resolve(bed.node('x/app#test')), {type: 'open', on: [label('x/app')]});
  bed.resolver.learn(label('x/app'), key, undefined);
  const checked = bed.known('x/app#test');
  t.is(checked.inputs.layers.at(-1)?.owner, label('x/doc'));
  t.true(checked.manifest.includes(`build.key = "${key}"`));
});

test('open: all that is not known yet is named', (t) => {
  const bed = bedOf(t, {
    'x/base': {},
    'x/lib': {},
    'x/app': {in: 'x/base', needs: ['lib'], sources: [EITHER, GIT]},
  });
  const open = (): unknown => bed.resolver.resolve(bed.node('x/app'));
  t.deepEqual(open(), {
    type: 'open',
    on: ['x/base', 'x/lib', 'x/app@a.tar', 'x/app@repo'].map(label),
  });
  bed.done(['x/base', 'x/lib']);
  bed.resolver.choose(label('x/app@repo'), treeDigest('7'.repeat(64)));
  t.deepEqual(open(), {type: 'open', on: [label('x/app@a.tar')]});
});

const CHOICES: readonly (readonly [
  string,
  readonly string[],
  string | undefined,
  string | undefined,
])[] = [
  ['nothing is here, nothing was chosen', [], undefined, undefined],
  ['the second is here', ['two'], undefined, TWO],
  ['both are here: the first', ['two', 'one'], undefined, ONE],
  ['the choice holds though the other is here', ['one'], TWO, TWO],
  ['the choice holds though nothing is here', [], TWO, TWO],
  ['a choice that stands in no place any more', ['two'], sha256('three'), TWO],
];

for (const [what, here, chosen, expected] of CHOICES) {
  test(`or: ${what}`, (t) => {
    const bed = bedOf(t, {'x/a': {sources: [EITHER]}});
    for (const text of here) putBytes(bed.store, text);
    if (chosen !== undefined) bed.resolver.choose(A_TAR, blobDigest(chosen));
    const content = bed.resolver.contentOf(A_TAR);
    t.is(content?.type === 'file' ? content.blob : undefined, expected as typeof ONE | undefined);
    const isHere = here.some((text) => sha256(text) === expected);
    t.is(bed.resolver.isHere(content), isHere);
  });
}

test('a choice is remembered by the next process, until the list of places changes', (t) => {
  const builds = (places: typeof EITHER.places): Builds => ({
    'x/a': {sources: [{...EITHER, places}]},
  });
  const bed = bedOf(t, builds(EITHER.places));
  bed.resolver.choose(A_TAR, TWO);
  const again = bedOf(t, builds(EITHER.places), {store: bed.store});
  t.deepEqual(again.resolver.contentOf(A_TAR), {type: 'file', blob: TWO});
  const other = bedOf(t, builds([...EITHER.places].reverse()), {store: bed.store});
  t.is(other.resolver.contentOf(A_TAR), undefined);
  const moved = EITHER.places.map((place) => ({...place, url: `${place.url}?mirror`}));
  const mirrored = bedOf(t, builds(moved), {store: bed.store});
  t.deepEqual(mirrored.resolver.contentOf(A_TAR), {type: 'file', blob: TWO});
});

test('one place, or several with the same bytes: there is nothing to choose', (t) => {
  const same = EITHER.places.map((place) => ({...place, sha256: ONE}));
  const bed = bedOf(t, {'x/a': {sources: [{...EITHER, places: same}]}});
  t.deepEqual(bed.resolver.contentOf(A_TAR), {type: 'file', blob: ONE});
  t.false(bed.resolver.isHere(bed.resolver.contentOf(A_TAR)));
});

test('a commit is known by what it was unpacked to', (t) => {
  const bed = bedOf(t, {'x/a': {sources: [GIT]}});
  const repo = label('x/a@repo');
  t.is(bed.resolver.contentOf(repo), undefined);
  t.false(bed.resolver.isHere(undefined));
  const tree = storedTree(bed.store, {'main.c': 'x'});
  bed.resolver.choose(repo, tree);
  t.deepEqual(bed.resolver.contentOf(repo), {type: 'tree', tree});
  t.true(bed.resolver.isHere({type: 'tree', tree}));
  t.false(bed.resolver.isHere({type: 'tree', tree: treeDigest('7'.repeat(64))}));
});

test('local files and folders are what their prints say', (t) => {
  const sources = [local('code', '/code'), local('one', '/one')];
  const paths = new Map([
    [label('x/a@code'), `tree ${'3'.repeat(64)}`],
    [label('x/a@one'), `file ${ONE}`],
  ]);
  const bed = bedOf(t, {'x/a': {sources}}, {prints: {paths, patches: new Map()}});
  t.deepEqual(bed.known('x/a').inputs.sources, [
    {type: 'tree', tree: treeDigest('3'.repeat(64))},
    {type: 'file', blob: ONE},
  ]);
});

/** The key of x/app in a graph, with the trees below given by their text. */
function keyIn(t: ExecutionContext, builds: Builds, below: string, tools?: HostTools): ActionKey {
  const bed = bedOf(t, builds, tools === undefined ? {} : {tools: {tools: () => tools}});
  for (const name of bed.graph.order) {
    if (name === label('x/app')) break;
    const tree = storedTree(bed.store, {file: below});
    bed.resolver.learn(name, bed.known(name).key, tree);
  }
  return bed.known('x/app').key;
}

const tools = (print: string, path = '/usr/bin/cc'): HostTools => ({
  ...{tools: {cc: path}, fingerprint: {cc: print}, problems: []},
});
const APP: Builds = {'x/lib': {}, 'x/app': {in: 'host', needs: ['lib'], tools: ['cc']}};

const KEYS: readonly (readonly [string, boolean, Builds, string, HostTools])[] = [
  ['nothing', true, APP, '1', tools('a')],
  ['what a need came to', false, APP, '2', tools('a')],
  ['the host’s compiler', false, APP, '1', tools('b')],
  ['where the compiler lies', true, APP, '1', tools('a', '/opt/cc')],
  [
    'steps of a need with the same outcome',
    true,
    {...APP, 'x/lib': {steps: [{name: 'install', text: 'other'}]}},
    '1',
    tools('a'),
  ],
  [
    'an own step',
    false,
    {...APP, 'x/app': {in: 'host', needs: ['lib'], tools: ['cc'], env: {A: '1'}}},
    '1',
    tools('a'),
  ],
];

for (const [what, same, builds, below, host] of KEYS) {
  test(`changed: ${what} → ${same ? 'the same key' : 'another key'}`, (t) => {
    const key = keyIn(t, APP, '1', tools('a'));
    t.is(keyIn(t, builds, below, host) === key, same);
  });
}

test('roots have no tools, whatever the host has', (t) => {
  const builds: Builds = {'x/app': {tools: ['cc']}};
  t.is(keyIn(t, builds, '', tools('a')), keyIn(t, builds, '', tools('b')));
});

test('learn: the tree of a need opens what waits for it', (t) => {
  const bed = bedOf(t, {'x/lib': {}, 'x/app': ['lib']});
  const {key} = bed.known('x/lib');
  t.is(bed.resolver.keyOf(label('x/lib')), undefined);
  bed.resolver.learn(label('x/lib'), key, undefined);
  t.is(bed.resolver.keyOf(label('x/lib')), key);
  t.is(bed.resolver.resolve(bed.node('x/app')).type, 'open', 'a key is no tree');
  bed.resolver.learn(label('x/lib'), key, storedTree(bed.store, {}));
  t.is(bed.resolver.resolve(bed.node('x/app')).type, 'known');
});

test('asked for what the graph does not have is a bug', (t) => {
  const bed: Bed = bedOf(t, {'x/a': {}});
  t.throws(() => bed.resolver.contentOf(label('x/a')), {message: 'x/a is no source'});
  const stray = {...bed.build('x/a'), kind: 'test', of: label('x/b'), plan: {}} as unknown;
  t.throws(() => bed.resolver.resolve(stray as Parameters<typeof bed.resolver.resolve>[0]), {
    message: 'x/a checks no build',
  });
});

test('the recipe key is that of what is written, whatever it came to', (t) => {
  const bed = bedOf(t, {'x/lib': {}, 'x/app': ['lib']});
  const before = bed.resolver.recipeKeyOf(label('x/app'));
  bed.ended('x/lib', wellEnded(storedTree(bed.store, {a: '1'})));
  const again = bedOf(t, {'x/lib': {}, 'x/app': ['lib']}, {store: bed.store});
  t.is(again.resolver.recipeKeyOf(label('x/app')), before);
  const other = bedOf(t, {'x/lib': {}, 'x/app': ['lib build']}, {store: bed.store});
  t.is(other.resolver.recipeKeyOf(label('x/app')), before, 'running needs are not built with');
});
