/** `--trace` and `--timings`: where the time went, of good, failed and interrupted builds alike. */
import test, {type ExecutionContext} from 'ava';
import {elementsOf} from '../support/html.ts';
import {Puppet, puppetStep} from '../support/puppet.ts';
import {joins, recipes, writes} from '../support/recipes.ts';
import {Space} from '../support/space.ts';

interface Bar {
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

interface Trace {
  readonly otherData: {readonly outcome: string};
  readonly traceEvents: readonly (Partial<Bar> & {readonly ph: string})[];
}

const BOTH = ['--trace', 'trace.json', '--timings'];

function project(): Space {
  return Space.create(
    recipes({
      't/base': {steps: {prepare: ':', install: writes('base')}},
      't/side': {},
      't/top': {needs: ['base', 'side'], steps: joins('top', ['base', 'side'])},
    }),
  );
}

function barsOf(space: Space): readonly Bar[] {
  const {traceEvents} = JSON.parse(space.read('trace.json')) as Trace;
  return traceEvents.filter((one): one is Bar & {ph: string} => one.ph === 'X');
}

function cellsOf(space: Space): readonly string[] {
  const elements = elementsOf(space.read('timings.html'));
  return elements.filter((one) => one.name === 'td').map((one) => one.text);
}

/** Bars of one thread lie one in the other, or apart. */
function nests(t: ExecutionContext, bars: readonly Bar[]): void {
  const open = new Map<string, Bar[]>();
  const ordered = [...bars].sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  for (const bar of ordered) {
    t.true(bar.ts >= 0 && bar.dur >= 0, bar.name);
    const thread = `${bar.pid} ${bar.tid}`;
    const around = (open.get(thread) ?? []).filter((one) => one.ts + one.dur > bar.ts);
    for (const one of around) {
      t.true(bar.ts + bar.dur <= one.ts + one.dur, `${bar.name} goes on after ${one.name}`);
    }
    open.set(thread, [...around, bar]);
  }
}

function inside(bars: readonly Bar[], name: string): readonly Bar[] {
  const node = bars.find((one) => one.name === name);
  return bars.filter(
    (one) =>
      node !== undefined &&
      one !== node &&
      one.tid === node.tid &&
      one.pid === node.pid &&
      one.ts >= node.ts &&
      one.ts + one.dur <= node.ts + node.dur,
  );
}

test.serial('a good build: phases of engine, worker and nodes', async (t) => {
  await using space = project();
  await space.expect(0, ['build', '-j2', ...BOTH]);
  const bars = barsOf(space);
  nests(t, bars);
  const names = bars.map((one) => one.name);
  const engine = ['start-up', 'load recipes', 'link', 'plan', 'open the run', 'run'];
  for (const name of [...engine, 'start the worker', 't/base', 't/side', 't/top']) {
    t.is(names.filter((one) => one === name).length, 1, name);
  }
  const within = inside(bars, 't/base').map((one) => one.name);
  t.true(names.includes('key t/base'));
  const staging = ['copy layers', 'start the sandbox'];
  const storing = ['capture', 'hash and compare', 'publish', 'record'];
  for (const name of [...staging, 'prepare', 'install', ...storing])
    t.true(within.includes(name), name);
});

test.serial('a node takes as long as what it does, and says what it came to', async (t) => {
  await using space = project();
  await space.expect(0, ['build', ...BOTH]);
  const bars = barsOf(space);
  const top = bars.find((one) => one.name === 't/top');
  t.like(top?.args, {outcome: 'built', critical: 'yes', reason: 'never built'});
  const within = inside(bars, 't/top');
  const whole = within.find((one) => one.name === 'in the worker');
  const parts = ['make folders', 'copy layers', 'sandbox', 'capture', 'publish'];
  const found = within.filter((one) => parts.includes(one.name));
  t.is(found.length, parts.length);
  const sum = found.reduce((all, one) => all + one.dur, 0);
  t.true(sum > 0 && whole !== undefined && sum <= whole.dur, `${sum}`);
  const cells = cellsOf(space);
  for (const label of ['t/base', 't/side', 't/top']) t.true(cells.includes(label), label);
});

test.serial('one at a time: the others wait for their turn', async (t) => {
  await using space = project();
  await space.expect(0, ['build', '-j1', '--trace', 'trace.json']);
  const waits = barsOf(space).filter((one) => one.cat === 'wait' && one.name.endsWith(': queue'));
  t.true(
    waits.some((one) => one.dur > 10_000),
    JSON.stringify(waits),
  );
  t.false(space.exists('timings.html'));
});

test.serial('a failed build has both, with what was skipped', async (t) => {
  await using space = Space.create(
    recipes({
      't/bad': {steps: {prepare: 'true', compile: 'exit 3'}},
      't/over': {needs: ['bad']},
    }),
  );
  await space.expect(1, ['build', ...BOTH]);
  const bars = barsOf(space);
  nests(t, bars);
  const within = inside(bars, 't/bad').map((one) => one.name);
  for (const name of ['prepare', 'compile', 'keep what is left'])
    t.true(within.includes(name), name);
  t.is(bars.find((one) => one.name === 't/bad')?.args?.['outcome'], 'failed');
  const cells = cellsOf(space);
  t.true(cells.includes('t/over') && cells.includes('skipped'));
});

test.serial('an interrupted build has both, up to there', async (t) => {
  await using space = Space.create(
    recipes({
      't/busy': {steps: {wait: puppetStep('busy'), install: writes('busy')}},
      't/next': {needs: ['busy']},
    }),
  );
  const running = space.start(['build', ...BOTH]);
  await new Puppet(space, 'busy').begun();
  running.child.kill('SIGINT');
  t.is((await running.ended).status, 130);
  const bars = barsOf(space);
  nests(t, bars);
  t.is(bars.find((one) => one.name === 't/busy')?.args?.['outcome'], 'cancelled');
  t.true(inside(bars, 't/busy').some((one) => one.name === 'wait'));
  t.true(space.read('timings.html').includes('interrupted by SIGINT'));
});

test.serial('mistakes in recipes: what was measured until then', async (t) => {
  await using space = Space.create({'recipes/t/a.yaml': 'package: b\n'});
  await space.expect(3, ['build', ...BOTH]);
  const names = barsOf(space).map((one) => one.name);
  t.true(names.includes('load recipes') && !names.includes('run'));
  t.true(space.read('timings.html').includes('failed'));
});

test.serial('nothing to do, and a plan alone, have their times too', async (t) => {
  await using space = project();
  await space.expect(0, ['build', '-n', '--trace', 'trace.json']);
  t.false(barsOf(space).some((one) => one.name === 'run'));
  await space.expect(0, ['build']);
  await space.expect(0, ['build', ...BOTH]);
  const {otherData} = JSON.parse(space.read('trace.json')) as Trace;
  t.is(otherData.outcome, 'good');
  t.true(barsOf(space).some((one) => one.name === 'plan'));
});

test.serial('where they cannot be written, the build says so at its end', async (t) => {
  await using space = project();
  const ran = await space.expect(4, ['build', 'side', '--timings', 'no/such/folder/x.html']);
  t.regex(ran.stderr, /no\/such\/folder\/x\.html/);
  await space.expect(0, ['build', 'side', '--json']);
});
