/** Events in, picture out. */
import test from 'ava';
import type {Event, Finished, Outcome} from '../../../engine/base/event.ts';
import {doneOf, IDLE, reduce, type StatusModel} from '../../../engine/ui/status-model.ts';
import {EVENTS, FETCH, label, PNG, ZLIB} from '../../support/screen.ts';

function after(events: readonly Event[], at = 0): StatusModel {
  return events.reduce((model, event, index) => reduce(model, event, at + index), IDLE);
}

const RUN: Event = {type: 'run-started', targets: [PNG], nodes: 9, pending: 3, jobs: 2};

function finished(name: string, outcome: Outcome): Finished {
  return {type: 'node-finished', label: label(name), kind: 'build', outcome, milliseconds: 1};
}

const end = (name: string, outcome: Outcome): Event => finished(name, outcome);

test('running nodes stand in the order in which they began', (t) => {
  const model = after([
    RUN,
    {type: 'node-started', label: ZLIB, kind: 'build'},
    {type: 'node-started', label: PNG, kind: 'build'},
    {type: 'node-phase', label: ZLIB, phase: 'running', step: 'compile'},
    {type: 'node-output', label: ZLIB, line: 'cc -c a.c'},
  ]);
  t.deepEqual(
    model.running.map((node) => [node.label, node.since, node.phase, node.step, node.line]),
    [
      [ZLIB, 1, 'running', 'compile', 'cc -c a.c'],
      [PNG, 2, undefined, undefined, undefined],
    ],
  );
});

test('a new phase forgets the last line of the one before', (t) => {
  const model = after([
    RUN,
    {type: 'node-started', label: ZLIB, kind: 'build'},
    {type: 'node-output', label: ZLIB, line: 'last words'},
    {type: 'node-phase', label: ZLIB, phase: 'capturing'},
  ]);
  t.deepEqual(model.running[0]?.line, undefined);
});

test('every outcome but fresh counts as done', (t) => {
  const outcomes: Outcome[] = ['built', 'cut', 'failed', 'skipped', 'cancelled'];
  for (const outcome of outcomes) t.is(doneOf(after([RUN, end('a/b', outcome)])), 1, outcome);
  t.is(doneOf(after([RUN, end('a/b', 'fresh')])), 0);
});

test('many at once count as each of them', (t) => {
  const nodes = ['a/a', 'a/b'].map((name) => finished(name, 'cut'));
  const told = {type: 'nodes-finished', outcome: 'cut', count: 2, nodes: () => nodes} as const;
  const model = reduce(after([RUN]), told, 1);
  t.deepEqual(model, after([RUN, ...nodes]));
  t.is(doneOf(model), 2);
});

test('no more is done than there was to do', (t) => {
  t.is(doneOf(after([RUN, ...['a/a', 'a/b', 'a/c', 'a/d'].map((name) => end(name, 'built'))])), 3);
});

test('a resumed download remembers where it began', (t) => {
  const part = {type: 'download', name: 'z', url: 'u', total: 100, done: false} as const;
  const model = after([RUN, {...part, bytes: 40}, {...part, bytes: 70}]);
  t.deepEqual(model.downloads, [{name: 'z', bytes: 70, total: 100, since: 1, from: 40}]);
  t.deepEqual(reduce(model, {...part, bytes: 100, done: true}, 3).downloads, []);
});

test('an estimate becomes a time of day, and can be taken back', (t) => {
  const model = after([RUN, {type: 'estimate', milliseconds: 5000}]);
  t.is(model.expectedEnd, 5001);
  t.is(reduce(model, {type: 'estimate', milliseconds: null}, 9).expectedEnd, undefined);
});

test('waiting ends when something moves', (t) => {
  const waiting: Event = {type: 'waiting', forWhat: 'the store', holder: 'pid 3'};
  t.is(after([RUN, waiting]).waiting, 'the store: pid 3');
  const moved = after([RUN, waiting, {type: 'node-started', label: ZLIB, kind: 'build'}]);
  t.is(moved.waiting, undefined);
});

test('every type of event is taken, and none changes the model it came to', (t) => {
  const frozen = JSON.stringify(IDLE);
  let model = IDLE;
  for (const event of EVENTS) {
    const before = JSON.stringify(model);
    const next = reduce(model, event, 5);
    t.is(JSON.stringify(model), before, event.type);
    model = next;
  }
  t.is(JSON.stringify(IDLE), frozen);
  t.deepEqual(model.running, []);
  t.is(model.ended.failed, 1);
});

test('events of unknown nodes are harmless', (t) => {
  const model = after([RUN, {type: 'node-output', label: FETCH, line: 'x'}]);
  t.deepEqual(model.running, []);
});
