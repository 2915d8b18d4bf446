/** How nodes ended, told and summed up, on a clock that the test moves. */
import test from 'ava';
import {problem} from '../../../engine/base/diagnostic.ts';
import {
  singly,
  type Event,
  type Failure,
  type Finished,
  type Outcome,
  type Told,
} from '../../../engine/base/event.ts';
import {endOf, Tally} from '../../../engine/run/tally.ts';
import {label} from '../graph/values.ts';
import {stillHost} from './rig.ts';

interface Count {
  readonly tally: Tally;
  readonly events: Event[];
  readonly move: (milliseconds: number) => void;
}

function count(begun = 0): Count {
  const events: Event[] = [];
  const host = stillHost(100);
  return {
    tally: new Tally((told) => events.push(...singly(told)), host.tick, begun),
    events,
    move: host.move,
  };
}

const A = label('lfs/a');
const failure: Failure = {
  diagnostics: [problem('step/failed', 'make ended with 2')],
  tail: ['last'],
  machine: false,
};

const OUTCOMES: readonly (readonly [Outcome, string, boolean])[] = [
  ['built', 'executed', true],
  ['fresh', 'fresh', true],
  ['cut', 'fresh', true],
  ['failed', 'failed', false],
  ['skipped', 'skipped', false],
  ['cancelled', 'cancelled', false],
];

for (const [outcome, list, good] of OUTCOMES) {
  test(`${outcome} is summed up as ${list}`, (t) => {
    const {tally} = count();
    t.is(tally.outcomeOf(A), undefined);
    tally.ended(A, 'build', outcome);
    t.is(tally.outcomeOf(A), outcome);
    const none = {executed: [], fresh: [], failed: [], skipped: [], cancelled: []};
    t.like(tally.summary(null), {...none, [list]: [A], ok: good, interrupted: null});
  });
}

test('a node that ran tells when it started, why, how long it took and how it ended', (t) => {
  const {tally, events, move} = count();
  tally.started(A, 'build', 'never built');
  move(250);
  tally.ended(A, 'build', 'failed', {failure});
  t.deepEqual(events, [
    {type: 'node-started', label: A, kind: 'build', reason: 'never built'},
    {
      ...{type: 'node-finished', label: A, kind: 'build', outcome: 'failed'},
      ...{milliseconds: 250, failure},
    },
  ]);
  t.deepEqual([...tally.failures], [[A, failure]]);
});

test('what there is nothing to say about is not in an event', (t) => {
  const {tally, events} = count();
  tally.started(A, 'fetch', undefined);
  tally.ended(label('lfs/b'), 'test', 'skipped', {because: A});
  t.deepEqual(events, [
    {type: 'node-started', label: A, kind: 'fetch'},
    {
      ...{type: 'node-finished', label: label('lfs/b'), kind: 'test', outcome: 'skipped'},
      ...{milliseconds: 0, because: A},
    },
  ]);
  t.is(tally.failures.size, 0);
});

test('the time of the run counts from when people began to wait, saved time is added up', (t) => {
  const {tally, move} = count(40);
  tally.ended(A, 'build', 'fresh', {saved: 1000});
  tally.ended(label('lfs/b'), 'build', 'cut', {saved: 500});
  tally.ended(label('lfs/c'), 'build', 'built');
  move(10);
  t.like(tally.summary(null), {milliseconds: 70, savedMilliseconds: 1500});
});

test('those that were never started end together, and are told together', (t) => {
  const told: Told[] = [];
  const tally = new Tally((one) => told.push(one), stillHost(100).tick, 0);
  const labels = [A, label('lfs/a#test')];
  const nodes = [endOf(A, 'build', 'cut'), endOf(label('lfs/a#test'), 'test', 'cut')];
  t.is(tally.outcomeOf(A), undefined);
  const ends = {count: 2, nodes: () => nodes, labels: () => labels};
  tally.together({outcome: 'cut', ...ends, saved: 70});
  tally.together({outcome: 'fresh', ...ends, count: 0, saved: 0});
  t.is(told.length, 1, 'of none nothing is told');
  t.like(told[0], {type: 'nodes-finished', outcome: 'cut', count: 2});
  t.deepEqual(told.flatMap(singly), nodes);
  t.is(tally.outcomeOf(A), 'cut');
  tally.ended(label('lfs/b'), 'build', 'built');
  t.is(tally.outcomeOf(label('lfs/b')), 'built');
  t.is(tally.outcomeOf(label('lfs/a#test')), 'cut');
  t.like(tally.summary(null), {fresh: labels, savedMilliseconds: 70, ok: true});
});

test('lists are in the order of telling', (t) => {
  const {tally} = count();
  const [one, two] = ['lfs/b', 'lfs/c'].map((name) => label(name));
  const nodes = (): readonly Finished[] => [endOf(A, 'build', 'fresh')];
  tally.together({outcome: 'fresh', count: 1, nodes, labels: () => [A], saved: 0});
  tally.ended(one ?? A, 'build', 'fresh');
  tally.ended(two ?? A, 'build', 'built');
  t.like(tally.summary(null), {fresh: [A, one], executed: [two]});
});

test('a run that was interrupted is not good, even when nothing failed', (t) => {
  const {tally} = count();
  tally.ended(A, 'build', 'built');
  t.like(tally.summary('SIGINT'), {ok: false, interrupted: 'SIGINT', executed: [A]});
});
