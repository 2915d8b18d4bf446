/** The reporters, driven by events, a fake terminal and a fake clock. */
import test from 'ava';
import type {Event} from '../../../engine/base/event.ts';
import {
  createReporter,
  fittingKind,
  type ReporterKind,
  type Ui,
} from '../../../engine/ui/reporter.ts';
import {heartbeat} from '../../../engine/ui/plain.ts';
import {realTimers} from '../../../engine/ui/parts.ts';
import {IDLE} from '../../../engine/ui/status-model.ts';
import {matchesGolden} from '../../support/golden.ts';
import {
  EVENTS,
  failure,
  fakeScreen,
  FETCH,
  label,
  PNG,
  ZLIB,
  type FakeScreen,
  type ScreenOptions,
} from '../../support/screen.ts';

function start(kind: ReporterKind, options: ScreenOptions = {}, change: Partial<Ui> = {}) {
  const screen = fakeScreen(options);
  const {host, timers} = screen;
  const ui: Ui = {
    host,
    timers,
    color: 'auto',
    verbose: false,
    readText: () => undefined,
    ...change,
  };
  return {screen, reporter: createReporter(kind, ui)};
}

function play(
  kind: ReporterKind,
  options: ScreenOptions = {},
  change: Partial<Ui> = {},
): FakeScreen {
  const {screen, reporter} = start(kind, options, change);
  for (const event of EVENTS) reporter.listener(event);
  reporter.close();
  return screen;
}

const RUN: Event = {type: 'run-started', targets: [PNG], nodes: 9, pending: 3, jobs: 2};
const BEGIN: Event = {type: 'node-started', label: ZLIB, kind: 'build'};
const END: Event = EVENTS.find((one) => one.type === 'run-finished') ?? RUN;
const IDLE_RUN: readonly Event[] = [
  {...RUN, pending: 0},
  {type: 'node-finished', label: ZLIB, kind: 'build', outcome: 'fresh', milliseconds: 0},
  {
    type: 'run-finished',
    summary: {
      ...{ok: true, executed: [], fresh: [ZLIB], failed: [], skipped: [], cancelled: []},
      ...{milliseconds: 140, savedMilliseconds: 9, interrupted: null},
    },
  },
];

test('who shows the events', (t) => {
  const table: readonly (readonly [ScreenOptions, Exclude<ReporterKind, 'auto'>])[] = [
    [{terminal: true, env: {TERM: 'xterm'}}, 'fancy'],
    [{terminal: false, env: {TERM: 'xterm'}}, 'plain'],
    [{terminal: true, env: {TERM: 'dumb'}}, 'plain'],
    [{terminal: true, env: {CI: 'true'}}, 'plain'],
    [{terminal: true, env: {RECIPES_PROGRESS: 'json'}}, 'json'],
    [{terminal: true, env: {RECIPES_PROGRESS: 'nonsense'}}, 'fancy'],
  ];
  for (const [options, wanted] of table) t.is(fittingKind(fakeScreen(options).host), wanted);
});

test('plain: one line per event, no escapes', (t) => {
  const text = play('plain').text();
  t.false(text.includes('\x1b'));
  matchesGolden(t, 'ui/plain.txt', text);
});

test('plain, verbose: also steps, output and what was fresh', (t) => {
  const text = play('plain', {}, {verbose: true}).text();
  t.true(text.includes('tour/zlib: compile\n'));
  t.true(text.includes('tour/zlib: checking for gcc... yes\n'));
});

test('plain: annotations on GitHub', (t) => {
  const text = play('plain', {env: {GITHUB_ACTIONS: 'true'}}).text();
  t.true(text.includes('::warning title=store/corrupt::a file was damaged'));
});

test('plain: a sign of life each minute, until the run ends', (t) => {
  const {screen, reporter} = start('plain');
  reporter.listener(RUN);
  reporter.listener(BEGIN);
  reporter.listener({type: 'node-phase', label: ZLIB, phase: 'running', step: 'compile'});
  screen.writes.length = 0;
  screen.pass(125_000);
  t.deepEqual(screen.writes, [
    '0/3 done; running: tour/zlib compile 1m00s\n',
    '0/3 done; running: tour/zlib compile 2m00s\n',
  ]);
  reporter.listener(END);
  t.is(screen.waiting(), 0);
});

test('plain: closing without an end stops the sign of life', (t) => {
  const {screen, reporter} = start('plain');
  reporter.listener(RUN);
  reporter.close();
  reporter.close();
  t.is(screen.waiting(), 0);
  t.is(heartbeat(IDLE, 0), '0/0 done\n');
});

const KINDS = ['plain', 'fancy'] as const;
for (const kind of KINDS) {
  test(`${kind}: nothing to do is one line`, (t) => {
    const {screen, reporter} = start(kind, {terminal: true});
    for (const event of IDLE_RUN) reporter.listener(event);
    t.is(screen.text(), '1 fresh, nothing to do (0.14 s)\n');
    t.is(screen.waiting(), 0);
  });
}

test('quiet: failures, errors, nothing else', (t) => {
  matchesGolden(t, 'ui/quiet.txt', play('quiet').text());
  const {screen, reporter} = start('quiet');
  for (const event of IDLE_RUN) reporter.listener(event);
  reporter.close();
  t.is(screen.text(), '');
});

test('json: each event as one line', (t) => {
  const lines = play('json').text().split('\n');
  t.is(lines.pop(), '');
  t.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    EVENTS.map((event) => JSON.parse(JSON.stringify(event)) as unknown),
  );
});

const FRESH = ['t/a', 't/b'].map((name) => ({
  ...({type: 'node-finished', kind: 'build', outcome: 'fresh', milliseconds: 0} as const),
  label: label(name),
}));

test('json: those that end together have a line each', (t) => {
  const {screen, reporter} = start('json');
  reporter.listener({type: 'nodes-finished', outcome: 'fresh', count: 2, nodes: () => FRESH});
  t.is(screen.text(), FRESH.map((one) => `${JSON.stringify(one)}\n`).join(''));
});

test('those that were fresh from the start are named to who wants to know all', (t) => {
  for (const verbose of [false, true]) {
    const {screen, reporter} = start('plain', {}, {verbose, color: 'never'});
    reporter.listener({type: 'nodes-finished', outcome: 'fresh', count: 2, nodes: () => FRESH});
    t.is(screen.text(), verbose ? '✔ t/a fresh\n✔ t/b fresh\n' : '');
  }
});

test('fancy: what a terminal is sent', (t) => {
  matchesGolden(t, 'ui/fancy.txt', play('fancy', {terminal: true}).writes.join('\n---\n'));
});

test('fancy: lines that stay go above the status in one write', (t) => {
  const {screen, reporter} = start('fancy', {terminal: true});
  for (const event of [RUN, BEGIN]) reporter.listener(event);
  screen.pass(100);
  screen.writes.length = 0;
  const failed = {label: PNG, kind: 'build', outcome: 'failed', milliseconds: 1} as const;
  reporter.listener({type: 'node-finished', ...failed, failure: failure()});
  t.is(screen.writes.length, 1);
  const [text = ''] = screen.writes;
  t.true(text.startsWith('\x1b[2K'), 'the old status is erased');
  t.true(text.indexOf('libpng') < text.indexOf('1/3 done'), 'block, then status');
});

test('fancy: repaints by the clock and only when something changed', (t) => {
  const {screen, reporter} = start('fancy', {terminal: true});
  for (const event of [RUN, BEGIN]) reporter.listener(event);
  screen.pass(1000);
  screen.writes.length = 0;
  screen.pass(900);
  t.deepEqual(screen.writes, [], 'nothing new to show');
  screen.pass(200);
  t.is(screen.writes.length, 1, 'the clock of the node begins');
  t.regex(screen.writes[0] ?? '', /tour\/zlib · build +2s/);
});

test('fancy: after its end nothing is left on the screen and no timer waits', (t) => {
  const {screen, reporter} = start('fancy', {terminal: true});
  for (const event of [RUN, BEGIN, END]) reporter.listener(event);
  t.is(screen.waiting(), 0);
  screen.writes.length = 0;
  reporter.close();
  t.deepEqual(screen.writes, []);
});

test('fancy: what happens outside a run is printed as lines', (t) => {
  const {screen, reporter} = start('fancy', {terminal: true});
  reporter.listener({type: 'waiting', forWhat: 'the store', holder: 'pid 4'});
  t.is(screen.text(), 'waiting for the store: pid 4\n');
});

test('finished nodes say how they ended', (t) => {
  const {screen, reporter} = start('plain', {}, {verbose: true});
  const end = (change: Partial<Extract<Event, {type: 'node-finished'}>>): void => {
    const base = {label: ZLIB, kind: 'build', outcome: 'built', milliseconds: 4100} as const;
    reporter.listener({type: 'node-finished', ...base, ...change});
  };
  end({});
  end({label: FETCH, kind: 'fetch'});
  end({label: label('tour/zlib#test'), kind: 'test'});
  end({kind: 'root'});
  end({outcome: 'cut'});
  end({outcome: 'fresh'});
  end({outcome: 'cancelled'});
  end({outcome: 'skipped', because: PNG});
  end({outcome: 'failed'});
  end({outcome: 'failed', unchanged: true});
  matchesGolden(t, 'ui/finished.txt', screen.text());
});

for (const kind of ['plain', 'fancy'] as const) {
  test(`${kind}: many that are fresh after all are one line, a few are named`, (t) => {
    const lines = (number: number, verbose: boolean): readonly string[] => {
      const {screen, reporter} = start(
        kind,
        {terminal: kind === 'fancy'},
        {verbose, color: 'never'},
      );
      for (let at = 0; at < number; at += 1) {
        const base = {
          type: 'node-finished',
          kind: 'build',
          outcome: 'cut',
          milliseconds: 0,
        } as const;
        const nodes = [{...base, label: label(`t/n${at}`)}];
        reporter.listener({type: 'nodes-finished', outcome: 'cut', count: 1, nodes: () => nodes});
      }
      reporter.close();
      return screen.text().trimEnd().split('\n');
    };
    t.is(lines(20, false).length, 20);
    t.deepEqual(lines(21, false), ['✔ 21 nodes fresh: their inputs came out as before']);
    t.is(lines(21, true).at(-1), '✔ t/n20 fresh: its inputs came out as before');
  });
}

test('an interrupt says what happens now', (t) => {
  const {screen, reporter} = start('plain');
  reporter.listener({type: 'stopping', signal: 'SIGINT', running: 0});
  reporter.listener({type: 'stopping', signal: 'SIGINT', running: 2});
  t.is(
    screen.text(),
    'SIGINT: nothing new is started, nothing is running; once more to kill\n' +
      'SIGINT: nothing new is started, ending 2 running nodes; once more to kill\n',
  );
});

test('the real clock repeats until it is stopped', async (t) => {
  let calls = 0;
  await new Promise<void>((resolve) => {
    const keepAlive = setTimeout(resolve, 10_000);
    const stop = realTimers.every(1, () => {
      calls += 1;
      if (calls < 3) return;
      stop();
      clearTimeout(keepAlive);
      resolve();
    });
  });
  t.is(calls, 3);
});
