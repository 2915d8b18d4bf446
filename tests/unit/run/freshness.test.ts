/** Whether the store has the result of a key (`isDone`), and why a node must run (`reason`). */
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {actionLogFile, treeIn} from '../../../store/layout.ts';
import type {BuildText} from '../graph/values.ts';
import {label} from '../graph/values.ts';
import {badlyEnded, bedOf, fileOfRecord, storedTree, wellEnded, type Bed} from './rig.ts';

const A = label('x/a');
const BUILDS = {'x/a': {test: {}}, 'x/b': ['a']};

/** The store as the next process finds it. */
function next(t: ExecutionContext, bed: Bed, a: BuildText = BUILDS['x/a']): Bed {
  return bedOf(t, {...BUILDS, 'x/a': a}, {store: bed.store});
}

function isDone(bed: Bed, name: string): boolean {
  return bed.resolver.isDone(bed.node(name), bed.known(name).key);
}

const dropLog = (bed: Bed): void => {
  fs.rmSync(actionLogFile(bed.store));
};
const dropRecord = (bed: Bed, name = 'x/a'): void => {
  fs.rmSync(fileOfRecord(bed.store, bed.known(name).key));
};
const dropTree = (bed: Bed): void => {
  const tree = bed.resolver.treeOf(A);
  if (tree === undefined) throw new Error('no tree');
  fs.rmSync(treeIn(bed.store, tree));
};

const both =
  (...damages: readonly ((bed: Bed) => void)[]) =>
  (bed: Bed): void => {
    for (const damage of damages) damage(bed);
  };

const DAMAGES: readonly (readonly [string, (bed: Bed) => void, boolean])[] = [
  ['row, record and tree are there', () => undefined, true],
  ['the row is lost, the record is there', dropLog, true],
  ['the record is lost, the row is there', dropRecord, false],
  ['row and record are lost', both(dropLog, dropRecord), false],
  ['the tree is lost', dropTree, false],
  ['row and tree are lost', both(dropLog, dropTree), false],
  [
    'the row is lost, the record damaged',
    (bed) => {
      dropLog(bed);
      fs.appendFileSync(fileOfRecord(bed.store, bed.known('x/a').key), ' ');
    },
    false,
  ],
  ['the last row is torn', (bed) => fs.truncateSync(actionLogFile(bed.store), 40), true],
];

for (const [what, damage, expected] of DAMAGES) {
  test(`${what}: ${expected ? 'done' : 'not done'}`, (t) => {
    const bed = bedOf(t, BUILDS);
    bed.done(['x/a']);
    damage(bed);
    const after = next(t, bed);
    t.is(isDone(after, 'x/a'), expected);
    t.is(after.resolver.treeOf(A), expected ? bed.resolver.treeOf(A) : undefined);
    t.is(after.resolver.keyOf(A), expected ? bed.known('x/a').key : undefined);
  });
}

test('a failure is never done, by its row or by its record', (t) => {
  const bed = bedOf(t, BUILDS);
  bed.ended('x/a', badlyEnded());
  t.false(isDone(bed, 'x/a'));
  dropLog(bed);
  t.false(isDone(next(t, bed), 'x/a'));
});

test('a test has no tree, its record is the result', (t) => {
  const bed = bedOf(t, BUILDS);
  bed.done(['x/a', 'x/a#test']);
  const after = next(t, bed);
  t.true(isDone(after, 'x/a'));
  t.true(isDone(after, 'x/a#test'));
});

test('another process’s result is found though this one’s log has no row of it', (t) => {
  const bed = bedOf(t, BUILDS);
  const other = next(t, bed);
  // It is read now.
  t.is(other.log.latest(A), undefined);
  bed.done(['x/a']);
  t.is(other.log.latest(A), undefined);
  t.true(isDone(other, 'x/a'));
});

// --- reasons -------------------------------------------------------------------------------------

function reason(bed: Bed, name = 'x/a'): string {
  const resolution = bed.resolver.resolve(bed.node(name));
  return bed.resolver.reason(bed.node(name), resolution.type === 'known' ? resolution : undefined);
}

const STEP: BuildText = {steps: [{name: 'install', text: 'other'}]};

const REASONS: readonly (readonly [string, (bed: Bed) => void, BuildText, string])[] = [
  ['nothing was ever built', () => undefined, {}, 'never built'],
  ['it failed', (bed) => bed.ended('x/a', badlyEnded()), {}, 'failed last time'],
  [
    'it failed, then was changed',
    (bed) => bed.ended('x/a', badlyEnded()),
    STEP,
    'steps.install changed',
  ],
  ['a step was changed', (bed) => bed.done(['x/a']), STEP, 'steps.install changed'],
  ['a variable was added', (bed) => bed.done(['x/a']), {env: {A: '1'}}, 'env.A changed'],
  ['the shell was changed', (bed) => bed.done(['x/a']), {shell: []}, 'shell changed'],
  [
    'the record is lost after a change',
    (bed) => {
      bed.done(['x/a']);
      dropRecord(bed);
    },
    STEP,
    'its record is gone',
  ],
  [
    'the tree is lost',
    (bed) => {
      bed.done(['x/a']);
      dropTree(bed);
    },
    {},
    'its output is gone from the store',
  ],
  [
    'good before, failed last',
    (bed) => {
      bed.done(['x/a']);
      bed.ended('x/a', badlyEnded());
    },
    {},
    'failed last time',
  ],
];

for (const [what, prepare, change, expected] of REASONS) {
  test(`${what}: ${expected}`, (t) => {
    const bed = bedOf(t, {...BUILDS, 'x/a': {}});
    prepare(bed);
    t.is(reason(next(t, bed, change)), expected);
  });
}

test('while inputs are open: changed, or failed last time as it is written now', (t) => {
  const bed = bedOf(t, BUILDS);
  bed.done(['x/a']);
  bed.ended('x/b', badlyEnded());
  t.is(reason(next(t, bed), 'x/b'), 'failed last time');
  const changed = bedOf(t, {...BUILDS, 'x/b': {needs: ['a'], ...STEP}}, {store: bed.store});
  t.is(reason(changed, 'x/b'), 'the recipe changed');
});

test('a need that came out otherwise is named', (t) => {
  const bed = bedOf(t, BUILDS);
  bed.done(['x/a', 'x/b']);
  bed.resolver.learn(A, bed.known('x/a').key, storedTree(bed.store, {other: 'x'}));
  t.is(reason(bed, 'x/b'), 'needs.x/a changed');
});

test('built means built well, from what is written now', (t) => {
  const bed = bedOf(t, BUILDS);
  const was = (one: Bed): boolean => one.resolver.wasBuilt(one.node('x/a'));
  t.false(was(bed));
  bed.ended('x/a', badlyEnded());
  t.false(was(next(t, bed)));
  bed.ended('x/a', wellEnded(storedTree(bed.store, {})));
  bed.ended('x/a', badlyEnded());
  t.true(was(next(t, bed)), 'an older good one counts');
  t.false(was(next(t, bed, STEP)));
});
