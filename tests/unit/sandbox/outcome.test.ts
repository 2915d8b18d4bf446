import test from 'ava';
import {endedWell, failureOf, type Ending} from '../../../engine/sandbox/outcome.ts';

type Change = {
  readonly end?: Partial<Ending['end']>;
  readonly report?: Partial<Ending['report']>;
} & Partial<Omit<Ending, 'end' | 'report'>>;

function ending({end, report, ...rest}: Change): Ending {
  return {
    end: {status: 0, killed: undefined, cpuMilliseconds: 0, peakBytes: 0, ...end},
    report: {
      ...{begun: true, done: true, cwd: '/build/it', cpuMilliseconds: 1, others: []},
      steps: [
        {file: '01-prepare', cwd: '/build'},
        {file: '02-compile', cwd: '/build/it'},
      ],
      ...report,
    },
    ...{allowed: 90_000, logLimit: 1 << 30, environment: 'host', lastLine: '', memoryKills: 0},
    ...rest,
  };
}

const NOT_DONE = {done: false};

const CASES: readonly (readonly [Change, string, {machine: boolean; message: RegExp}])[] = [
  [
    {end: {status: 2}, report: NOT_DONE},
    'step/failed',
    {machine: false, message: /^step compile failed with exit status 2$/},
  ],
  [
    {end: {status: 143}, report: NOT_DONE},
    'step/failed',
    {machine: false, message: /SIGTERM \(exit status 143\)/},
  ],
  [{end: {status: 137}, report: NOT_DONE}, 'step/killed', {machine: true, message: /SIGKILL/}],
  [
    {end: {status: 2}, report: NOT_DONE, memoryKills: 1},
    'machine/memory',
    {machine: true, message: /ran out of memory/},
  ],
  [{report: NOT_DONE}, 'step/ended-early', {machine: false, message: /ended the step shell/}],
  [{end: {status: 3}}, 'step/failed', {machine: false, message: /exit status 3/}],
  [
    {end: {status: 1}, report: {...NOT_DONE, others: ['7 sleep 9']}},
    'step/left-processes',
    {machine: false, message: /left a process running/},
  ],
  [
    {end: {status: 137, killed: 'timeout'}, report: NOT_DONE},
    'step/timeout',
    {machine: true, message: /after 90 s/},
  ],
  [
    {end: {status: 137, killed: 'timeout'}, report: NOT_DONE, allowed: 5_400_000},
    'step/timeout',
    {machine: true, message: /after 90 min/},
  ],
  [
    {end: {status: 137, killed: 'flood'}, report: NOT_DONE},
    'step/log-flood',
    {machine: false, message: /more than 1 GiB/},
  ],
  [
    {end: {status: 137, killed: 'cancelled'}, report: NOT_DONE},
    'step/cancelled',
    {machine: true, message: /was cancelled/},
  ],
  [
    {end: {status: 1}, report: {begun: false, done: false, steps: []}, lastLine: 'bwrap: no /proc'},
    'machine/sandbox',
    {machine: true, message: /did not come up: bwrap: no \/proc/},
  ],
  [
    {
      ...{end: {status: 1}, report: {begun: false, done: false, steps: []}, environment: 'root'},
      lastLine: 'bwrap: execvp /usr/bin/bash: No such file or directory',
    },
    'sandbox/no-shell',
    {machine: false, message: /bash cannot be started/},
  ],
  [{end: {status: null}, report: NOT_DONE}, 'machine/sandbox', {machine: true, message: /outside/}],
];

test('how it ended, in words', (t) => {
  for (const [change, code, {machine, message}] of CASES) {
    const failure = failureOf(ending(change));
    t.deepEqual(
      failure.diagnostics.map((one) => one.code),
      [code],
    );
    t.is(failure.machine, machine, code);
    t.regex(failure.diagnostics[0]?.message ?? '', message);
  }
});

test('all steps done and status 0 is no failure; a late kill still is one', (t) => {
  const isWell = (change: Change): boolean => {
    const {end, report} = ending(change);
    return endedWell(end, report);
  };
  t.true(isWell({}));
  t.false(isWell({end: {killed: 'cancelled'}}));
  t.false(isWell({report: NOT_DONE}));
  t.false(isWell({end: {status: 1}}));
});

test('a failure says step, status and folder', (t) => {
  const failure = failureOf(ending({end: {status: 139}, report: {done: false, cwd: undefined}}));
  t.is(failure.step, 'compile');
  t.is(failure.exit, 139);
  t.is(failure.signal, 'SIGSEGV');
  t.is(failure.cwd, '/build/it');
});
