/** The trace of a run: bars with phases inside them, one lane for each of those running at once. */
import test from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {startTrace} from '../../../engine/run/trace.ts';

test('nodes and their phases become complete events', (t) => {
  let clock = 100;
  const trace = startTrace(() => clock);
  const [a, b] = ['x/a', 'x/b'] as Label[] as [Label, Label];
  trace.listener({type: 'node-started', label: a, kind: 'build'});
  trace.listener({type: 'node-started', label: b, kind: 'build'});
  clock += 10;
  trace.listener({type: 'node-phase', label: a, phase: 'running', step: 'compile'});
  clock += 5;
  trace.listener({
    type: 'node-finished',
    label: a,
    kind: 'build',
    outcome: 'built',
    milliseconds: 15,
  });
  const {traceEvents} = JSON.parse(trace.text()) as {traceEvents: Record<string, unknown>[]};
  t.deepEqual(traceEvents, [
    {name: 'compile', cat: 'phase', ph: 'X', ts: 10_000, dur: 5000, pid: 1, tid: 1, args: {}},
    {
      name: 'x/a',
      cat: 'build',
      ph: 'X',
      ts: 0,
      dur: 15_000,
      pid: 1,
      tid: 1,
      args: {outcome: 'built'},
    },
  ]);
});
