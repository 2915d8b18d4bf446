/** The scheduler against a hand-driven world: order, limits, failures, stops. No clocks. */
import test from 'ava';
import fc from 'fast-check';
import type {Label} from '../../../engine/base/label.ts';
import {Scheduler} from '../../../engine/run/scheduler.ts';
import type {Decision, FailureMode, Limits, Task} from '../../../engine/run/task.ts';
import type {Lease} from '../../../engine/run/tokens.ts';

interface World {
  readonly scheduler: Scheduler;
  readonly log: string[];
  /** Ends a running node. */
  finish(label: string, good?: boolean): Promise<void>;
  readonly done: Promise<void>;
}

const limits = (more: Partial<Limits> = {}): Limits => ({
  tokens: 2,
  memoryBytes: 100,
  downloads: 2,
  onFailure: 'finish',
  ...more,
});

function task(name: string, needs: readonly string[] = [], more: Partial<Task> = {}): Task {
  return {
    label: name as Label,
    lane: 'build',
    dependencies: needs as readonly Label[],
    lazy: [],
    onDemand: false,
    cpu: 1,
    memoryBytes: 1,
    priority: 0,
    ...more,
  };
}

function world(
  tasks: readonly Task[],
  more: Partial<Limits> = {},
  decide: (label: string) => Decision = () => 'run',
): World {
  const log: string[] = [];
  const running = new Map<string, (good: boolean) => void>();
  const scheduler = new Scheduler(
    tasks,
    {
      decide,
      execute: (label) => {
        log.push(`start ${label}`);
        return new Promise((resolve) => running.set(label, resolve));
      },
      adjustTokens: () => undefined,
      dropped: (label, state, because) =>
        log.push(`${state} ${label}${because ? ` for ${because}` : ''}`),
      kill: (label) => {
        log.push(`kill ${label}`);
        running.get(label)?.(false);
      },
    },
    limits(more),
  );
  const done = scheduler.run();
  return {
    scheduler,
    log,
    done,
    finish: async (label, good = true) => {
      running.get(label)?.(good);
      await settle();
    },
  };
}

/** Lets all promise callbacks that are due run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('runs in dependency order, as many as there are tokens', async (t) => {
  const w = world([task('a'), task('b'), task('c', ['a', 'b'])]);
  await settle();
  t.deepEqual(w.log, ['start a', 'start b']);
  await w.finish('a');
  t.is(w.log.length, 2);
  await w.finish('b');
  await w.finish('c');
  await w.done;
  t.deepEqual(w.log, ['start a', 'start b', 'start c']);
});

test('the longest path goes first', async (t) => {
  const w = world([task('low'), task('high', [], {priority: 9})], {tokens: 1});
  await settle();
  t.deepEqual(w.log, ['start high']);
  await w.finish('high');
  await w.finish('low');
  await w.done;
});

test('a build that needs two tokens is not overtaken for ever', async (t) => {
  const w = world([task('a'), task('wide', [], {cpu: 2, priority: 5}), task('b')], {tokens: 2});
  await settle();
  t.deepEqual(w.log, ['start wide']);
  await w.finish('wide');
  await w.finish('a');
  await w.finish('b');
  await w.done;
});

test('memory is a token too, but one build always fits', async (t) => {
  const w = world([task('a', [], {memoryBytes: 500}), task('b', [], {memoryBytes: 500})]);
  await settle();
  t.deepEqual(w.log, ['start a']);
  await w.finish('a');
  await w.finish('b');
  await w.done;
});

test('what is decided to be done never starts', async (t) => {
  const w = world([task('a'), task('b', ['a'])], {}, (label) => (label === 'a' ? 'done' : 'run'));
  await settle();
  t.deepEqual(w.log, ['start b']);
  await w.finish('b');
  await w.done;
});

test('downloads start only for what must run, and before it', async (t) => {
  const download = task('d', [], {lane: 'download', onDemand: true});
  const w = world([download, task('a', [], {lazy: ['d' as Label]})]);
  await settle();
  t.deepEqual(w.log, ['start d']);
  await w.finish('d');
  await w.finish('a');
  await w.done;
  const idle = world([download, task('a', [], {lazy: ['d' as Label]})], {}, () => 'done');
  await idle.done;
  t.deepEqual(idle.log, []);
});

test('fetch-first asks again once the download is there', async (t) => {
  const answers: Decision[] = ['fetch-first', 'done'];
  const download = task('d', [], {lane: 'download', onDemand: true});
  const w = world(
    [download, task('a', [], {lazy: ['d' as Label]})],
    {},
    () => answers.shift() ?? 'run',
  );
  await settle();
  await w.finish('d');
  await w.done;
  t.deepEqual(w.log, ['start d']);
});

for (const [mode, expected] of [
  ['finish', ['start bad', 'start other', 'skipped above for bad', 'cancelled later']],
  ['continue', ['start bad', 'start other', 'skipped above for bad', 'start later']],
  ['kill', ['start bad', 'start other', 'skipped above for bad', 'kill other', 'cancelled later']],
] as readonly [FailureMode, string[]][]) {
  test(`after a failure: ${mode}`, async (t) => {
    const tasks = [
      task('bad', [], {priority: 2}),
      task('other', [], {priority: 1}),
      task('above', ['bad']),
      task('later'),
    ];
    const w = world(tasks, {onFailure: mode});
    await settle();
    await w.finish('bad', false);
    await w.finish('other');
    await w.finish('later');
    await w.done;
    t.deepEqual(w.log, expected);
  });
}

test('a failed download skips what needs it', async (t) => {
  const download = task('d', [], {lane: 'download', onDemand: true});
  const w = world([download, task('a', [], {lazy: ['d' as Label]}), task('b', ['a'])], {
    onFailure: 'continue',
  });
  await settle();
  await w.finish('d', false);
  await w.done;
  t.deepEqual(w.log, ['start d', 'skipped a for d', 'skipped b for d']);
});

test('a download that failed before anybody waited for it skips what needs it, near and far', async (t) => {
  const download = task('d', [], {lane: 'download', onDemand: true});
  const w = world(
    [download, task('z'), task('y', ['z'], {lazy: ['d' as Label]}), task('w', ['y'])],
    {onFailure: 'continue'},
  );
  w.scheduler.demand('d' as Label);
  await settle();
  await w.finish('d', false);
  await w.finish('z');
  await w.done;
  t.deepEqual(w.log.slice(-2), ['skipped y for d', 'skipped w for d']);
});

test('stop starts nothing new and lets the running ones end', async (t) => {
  const w = world([task('a'), task('b', ['a']), task('c')], {tokens: 1});
  await settle();
  w.scheduler.stop(() => false);
  t.deepEqual(w.log, ['start a', 'cancelled b', 'cancelled c']);
  await w.finish('a');
  await w.done;
  t.is(w.scheduler.stateOf('a' as Label), 'done');
});

test('property: every node ends once, none before its dependencies', async (t) => {
  const graph = fc.array(fc.tuple(fc.nat(3), fc.array(fc.nat(100), {maxLength: 3})), {
    minLength: 1,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(
      graph,
      fc.constantFrom<FailureMode>('finish', 'continue', 'kill'),
      async (nodes, mode) => {
        const tasks = nodes.map(([fate, needs], at) =>
          task(
            `n${at}${fate === 0 ? 'x' : ''}`,
            at === 0
              ? []
              : names(
                  nodes,
                  needs.map((one) => one % at),
                ),
          ),
        );
        await drive(tasks, mode);
      },
    ),
    {numRuns: 60},
  );
  t.pass();
});

function names(nodes: readonly (readonly [number, unknown])[], at: readonly number[]): string[] {
  return [...new Set(at)].map((one) => `n${one}${nodes[one]?.[0] === 0 ? 'x' : ''}`);
}

/** Runs to the end; nodes whose name ends in x fail. */
async function drive(tasks: readonly Task[], mode: FailureMode): Promise<void> {
  const over = new Map<string, string>();
  const end = (label: string, how: string): void => {
    if (over.has(label)) throw new Error(`${label} ended twice`);
    over.set(label, how);
  };
  const scheduler = new Scheduler(
    tasks,
    {
      decide: () => 'run',
      execute: async (label) => {
        const needs = tasks.find((one) => one.label === label)?.dependencies ?? [];
        if (needs.some((one) => over.get(one) !== 'done'))
          throw new Error(`${label} started too early`);
        await settle();
        const good = !label.endsWith('x');
        end(label, good ? 'done' : 'failed');
        return good;
      },
      adjustTokens: () => undefined,
      dropped: (label, state) => {
        end(label, state);
      },
      kill: () => undefined,
    },
    limits({onFailure: mode}),
  );
  await scheduler.run();
  if (over.size !== tasks.length) throw new Error(`${over.size} of ${tasks.length} ended`);
}

test('a build that gives its tokens back at once starts nothing twice', async (t) => {
  const tasks = [
    task('x', [], {priority: 9}),
    task('y', [], {priority: 8}),
    task('wide', ['y'], {cpu: 2, priority: 5}),
    task('b', ['y'], {lazy: ['d' as Label]}),
    task('d', [], {lane: 'download', onDemand: true}),
  ];
  const log: string[] = [];
  const running = new Map<string, (good: boolean) => void>();
  let lent: Lease | undefined;
  const scheduler = new Scheduler(
    tasks,
    {
      decide: () => 'run',
      execute: (label, _jobs, lease) => {
        log.push(label);
        if (label === 'x') lent = lease;
        return new Promise((resolve) => running.set(label, resolve));
      },
      // x is not in its sandbox yet: what is asked back was never handed on.
      adjustTokens: (_label, count) => {
        if (count < 0) lent?.returned(-count);
      },
      dropped: () => undefined,
      kill: () => undefined,
    },
    limits({tokens: 3}),
  );
  const done = scheduler.run();
  await settle();
  t.deepEqual(log, ['x', 'y']);
  t.is(lent?.held, 2);
  // wide wants the token lent to x; the download of b can start at the same moment.
  for (const one of ['y', 'x', 'd', 'wide', 'b']) {
    running.get(one)?.(true);
    await settle();
  }
  await done;
  t.deepEqual([...log].sort(), ['b', 'd', 'wide', 'x', 'y']);
});

test('what is known to fail is not run, and stops nothing but what needs it', async (t) => {
  const tasks = [task('a'), task('b', ['a']), task('c')];
  const w = world(tasks, {}, (label) => (label === 'a' ? 'bad' : 'run'));
  await settle();
  await w.finish('c');
  await w.done;
  t.deepEqual(w.log, ['skipped b for a', 'start c']);
  t.is(w.scheduler.stateOf('a' as Label), 'failed');
});

test('what is kept runs at once, with the tokens it took before', async (t) => {
  const first = world([task('a'), task('b', ['a'])], {tokens: 1});
  await settle();
  first.scheduler.stop((label) => label !== 'a');
  const {pool} = first.scheduler;
  const second = world([task('a', [], {lane: 'kept'}), task('c'), task('b', ['a'])], {pool});
  await settle();
  t.deepEqual(second.log, ['start a']);
  await first.finish('a');
  await first.done;
  await second.finish('a');
  t.deepEqual(second.log, ['start a', 'start c']);
  await second.finish('c');
  await second.finish('b');
  await second.done;
  t.is(pool.idle, 1);
});

test('while a build is stored the next one runs, but never before what waits only for it', async (t) => {
  const tasks = [
    task('a', [], {priority: 3}),
    task('after-a', ['a'], {priority: 2}),
    task('b', [], {priority: 3}),
    task('c', [], {priority: 3}),
    task('low', [], {priority: 1}),
  ];
  const {scheduler, log, finish, done} = world(tasks);
  await settled();
  t.deepEqual(log, ['start a', 'start b']);
  scheduler.ending('a' as Label);
  await settled();
  t.deepEqual(log.slice(2), ['start c'], 'as urgent as what waits for a');
  scheduler.ending('c' as Label);
  await settled();
  t.deepEqual(log.slice(3), [], 'what waits for a is more urgent than what is left');
  await finish('a');
  t.deepEqual(log.slice(3), ['start after-a']);
  await finish('b');
  t.deepEqual(log.slice(4), ['start low']);
  for (const one of ['c', 'after-a', 'low']) await finish(one);
  await done;
});

test('one job at a time: nothing begins before the one before is stored', async (t) => {
  const {scheduler, log, finish, done} = world([task('a'), task('b')], {tokens: 1});
  await settled();
  scheduler.ending('a' as Label);
  await settled();
  t.deepEqual(log, ['start a']);
  await finish('a');
  await finish('b');
  await done;
});

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
