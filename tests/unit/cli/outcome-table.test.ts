/** What nodes came to, in columns: what is put in comes out, one by one and of many at once. */
import test from 'ava';
import {actionKey, sha256, treeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {PRINT} from '../../../engine/base/text-file.ts';
import {
  decodeOutcomes,
  encodeOutcomes,
  OutcomeTable,
  type Outcomes,
} from '../../../engine/cli/outcome-table.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import type {Row} from '../../../engine/run/recollection.ts';

type Part = Pick<BuildGraph, 'order' | 'labels' | 'numberOf'>;

/** What of a graph a table asks for. */
function graphOf(names: readonly string[]): BuildGraph {
  const order = names as Label[];
  const part: Part = {
    order,
    labels: () => Buffer.from(order.join('\n')),
    numberOf: (label) => (order.includes(label) ? order.indexOf(label) : undefined),
  };
  return part as BuildGraph;
}

const COUNT = 150;
const NAMES = Array.from({length: COUNT}, (_none, at) => `t/${at}`);
const PRINTS = Buffer.from(Array.from({length: COUNT * PRINT}, (_none, at) => (at * 7) % 251));

const rowAt = (at: number): {key: string; tree: string | undefined; milliseconds: number} => ({
  key: sha256(`key ${at}`),
  tree: at % 4 === 0 ? undefined : sha256(`tree ${at}`),
  milliseconds: at,
});

/** Every third a row, a file that owns two paths, and a folder that owns none. */
function filled(): OutcomeTable {
  const table = OutcomeTable.empty(graphOf(NAMES));
  for (let at = 0; at < COUNT; at += 1) {
    const {key, tree, milliseconds} = rowAt(at);
    const made = tree === undefined ? undefined : treeDigest(tree);
    if (at % 3 === 0) table.setRow(at, PRINTS, {key: actionKey(key), tree: made, milliseconds});
    if (at % 3 === 1) table.setContent(at, PRINTS, `file ${sha256(`${at}`)}`, 2);
    if (at % 3 === 2) table.setContent(at, PRINTS, `tree ${sha256(`${at}`)}`, 0);
  }
  return table;
}

const placesOf = (bits: Uint8Array): readonly number[] =>
  [...bits.keys()].filter((at) => bits[at] === 1);
const every = (holds: (at: number) => boolean): readonly number[] =>
  [...NAMES.keys()].filter(holds);
/** As digests that are only texts. */
const plain = (row: Row): ReturnType<typeof rowAt> => ({...row, tree: row.tree});

function flip(bytes: Buffer, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
}

const all = (): Uint8Array => new Uint8Array(COUNT).fill(1);

test('rows and contents come out as they were put in', (t) => {
  const table = filled();
  for (const at of every((one) => one % 3 === 0)) {
    t.true(table.hasRow(at));
    t.deepEqual(plain(table.rowOf(at)), rowAt(at));
    t.is(table.contentOf(at), undefined);
  }
  for (const at of every((one) => one % 3 !== 0)) {
    t.false(table.hasRow(at));
    t.is(table.contentOf(at), `${at % 3 === 1 ? 'file' : 'tree'} ${sha256(`${at}`)}`);
  }
  t.deepEqual(table.placesOf('contents', sha256('7')), [7]);
});

test('of many at once: rows, contents, what is local', (t) => {
  const table = filled();
  t.deepEqual(
    placesOf(table.rowsAmong(all())),
    every((at) => at % 3 === 0),
  );
  t.deepEqual(
    placesOf(table.contentsAmong(all())),
    every((at) => at % 3 !== 0),
  );
  t.deepEqual(
    placesOf(table.localAmong(all())),
    every((at) => at % 3 === 1),
  );
  t.deepEqual(placesOf(table.rowsAmong(new Uint8Array(COUNT))), []);
  t.deepEqual(
    [...table.ownedByAll()],
    NAMES.map((_name, at) => (at % 3 === 1 ? 2 : 0)),
  );
});

test('what is written otherwise is found wherever it stands', (t) => {
  const table = filled();
  t.deepEqual(placesOf(table.samePrints(PRINTS)), [...NAMES.keys()]);
  for (const others of [[0], [63], [64], [149], [1, 62, 100, 149], [...NAMES.keys()]]) {
    const prints = Buffer.from(PRINTS);
    for (const at of others) flip(prints, at * PRINT + (at % PRINT));
    t.deepEqual(
      placesOf(table.samePrints(prints)),
      every((at) => !others.includes(at)),
    );
  }
  // Whose content is only of the past is written as nobody is.
  table.setPastContent(4, `file ${sha256('x')}`);
  table.clear(5);
  t.deepEqual(
    placesOf(table.samePrints(PRINTS)),
    every((at) => at !== 5),
  );
});

test('another graph takes over what it has, by name', (t) => {
  const table = filled();
  const names = [...NAMES.slice(10).toReversed(), 't/new'];
  const arranged = table.arranged(graphOf(names));
  t.false(arranged.isOf(graphOf(NAMES)));
  t.true(arranged.isOf(graphOf(names)));
  t.deepEqual(plain(arranged.rowOf(names.indexOf('t/99'))), rowAt(99));
  t.is(arranged.contentOf(names.indexOf('t/100')), `file ${sha256('100')}`);
  t.false(arranged.hasRow(names.indexOf('t/new')));
});

test('as bytes and back, and nothing of bytes that are damaged', (t) => {
  const none = {paths: [], prints: new Float64Array()};
  const outcomes: Outcomes = {
    table: filled(),
    ...{paths: none, ground: none, folders: none},
    head: {tools: [], patches: [], generated: 'g', root: null, log: 'l'},
  };
  const bytes = Buffer.concat(encodeOutcomes(outcomes));
  const again = decodeOutcomes(bytes);
  t.deepEqual(again?.head, outcomes.head);
  t.true(again?.table.isOf(graphOf(NAMES)));
  for (const [name, column] of Object.entries(outcomes.table.sections())) {
    t.true(again?.table.sections()[name]?.equals(column), name);
  }
  for (const at of [0, 100, bytes.length - 1]) {
    const damaged = Buffer.from(bytes);
    flip(damaged, at);
    t.is(decodeOutcomes(damaged), undefined);
  }
});
