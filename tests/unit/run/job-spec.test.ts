/** What the sandbox is told of builds and tests. */
import test from 'ava';
import {blobDigest, treeDigest} from '../../../engine/base/hash.ts';
import type {Placement, Source} from '../../../engine/load/model.ts';
import {buildSpec, testSpec, type Inputs} from '../../../engine/run/job-spec.ts';
import type {SourceContent} from '../../../engine/run/source-content.ts';
import type {StagedSource} from '../../../engine/sandbox/protocol.ts';
import {patch} from '../graph/resolved.ts';
import {graphOf, label, placement, remote, type BuildText} from '../graph/values.ts';
import type {Build} from '../../../engine/load/model.ts';

const A = label('lfs/a');
const BLOB = blobDigest('1'.repeat(64));
const TREE = treeDigest('2'.repeat(64));
const asFile: SourceContent = {type: 'file', blob: BLOB};
const asTree: SourceContent = {type: 'tree', tree: TREE};
const NOTHING: Inputs = {layers: [], baseLayers: 0, sources: [], patches: [], tools: {}};

function buildFrom(text: BuildText): Build {
  const node = graphOf({'lfs/a': text, 'lfs/base': {}}).nodes.get(A);
  if (node?.kind !== 'build') throw new Error('no build');
  return node.build;
}

test('a build is told all that its recipe says and its inputs came to', (t) => {
  const build = buildFrom({
    steps: [{name: 'compile', text: 'make'}],
    env: {CFLAGS: '-O2'},
    variables: {list: ['1', '2']},
    shell: ['errexit'],
    patches: [patch('one.patch'), {...patch('two.patch'), strip: 0}],
    ...{expect: ['usr/bin/a'], ignore: ['usr/x'], leaks: ['usr/lib/*.la'], top: 'a-1'},
    resources: {cpu: 3, memoryBytes: 1, milliseconds: 777},
  });
  const layers = [{owner: label('lfs/base'), tree: TREE}];
  const patches = [BLOB, blobDigest('3'.repeat(64))];
  const inputs: Inputs = {...NOTHING, layers, baseLayers: 1, patches};
  const spec = buildSpec(A, build, inputs, [label('lfs/base')], ['**/dir']);
  t.deepEqual(spec, {
    ...{label: A, environment: 'root', tools: {}, layers, baseLayers: 1, sources: [], top: 'a-1'},
    patches: [
      {name: 'one.patch', strip: 1, blob: BLOB},
      {name: 'two.patch', strip: 0, blob: patches[1]},
    ],
    ...{env: {CFLAGS: '-O2'}, variables: {list: ['1', '2']}, shell: ['errexit']},
    ...{steps: [{name: 'compile', text: 'make'}], milliseconds: 777},
    capture: {
      expect: ['usr/bin/a'],
      drop: ['usr/x', '**/dir'],
      replaces: [label('lfs/base')],
      leaks: ['usr/lib/*.la'],
    },
  });
});

for (const [where, environment] of [
  ['host', 'host'],
  ['root', 'root'],
  ['base', 'root'],
] as const) {
  test(`in: ${where} is built in ${environment}`, (t) => {
    const spec = buildSpec(
      A,
      buildFrom({in: where}),
      {...NOTHING, tools: {cc: '/usr/bin/cc'}},
      [],
      [],
    );
    t.is(spec.environment, environment);
    t.deepEqual(spec.tools, {cc: '/usr/bin/cc'});
  });
}

const unpacked = (format: string, more: object = {}): object => ({
  ...{format, into: 'top', strip: 1, subdir: undefined, inner: undefined, ...more},
});

const SOURCES: readonly (readonly [string, Partial<Placement>, SourceContent, unknown])[] = [
  ['a.tar', {}, asFile, unpacked('tar')],
  ['a.tar.gz', {}, asFile, unpacked('tar.gz')],
  ['a.tgz', {}, asFile, unpacked('tar.gz')],
  ['a.tar.xz', {}, asFile, unpacked('tar.xz')],
  ['a.tar.bz2', {}, asFile, unpacked('tar.bz2')],
  ['a.tar.zst', {}, asFile, unpacked('tar.zst')],
  ['a.txt', {}, asFile, undefined],
  ['a.tar.gz', {unpack: false}, asFile, undefined],
  ['a.tar.gz', {into: ''}, asFile, unpacked('tar.gz', {into: 'a-1.0'})],
  ['a.tar.gz', {strip: 0, subdir: 's'}, asFile, unpacked('tar.gz', {strip: 0, subdir: 's'})],
  ['a.tar', {unpack: {inner: 'b.tar.xz'}}, asFile, unpacked('tar', {inner: 'b.tar.xz'})],
  ['folder', {}, asTree, unpacked('tar')],
  ['folder.tar.gz', {}, asTree, unpacked('tar')],
  ['folder', {unpack: false}, asTree, undefined],
];

for (const [name, more, content, expected] of SOURCES) {
  test(`${content.type} ${name} ${JSON.stringify(more)}`, (t) => {
    const source: Source = {...remote(name, '1'), placement: {...placement(name), ...more}};
    const build = buildFrom({sources: [source]});
    const [staged] = buildSpec(A, build, {...NOTHING, sources: [content]}, [], []).sources;
    t.deepEqual(staged, {name, content, unpack: expected} as StagedSource);
  });
}

test('a test checks what was kept, or builds again first; nothing is captured', (t) => {
  const build = buildFrom({
    steps: [{name: 'install', text: 'i'}],
    test: {steps: [{name: 'check', text: 'c'}]},
  });
  const names = (resumed: boolean): readonly string[] =>
    testSpec(A, build, NOTHING, resumed).steps.map((step) => step.name);
  t.deepEqual(names(true), ['check']);
  t.deepEqual(names(false), ['install', 'check']);
  t.is(testSpec(A, build, NOTHING, true).capture, undefined);
});

test('inputs that are fewer than the recipe has are a bug', (t) => {
  const sources = buildFrom({sources: [remote('a.tar', '1')]});
  t.throws(() => buildSpec(A, sources, NOTHING, [], []), {message: 'source 0 is not resolved'});
  const patches = buildFrom({patches: [patch('p')]});
  t.throws(() => buildSpec(A, patches, NOTHING, [], []), {message: 'patch 0 is not resolved'});
});
