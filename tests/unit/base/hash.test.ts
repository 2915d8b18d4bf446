/** Digests against published vectors; texts that are none become no digest. */
import test from 'ava';
import fc from 'fast-check';
import {
  actionKey,
  blobDigest,
  canonicalJson,
  isDigest,
  recipeKey,
  sha256,
  sha256Stream,
  short,
  treeDigest,
} from '../../../engine/base/hash.ts';
import {quickPrint, quickPrintBytes} from '../../../engine/base/quick-print.ts';

/** FIPS 180-4 examples (NIST), and the empty message. */
const SHA256: readonly (readonly [string, string])[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
];

test('sha256', (t) => {
  for (const [text, digest] of SHA256) {
    t.is(sha256(text), digest);
    t.is(sha256(Buffer.from(text)), digest);
    const stream = sha256Stream();
    for (let at = 0; at < text.length; at += 9_999) stream.update(text.slice(at, at + 9_999));
    t.is(stream.digest('hex'), digest);
  }
  t.is(sha256('ä'), sha256(Buffer.from([0xc3, 0xa4])), 'texts are UTF-8');
});

/** Vectors of the xxHash reference implementation, seed 0. */
const XXH64: readonly (readonly [string, string])[] = [
  ['', 'ef46db3751d8e999'],
  ['a', 'd24ec4f1a98c6e5b'],
  ['abc', '44bc2cf5ad770999'],
  ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
];

test('quickPrint: xxhash64, always 16 digits', (t) => {
  for (const [text, print] of XXH64) {
    t.is(quickPrint(text), print);
    t.is(quickPrintBytes(Buffer.from(text)), print);
  }
  fc.assert(
    fc.property(fc.string({unit: 'grapheme'}), (text) => {
      const print = quickPrint(text);
      return /^[0-9a-f]{16}$/.test(print) && print === quickPrintBytes(Buffer.from(text));
    }),
  );
  t.pass();
});

const GOOD = sha256('x');
const BAD = [
  '',
  'x',
  GOOD.slice(1),
  `${GOOD}0`,
  GOOD.toUpperCase(),
  `${GOOD}\n`,
  ` ${GOOD.slice(1)}`,
  GOOD.replace(/./, 'g'),
];

test('only what looks like a sha256 becomes a digest', (t) => {
  t.true(isDigest(GOOD));
  for (const make of [blobDigest, treeDigest, recipeKey, actionKey]) {
    t.is<string, string>(make(GOOD), GOOD);
    for (const text of BAD) {
      t.throws(() => make(text), {instanceOf: TypeError, message: `not a sha256: ${text}`});
    }
  }
  for (const text of BAD) t.false(isDigest(text), JSON.stringify(text));
  t.is(short(GOOD), GOOD.slice(0, 8));
});

test('canonicalJson: sorted keys at every depth, lists in their order', (t) => {
  t.is(
    canonicalJson({b: 1, a: {d: [3, {z: 1, y: 2}], c: null}}),
    '{"a":{"c":null,"d":[3,{"y":2,"z":1}]},"b":1}',
  );
  t.is(canonicalJson({a: undefined, b: 1}), '{"b":1}');
  t.is(canonicalJson({B: 1, a: 1, é: 1, Z: 1}), '{"B":1,"Z":1,"a":1,"é":1}', 'by code unit');
  t.is(canonicalJson([undefined, 1]), '[null,1]');
  t.is(canonicalJson('a"\n'), '"a\\"\\n"');
});

test('canonicalJson: equal values have equal texts, whatever the order they were made in', (t) => {
  const values = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(values, (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      const text = canonicalJson(value);
      return text === canonicalJson(turned) && text === canonicalJson(JSON.parse(text));
    }),
  );
  t.pass();
});
