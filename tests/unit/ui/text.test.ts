/** Durations, widths and foreign text, as tables. */
import test from 'ava';
import fc from 'fast-check';
import {
  count,
  formatDuration,
  formatElapsed,
  formatGuess,
  formatSize,
  harmless,
  indent,
  masked,
  overprinted,
  pad,
  truncate,
  widthOf,
} from '../../../engine/ui/text.ts';

test('durations are as exact as they are worth', (t) => {
  const table: [number, string][] = [
    [-5, '0.00 s'],
    [0, '0.00 s'],
    [140, '0.14 s'],
    [994, '0.99 s'],
    [996, '1.0 s'],
    [4100, '4.1 s'],
    [59_940, '59.9 s'],
    [59_960, '1m00s'],
    [192_000, '3m12s'],
    [3_900_000, '1h05m'],
  ];
  for (const [milliseconds, text] of table) t.is(formatDuration(milliseconds), text);
});

test('elapsed time counts whole seconds', (t) => {
  t.deepEqual([0, 9000, 9940, 59_900, 192_000, 7_260_000].map(formatElapsed), [
    '0s',
    '9s',
    '9s',
    '59s',
    '3m12s',
    '2h01m',
  ]);
});

test('a guess is coarse', (t) => {
  t.deepEqual([100, 38_000, 54_000, 58_000, 360_000, 5_000_000, 7_300_000].map(formatGuess), [
    'about 5 s',
    'about 40 s',
    'about 55 s',
    'about 1 min',
    'about 6 min',
    'about 83 min',
    'about 2 h',
  ]);
});

test('sizes and counts', (t) => {
  t.is(formatSize(0), '0 B');
  t.is(formatSize(1_500_000), '1.5 MB');
  t.is(count(1, 'error'), '1 error');
  t.is(count(0, 'error'), '0 errors');
});

test('width is counted in columns, not in code units', (t) => {
  t.is(widthOf('abc'), 3);
  t.is(widthOf('日本'), 4);
  t.is(widthOf('e\u0301'), 1);
  t.is(pad('日', 4), '日  ');
  t.is(pad('abcdef', 4), 'abcdef');
});

test('cutting keeps whole characters and says that it cut', (t) => {
  t.is(truncate('short', 10, '…'), 'short');
  t.is(truncate('0123456789', 10, '…'), '0123456789');
  t.is(truncate('0123456789a', 10, '…'), '012345678…');
  t.is(truncate('0123456789a', 10, '...'), '0123456...');
  t.is(truncate('日本語日本語', 6, '…'), '日本…');
  t.is(truncate('abc', 1, '…'), '');
  t.is(truncate('abc', 0, '…'), '');
});

test('cut text always fits', (t) => {
  const property = fc.property(fc.string({unit: 'grapheme'}), fc.nat(40), (text, width) => {
    return widthOf(truncate(text, width, '…')) <= width;
  });
  t.notThrows(() => {
    fc.assert(property);
  });
});

test('escape sequences of foreign text are removed', (t) => {
  const table: [name: string, text: string, wanted: string][] = [
    ['plain text stays', 'checking for gcc... yes', 'checking for gcc... yes'],
    ['newline and tab stay', 'a\tb\nc', 'a\tb\nc'],
    ['colour', '\x1b[1;31mred\x1b[0m', 'red'],
    ['cursor movement', 'a\x1b[2K\x1b[1Ab', 'ab'],
    ['8-bit CSI', 'a\x9b2Jb', 'ab'],
    ['title, ended by BEL', 'a\x1b]0;owned\x07b', 'ab'],
    ['link, ended by ST', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['title that never ends keeps to its line', 'a\x1b]0;owned\nb', 'a\nb'],
    ['device control string', 'a\x1bP1$r0m\x1b\\b', 'ab'],
    ['clipboard', 'a\x1b]52;c;ZXZpbA==\x07b', 'ab'],
    ['character set', 'a\x1b(0b', 'ab'],
    ['reset of the terminal', 'a\x1bcb', 'ab'],
    ['cut off in the middle', 'a\x1b[', 'a'],
    ['a lone escape', 'a\x1b', 'a'],
    ['backspace, bell, carriage return, NUL, DEL', 'a\b\x07\r\0\x7fb', 'ab'],
    ['C1 controls', 'a\x85\x8d\x96b', 'ab'],
    ['reversed reading order', 'a\u202egpj.exe\u2066b', 'agpj.exeb'],
  ];
  for (const [name, text, wanted] of table) t.is(harmless(text), wanted, name);
});

test('colours may stay, and end with their line', (t) => {
  t.is(harmless('\x1b[31mred\nplain', true), '\x1b[31mred\x1b[0m\nplain');
  t.is(harmless('\x1b[31mred\x1b[2J\x1b[m', true), '\x1b[31mred\x1b[m\x1b[0m');
  t.is(harmless('none', true), 'none');
  t.is(harmless('\x1b[38:5:9mx', true), '\x1b[38:5:9mx\x1b[0m');
  t.is(harmless('\ufdd0[2J', true), '[2J', 'the stand-in cannot be smuggled in');
});

test('nothing that drives a terminal survives, whatever comes in', (t) => {
  const unit = fc.constantFrom(
    '\x1b',
    '[',
    ']',
    '2',
    'J',
    ';',
    '\x07',
    '\\',
    'P',
    '\x9b',
    'm',
    'x',
  );
  const property = fc.property(fc.string({unit}), fc.boolean(), (text, color) => {
    const rest = harmless(text, color).replaceAll(/\x1b\[[0-9;:]*m/g, color ? '' : '$&');
    return !/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(rest);
  });
  t.notThrows(() => {
    fc.assert(property, {numRuns: 2000});
  });
});

test('masked text keeps its columns', (t) => {
  t.is(masked('a\x1b[31mb\u202e\tc'), 'a?[31mb?\tc');
});

test('an overprinted line is what is left of it', (t) => {
  t.deepEqual(['10%\r50%\r100%', 'done\r\n', 'plain', '\r'].map(overprinted), [
    '100%',
    'done',
    'plain',
    '',
  ]);
});

test('indenting leaves empty lines empty', (t) => {
  t.is(indent('a\n\nb', 2), '  a\n\n  b');
});
