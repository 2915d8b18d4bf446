/** The failure block and the end of a run, word for word. */
import test from 'ava';
import {problem} from '../../../engine/base/diagnostic.ts';
import type {Event, Failure, Summary} from '../../../engine/base/event.ts';
import {nothingToDo} from '../../../engine/ui/idle.ts';
import {lookOf} from '../../../engine/ui/look.ts';
import {
  formatFailure,
  formatSummary,
  NO_RECAP,
  remember,
  type Failed,
  type Recap,
} from '../../../engine/ui/outcome.ts';
import {matchesGolden} from '../../support/golden.ts';
import {failure, FETCH, label, PNG, ZLIB} from '../../support/screen.ts';

const style = {
  look: lookOf(false, true),
  color: false,
  cwd: '/project',
  readText: () => undefined,
};

function failed(change: Partial<Failure> = {}, event: Partial<Failed> = {}): Failed {
  return {
    ...{type: 'node-finished', label: ZLIB, kind: 'build', outcome: 'failed', milliseconds: 4100},
    failure: failure(change),
    ...event,
  };
}

function summary(change: Partial<Summary> = {}): Summary {
  return {
    ...{ok: true, executed: [], fresh: [], failed: [], skipped: [], cancelled: []},
    ...{milliseconds: 140, savedMilliseconds: 0, interrupted: null},
    ...change,
  };
}

const labels = (number: number) => Array.from({length: number}, (_, at) => label(`lfs/p${at}`));

const CASES: readonly (readonly [string, Failed])[] = [
  ['a step exits', failed()],
  ['a step is killed', failed({exit: undefined, signal: 'SIGKILL'})],
  [
    'a long log',
    failed({tail: [...Array.from({length: 30}, (_, at) => `line ${at}`), '1%\r99%\x1b[31m red']}),
  ],
  [
    'a check after the steps',
    failed({
      step: undefined,
      exit: undefined,
      tail: [],
      diagnostics: [problem('store/corrupt', 'usr/bin/x is missing', {hint: 'see outputs.expect'})],
    }),
  ],
  [
    'the machine',
    failed({
      machine: true,
      exit: undefined,
      tail: [],
      logFile: undefined,
      diagnostics: [problem('store/full', 'no space left', {hint: 'free some'})],
    }),
  ],
  [
    'a download',
    failed(
      {
        step: undefined,
        exit: undefined,
        tail: [],
        logFile: undefined,
        diagnostics: [
          problem('store/full', 'zlib-1.3.tar.gz cannot be had', {
            notes: [{message: 'http://a/zlib: 404'}, {message: 'http://b/zlib: refused'}],
          }),
        ],
      },
      {label: FETCH, kind: 'fetch', milliseconds: 90_000},
    ),
  ],
  ['a log elsewhere', failed({logFile: '/var/store/logs/zlib', tail: []})],
];

test('failure blocks', (t) => {
  const texts = CASES.map(([name, event]) => `--- ${name}\n${formatFailure(event, style)}`);
  matchesGolden(t, 'ui/failures.txt', texts.join('\n'));
});

test('a failure block in colour and in ASCII', (t) => {
  const look = lookOf(true, false);
  const text = formatFailure(failed({tail: ['\x1b[31mred']}), {...style, look});
  matchesGolden(t, 'ui/failure-color.txt', text);
});

const skip = (name: string, because = ZLIB): Event => ({
  ...{type: 'node-finished', label: label(name), kind: 'build', outcome: 'skipped'},
  ...{milliseconds: 0, because},
});

function recapOf(events: readonly (readonly [Event, boolean])[]): Recap {
  return events.reduce((recap, [event, printed]) => remember(recap, event, printed), NO_RECAP);
}

test('the ends of runs', (t) => {
  const alone = recapOf([
    [failed(), true],
    [skip('tour/a'), false],
    [skip('tour/b'), false],
  ]);
  const many = recapOf([
    [failed(), true],
    [failed({machine: true}, {label: PNG}), true],
    ...labels(15).map((name) => [skip(name, PNG), false] as const),
    [skip('tour/a'), true],
  ]);
  const cases: readonly (readonly [string, Summary, Recap])[] = [
    ['nothing to do', summary({fresh: labels(312)}), NO_RECAP],
    ['all built', summary({executed: labels(34), milliseconds: 200_000}), NO_RECAP],
    [
      'time saved',
      summary({executed: labels(3), fresh: labels(210), savedMilliseconds: 2_460_000}),
      NO_RECAP,
    ],
    [
      'one failure, its block just above',
      summary({
        ok: false,
        executed: [ZLIB],
        failed: [ZLIB],
        skipped: [label('tour/a'), label('tour/b')],
        fresh: labels(90),
        milliseconds: 200_000,
      }),
      alone,
    ],
    [
      'several failures',
      summary({ok: false, failed: [ZLIB, PNG], skipped: [...labels(15), label('tour/a')]}),
      many,
    ],
    [
      'interrupted',
      summary({ok: false, interrupted: 'SIGINT', executed: [ZLIB], cancelled: [PNG]}),
      NO_RECAP,
    ],
    [
      'interrupted before anything ran',
      summary({ok: false, interrupted: 'SIGTERM', fresh: labels(2)}),
      NO_RECAP,
    ],
  ];
  const texts = cases.map(
    ([name, end, recap]) => `--- ${name}\n${formatSummary(end, recap, style)}`,
  );
  matchesGolden(t, 'ui/summaries.txt', texts.join('\n'));
});

test('the line of a run with nothing to do', (t) => {
  t.is(nothingToDo(312, 142), '312 fresh, nothing to do (0.14 s)');
  t.is(nothingToDo(1, 61_234), '1 fresh, nothing to do (61.23 s)');
});

test('a block is last on the screen until something else is printed', (t) => {
  const block = [failed(), true] as const;
  t.true(recapOf([block]).blockIsLast);
  t.true(recapOf([block, [skip('tour/a'), false]]).blockIsLast);
  t.false(recapOf([block, [{type: 'message', text: 'x'}, true]]).blockIsLast);
  t.false(recapOf([[failed(), false]]).blockIsLast);
});
