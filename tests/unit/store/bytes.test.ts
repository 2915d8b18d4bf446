/** Names as bytes: reading, showing, escaping. */
import test from 'ava';
import fc from 'fast-check';
import {
  escapeWord,
  fromBytes,
  fromText,
  isInnerPath,
  joinBytes,
  parentOf,
  toBytes,
  toText,
  unescapeWord,
} from '../../../store/bytes.ts';

test('any bytes come back as they were', (t) => {
  const every = Uint8Array.from({length: 256}, (_, at) => at);
  t.deepEqual(Uint8Array.from(toBytes(fromBytes(every))), every);
  t.is(fromBytes(new Uint8Array([1, 2, 195, 169]).subarray(2)), 'Ã©');
  t.is(fromText('é'), 'Ã©');
});

const shown: readonly (readonly [string, string, string])[] = [
  ['plain', 'usr/bin/x', 'usr/bin/x'],
  ['UTF-8', fromText('naïve/日本'), 'naïve/日本'],
  ['a stray byte', 'a\xffb c', 'a\\377b c'],
  ['control characters', 'a\x1b[31m\nb\x7f', 'a\\033[31m\\012b\\177'],
  ['C1 control in UTF-8', fromText('a\u009bb'), 'a\\302\\233b'],
];
for (const [what, path, text] of shown) {
  test(`shown to people: ${what}`, (t) => {
    t.is(toText(path), text);
  });
}

test('parents, places and inner paths', (t) => {
  t.deepEqual(['a/b/c', 'a', ''].map(parentOf), ['a/b', '', '']);
  for (const inner of ['a', 'a/b', '...', '.a/b.', '\n', '\xff']) t.true(isInnerPath(inner), inner);
  for (const other of ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/..', '../a', 'a/./b', 'a\0']) {
    t.false(isInnerPath(other), other);
  }
  t.deepEqual(joinBytes('/é', '\xff/x'), Buffer.from([47, 195, 169, 47, 255, 47, 120]));
});

const words: readonly (readonly [string, string])[] = [
  ['usr/lib/libstdc++.so.6', 'usr/lib/libstdc++.so.6'],
  ['a b', 'a\\040b'],
  ['#=\\*?[', '\\043\\075\\134\\052\\077\\133'],
  ['\n\t\0', '\\012\\011\\000'],
  ['\xff\x7f', '\\377\\177'],
  ['\\040', '\\134040'],
];
for (const [path, word] of words) {
  test(`as a word of a manifest: ${word}`, (t) => {
    t.is(escapeWord(path), word);
    t.is(unescapeWord(word), path);
  });
}

test('escaping loses nothing and leaves only plain characters', (t) => {
  const bytes = fc.uint8Array({maxLength: 40}).map(fromBytes);
  const holds = fc.property(bytes, (path) => {
    t.is(unescapeWord(escapeWord(path)), path);
    t.regex(escapeWord(path), /^[\x21-\x7e]*$/);
  });
  t.notThrows(() => fc.assert(holds, {numRuns: 300}));
});
