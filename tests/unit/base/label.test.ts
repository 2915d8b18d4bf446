/** The grammar of labels, and that writing and reading them loses nothing. */
import test from 'ava';
import fc from 'fast-check';
import {
  buildLabel,
  fileNameOf,
  formatLabel,
  isName,
  isPackageName,
  labelParts,
  parseLabel,
  testLabel,
  type Label,
  type LabelParts,
} from '../../../engine/base/label.ts';

/** As written → collection, package, build, test. */
const WRITTEN: readonly (readonly [string, string | undefined, string, string, boolean])[] = [
  ['gcc', undefined, 'gcc', 'main', false],
  ['gcc:main', undefined, 'gcc', 'main', false],
  ['gcc:pass1', undefined, 'gcc', 'pass1', false],
  ['lfs/gcc', 'lfs', 'gcc', 'main', false],
  ['lfs/gcc:pass1#test', 'lfs', 'gcc', 'pass1', true],
  ['gcc#test', undefined, 'gcc', 'main', true],
  ['x/gtk+-3.0:lib32', 'x', 'gtk+-3.0', 'lib32', false],
  ['7zip', undefined, '7zip', 'main', false],
  ['a_b/c.d_e', 'a_b', 'c.d_e', 'main', false],
  ['root/gcc', 'root', 'gcc', 'main', false],
];

test('labels as they are written', (t) => {
  for (const [text, collection, name, build, isTest] of WRITTEN) {
    t.deepEqual(parseLabel(text), {collection, package: name, build, test: isTest}, text);
  }
});

const WRONG = [
  ...['', '/', ':', '#test', 'a/', '/a', 'a:', ':a', 'a/b/c', 'a:b:c', 'a/b:', 'a//b'],
  ...['A', 'gCC', '-a', '.a', '+a', '_a', 'a b', 'a\n', ' a', 'ä', 'a@1', 'a/B', 'a:B', 'a,b'],
  ...['a#tests', 'a#', 'a#test#test', 'a#test:b', '@set', 'a*', 'a^', '../a', 'a/..'],
  ...['host', 'root', 'x/host', 'x/root:b', 'host#test', 'a'.repeat(129), `${'a'.repeat(129)}/b`],
];

test('what is no label', (t) => {
  for (const text of WRONG) t.is(parseLabel(text), undefined, JSON.stringify(text));
});

test('names: up to 128 characters, packages none of the reserved words', (t) => {
  t.true(isName('a'.repeat(128)));
  t.false(isName('a'.repeat(129)));
  t.true(isName('host'));
  t.false(isPackageName('host'));
  t.false(isPackageName('root'));
  t.true(isPackageName('hosts'));
  t.not(parseLabel(`x/y:${'a'.repeat(128)}`), undefined);
});

const name = fc.stringMatching(/^[a-z0-9][a-z0-9+._-]{0,30}$/).filter((one) => isPackageName(one));
const parts: fc.Arbitrary<LabelParts> = fc.record({
  collection: name,
  package: name,
  build: fc.oneof(name, fc.constant('main')),
  test: fc.boolean(),
});

test('a label that is written and read is the same', (t) => {
  fc.assert(
    fc.property(parts, (one) => {
      const label = formatLabel(one);
      t.deepEqual(labelParts(label), one);
      t.is(formatLabel(labelParts(label)), label);
      t.false(label.includes(':main#') || label.endsWith(':main'));
    }),
  );
});

test('any text is read without a throw, and what is read can be written', (t) => {
  fc.assert(
    fc.property(fc.string({unit: fc.constantFrom(...Array.from('ab0/:#test-_.+A \n'))}), (text) => {
      const read = parseLabel(text);
      if (read === undefined) return;
      t.deepEqual(parseLabel(formatLabel({...read, collection: read.collection ?? 'x'})), {
        ...read,
        collection: read.collection ?? 'x',
      });
    }),
  );
  t.pass();
});

test('only full labels have parts', (t) => {
  for (const text of ['gcc', 'a/B', '']) {
    t.throws(() => labelParts(text as Label), {message: `not a full label: ${text}`});
  }
});

test('a build and its test', (t) => {
  fc.assert(
    fc.property(parts, (one) => {
      const build = formatLabel({...one, test: false});
      t.is(testLabel(build), formatLabel({...one, test: true}));
      t.is(buildLabel(testLabel(build)), build);
      t.is(buildLabel(build), build);
    }),
  );
});

test('file names: no two labels share one, and none is a path', (t) => {
  t.is(fileNameOf('lfs/gcc:pass1#test' as Label), 'lfs_gcc_pass1#test');
  t.not(fileNameOf('a_/b' as Label), fileNameOf('a/b_' as Label));
  t.not(fileNameOf('a_b/c' as Label), fileNameOf('a/b:c' as Label));
  const few = fc.stringMatching(/^[ab][ab_]{0,4}$/);
  const alike = fc.record({collection: few, package: few, build: few, test: fc.boolean()});
  fc.assert(
    fc.property(alike, alike, (one, other) => {
      const [a, b] = [formatLabel(one), formatLabel(other)];
      t.is(fileNameOf(a) === fileNameOf(b), a === b, `${a} ${b}`);
      t.notRegex(fileNameOf(a), /[/:]/);
    }),
    {numRuns: 500},
  );
});
