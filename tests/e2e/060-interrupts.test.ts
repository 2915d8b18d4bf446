/** Signals and kills at chosen moments: what is finished stays, nothing is left behind. */
import test, {type ExecutionContext} from 'ava';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipes, resultOf, writes} from '../support/recipes.ts';
import {processesLike, processesOf, remains} from '../support/remains.ts';
import {Space, until, type Ran, type Running, type RunOptions} from '../support/space.ts';

/** done, and busy ← next; `busy` waits for orders. */
function project(): Space {
  return Space.create(
    recipes({
      't/done': {},
      't/busy': {needs: ['done'], steps: {wait: puppetStep('busy'), install: writes('busy')}},
      't/next': {needs: ['busy'], steps: joins('next', ['busy', 'done'])},
    }),
  );
}

/** A build that has finished `done` and is in the middle of `busy`. */
async function inTheMiddle(space: Space, options: RunOptions = {}): Promise<Running> {
  const running = space.start(['build'], options);
  await new Puppet(space, 'busy').begun();
  return running;
}

/** The next run repeats nothing that was finished, ends well and leaves nothing. */
async function resumes(t: ExecutionContext, space: Space): Promise<void> {
  const running = space.start(['build', '--json']);
  await new Puppet(space, 'busy').go();
  const ran = await running.ended;
  t.is(ran.status, 0, space.report());
  t.deepEqual(resultOf(ran).executed, ['t/busy', 't/next']);
  t.deepEqual(resultOf(ran).fresh, ['t/done']);
  t.deepEqual(remains(space), []);
}

function interrupted(t: ExecutionContext, ran: Ran, signal: string): void {
  t.regex(ran.stderr, new RegExp(`interrupted by ${signal}, .*1 built`), ran.stderr);
  t.notRegex(ran.stderr, /bug in recipes/);
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test.serial(
    `${signal} once, to the engine: ends what runs, keeps what is finished`,
    async (t) => {
      await using space = project();
      const running = await inTheMiddle(space);
      running.child.kill(signal);
      const ran = await running.ended;
      t.is(ran.status, status);
      interrupted(t, ran, signal);
      t.deepEqual(remains(space), []);
      await resumes(t, space);
    },
  );
}

test.serial('Ctrl-C: the signal goes to the whole group', async (t) => {
  await using space = project();
  const running = await inTheMiddle(space, {group: true});
  process.kill(-(running.child.pid ?? 0), 'SIGINT');
  const ran = await running.ended;
  t.is(ran.status, 130);
  interrupted(t, ran, 'SIGINT');
  t.deepEqual(remains(space), []);
  await resumes(t, space);
});

test.serial('Ctrl-C twice ends at once', async (t) => {
  await using space = project();
  const running = await inTheMiddle(space, {group: true});
  process.kill(-(running.child.pid ?? 0), 'SIGINT');
  process.kill(-(running.child.pid ?? 0), 'SIGINT');
  const ran = await running.ended;
  t.is(ran.status, 130);
  await until('all processes end', () => processesOf(space).length === 0);
  await resumes(t, space);
});

test.serial('Ctrl-C before anything runs', async (t) => {
  await using space = project();
  const running = space.start(['build']);
  await until('the store is made', () => space.exists('.recipes'));
  running.child.kill('SIGINT');
  // Before it has anything to end in order it ends by the signal, which a shell shows as 130.
  const {status, signal} = await running.ended;
  t.true(status === 130 || signal === 'SIGINT', space.report());
  await until('all processes end', () => processesOf(space).length === 0);
  const again = space.start(['build']);
  await new Puppet(space, 'busy').go();
  t.is((await again.ended).status, 0);
  t.deepEqual(remains(space), []);
});

test.serial('Ctrl-C with --json: the record tells what was done', async (t) => {
  await using space = project();
  const running = space.start(['build', '--json']);
  await new Puppet(space, 'busy').begun();
  running.child.kill('SIGINT');
  const ran = await running.ended;
  t.is(ran.status, 130);
  const {ok, executed, failed, skipped} = resultOf(ran);
  t.deepEqual({ok, executed, failed}, {ok: false, executed: ['t/done'], failed: []});
  t.deepEqual([...skipped].sort(), ['t/busy', 't/next']);
});

interface Victim {
  find(space: Space, running: Running): readonly number[];
  readonly status: number | null;
  readonly says: RegExp;
}

const VICTIMS: Readonly<Record<string, Victim>> = {
  engine: {
    find: (_, running) => [running.child.pid ?? 0],
    status: null,
    says: /t\/busy: build/,
  },
  worker: {
    find: (space) => processesLike(space, /engine\/sandbox\/worker\.js$|^recipes-worker/).slice(-1),
    status: 5,
    says: /not remembered\n +error +machine\/worker\n/,
  },
  bwrap: {
    find: (space) => processesLike(space, /^bwrap /).slice(-1),
    status: 5,
    // The shell that started it says what it saw.
    says: /not remembered\n(?: +Killed\n)?.*machine\/sandbox\n +the sandbox was ended from outside\n/,
  },
  'step shell': {
    find: (space) => processesLike(space, /^(\/usr)?(\/bin\/)?bash .*driver/).slice(-1),
    status: 1,
    says: /killed by SIGKILL .*not remembered\n.*step\/killed\n/,
  },
};

for (const [name, {find, status, says}] of Object.entries(VICTIMS)) {
  test.serial(`kill -9 of the ${name}`, async (t) => {
    await using space = project();
    const running = await inTheMiddle(space);
    const victims = find(space, running);
    t.true(victims.length > 0, JSON.stringify(processesOf(space), null, 1));
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    const ran = await running.ended;
    t.is(ran.status, status, ran.stderr);
    t.regex(ran.stderr, says);
    t.notRegex(ran.stderr, /bug in recipes/);
    await until('all processes end', () => processesOf(space).length === 0);
    if (name !== 'engine') t.deepEqual(remains(space), []);
    await resumes(t, space);
  });
}

test.serial('-k: after the worker has died the next node gets a new one', async (t) => {
  await using space = Space.create(recipes({'t/busy': {steps: puppetStep('busy')}, 't/other': {}}));
  const running = space.start(['build', '-k', '-j1', '--json']);
  await new Puppet(space, 'busy').begun();
  for (const pid of VICTIMS['worker']?.find(space, running) ?? []) process.kill(pid, 'SIGKILL');
  const {executed, failed} = resultOf(await running.ended);
  t.deepEqual({executed, failed}, {executed: ['t/other'], failed: ['t/busy']});
  t.deepEqual(remains(space), []);
});

test.serial('kills at random moments: each next run is right and repeats nothing', async (t) => {
  await using space = Space.create(
    recipes({
      't/a': {},
      't/b': {needs: ['a'], steps: joins('b', ['a'])},
      't/c': {needs: ['a'], steps: joins('c', ['a'])},
      't/d': {needs: ['b', 'c'], steps: joins('d', ['b', 'c'])},
    }),
  );
  const begun = performance.now();
  await space.expect(0, ['build', '--store', 'measure']);
  const usual = performance.now() - begun;
  const finished = new Set<string>();
  for (let kill = 0; kill < 5; kill += 1) {
    const running = space.start(['build', '--progress', 'json']);
    const timer = setTimeout(() => void running.child.kill('SIGKILL'), Math.random() * usual);
    const ran = await running.ended;
    clearTimeout(timer);
    await until('all processes end', () => processesOf(space).length === 0);
    for (const label of builtIn(ran)) {
      t.false(finished.has(label), `${label} was repeated`);
      finished.add(label);
    }
  }
  const last = await space.expect(0, ['build', '--json']);
  t.deepEqual(
    resultOf(last).executed.filter((label) => finished.has(label)),
    [],
  );
  t.deepEqual(remains(space), []);
  await space.expect(0, ['checkout', 'd', 'out']);
  t.is(space.read('out/usr/share/d'), 'a\na\n');
});

function builtIn(ran: Ran): string[] {
  return ran.stderr
    .split('\n')
    .filter((line) => line.includes('"node-finished"') && line.includes('"built"'))
    .map((line) => (JSON.parse(line) as {label: string}).label);
}
