/** Sets by place behave as those of the language, in the order of the graph. */
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {labelAt, LabelSet} from '../../../engine/graph/label-table.ts';

const order = ['t/c', 't/a', 't/b', 't/d'] as Label[];
const graph = {
  order,
  numberOf: (label: Label): number | undefined =>
    order.includes(label) ? order.indexOf(label) : undefined,
};
const [C, A, B, D] = order as [Label, Label, Label, Label];
const STRANGE = 't/strange' as Label;

test('a set', (t) => {
  const set = new LabelSet(graph, Uint8Array.from([1, 0, 1, 0]));
  t.is(set.size, 2);
  t.deepEqual(
    [C, A, B, D, STRANGE].map((one) => set.has(one)),
    [true, false, true, false, false],
  );
  for (const list of [set, set.keys(), set.values()]) t.deepEqual([...list], [C, B]);
  t.deepEqual([...set.entries()], [...new Set([C, B]).entries()]);
  t.deepEqual(
    [0, 1, 2, 3, 4, -1].map((at) => set.hasAt(at)),
    [true, false, true, false, false, false],
  );
  t.deepEqual(
    set.where((at) => at > 0),
    [B],
  );
  const seen: unknown[] = [];
  set.forEach((...all) => seen.push(all));
  t.deepEqual(seen, [
    [C, C, set],
    [B, B, set],
  ]);
});

test('the label at a place', (t) => {
  t.is(labelAt(graph, 1), A);
  t.throws(() => labelAt(graph, 4));
});
