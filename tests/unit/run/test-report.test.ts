/** What test suites print, read: automake's and dejagnu's lines, and lines that only look so. */
import test from 'ava';
import {onlyKnownFailed, readTestLog} from '../../../engine/run/test-report.ts';

const LINES: readonly (readonly [string, readonly [number, number, number], readonly string[]])[] =
  [
    ['PASS: tests/a.sh', [1, 0, 0], []],
    ['FAIL: tests/a.sh', [0, 1, 0], ['tests/a.sh']],
    ['XFAIL: tests/a.sh', [1, 0, 0], []],
    ['XPASS: tests/a.sh', [0, 1, 0], ['tests/a.sh']],
    ['SKIP: tests/a.sh', [0, 0, 1], []],
    ['ERROR: tests/a.sh', [0, 1, 0], ['tests/a.sh']],
    ['UNSUPPORTED: gcc.dg/x.c', [0, 0, 1], []],
    ['UNTESTED: gcc.dg/x.c', [0, 0, 1], []],
    [
      'FAIL: gcc.dg/x.c -O2 (test for excess errors)',
      [0, 1, 0],
      ['gcc.dg/x.c -O2 (test for excess errors)'],
    ],
    ['FAIL: tests/a.sh (exit status: 139)', [0, 1, 0], ['tests/a.sh']],
    ['FAIL: tap.t 3 - with a name', [0, 1, 0], ['tap.t 3 - with a name']],
    ['FAIL: spaces after   ', [0, 1, 0], ['spaces after']],
    ['FAIL: from windows\r', [0, 1, 0], ['from windows']],
    // Not lines of a harness: sums, prose, other spellings.
    ['# FAIL:  3', [0, 0, 0], []],
    ['# of unexpected failures\t3', [0, 0, 0], []],
    ['FAIL tests/a.sh (exit status: 1)', [0, 0, 0], []],
    ['  FAIL: indented', [0, 0, 0], []],
    ['fail: small', [0, 0, 0], []],
    ['FAILED: x', [0, 0, 0], []],
    ['PASS:x', [0, 0, 0], []],
    ['PASS: ', [0, 0, 0], []],
    ['ld: FAIL: x', [0, 0, 0], []],
    ['constructor: x', [0, 0, 0], []],
    ['', [0, 0, 0], []],
  ];

for (const [line, [passed, failed, skipped], failures] of LINES) {
  test(`read: ${JSON.stringify(line)}`, (t) => {
    const report = readTestLog(`before\n${line}\nafter\n`);
    t.deepEqual(report, {counts: {passed, failed, skipped}, failures});
  });
}

test('a whole log: each failure is counted, each name told once', (t) => {
  const log = ['PASS: a', 'FAIL: b', 'make: *** x', 'FAIL: b', 'ERROR: c', 'SKIP: d', 'PASS: e'];
  t.deepEqual(readTestLog(log.join('\n')), {
    counts: {passed: 2, failed: 3, skipped: 1},
    failures: ['b', 'c'],
  });
});

test('a hostile line is read in no time, and hides no failure', (t) => {
  const long = 'x'.repeat(5_000_000);
  const report = readTestLog(`FAIL: ${long}\n${'FAIL: '.repeat(500_000)}\n${long}FAIL: y\n`);
  t.is(report.counts.failed, 2);
  t.true(report.failures.every((name) => name.length <= 500));
  t.false(onlyKnownFailed(report, ['known']));
});

test('spaces without end are read in no time', (t) => {
  const report = readTestLog(`FAIL: a${' '.repeat(2_000_000)}(exit status: 1\nFAIL: b\n`);
  t.is(report.counts.failed, 2);
});

for (const [failed, known, excused] of [
  [['a'], ['a'], true],
  [['a', 'b'], ['b', 'a', 'c'], true],
  [['a', 'b'], ['a'], false],
  [['ab'], ['a'], false],
  [['a'], [], false],
  // An error without a failed test is an error of something else.
  [[], ['a'], false],
] as const) {
  test(`failed [${failed.join()}], known [${known.join()}]: ${excused ? 'passed' : 'failed'}`, (t) => {
    const report = readTestLog(failed.map((name) => `FAIL: ${name}\n`).join(''));
    t.is(onlyKnownFailed(report, known), excused);
  });
}
