/** What goes wrong, as data, and the exit code it comes to. */
import test from 'ava';
import {CODES, type DiagnosticCode} from '../../../engine/base/codes.ts';
import {
  exitCodeOf,
  fail,
  problem,
  warning,
  type Diagnostic,
} from '../../../engine/base/diagnostic.ts';

const AT = {file: 'x.yaml', line: 1, column: 2, endLine: 1, endColumn: 3};

test('problems and warnings differ in their severity alone', (t) => {
  const extra = {at: AT, hint: 'do so', notes: [{message: 'see', at: AT}]};
  const made = problem('recipe/bad-name', 'it is wrong', extra);
  t.deepEqual(made, {
    ...{code: 'recipe/bad-name', severity: 'error', message: 'it is wrong'},
    ...extra,
  });
  t.deepEqual(warning('recipe/bad-name', 'it is wrong', extra), {...made, severity: 'warning'});
  t.deepEqual(problem('store/full', 'x'), {code: 'store/full', severity: 'error', message: 'x'});
});

test('a failed result of one problem', (t) => {
  t.deepEqual(fail('store/full', 'x', {hint: 'y'}), {
    ok: false,
    error: [problem('store/full', 'x', {hint: 'y'})],
  });
});

/** One code of each exit. */
const OF: Readonly<Record<number, DiagnosticCode>> = {
  1: 'step/failed',
  2: 'usage/wrong',
  3: 'recipe/bad-name',
  4: 'store/full',
  5: 'machine/missing-tool',
};

const made = (exit: number): Diagnostic => problem(OF[exit] ?? 'step/failed', 'x');

test('the exit code is that of the gravest error', (t) => {
  const rows: readonly (readonly [readonly number[], number])[] = [
    [[], 0],
    ...[1, 2, 3, 4, 5].map((exit) => [[exit], exit] as const),
    [[1, 1, 1], 1],
    [[1, 2], 2],
    [[5, 1], 5],
    [[3, 4, 3], 4],
  ];
  for (const [exits, code] of rows) t.is(exitCodeOf(exits.map(made)), code, exits.join());
});

test('warnings have no say in it', (t) => {
  const grave = warning('machine/missing-tool', 'x');
  t.is(exitCodeOf([grave]), 0);
  t.is(exitCodeOf([grave, made(1)]), 1);
});

test('each code says what it means and what to do, in sentences', (t) => {
  for (const [code, {exit, means, remedy}] of Object.entries(CODES)) {
    t.regex(code, /^[a-z]+\/[a-z]+(-[a-z]+)*$/);
    t.true([1, 2, 3, 4, 5].includes(exit), code);
    for (const text of [means, remedy]) t.regex(text, /^[A-Z`][^\n]{4,160}\.$/, code);
  }
});

test('the area of a code goes with its exit', (t) => {
  const exits = new Map<string, Set<number>>();
  for (const [code, {exit}] of Object.entries(CODES)) {
    const [area = ''] = code.split('/');
    exits.set(area, (exits.get(area) ?? new Set()).add(exit));
  }
  const of = (area: string): number[] => [...(exits.get(area) ?? [])].sort();
  t.deepEqual(of('usage'), [2]);
  t.deepEqual(of('machine'), [5]);
  t.deepEqual(of('step'), [1]);
  for (const area of ['yaml', 'schema', 'recipe', 'config']) t.deepEqual(of(area), [3], area);
});
