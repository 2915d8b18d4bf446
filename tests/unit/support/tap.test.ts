/** What `npm test` makes of AVA's TAP. */
import test from 'ava';
import {TapReport} from '../../support/tap.ts';

function shown(tap: string, status: number | null): {text: string; exit: number} {
  const lines: string[] = [];
  const report = new TapReport((line) => lines.push(line));
  for (const line of tap.split('\n')) report.line(line);
  const exit = report.end(status);
  return {text: lines.join('\n'), exit};
}

test('all is well: figures and nothing else', (t) => {
  const tap =
    'TAP version 13\nok 1 - a › one\nok 2 - a › two\n\n1..2\n# tests 2\n# pass 2\n# fail 0';
  t.deepEqual(shown(tap, 0), {text: '2 passed, 0 failed', exit: 0});
});

test('failures come with their details', (t) => {
  const tap = [
    'ok 1 - a › one',
    'not ok 2 - a › two',
    '  ---',
    '    name: AssertionError',
    '    details:',
    "      'Difference': |-",
    '        - 1',
    '  ...',
    'ok 3 - a › three',
    '    not a detail of anything',
  ].join('\n');
  t.deepEqual(shown(tap, 1), {
    text: [
      'not ok: a › two',
      '    name: AssertionError',
      '    details:',
      "      'Difference': |-",
      '        - 1',
      '2 passed, 1 failed',
    ].join('\n'),
    exit: 1,
  });
});

test('a run that does not end is broken off, which counts as a failure', (t) => {
  const lines: string[] = [];
  const report = new TapReport((line) => lines.push(line));
  report.line('ok 1 - a › one');
  report.hung(150_000);
  t.is(report.end(1), 1);
  t.is(lines[0], 'not ok: nothing ended for 150 s: broken off');
  t.is(lines.at(-1), '1 passed, 1 failed');
});

test('skipped tests are listed with their reason and do not count as passed', (t) => {
  const tap = [
    'ok 1 - a › needs root (no root here) # SKIP',
    'not ok 2 - a › later # TODO',
    'ok 3 - a › reads archives',
    '#   skipped: bsdtar is missing',
    '#   more about it',
    'ok 4 - a › fine',
  ].join('\n');
  t.deepEqual(shown(tap, 0), {
    text: [
      '3 skipped:',
      '    a › needs root (no root here)',
      '    a › later',
      '    a › reads archives: bsdtar is missing',
      '1 passed, 0 failed',
    ].join('\n'),
    exit: 0,
  });
});

test('what tests log is shown below their title', (t) => {
  const tap = 'ok 1 - a › table\n#   network  refused\n#   files    refused\nok 2 - a › x';
  t.is(
    shown(tap, 0).text,
    'a › table\n    network  refused\n    files    refused\n2 passed, 0 failed',
  );
});

test('a run that breaks off has failed, whatever was counted', (t) => {
  t.deepEqual(shown('ok 1 - a', 1), {
    text: 'not ok: the run broke off (exit 1)\n    a test may hang: `npx ava` tells which\n1 passed, 1 failed',
    exit: 1,
  });
  t.is(shown('', null).exit, 1);
  t.regex(shown('', 0).text, /^not ok: no test ran\n0 passed, 1 failed$/);
});
