/** The tree with places: lookups, plain data for the validators, merging. */
import test from 'ava';
import {
  keyAt,
  mergeNodes,
  nodeAt,
  partOf,
  placeAt,
  toData,
  type DataNode,
} from '../../../engine/load/nodes.ts';
import {readYaml} from '../../../engine/load/yaml.ts';
import type {Shape} from '../../../schemas/shape.ts';

function tree(text: string): DataNode {
  const {node} = readYaml('f', Buffer.from(text));
  if (node === undefined) throw new Error(`no YAML: ${text}`);
  return node;
}

const EXAMPLE = tree('a:\n  b: [x, {c: 1}]\nd:\n');

test('values and keys have places, what is missing has that of what is around it', (t) => {
  const where = (at: {line: number; column: number}): string => `${at.line}:${at.column}`;
  t.is(where(placeAt(EXAMPLE, ['a', 'b', 1, 'c'])), '2:14');
  t.is(where(keyAt(EXAMPLE, ['a', 'b', 1, 'c'])), '2:11');
  t.is(where(keyAt(EXAMPLE, ['a', 'b', 1])), '2:10');
  t.is(where(keyAt(EXAMPLE, ['a', 'b', 1, 'nothing', 'at', 'all'])), '2:10');
  t.is(where(placeAt(EXAMPLE, ['a', 'nothing'])), '1:1');
  t.is(where(keyAt(EXAMPLE, ['d'])), '3:1');
  t.is(where(keyAt(EXAMPLE, [])), '1:1');
  t.is(nodeAt(EXAMPLE, ['a', 'b', 7]), undefined);
  t.is(nodeAt(EXAMPLE, ['a', 'b', 0, 'x']), undefined);
});

test('a part of a text has its own place', (t) => {
  const quoted = nodeAt(tree('k: "abc ${x}"\n'), ['k']);
  t.is(quoted?.kind === 'scalar' ? partOf(quoted, 4, 8).column : 0, 9);
  const block = nodeAt(tree('k: |\n  abc ${x}\n'), ['k']);
  t.deepEqual(block?.kind === 'scalar' ? partOf(block, 4, 8) : 0, block?.at);
});

const SHAPE: Shape = {
  properties: {
    version: {type: ['string', 'number'], 'x-text': true},
    flag: {type: ['string', 'boolean'], 'x-text': true},
    count: {type: 'integer'},
    words: {items: {type: ['string', 'number'], 'x-text': true}},
  },
};

test('numbers at text fields are taken as written, everything else as YAML says', (t) => {
  const data = (text: string): unknown => toData(SHAPE, tree(text));
  t.deepEqual(data('version: 1.10'), {version: '1.10'});
  t.deepEqual(data('version: 0755'), {version: '0755'});
  t.deepEqual(data('version: "1.10"'), {version: '1.10'});
  t.deepEqual(data('version: true'), {version: true});
  t.deepEqual(data('version:'), {version: null});
  t.deepEqual(data('version: .inf'), {version: Infinity});
  t.deepEqual(data('flag: true'), {flag: true});
  t.deepEqual(data('count: 12'), {count: 12});
  t.deepEqual(data('count: 0x10'), {count: 16});
  t.deepEqual(data('words: [1.0, a, 1e3]'), {words: ['1.0', 'a', '1e3']});
  t.deepEqual(data('unknown: {version: 1.10}'), {unknown: {version: 1.1}});
});

test('maps merge, lists and single values are replaced, the order of the lower one stays', (t) => {
  const merged = mergeNodes(
    tree('a: {x: 1, y: 2}\nl: [1, 2]\nk: 1\nm: {z: 1}\n'),
    tree('n: 5\na: {y: 3, w: 4}\nl: [9]\nm: 7\n'),
  );
  t.is(JSON.stringify(toData({}, merged)), '{"a":{"x":1,"y":3,"w":4},"l":[9],"k":1,"m":7,"n":5}');
});
