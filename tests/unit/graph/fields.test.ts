/** The text of keys: one meaning for each text, one hash for each meaning. */
import test from 'ava';
import fc from 'fast-check';
import {sha256} from '../../../engine/base/hash.ts';
import {
  decodeField,
  encodeField,
  hashOf,
  linesOf,
  named,
  prefixed,
  type Description,
  type FieldValue,
} from '../../../engine/graph/fields.ts';

const words = fc.string({unit: 'binary', maxLength: 12});
const values: fc.Arbitrary<FieldValue> = fc.oneof(words, fc.integer(), fc.array(words));
const fields = fc.array(
  fc.tuple(
    words.map((name) => named('env', name)),
    values,
  ),
  {maxLength: 6},
);

function describing(list: readonly (readonly [string, FieldValue])[]): Description {
  return (sink) => {
    for (const [name, value] of list) sink(name, value);
  };
}

test('any field can be read back from its line, whatever signs it holds', (t) => {
  fc.assert(
    fc.property(words, values, (name, value) => {
      const line = encodeField(named('env', name), value);
      t.false(line.includes('\n'));
      const read = decodeField(line);
      t.is(read?.name, named('env', name));
      t.deepEqual(read?.value, JSON.parse(JSON.stringify(value)) as FieldValue);
    }),
  );
});

test('different lists of fields have different texts', (t) => {
  fc.assert(
    fc.property(fields, fields, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      t.is(linesOf(describing(one)).join('\n') === linesOf(describing(other)).join('\n'), same);
    }),
  );
});

test('the hash is the sha256 of the lines', (t) => {
  fc.assert(
    fc.property(fields, (list) => {
      const text = linesOf(describing(list)).map((line) => `${line}\n`);
      t.is(hashOf(describing(list)), sha256(text.join('')));
    }),
  );
});

test('names that could be taken for something else are quoted', (t) => {
  t.is(named('env', 'CFLAGS'), 'env.CFLAGS');
  t.is(named('needs', 'lfs/gtk+-3.0:lib32'), 'needs.lfs/gtk+-3.0:lib32');
  t.is(named('sources', 'a b = "c"'), 'sources."a b = \\"c\\""');
  t.is(named('env', ''), 'env.""');
});

test('a prefix stands before every name', (t) => {
  t.deepEqual(
    linesOf((sink) => {
      prefixed(sink, 'build')('env.X', '1');
    }),
    ['build.env.X = "1"'],
  );
});

for (const line of [
  '',
  'x',
  'x = ',
  'x = {',
  'x = {"a":1}',
  'x = [1]',
  'x = true',
  ' = 1',
  'a b = 1',
]) {
  test(`no field: '${line}'`, (t) => {
    t.is(decodeField(line), undefined);
  });
}
