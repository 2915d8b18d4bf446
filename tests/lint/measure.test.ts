/** The shape report measures what it says. */
import test from 'ava';
import {anysIn, functionsOf, measure} from './measure.ts';
import {parse} from './sources.ts';

const TEXT = [
  '/** Says what it is. */',
  "import x from 'x';",
  '// a remark',
  'export function three(): void {',
  '  x();',
  '}',
  'const one = (a: any): number => a;',
  'const two = (): void => {',
  '  const inner = () => 1;',
  '};',
  'class A {',
  '  method(): void {',
  '    one(2); // not a comment line',
  '  }',
  '}',
  '',
].join('\n');

test('functions have the length they take on the page', (t) => {
  t.deepEqual(functionsOf(parse('a.ts', TEXT)), [
    {place: 'a.ts:4', lines: 3},
    {place: 'a.ts:8', lines: 3},
    {place: 'a.ts:12', lines: 3},
  ]);
});

test('any is counted as a type, not as a word', (t) => {
  t.is(anysIn(parse('a.ts', TEXT)), 1);
  t.is(anysIn(parse('a.ts', "const any = 'any'; // any")), 0);
});

test('the whole shape', (t) => {
  const long = 'f();\n'.repeat(401);
  const body = `function big() {\n${'  f();\n'.repeat(60)}}\n`;
  const shape = measure([parse('a.ts', TEXT), parse('b.ts', long), parse('c.ts', body)]);
  t.is(shape.files, 3);
  t.is(shape.lines, 15 + 401 + 62);
  t.is(shape.medianFile, 62);
  t.is(shape.longestFile, 401);
  t.is(shape.functions, 4);
  t.is(shape.longestFunction, 62);
  t.is(Math.round(shape.commentShare * (15 + 401 + 62)), 2);
  t.deepEqual(shape.tooLong, ['b.ts: 401 lines', 'c.ts:1: 62 lines']);
});

test('nothing has the shape of nothing', (t) => {
  t.is(measure([]).medianFile, 0);
});
