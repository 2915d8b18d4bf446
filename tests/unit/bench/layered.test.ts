/** The graph that benchmarks build: always the same, in layers, and a project that we can plan. */
import test from 'ava';
import {layered, outputText, sourceText, TAKEN, usersOf} from '../../bench/parts/layered.ts';
import {bazelFiles, makeFiles, ninjaFiles, nixFiles} from '../../bench/parts/peer-files.ts';
import {recipeFiles} from '../../bench/parts/recipe-files.ts';
import {planOf, verdicts} from '../../support/recipes.ts';
import {Space} from '../../support/space.ts';

const graph = layered(100);

test('the same number of nodes gives the same graph', (t) => {
  t.deepEqual(layered(100), graph);
  t.deepEqual(recipeFiles(layered(100)), recipeFiles(graph));
  t.deepEqual(graph.nodes[42], {name: 'n42', source: 'src/n42.txt', needs: ['n36', 'n37', 'n34']});
  t.like(graph, {changing: {name: 'n2'}, above: 85});
});

test('a node needs one to three nodes of the layer before its own', (t) => {
  for (const [at, {needs}] of graph.nodes.entries()) {
    const layer = Math.floor(at / 10);
    const layers = needs.map((need) => Math.floor(Number(need.slice(1)) / 10));
    t.true(layers.every((one) => one === layer - 1));
    t.true(layer === 0 ? needs.length === 0 : needs.length >= 1 && needs.length <= 3);
    t.is(new Set(needs).size, needs.length);
  }
});

test('a graph is about as wide as it is high, and its tops need all of it', (t) => {
  const {nodes, tops} = layered(2500);
  t.true(nodes.slice(0, 50).every((node) => node.needs.length === 0));
  t.true((nodes[50]?.needs.length ?? 0) > 0);
  const users = usersOf(nodes);
  t.deepEqual(
    tops,
    nodes.filter((node) => users.get(node.name)?.length === 0),
  );
  t.is(layered(1).tops.length, 1);
  t.throws(() => layered(0), {instanceOf: RangeError});
});

test('what follows the first bytes of a source is in no output', (t) => {
  const {nodes, changing} = graph;
  const texts = nodes.map((node) => sourceText(node).slice(0, TAKEN));
  t.is(new Set(texts).size, nodes.length);
  t.true(texts.every((text) => text.length === TAKEN));
  const output = (edit: {head?: number; tail?: number}): string =>
    outputText(changing, () => sourceText(changing, edit));
  t.is(output({tail: 1}), output({}));
  t.not(sourceText(changing, {tail: 1}), sourceText(changing, {tail: 2}));
  t.not(output({head: 1}), output({head: 2}));
});

test('every build system is told of every node and every need', (t) => {
  const edges = graph.nodes.flatMap((node) => node.needs).length;
  const counts = [ninjaFiles(graph), makeFiles(graph), bazelFiles(graph), nixFiles(graph)].map(
    (files) =>
      Object.values(files)
        .join('')
        .match(/\bn[0-9]+\b/g)?.length,
  );
  // Each names a node at its own place and in its source's path, and what it needs; then a list.
  const list = {make: 100, bazel: 100, nix: graph.tops.length};
  t.deepEqual(counts, [
    200 + edges,
    200 + edges + list.make,
    300 + edges + list.bazel,
    300 + edges + list.nix,
  ]);
});

test('the project of ours is valid, and all of it is planned', async (t) => {
  const sources = graph.nodes.map((node) => [node.source, sourceText(node)]);
  await using space = Space.create({
    ...recipeFiles(graph),
    ...(Object.fromEntries(sources) as Record<string, string>),
  });
  t.regex((await space.expect(0, ['validate'])).stderr, /100 recipes .*no mistakes/);
  const {run, maybe, fresh} = verdicts(planOf(await space.expect(0, ['build', '-n', '--json'])));
  t.is(run.length + maybe.length, 100);
  t.deepEqual(fresh, []);
});
