/** What the scheduler is given: who waits for whom, what each takes, who goes first. */
import test, {type ExecutionContext} from 'ava';
import type {Label} from '../../../engine/base/label.ts';
import {UNKNOWN_MILLISECONDS} from '../../../engine/run/history.ts';
import type {Plan, Verdict} from '../../../engine/run/plan-nodes.ts';
import type {Task} from '../../../engine/run/task.ts';
import {buildOf, dependenciesIn, tasksOf} from '../../../engine/run/tasks.ts';
import type {BuildGraph} from '../../../engine/graph/model.ts';
import {graphOf, label, remote, type Builds} from '../graph/values.ts';

/** A plan of these nodes and no others, in the order of the graph. */
function planOf(graph: BuildGraph, verdicts: Readonly<Record<string, Verdict>>): Plan {
  const nodes = graph.order.flatMap((one) => {
    const verdict = verdicts[one];
    const kind = graph.nodes.get(one)?.kind ?? 'build';
    const more = {recipeKey: null, key: null, reason: null};
    return verdict === undefined ? [] : [[one, {label: one, kind, verdict, ...more}] as const];
  });
  return {nodes: new Map(nodes)};
}

const BUILDS: Builds = {
  'x/base': {test: {}},
  'x/lib': {in: 'x/base', sources: [remote('lib.tar', '1')], test: {needs: ['tool']}},
  'x/tool': [],
  'x/app': {in: 'x/base', needs: ['lib', 'tool run'], sources: [remote('app.tar', '2')]},
};

const ALL: Readonly<Record<string, Verdict>> = Object.fromEntries(
  ['x/base', 'x/base#test', 'x/lib', 'x/lib#test', 'x/tool', 'x/app', 'x/lib@lib.tar'].map(
    (one) => [one, 'run'],
  ),
);

function tasks(
  verdicts: Readonly<Record<string, Verdict>>,
  gate = false,
  times: Readonly<Record<string, number>> = {},
  builds: Builds = BUILDS,
): Record<string, Task> {
  const graph = graphOf(builds);
  const all = tasksOf(graph, planOf(graph, verdicts), (one) => times[one], gate);
  return Object.fromEntries(all.map((one) => [one.label, one]));
}

function waits(
  t: ExecutionContext,
  of: Record<string, Task>,
  expected: Record<string, string[]>,
): void {
  for (const [name, on] of Object.entries(expected)) {
    t.deepEqual([...(of[name]?.dependencies ?? ['nothing'])].sort(), on, name);
  }
}

test('what is fresh and needs something pending to run is waited for with that', (t) => {
  const builds = {'x/libc': {}, 'x/lib': ['libc run'], 'x/tool': ['lib run'], 'x/app': ['tool']};
  const pending = {'x/libc': 'run', 'x/lib': 'fresh', 'x/tool': 'fresh', 'x/app': 'run'} as const;
  waits(t, tasks(pending, false, {}, builds), {'x/libc': [], 'x/app': ['x/libc']});
  const base = {...builds, 'x/app': {in: 'x/tool'}};
  waits(t, tasks(pending, false, {}, base), {'x/app': ['x/libc']});
  const none = {...pending, 'x/libc': 'fresh'} as const;
  waits(t, tasks(none, false, {}, builds), {'x/app': []});
});

test('a node waits for all it needs, also for running; downloads are asked for later', (t) => {
  const all = tasks(ALL);
  waits(t, all, {
    'x/base': [],
    'x/lib': ['x/base'],
    'x/app': ['x/base', 'x/lib', 'x/tool'],
    'x/base#test': ['x/base'],
    'x/lib#test': ['x/lib', 'x/tool'],
    'x/lib@lib.tar': [],
  });
  t.deepEqual(all['x/lib']?.lazy, ['x/lib@lib.tar']);
  t.deepEqual(all['x/lib#test']?.lazy, ['x/lib@lib.tar'], 'it may compile again');
  t.deepEqual(all['x/app']?.lazy, [], 'its source is here: no such node in the plan');
});

test('what is fresh is no task, and nobody waits for it', (t) => {
  const some = tasks({...ALL, 'x/base': 'fresh', 'x/lib': 'maybe', 'x/tool': 'fresh'});
  t.deepEqual(Object.keys(some).sort(), [
    ...['x/app', 'x/base#test', 'x/lib', 'x/lib#test', 'x/lib@lib.tar'],
  ]);
  waits(t, some, {'x/app': ['x/lib'], 'x/lib': [], 'x/base#test': []});
});

test('with the gate whoever needs a build waits for its test, when that is wanted', (t) => {
  waits(t, tasks(ALL, true), {
    'x/lib': ['x/base', 'x/base#test'],
    'x/app': ['x/base', 'x/base#test', 'x/lib', 'x/lib#test', 'x/tool'],
    // The other tests of what is below are no business of a test.
    'x/lib#test': ['x/lib', 'x/tool'],
  });
  const without = {...ALL, 'x/base#test': 'fresh'} as const;
  waits(t, tasks(without, true), {'x/lib': ['x/base']});
});

test('builds and tests take what the recipe says, downloads a slot when asked for', (t) => {
  const resources = {cpu: 3, memoryBytes: 5, milliseconds: 1};
  const sources = [remote('a.tar', '1')];
  const all = tasks(
    {'x/a': 'run', 'x/a#test': 'run', 'x/a@a.tar': 'run'},
    false,
    {},
    {
      'x/a': {resources, sources, test: {}},
    },
  );
  for (const one of ['x/a', 'x/a#test']) {
    t.like(all[one], {lane: 'build', onDemand: false, cpu: 3, memoryBytes: 5});
  }
  t.like(all['x/a@a.tar'], {lane: 'download', onDemand: true, memoryBytes: 0});
});

test('the longer the way from a node to the end, the earlier it goes', (t) => {
  const times = {'x/base': 10, 'x/lib': 200, 'x/tool': 5000, 'x/app': 1000};
  const all = tasks(
    {'x/base': 'run', 'x/lib': 'run', 'x/tool': 'maybe', 'x/app': 'run'},
    false,
    times,
  );
  const priorities = Object.fromEntries(
    Object.entries(all).map(([one, task]) => [one, task.priority]),
  );
  t.deepEqual(priorities, {'x/base': 1210, 'x/lib': 1200, 'x/tool': 6000, 'x/app': 1000});
});

test('a node without history counts as a fixed time', (t) => {
  const all = tasks({'x/lib': 'run', 'x/app': 'run'}, false, {'x/app': 5});
  t.is(all['x/lib']?.priority, UNKNOWN_MILLISECONDS + 5);
});

test('a chain of a whole distribution is no problem', (t) => {
  const names = Array.from({length: 3000}, (_, at) => `x/n${at}`);
  const builds: Builds = Object.fromEntries(
    names.map((one, at) => [one, at === 0 ? [] : [`n${at - 1}`]]),
  );
  const verdicts: Record<string, Verdict> = Object.fromEntries(names.map((one) => [one, 'run']));
  const all = tasks(verdicts, true, Object.fromEntries(names.map((one) => [one, 1])), builds);
  t.is(all['x/n0']?.priority, 3000);
  t.is(all['x/n2999']?.priority, 1);
});

test('unknown labels need nothing and name no build; sources are no builds', (t) => {
  const graph = graphOf(BUILDS);
  t.deepEqual(dependenciesIn(graph, label('x/none'), true), []);
  t.is(buildOf(graph, label('x/none')), undefined);
  t.is(buildOf(graph, label('x/lib@lib.tar')), undefined);
  t.is(buildOf(graph, label('x/lib#test'))?.label, 'x/lib' as Label);
});
