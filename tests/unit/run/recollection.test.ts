/** What would follow if a node came to what it came to: worked out beforehand, and taken over only where it did. */
import test from 'ava';
import {actionKey, treeDigest, type ActionKey, type TreeDigest} from '../../../engine/base/hash.ts';
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

interface Bed {
  readonly graph: BuildGraph;
  readonly own: Recollection;
  /** In which x/a has ended with another key. */
  readonly supposed: Recollection;
  placesOf(...names: readonly string[]): number[];
  end(key?: ActionKey, tree?: TreeDigest): void;
}

/** Of all it is asked whether it is settled, as a plan does; what is fresh comes to what it came to. */
function bed(builds: Builds = LADDER, fresh: readonly string[] = ['x/d']): Bed {
  const graph = graphOf(builds);
  const own = new Recollection(graph, remembered(graph));
  const placesOf = (...names: readonly string[]): number[] =>
    names.map((name) => graph.numberOf(label(name)) ?? -1);
  for (const at of graph.order.keys()) own.isSettledAt(at);
  for (const at of placesOf(...fresh)) own.recalledAt(at);
  const supposed = own.suppose(label('x/a'), OTHER);
  if (supposed === undefined) throw new Error('nothing is remembered of x/a');
  const end = (key = OTHER, tree = rowFor('x/a').tree): void => {
    own.ended(label('x/a'), key, tree);
  };
  return {graph, own, supposed, placesOf, end};
}

const isSame = (of: Recollection, at: number | undefined): boolean => of.same()[at ?? -1] === 1;

test('what was supposed and is so is taken over, with what followed', (t) => {
  const {own, supposed, placesOf, end} = bed();
  const above = placesOf('x/b', 'x/c');
  t.true(supposed.areAllSame(above, placesOf('x/d')));
  supposed.recalledAll(above);
  t.false(isSame(own, above[1]), 'nothing is so before it has ended');
  t.false(own.takeOver(supposed));
  end();
  t.true(own.takeOver(supposed));
  t.deepEqual(
    above.map((at) => isSame(own, at)),
    [true, true],
  );
  t.false(isSame(own, placesOf('x/a')[0]), 'its action is another');
});

test('it says what who asks one by one is told', (t) => {
  const {own, supposed, placesOf, end} = bed();
  supposed.recalledAll(placesOf('x/b', 'x/c'));
  end();
  for (const at of placesOf('x/b', 'x/c')) {
    t.true(own.isRecalledAt(at));
    own.recalledAt(at);
  }
  t.deepEqual(own.same(), supposed.same());
});

test('nothing is taken over where another tree came out, or the same action', (t) => {
  const ends = [
    [OTHER, treeDigest('e'.repeat(64))],
    [rowFor('x/a').key, rowFor('x/a').tree],
  ] as const;
  for (const [key, tree] of ends) {
    const {own, supposed, placesOf, end} = bed();
    supposed.recalledAll(placesOf('x/b', 'x/c'));
    end(key, tree);
    t.false(own.takeOver(supposed));
    t.false(isSame(own, placesOf('x/c')[0]));
  }
});

test('nothing is taken over where something else has come to light meanwhile', (t) => {
  const {own, supposed, placesOf, end} = bed(LADDER, []);
  end();
  own.recalledAt(placesOf('x/d')[0] ?? -1);
  t.false(own.takeOver(supposed));
});

test('one that nobody supposed anything in is not taken over, and says nothing', (t) => {
  const {graph, own, placesOf} = bed();
  const other = new Recollection(graph, remembered(graph));
  t.false(own.takeOver(other));
  t.false(other.areAllSame(placesOf('x/b'), []));
});

test('each is to be asked where one is not settled, or what is fresh is not as it was', (t) => {
  const {supposed, placesOf, own} = bed();
  t.false(supposed.areAllSame(placesOf('x/b', 'x/none'), placesOf('x/d')));
  t.false(supposed.areAllSame(placesOf('x/b'), placesOf('x/c')), 'of x/c nothing is known');
  own.ended(label('x/d'), OTHER, rowFor('x/d').tree);
  const later = own.suppose(label('x/a'), OTHER);
  t.false(later?.areAllSame(placesOf('x/b'), placesOf('x/d')), 'x/d was built by another action');
});

test('the test of a node asks for its action: it does not come to what it was', (t) => {
  const {supposed, placesOf} = bed({'x/a': {test: {}}, 'x/b': ['a']}, []);
  t.true(supposed.areAllSame(placesOf('x/b'), []));
  t.false(supposed.areAllSame(placesOf('x/b', 'x/a#test'), []));
});

test('where what the node needs to run is not as it was, others may see something else', (t) => {
  const {supposed, placesOf} = bed({'x/r': [], 'x/a': ['r run'], 'x/b': ['a']}, []);
  t.false(supposed.areAllSame(placesOf('x/b'), []));
});
