/** When colours and symbols are used. */
import test from 'ava';
import {isUtf8, lookFor, lookOf, wantsColor} from '../../../engine/ui/look.ts';
import {fakeScreen} from '../../support/screen.ts';

test('colours: flag, NO_COLOR, FORCE_COLOR, terminal', (t) => {
  type Row = [Parameters<typeof wantsColor>, boolean];
  const table: Row[] = [
    [['auto', {}, true], true],
    [['auto', {}, false], false],
    [['auto', {TERM: 'dumb'}, true], false],
    [['auto', {NO_COLOR: '1'}, true], false],
    [['auto', {NO_COLOR: ''}, true], true],
    [['auto', {FORCE_COLOR: '1'}, false], true],
    [['auto', {FORCE_COLOR: '0'}, true], false],
    [['auto', {FORCE_COLOR: 'false'}, true], false],
    [['auto', {FORCE_COLOR: '1', NO_COLOR: '1'}, true], false],
    [['always', {NO_COLOR: '1', TERM: 'dumb'}, false], true],
    [['never', {FORCE_COLOR: '1'}, true], false],
  ];
  for (const [args, wanted] of table) t.is(wantsColor(...args), wanted, JSON.stringify(args));
});

test('symbols only where the locale writes UTF-8', (t) => {
  t.true(isUtf8({LANG: 'de_DE.UTF-8'}));
  t.true(isUtf8({LC_ALL: 'C.utf8', LANG: 'C'}));
  t.true(isUtf8({LC_ALL: '', LC_CTYPE: 'en_GB.UTF-8'}));
  t.false(isUtf8({LC_ALL: 'C', LANG: 'de_DE.UTF-8'}));
  t.false(isUtf8({}));
});

test('a look paints or leaves alone', (t) => {
  t.is(lookOf(true, true).paint('red', 'x'), '\x1b[31mx\x1b[39m');
  t.is(lookOf(false, true).paint('red', 'x'), 'x');
});

test('ASCII symbols have no byte above 127', (t) => {
  t.regex(Object.values(lookOf(false, false).symbols).join(''), /^[\x20-\x7e]+$/);
  t.is(lookFor('never', fakeScreen({env: {}}).host, fakeScreen().host.stderr).symbols.bad, 'x');
});
