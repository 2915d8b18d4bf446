/** Questions about the graph, and the graph as text. */
import test from 'ava';
import {toDot, toJson} from '../../../engine/graph/export.ts';
import {
  dependenciesOf,
  dependentsOf,
  levelsOf,
  pathsByFirstEdge,
  somePath,
  wantedBy,
  type Hop,
} from '../../../engine/graph/query.ts';
import {graphOf, label, remote} from './values.ts';

const GRAPH = graphOf({
  'l/app': {needs: ['lib', 'ssl', 'doc run'], test: {}},
  'l/lib': {in: 'sys', needs: ['zlib build']},
  'l/ssl': ['zlib'],
  'l/zlib': {sources: [remote('zlib.tar', '1')]},
  'l/doc': [],
  'l/sys': [],
});

const APP = [label('l/app')];

test('dependencies, direct and all, in build order', (t) => {
  t.deepEqual(dependenciesOf(GRAPH, APP, 'direct'), ['l/doc', 'l/lib', 'l/ssl'].map(label));
  t.deepEqual(
    dependenciesOf(GRAPH, APP),
    ['l/doc', 'l/sys', 'l/zlib@zlib.tar', 'l/zlib', 'l/lib', 'l/ssl'].map(label),
  );
});

test('dependents, direct and all', (t) => {
  const zlib = [label('l/zlib')];
  t.deepEqual(dependentsOf(GRAPH, zlib, 'direct'), ['l/lib', 'l/ssl'].map(label));
  t.deepEqual(dependentsOf(GRAPH, zlib), ['l/lib', 'l/ssl', 'l/app', 'l/app#test'].map(label));
});

test('what a run looks at: the targets and all below', (t) => {
  t.deepEqual(wantedBy(GRAPH, [label('l/ssl')]), ['l/zlib@zlib.tar', 'l/zlib', 'l/ssl'].map(label));
  t.deepEqual(wantedBy(GRAPH, []), []);
});

function said(path: readonly Hop[] | undefined): readonly string[] | undefined {
  return path?.map(
    ({from, edge}) => `${from} ${edge.kind} ${edge.to} ${edge.at.file}:${edge.at.line}`,
  );
}

test('why: a path with the place of every edge', (t) => {
  t.deepEqual(said(somePath(GRAPH, label('l/app'), label('l/zlib'))), [
    'l/app both l/lib recipes/l/app.yaml:10',
    'l/lib build l/zlib recipes/l/lib.yaml:10',
  ]);
  t.is(somePath(GRAPH, label('l/zlib'), label('l/app')), undefined);
});

test('why: one path for each first edge, the shortest first, up to a number', (t) => {
  const paths = pathsByFirstEdge(GRAPH, label('l/app#test'), label('l/zlib'), 5);
  t.is(paths.length, 1);
  const two = pathsByFirstEdge(GRAPH, label('l/app'), label('l/zlib'), 5);
  t.deepEqual(
    two.map((path) => path[0]?.edge.to),
    [label('l/lib'), label('l/ssl')],
  );
  t.is(pathsByFirstEdge(GRAPH, label('l/app'), label('l/zlib'), 1).length, 1);
  const direct = pathsByFirstEdge(GRAPH, label('l/app'), label('l/ssl'), 5);
  t.deepEqual(direct.map(said), [['l/app both l/ssl recipes/l/app.yaml:11']]);
});

test('levels among the labels given', (t) => {
  t.deepEqual(
    levelsOf(GRAPH, GRAPH.order),
    [
      ['l/doc', 'l/sys', 'l/zlib@zlib.tar'],
      ['l/zlib'],
      ['l/lib', 'l/ssl'],
      ['l/app'],
      ['l/app#test'],
    ].map((level) => level.map(label)),
  );
  t.deepEqual(levelsOf(GRAPH, [label('l/app'), label('l/zlib')]), [['l/zlib', 'l/app'].map(label)]);
});

test('unknown labels are bugs of the caller', (t) => {
  t.throws(() => dependenciesOf(GRAPH, [label('l/none')]), {message: /no node/});
});

test('DOT: shapes for nodes, styles for edges, only what was asked for', (t) => {
  const labels = ['l/app', 'l/doc', 'l/lib', 'l/sys', 'l/zlib@zlib.tar'].map(label);
  t.is(
    toDot(GRAPH, labels),
    `digraph recipes {
  rankdir=LR;
  "l/doc" [shape=box];
  "l/sys" [shape=box];
  "l/zlib@zlib.tar" [shape=note];
  "l/lib" [shape=box];
  "l/app" [shape=box];
  "l/lib" -> "l/sys" [style=bold];
  "l/app" -> "l/lib" [style=solid];
  "l/app" -> "l/doc" [style=dashed];
}
`,
  );
});

test('JSON: nodes and edges with places', (t) => {
  const text = toJson(GRAPH, ['l/app#test', 'l/app'].map(label));
  t.deepEqual(JSON.parse(text), {
    nodes: [
      {label: 'l/app', kind: 'build'},
      {label: 'l/app#test', kind: 'test'},
    ],
    edges: [{from: 'l/app#test', to: 'l/app', kind: 'subject', at: 'recipes/l/app.yaml:3'}],
  });
  t.true(text.endsWith('\n'));
});
