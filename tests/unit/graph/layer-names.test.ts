/** What the layers of a root name: labels, sets, sets in sets, globs; and what is no layer. */
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {layerLabels, type Sets} from '../../../engine/graph/layer-names.ts';
import {graphOf} from './values.ts';

const GRAPH = graphOf({'a/x': [], 'a/y': [], 'a/y:lib': [], 'b/z': [], 'b/x': []});

function labels(name: string, sets: Sets = {}, homes: readonly string[] = []): unknown {
  const found = layerLabels(GRAPH.names, sets, name, homes);
  return found.ok ? found.value : [found.error.message, found.error.hint];
}

test('a label, by the home of the recipe where it is bare', (t) => {
  t.deepEqual(labels('y'), ['a/y']);
  t.deepEqual(labels('x', {}, ['b']), ['b/x']);
  t.deepEqual(labels('a/y:lib'), ['a/y:lib']);
  t.deepEqual(labels('x'), ['x can mean a/x or b/x', 'write the full label']);
});

test('a set: its members in their order, each once, sets in sets', (t) => {
  const sets = {all: ['z', '@low', 'b/z'], low: ['a/y:lib', 'a/x']};
  t.deepEqual(labels('@all', sets), ['b/z', 'a/y:lib', 'a/x']);
  t.deepEqual(labels('@empty', {empty: []}), []);
});

test('globs give labels in sorted order, and may match nothing yet', (t) => {
  t.deepEqual(labels('@some', {some: ['a/*']}), ['a/x', 'a/y', 'a/y:lib']);
  t.deepEqual(labels('@some', {some: ['x*']}), ['a/x', 'b/x']);
  t.deepEqual(labels('@some', {some: ['c/*']}), []);
});

test('sets that contain each other end', (t) => {
  t.deepEqual(labels('@a', {a: ['@b', 'z'], b: ['@a', 'a/x']}), ['a/x', 'b/z']);
});

test('what is no layer', (t) => {
  t.deepEqual(labels('@al', {all: []}), ['there is no set @al', 'did you mean @all?']);
  t.deepEqual(labels('@s', {s: ['@t']}), ['there is no set @t', undefined]);
  for (const word of ['a/x#test', 'a/x^', '^a/x']) {
    t.deepEqual(labels('@s', {s: [word]}), [
      `a layer is no test and no neighbour: ${word}`,
      'name the builds',
    ]);
  }
});

test('overrides stand in for members of sets', (t) => {
  const names = {...GRAPH.names, overrides: new Map([['a/x' as Label, 'b/x' as Label]])};
  const found = layerLabels(names, {s: ['a/x', 'a/*']}, '@s', []);
  t.deepEqual(found.ok && found.value, ['b/x', 'a/y', 'a/y:lib']);
});
