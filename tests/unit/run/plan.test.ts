/** What a plan says will run, and that it is right: tables, then random histories. */
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {blobDigest, sha256} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {closureOf, fetchesOf, makePlan, needsOf} from '../../../engine/run/plan.ts';
import type {Plan} from '../../../engine/run/plan-nodes.ts';
import {putBytes} from '../../../store/pool.ts';
import {readRecord} from '../../../store/records.ts';
import {removeTree} from '../../../engine/base/files.ts';
import {at, graphOf, label, remote, type Builds, type BuildText} from '../graph/values.ts';
import {emptyStore, must} from '../store/rig.ts';
import {badlyEnded, bedFor, bedOf, storedTree, wellEnded, type Bed} from './rig.ts';

const CHAIN: Builds = {'x/a': {}, 'x/b': {needs: ['a'], test: {}}, 'x/c': ['b']};

function plan(bed: Bed, targets: readonly string[], forced: readonly string[] = []): Plan {
  const wanted = closureOf(bed.graph, targets.map(label));
  return makePlan(bed.graph, bed.resolver, wanted, new Set(forced.map(label)));
}

/** `label verdict: reason` for each node, in order. */
function said(of: Plan): string[] {
  return [...of.nodes.values()].map(
    (one) => `${one.label} ${one.verdict}${one.reason === null ? '' : `: ${one.reason}`}`,
  );
}

/** The same store seen by the next process, with changed recipes. */
function next(t: ExecutionContext, bed: Bed, builds: Builds): Bed {
  return bedOf(t, builds, {store: bed.store});
}

const STEP: BuildText = {steps: [{name: 'install', text: 'other'}]};

test('nothing is there: everything surely runs', (t) => {
  const bed = bedOf(t, CHAIN);
  const made = plan(bed, ['x/c']);
  t.deepEqual(said(made), ['x/a run: never built', 'x/b run: never built', 'x/c run: never built']);
  t.truthy(made.nodes.get(label('x/a'))?.key);
  t.is(made.nodes.get(label('x/b'))?.key, null, 'it needs what is not built');
  t.is(made.nodes.get(label('x/b'))?.recipeKey, bed.resolver.recipeKeyOf(label('x/b')));
});

test('all is there: everything is fresh, and only what is wanted is looked at', (t) => {
  const bed = bedOf(t, CHAIN);
  bed.done(['x/a', 'x/b', 'x/c', 'x/b#test']);
  const after = next(t, bed, CHAIN);
  t.deepEqual(said(plan(after, ['x/b#test'])), ['x/a fresh', 'x/b fresh', 'x/b#test fresh']);
  t.deepEqual(said(plan(after, [])), []);
});

const CHANGES: readonly (readonly [string, Builds, readonly string[]])[] = [
  [
    'the lowest',
    {...CHAIN, 'x/a': STEP},
    ['x/a run: steps.install changed', 'x/b maybe: below x/a', 'x/c maybe: below x/a'],
  ],
  [
    'the middle',
    {...CHAIN, 'x/b': {...STEP, needs: ['a']}},
    ['x/a fresh', 'x/b run: steps.install changed', 'x/c maybe: below x/b'],
  ],
  [
    'the highest',
    {...CHAIN, 'x/c': {...STEP, needs: ['b']}},
    ['x/a fresh', 'x/b fresh', 'x/c run: steps.install changed'],
  ],
  [
    'the lowest and the highest',
    {...CHAIN, 'x/a': STEP, 'x/c': {...STEP, needs: ['b']}},
    ['x/a run: steps.install changed', 'x/b maybe: below x/a', 'x/c run: the recipe changed'],
  ],
];

for (const [what, builds, expected] of CHANGES) {
  test(`changed: ${what}`, (t) => {
    const bed = bedOf(t, CHAIN);
    bed.done(['x/a', 'x/b', 'x/c']);
    t.deepEqual(said(plan(next(t, bed, builds), ['x/c'])), expected);
  });
}

test('a return to what was built before is fresh', (t) => {
  const bed = bedOf(t, CHAIN);
  bed.done(['x/a', 'x/b', 'x/c']);
  next(t, bed, {...CHAIN, 'x/a': STEP}).done(['x/a']);
  t.deepEqual(said(plan(next(t, bed, CHAIN), ['x/c'])), ['x/a fresh', 'x/b fresh', 'x/c fresh']);
});

test('forced: it runs whatever is there, what lies above may', (t) => {
  const bed = bedOf(t, CHAIN);
  bed.done(['x/a', 'x/b', 'x/c']);
  const after = next(t, bed, CHAIN);
  const made = plan(after, ['x/c'], ['x/b']);
  t.deepEqual(said(made), ['x/a fresh', 'x/b run: forced', 'x/c maybe: below x/b']);
  t.truthy(made.nodes.get(label('x/b'))?.key);
  t.deepEqual(said(plan(next(t, bed, CHAIN), ['x/c'], ['x/a', 'x/c'])), [
    ...['x/a run: forced', 'x/b maybe: below x/a', 'x/c run: forced'],
  ]);
});

test('tests: below their build, run anew with it, and no reason for it to run', (t) => {
  const bed = bedOf(t, CHAIN);
  bed.done(['x/a', 'x/b']);
  t.deepEqual(said(plan(next(t, bed, CHAIN), ['x/b#test'])), [
    ...['x/a fresh', 'x/b fresh', 'x/b#test run: never built'],
  ]);
  bed.done(['x/b#test']);
  const steps = {needs: ['a'], test: {steps: [{name: 'check', text: 'make test'}]}};
  t.deepEqual(said(plan(next(t, bed, {...CHAIN, 'x/b': steps}), ['x/b#test'])), [
    ...['x/a fresh', 'x/b fresh', 'x/b#test run: steps.check changed'],
  ]);
  t.deepEqual(said(plan(next(t, bed, {...CHAIN, 'x/a': STEP}), ['x/b#test'])).slice(1), [
    ...['x/b maybe: below x/a', 'x/b#test maybe: below x/a'],
  ]);
});

// --- sources -------------------------------------------------------------------------------------

const TAR = {
  ...remote('t.tar', '0'),
  places: [{url: 'gnu:t', sha256: sha256('tar'), at: at('s', 1)}],
};
const EITHER = {
  ...TAR,
  places: [...TAR.places, {url: 'debian:t', sha256: sha256('rat'), at: at('s', 2)}],
};

test('a download is as sure as the surest that needs it, and gone when it is here', (t) => {
  const builds: Builds = {
    'x/low': {},
    'x/mid': ['low'],
    'x/t': {needs: ['mid'], sources: [TAR], test: {}},
    'x/t:two': {sources: [TAR]},
  };
  const bed = bedOf(t, builds);
  bed.done(['x/low', 'x/mid', 'x/t']);
  const changed = {...builds, 'x/low': STEP};
  const maybe = next(t, bed, changed);
  t.deepEqual(said(plan(maybe, ['x/t'])).sort(), [
    'x/low run: steps.install changed',
    'x/mid maybe: below x/low',
    'x/t maybe: below x/low',
    'x/t@t.tar maybe: x/t needs it',
  ]);
  t.true(said(plan(maybe, ['x/t', 'x/t:two'])).includes('x/t@t.tar run: x/t:two needs it'));
  t.false(
    said(plan(next(t, bed, builds), ['x/t'])).some((line) => line.includes('@')),
    'fresh',
  );
  // The test may compile again.
  t.true(
    said(plan(next(t, bed, builds), ['x/t#test'])).includes('x/t@t.tar run: x/t#test needs it'),
  );
  putBytes(bed.store, 'tar');
  t.false(said(plan(maybe, ['x/t', 'x/t:two'])).some((line) => line.includes('@')));
});

test('of several places none is chosen: run when never built, else maybe', (t) => {
  const builds = {'x/t': {sources: [EITHER]}};
  const bed = bedOf(t, builds);
  t.deepEqual(said(plan(bed, ['x/t'])), ['x/t@t.tar run: x/t needs it', 'x/t run: never built']);
  bed.resolver.choose(label('x/t@t.tar'), blobDigest(sha256('rat')));
  bed.done(['x/t']);
  t.deepEqual(said(plan(next(t, bed, builds), ['x/t'])), ['x/t fresh']);
  removeTree(`${bed.store.root}/choices.log`);
  t.deepEqual(said(plan(next(t, bed, builds), ['x/t'])), [
    'x/t@t.tar maybe: x/t needs it',
    'x/t maybe: its source is not chosen yet',
  ]);
});

test('what must end before a node, and what it is made from', (t) => {
  const graph = graphOf({'x/a': {}, 'x/b': {in: 'x/a', sources: [TAR], test: {needs: ['a']}}});
  const node = (name: string): Parameters<typeof needsOf>[0] => {
    const found = graph.nodes.get(label(name));
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  t.deepEqual(needsOf(node('x/b')), [label('x/a')]);
  t.deepEqual([...needsOf(node('x/b#test'))].sort(), ['x/a', 'x/b'].map(label));
  t.deepEqual(needsOf(node('x/b@t.tar')), []);
  for (const [name, expected] of [
    ['x/b', ['x/b@t.tar']],
    ['x/b#test', ['x/b@t.tar']],
    ['x/a', []],
    ['x/b@t.tar', []],
    ['x/none', []],
  ] as const) {
    t.deepEqual(
      fetchesOf(graph, label(name)).map((one) => one.label),
      expected.map(label),
    );
  }
  t.deepEqual(
    [...closureOf(graph, [label('x/b#test')])].sort(),
    ['x/a', 'x/b', 'x/b#test'].map(label),
  );
  t.deepEqual([...closureOf(graph, [label('x/none'), label('x/b@t.tar')])], []);
});

// --- any history ---------------------------------------------------------------------------------

const SIZE = 6;

/** Nodes need earlier ones; each has a text, and the texts of a later time. */
const story = fc.record({
  needs: fc.array(fc.array(fc.nat(SIZE), {maxLength: 2}), {minLength: SIZE, maxLength: SIZE}),
  times: fc.array(fc.array(fc.nat(1), {minLength: SIZE, maxLength: SIZE}), {
    minLength: 1,
    maxLength: 4,
  }),
  /** What a node came to: as its text says, or always the same, or a failure. */
  ways: fc.array(fc.constantFrom('text', 'same', 'fail'), {minLength: SIZE, maxLength: SIZE}),
});

function buildsAt(needs: readonly (readonly number[])[], texts: readonly number[]): Builds {
  const entries = texts.map((text, place) => {
    const below = [...new Set((needs[place] ?? []).filter((one) => one < place))];
    const steps = [{name: 'install', text: `${text}`}];
    return [`x/n${place}`, {steps, needs: below.map((one) => `n${one}`)}] as const;
  });
  return Object.fromEntries(entries);
}

/** Builds as the engine would; says which ran and which need not. */
function play(
  bed: Bed,
  texts: readonly number[],
  ways: readonly string[],
): Map<Label, 'ran' | 'had'> {
  const ends = new Map<Label, 'ran' | 'had'>();
  bed.graph.order.forEach((name) => {
    const node = bed.build(name);
    const resolution = bed.resolver.resolve(node);
    if (resolution.type === 'open') return;
    const place = Number(name.slice('x/n'.length));
    if (bed.resolver.isDone(node, resolution.key)) {
      ends.set(name, 'had');
      return;
    }
    const way = ways[place];
    const tree = storedTree(bed.store, {[name]: way === 'same' ? '' : `${texts[place]}`});
    bed.ended(name, way === 'fail' && texts[place] === 1 ? badlyEnded() : wellEnded(tree));
    bed.resolver.isDone(node, resolution.key);
    ends.set(name, 'ran');
  });
  return ends;
}

test('property: of a plan every `run` runs, has no good record, and nothing fresh runs', (t) => {
  fc.assert(
    fc.property(story, ({needs, times, ways}) => {
      const store = emptyStore(t);
      for (const texts of times) {
        const bed = bedFor(graphOf(buildsAt(needs, texts)), store);
        const made = plan(bed, [...bed.graph.order]);
        for (const one of made.nodes.values()) {
          if (one.verdict !== 'run' || one.key === null) continue;
          const found = must(readRecord(store, one.key));
          if (found?.outcome === 'ok') throw new Error(`${one.label} is recorded`);
        }
        const ends = play(bedFor(bed.graph, store), texts, ways);
        for (const [name, end] of ends) {
          const verdict = made.nodes.get(name)?.verdict;
          const right = verdict === 'maybe' || verdict === (end === 'ran' ? 'run' : 'fresh');
          if (!right) throw new Error(`${name} was to be ${verdict} and ${end}`);
        }
      }
    }),
    {numRuns: 25},
  );
  t.pass();
});
