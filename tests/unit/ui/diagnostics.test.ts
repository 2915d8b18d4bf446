/** Diagnostics as people and GitHub see them. */
import test from 'ava';
import {problem, warning, type Diagnostic, type Location} from '../../../engine/base/diagnostic.ts';
import {annotation, countDiagnostics, formatDiagnostics} from '../../../engine/ui/diagnostics.ts';
import {matchesGolden} from '../../support/golden.ts';

const FILES: Readonly<Record<string, string>> = {
  'recipes/tour/curl.yaml': [
    'package: curl',
    'version: "8.11"',
    'builds:',
    '  main:',
    '    needs:',
    '\t- opennssl',
    '    buidl: make',
    `    env: {A: "${'x'.repeat(300)}", BAD: 1}`,
    '    evil: "\x1b[2J\u202etext"',
    '',
  ].join('\n'),
};

const readText = (file: string): string | undefined => FILES[file];
const style = {color: false, readText};

function at(line: number, column: number, endColumn: number, endLine = line): Location {
  return {file: 'recipes/tour/curl.yaml', line, column, endLine, endColumn};
}

const LIST: readonly Diagnostic[] = [
  problem('store/corrupt', 'no recipe is named opennssl', {
    at: at(6, 4, 12),
    notes: [
      {message: 'openssl is defined here', at: {...at(1, 1, 2), file: 'recipes/tour/openssl.yaml'}},
    ],
    hint: 'did you mean openssl?',
  }),
  warning('store/full', 'unknown field buidl', {
    at: at(7, 5, 10),
    hint: 'allowed here:\nbuild, check',
  }),
  problem('store/full', 'the first line has nothing above it', {at: at(1, 1, 8)}),
  problem('store/full', 'far to the right', {at: at(8, 318, 321)}),
  problem('store/full', 'a range of several lines is marked on its first', {at: at(3, 1, 9, 5)}),
  problem('store/full', 'hostile text is shown, not \x1b[2Jobeyed', {at: at(9, 11, 21)}),
  problem('store/full', 'the place is past the end of the file', {at: at(99, 1, 2)}),
  problem('store/full', 'the end of a line', {at: at(2, 16, 16)}),
  problem('store/full', 'no such file', {at: {...at(1, 2, 3), file: 'gone.yaml'}}),
  problem('store/unusable', 'no place at all'),
  problem('store/full', `a long message ${'is not put beside the mark '.repeat(4)}`.trim(), {
    at: at(2, 1, 8),
  }),
];

test('diagnostics with excerpts', (t) => {
  matchesGolden(t, 'ui/diagnostics.txt', formatDiagnostics(LIST, style));
});

test('diagnostics in colour say the same', (t) => {
  const plain = formatDiagnostics(LIST, style);
  const color = formatDiagnostics(LIST, {...style, color: true});
  t.true(color.includes('\x1b[31merror\x1b[39m'));
  t.is(color.replaceAll(/\x1b\[\d+m/g, ''), plain);
});

test('an empty list is an empty text', (t) => {
  t.is(formatDiagnostics([], style), '');
  t.is(countDiagnostics([]), '');
});

test('the count names errors, warnings and files', (t) => {
  t.is(countDiagnostics(LIST), '10 errors, 1 warning in 2 files');
  t.is(countDiagnostics([problem('store/full', 'x')]), '1 error');
  t.is(countDiagnostics([warning('store/full', 'x'), warning('store/full', 'y')]), '2 warnings');
});

test('GitHub annotations', (t) => {
  const [first, second] = LIST;
  t.is(
    first && annotation(first),
    '::error file=recipes/tour/curl.yaml,line=6,endLine=6,col=4,endColumn=12,' +
      'title=store/corrupt::no recipe is named opennssl%0Adid you mean openssl?',
  );
  t.is(second && annotation(second).slice(0, 10), '::warning ');
  const odd = problem('store/full', '100%\r\nsure', {at: {...at(1, 1, 2, 3), file: 'a,b:c.yaml'}});
  t.is(
    annotation(odd),
    '::error file=a%2Cb%3Ac.yaml,line=1,endLine=3,title=store/full::100%25%0Asure',
  );
  t.is(annotation(problem('store/full', 'x')), '::error title=store/full::x');
});

test('annotations follow the text where GitHub runs us', (t) => {
  const text = formatDiagnostics([problem('store/full', 'x')], {...style, annotate: true});
  t.is(text, 'error  store/full\n  x\n::error title=store/full::x\n');
});

test('any range gives an excerpt and never an exception', (t) => {
  for (const line of [1, 6, 8, 9, 10, 11]) {
    for (const column of [1, 2, 80, 200, 400]) {
      for (const endColumn of [0, 1, column, column + 5, 1000]) {
        const one = problem('store/full', 'x', {at: at(line, column, endColumn)});
        t.notThrows(() => formatDiagnostics([one], style));
      }
    }
  }
});
