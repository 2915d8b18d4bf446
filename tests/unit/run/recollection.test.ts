/** What would follow if a node came to what it came to: worked out beforehand, and taken over only where it did. */
import test from 'ava';
import {actionKey, treeDigest} from '../../../engine/base/hash.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import {Recollection, type Remembered, type Row} from '../../../engine/run/recollection.ts';
import {graphOf, label, type Builds} from '../graph/values.ts';

const digit = (text: string): string => text.charCodeAt(0).toString(16).padStart(64, '0');
const rowFor = (name: string): Row => ({
  key: actionKey(digit(name.slice(2))),
  tree: treeDigest(digit(name.slice(2))),
  milliseconds: 5,
});
const OTHER = actionKey('f'.repeat(64));

/** Everything is as it was. */
function remembered(graph: BuildGraph): Remembered {
  const all = (what: number): Uint8Array => new Uint8Array(graph.order.length).fill(what);
  return {
    rowOf: (at) => rowFor(graph.order[at] ?? ''),
    rows: all(1),
    liesIn: () => true,
    timeOf: () => 5,
    contentOf: () => undefined,
    contents: all(0),
    locals: all(0),
    folders: {paths: [], prints: new Float64Array()},
    isLatest: true,
  };
}

const LADDER: Builds = {'x/a': [], 'x/b': ['a'], 'x/c': ['b'], 'x/d': []};

function recall(): {graph: BuildGraph; own: Recollection} {
  const graph = graphOf(LADDER);
  return {graph, own: new Recollection(graph, remembered(graph))};
}

const placeOf = (graph: BuildGraph, name: string): number => graph.numberOf(label(name)) ?? -1;

/** All above a node, in order, as far as it comes to what it was. */
function goOn(graph: BuildGraph, of: Recollection): string {
  const found = ['x/b', 'x/c'].filter((name) => {
    const at = placeOf(graph, name);
    if (!of.isRecalledAt(at)) return false;
    of.recalledAt(at);
    return true;
  });
  return found.join(' ');
}

const isSame = (graph: BuildGraph, of: Recollection, name: string): boolean =>
  of.same()[placeOf(graph, name)] === 1;

test('what was supposed and is so is taken over, with what followed', (t) => {
  const {graph, own} = recall();
  const supposed = own.suppose(label('x/a'), OTHER);
  if (supposed === undefined) return t.fail();
  t.is(goOn(graph, supposed), 'x/b x/c');
  t.false(isSame(graph, own, 'x/c'), 'nothing is so before it has ended');
  t.false(own.takeOver(supposed));
  own.ended(label('x/a'), OTHER, rowFor('x/a').tree);
  t.true(own.takeOver(supposed));
  t.true(isSame(graph, own, 'x/c'));
  t.false(isSame(graph, own, 'x/a'), 'its action is another');
});

test('nothing is taken over where another tree came out, or another action', (t) => {
  for (const [key, tree] of [
    [OTHER, treeDigest('e'.repeat(64))],
    [rowFor('x/a').key, rowFor('x/a').tree],
  ] as const) {
    const {graph, own} = recall();
    const supposed = own.suppose(label('x/a'), OTHER);
    if (supposed === undefined) return t.fail();
    goOn(graph, supposed);
    own.ended(label('x/a'), key, tree);
    t.false(own.takeOver(supposed));
    t.false(isSame(graph, own, 'x/c'));
  }
});

test('nothing is taken over where something else has come to light meanwhile', (t) => {
  const {graph, own} = recall();
  const supposed = own.suppose(label('x/a'), OTHER);
  if (supposed === undefined) return t.fail();
  own.ended(label('x/a'), OTHER, rowFor('x/a').tree);
  own.recalledAt(placeOf(graph, 'x/d'));
  t.false(own.takeOver(supposed));
});

test('one that nobody supposed anything in is not taken over', (t) => {
  const {graph, own} = recall();
  t.false(own.takeOver(new Recollection(graph, remembered(graph))));
});
