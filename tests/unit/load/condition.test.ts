/** Conditions of `when:`: what they decide and what they refuse, with offsets. */
import test from 'ava';
import fc from 'fast-check';
import {decide, type Facts} from '../../../engine/load/condition.ts';

const FACTS: Facts = {
  arch: 'x86_64',
  options: new Map([
    ['nls', {value: true, values: undefined}],
    ['docs', {value: false, values: undefined}],
    ['tls', {value: 'openssl', values: ['openssl', 'gnutls']}],
    ['suffix', {value: 'x', values: undefined}],
  ]),
};

const TRUE_OR_FALSE: readonly (readonly [string, boolean])[] = [
  ['true', true],
  ['!true', false],
  ['!!true', true],
  ['options.nls', true],
  ['!options.nls', false],
  ['options.nls && options.docs', false],
  ['options.nls || options.docs', true],
  ["arch == 'x86_64'", true],
  ["arch != 'x86_64'", false],
  ["'x86_64' == arch", true],
  ["options.tls == 'gnutls'", false],
  ["options.tls == 'openssl' && !options.docs", true],
  // && binds closer than ||, ! closer than ==.
  ['true || false && false', true],
  ['(true || false) && false', false],
  ['!false == true', true],
  ['options.nls == options.docs', false],
  ['options.nls != false', true],
  ["  arch=='x86_64'&&!options.docs  ", true],
  ["options.suffix == 'anything'", false],
  ["arch == ''", false],
];

test('what they decide', (t) => {
  for (const [text, value] of TRUE_OR_FALSE)
    t.deepEqual(decide(text, FACTS), {ok: true, value}, text);
});

const WRONG: readonly (readonly [string, string, string])[] = [
  ['', 'the condition ends too early', '0-0'],
  ['options.nls &&', 'the condition ends too early', '13-14'],
  ['options.nsl', 'the recipe has no option `nsl`', '0-11'],
  ['true && options.nsl', 'the recipe has no option `nsl`', '8-19'],
  ['nls', '`nls` is not known here', '0-3'],
  ['(true', 'the `(` is never closed', '0-1'],
  ['true)', '`)` is not expected here', '4-5'],
  ['true false', '`false` is not expected here', '5-10'],
  ['options.nls & true', '`&` is not expected here', '12-13'],
  ["arch == 'x", "`'` is not expected here", '8-9'],
  ['arch', 'arch is a text, not true or false', '0-4'],
  ['arch && true', 'arch is a text, not true or false', '0-4'],
  ['!arch', 'arch is a text, not true or false', '1-5'],
  ["options.nls == 'yes'", 'a text is compared with true or false', '0-20'],
  ["options.tls == 'opensll'", "`tls` is never 'opensll'", '15-24'],
  ["'gnutsl' != options.tls", "`tls` is never 'gnutsl'", '0-8'],
  // Parts that decide nothing are checked too.
  ['true || options.nsl', 'the recipe has no option `nsl`', '8-19'],
  [`${'('.repeat(33)}true${')'.repeat(33)}`, 'the condition is nested too deeply', '32-33'],
  ['!'.repeat(100_000), 'the condition is nested too deeply', '32-33'],
];

test('what they refuse, and where', (t) => {
  for (const [text, message, range] of WRONG) {
    const decided = decide(text, FACTS);
    t.false(decided.ok, text);
    if (decided.ok) continue;
    t.is(decided.error.message, message, text);
    t.is(`${decided.error.start}-${decided.error.end}`, range, text);
  }
});

test('did you mean', (t) => {
  const hint = (text: string): string | undefined => {
    const decided = decide(text, FACTS);
    return decided.ok ? undefined : decided.error.hint;
  };
  t.is(hint('options.nlss'), 'did you mean nls?');
  t.is(hint("options.tls == 'opensll'"), 'did you mean openssl?');
  t.is(hint('options.zzz'), 'declare it at `options:`');
});

test('any text is decided or refused inside its bounds, never thrown at', (t) => {
  const words = fc.constantFrom(
    'true',
    'options.nls',
    'arch',
    "'a'",
    '&&',
    '||',
    '!',
    '==',
    '(',
    ')',
    ' ',
    '&',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(words, {maxLength: 30}), (parts) => {
      const text = parts.join('');
      const decided = decide(text, FACTS);
      if (decided.ok) return;
      const {start, end} = decided.error;
      t.true(start >= 0 && start <= end && end <= text.length, text);
    }),
  );
  t.pass();
});
