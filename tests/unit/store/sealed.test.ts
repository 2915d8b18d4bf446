/** Sealed files: what was written comes back; any damage is seen. */
import test from 'ava';
import {decodeSealed, encodeSealed} from '../../../store/sealed.ts';

const VALUE = {kind: 'pin', name: 'tool', held: {keys: ['a', 'b']}, text: 'two\nlines sha256 x\n'};

test('what was written comes back', (t) => {
  t.deepEqual(decodeSealed(encodeSealed(VALUE)), VALUE);
  t.deepEqual(decodeSealed(encodeSealed({})), {});
});

test('every byte changed, every length cut, anything added: damaged', (t) => {
  const whole = encodeSealed(VALUE).toString();
  for (let at = 0; at < whole.length; at += 1) {
    const other = whole[at] === '#' ? '%' : '#';
    t.is(decodeSealed(whole.slice(0, at) + other + whole.slice(at + 1)), undefined, `byte ${at}`);
    t.is(decodeSealed(whole.slice(0, at)), undefined, `cut at ${at}`);
  }
  for (const added of ['\n', 'x', '\n\n', whole]) {
    t.is(decodeSealed(whole + added), undefined, JSON.stringify(added));
  }
  t.is(decodeSealed(''), undefined);
  t.is(decodeSealed('\n'), undefined);
});
