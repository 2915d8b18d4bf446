/** What a recorder makes of events and spans; how the load of a machine is read. */
import test from 'ava';
import type {Event, Finished, Outcome} from '../../../engine/base/event.ts';
import type {Label} from '../../../engine/base/label.ts';
import {cpuTimeIn, loadReader, shareOf, usedMemoryIn} from '../../../engine/run/machine-load.ts';
import {Recorder} from '../../../engine/run/recorder.ts';
import {fakeScreen, type FakeScreen} from '../../support/screen.ts';

const [a, b] = ['t/a', 't/b'] as Label[] as [Label, Label];

interface Rig extends FakeScreen {
  readonly recorder: Recorder;
}

/** Its process began 1000 ms ago; the machine's clock runs 500 ms ahead. */
function rig(): Rig {
  const screen = fakeScreen();
  const host = {...screen.host, clock: () => screen.host.tick() + 500};
  const load = (): {cpu: number; memoryBytes: number} => ({cpu: 0.25, memoryBytes: 7});
  return {...screen, recorder: new Recorder({host, timers: screen.timers, load})};
}

function started(label: Label): Event {
  return {type: 'node-started', label, kind: 'build', reason: 'never built'};
}

function finished(label: Label, outcome: Outcome = 'built'): Finished {
  return {type: 'node-finished', label, kind: 'build', outcome, milliseconds: 0};
}

test('times count from the start of the process, whatever clock they came by', (t) => {
  const {recorder, pass} = rig();
  recorder.past('start-up', 0, 40);
  recorder.listener(started(a));
  recorder.of(a).add({name: 'compile', group: 'run', since: 1510, until: 1530});
  pass(100);
  recorder.used(a, {cpuMilliseconds: 12, peakBytes: 34});
  recorder.listener(finished(a));
  recorder.listener(finished(b, 'skipped'));
  recorder.connect((label) => (label === a ? [b] : []));
  const {engine, nodes, others, milliseconds, outcome} = recorder.finish('recipes build', 'failed');
  t.deepEqual(engine, [{name: 'start-up', group: 'engine', since: 0, until: 40}]);
  t.like(nodes[0], {label: a, since: 1000, until: 1100, needs: [b], cpuMilliseconds: 12});
  t.deepEqual(nodes[0]?.spans, [{name: 'compile', group: 'run', since: 1010, until: 1030}]);
  t.deepEqual(others, [{label: b, outcome: 'skipped'}]);
  t.is(milliseconds, 1100);
  t.is(outcome, 'failed', 'there was no run');
});

test('those that end together are noted each', (t) => {
  const {recorder} = rig();
  const ends = [a, b].map((one) => finished(one, 'cut'));
  recorder.listener({type: 'nodes-finished', outcome: 'cut', count: 2, nodes: () => ends});
  const {nodes, others} = recorder.finish('', 'good');
  t.deepEqual(nodes, []);
  t.deepEqual(
    others,
    [a, b].map((one) => ({label: one, outcome: 'cut'})),
  );
});

test('what a node waits for is told apart from what it does', (t) => {
  const {recorder, pass} = rig();
  recorder.waits(a, 'downloads');
  pass(5);
  recorder.waits(a, 'queue');
  pass(7);
  recorder.waits(a, undefined);
  recorder.listener(started(a));
  recorder.waits(b, 'queue');
  recorder.waits(b, undefined);
  recorder.listener(started(b));
  const {nodes} = recorder.finish('', 'good');
  t.deepEqual(
    nodes[0]?.waits.map(({name, since, until}) => [name, since, until]),
    [
      ['downloads', 1000, 1005],
      ['queue', 1005, 1012],
    ],
  );
  t.deepEqual(nodes[0]?.spans, []);
  t.deepEqual(nodes[1]?.waits, [], 'it had not to wait');
});

test('a run that is cut off: what is open counts until then', (t) => {
  const {recorder, pass} = rig();
  recorder.listener(started(a));
  recorder.of(a).begin('run', 'compile');
  pass(30);
  const {nodes} = recorder.finish('', 'failed');
  t.like(nodes[0], {outcome: 'unfinished', until: 1030});
  t.is(nodes[0]?.spans[0]?.until, 1030);
});

test('the outcome is the run’s', (t) => {
  const lists = {executed: [], fresh: [], failed: [], skipped: [], cancelled: []};
  const outcomeOf = (ok: boolean, interrupted: string | null): string => {
    const {recorder} = rig();
    const summary = {ok, interrupted, ...lists, milliseconds: 1, savedMilliseconds: 0};
    recorder.listener({type: 'run-finished', summary});
    return recorder.finish('', 'good').outcome;
  };
  t.is(outcomeOf(true, null), 'good');
  t.is(outcomeOf(false, null), 'failed');
  t.is(outcomeOf(false, 'SIGINT'), 'interrupted by SIGINT');
});

test('the machine is looked at twice a second, until the end', (t) => {
  const {recorder, pass, waiting} = rig();
  pass(1200);
  t.deepEqual(recorder.finish('', 'good').samples, [
    {at: 1500, cpu: 0.25, memoryBytes: 7},
    {at: 2000, cpu: 0.25, memoryBytes: 7},
  ]);
  t.is(waiting(), 0);
});

test('load is what was done between two looks', (t) => {
  const before = cpuTimeIn('cpu  100 0 50 800 50 0 0 0 7 7\ncpu0 1 2 3\n');
  t.deepEqual(before, {busy: 150, all: 1000});
  t.is(shareOf(before, cpuTimeIn('cpu  200 0 50 900 50 0 0 0 9 9\n')), 0.5);
  t.is(shareOf(before, before), 0);
  t.is(usedMemoryIn('MemTotal:  10 kB\nMemFree: 1 kB\nMemAvailable:    4 kB\n'), 6 * 1024);
  t.is(usedMemoryIn(''), 0);
  const read = loadReader();
  t.is(read(), undefined, 'nothing to compare with');
  const {cpu = -1, memoryBytes = 0} = read() ?? {};
  t.true(cpu >= 0 && cpu <= 1 && memoryBytes > 0);
});
