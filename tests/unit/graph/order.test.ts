/** Order, cycles, levels and longest paths on small, random and very long graphs. */
import test from 'ava';
import fc from 'fast-check';
import {
  criticalPath,
  findCycles,
  orderNodes,
  reachable,
  shortestPath,
  urgency,
  type Net,
} from '../../../engine/graph/order.ts';

type Edges = Readonly<Record<string, readonly string[]>>;

function net(edges: Edges): Net<string> {
  return {ids: Object.keys(edges), targets: (id) => edges[id] ?? []};
}

/** 0 ← 1 ← 2 …: each needs the one before. */
function chain(length: number): Net<string> {
  const name = (place: number): string => `n${String(place).padStart(6, '0')}`;
  const ids = Array.from({length}, (_, place) => name(place));
  const before = new Map(ids.map((id, place) => [id, place === 0 ? [] : [name(place - 1)]]));
  return {ids, targets: (id) => before.get(id) ?? []};
}

test('by level, then by name, whatever order the ids come in', (t) => {
  const edges: Edges = {d: ['b', 'a'], b: ['c'], a: [], c: []};
  const expected = ['a', 'c', 'b', 'd'];
  t.deepEqual(orderNodes(net(edges)).order, expected);
  const turned = Object.fromEntries(Object.entries(edges).reverse());
  const found = orderNodes(net(turned));
  t.deepEqual(found.order, expected);
  t.deepEqual(
    [...found.levels],
    [
      ['a', 0],
      ['c', 0],
      ['b', 1],
      ['d', 2],
    ],
  );
});

test('an edge to nowhere is a bug of the caller', (t) => {
  t.throws(() => orderNodes(net({a: ['b']})), {message: /unknown node b/});
});

const graphs = fc.integer({min: 1, max: 25}).chain((size) =>
  fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), {maxLength: 60}).map((pairs) => {
    const edges = new Map(Array.from({length: size}, (_, id) => [`n${id}`, new Set<string>()]));
    for (const [from, to] of pairs) edges.get(`n${from}`)?.add(`n${to}`);
    return Object.fromEntries([...edges].map(([id, targets]) => [id, [...targets]]));
  }),
);

/** Without the edges that do not lead to a smaller number no cycle is left. */
function downwards(edges: Edges): Edges {
  const number = (id: string): number => Number(id.slice(1));
  return Object.fromEntries(
    Object.entries(edges).map(([id, targets]) => [
      id,
      targets.filter((target) => number(target) < number(id)),
    ]),
  );
}

test('random graphs without cycles: each node stands after its targets, one level up', (t) => {
  fc.assert(
    fc.property(graphs.map(downwards), (edges) => {
      const {order, levels, stuck} = orderNodes(net(edges));
      t.is(stuck.length, 0);
      t.is(order.length, Object.keys(edges).length);
      const place = new Map(order.map((id, index) => [id, index]));
      for (const [id, targets] of Object.entries(edges)) {
        for (const target of targets) t.true((place.get(target) ?? 0) < (place.get(id) ?? 0));
        const highest = Math.max(-1, ...targets.map((target) => levels.get(target) ?? 0));
        t.is(levels.get(id), highest + 1);
      }
    }),
  );
});

/** The slow, obvious answer: a node that reaches itself. */
function hasCycle(edges: Edges): boolean {
  return Object.keys(edges).some((id) => reachable((one) => edges[one] ?? [], [id]).has(id));
}

test('random graphs: cycles are found if and only if there are some, and they are cycles', (t) => {
  fc.assert(
    fc.property(graphs, (edges) => {
      const given = net(edges);
      const {order, stuck} = orderNodes(given);
      const cycles = findCycles(given, stuck);
      t.is(cycles.length > 0, hasCycle(edges));
      t.is(order.length + stuck.length, given.ids.length);
      for (const cycle of cycles) {
        t.is(new Set(cycle).size, cycle.length);
        t.is([...cycle].sort()[0], cycle[0]);
        cycle.forEach((id, place) => {
          const next = cycle[(place + 1) % cycle.length] ?? '';
          t.true(given.targets(id).includes(next), `${id} → ${next}`);
        });
      }
    }),
  );
});

test('several knots give a cycle each, the shortest through the node met, and no more than asked', (t) => {
  const edges: Edges = {
    a: ['b'],
    b: ['c', 'a'],
    c: ['a'],
    x: ['x'],
    above: ['a', 'x'],
    free: [],
  };
  const {stuck, order} = orderNodes(net(edges));
  t.deepEqual(order, ['free']);
  t.deepEqual(findCycles(net(edges), stuck), [['a', 'b'], ['x']]);
  t.is(findCycles(net(edges), stuck, 1).length, 1);
});

test('chains of 30,000 nodes do not overflow the stack', (t) => {
  const long = chain(30_000);
  const {order, stuck, levels} = orderNodes(long);
  t.deepEqual(order, [...long.ids]);
  t.deepEqual(stuck, []);
  t.is(levels.get('n029999'), 29_999);
  t.is(shortestPath(long, 'n029999', 'n000000')?.length, 30_000);
  t.is(reachable(long.targets, ['n029999']).size, 29_999);
  const critical = criticalPath(order, long.targets, () => 2);
  t.is(critical.length, 60_000);
  t.is(critical.path.length, 30_000);
  t.is(urgency(order, long.targets, () => 1).get('n000000'), 30_000);
});

test('a cycle of 30,000 nodes is found', (t) => {
  const long = chain(30_000);
  const ring: Net<string> = {
    ids: long.ids,
    targets: (id) => (id === 'n000000' ? ['n029999'] : long.targets(id)),
  };
  const {stuck} = orderNodes(ring);
  const [cycle] = findCycles(ring, stuck);
  t.is(cycle?.length, 30_000);
  t.deepEqual(cycle?.slice(0, 2), ['n000000', 'n029999']);
});

test('the critical path is the longest chain by duration, not by nodes', (t) => {
  const edges: Edges = {a: [], b: ['a'], c: ['b'], slow: [], end: ['c', 'slow']};
  const weights: Readonly<Record<string, number>> = {a: 1, b: 1, c: 1, slow: 10, end: 2};
  const weight = (id: string): number => weights[id] ?? 0;
  const {order} = orderNodes(net(edges));
  const found = criticalPath(order, net(edges).targets, weight);
  t.deepEqual(found, {path: ['slow', 'end'], length: 12});
  t.deepEqual(Object.fromEntries(urgency(order, net(edges).targets, weight)), {
    a: 5,
    b: 4,
    c: 3,
    slow: 12,
    end: 2,
  });
  t.deepEqual(criticalPath([], net({}).targets, weight), {path: [], length: 0});
});

test('targets outside the order count for nothing', (t) => {
  const targets = (): readonly string[] => ['elsewhere'];
  t.deepEqual(
    criticalPath(['a'], targets, () => 3),
    {path: ['a'], length: 3},
  );
  t.deepEqual([...urgency(['a'], targets, () => 3)], [['a', 3]]);
});

test('shortest paths follow the edges written first, and need an edge', (t) => {
  const edges: Edges = {a: ['c', 'b'], b: ['d'], c: ['d'], d: [], e: ['e']};
  t.deepEqual(shortestPath(net(edges), 'a', 'd'), ['a', 'c', 'd']);
  t.is(shortestPath(net(edges), 'd', 'a'), undefined);
  t.is(shortestPath(net(edges), 'a', 'a'), undefined);
  t.deepEqual(shortestPath(net(edges), 'e', 'e'), ['e', 'e']);
});
