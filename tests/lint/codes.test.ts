/** Every diagnostic code is used by the product and produced by a test. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {CODES, type CodeFacts} from '../../engine/base/codes.ts';
import {codeFiles, filesBelow, ROOT} from './sources.ts';

const NAMES = Object.keys(CODES);
const read = (file: string): string => fs.readFileSync(path.join(ROOT, file), 'utf8');

/** Tests of how text looks use codes as samples; they prove nothing about who produces them. */
const SAMPLES = ['tests/unit/ui/', 'tests/golden/ui/', 'tests/support/', 'tests/lint/'];

function missingIn(texts: readonly string[]): string[] {
  const all = texts.join('\n');
  // In a regular expression of a test the slash is escaped.
  const pattern = (name: string): RegExp =>
    new RegExp(`${name.replace('/', String.raw`\\?/`)}(?![a-z-])`);
  return NAMES.filter((name) => !pattern(name).test(all));
}

test('every code is produced by a test', (t) => {
  const files = filesBelow('tests').filter((file) => !SAMPLES.some((one) => file.startsWith(one)));
  t.deepEqual(missingIn(files.map(read)), []);
});

test('every code is used', (t) => {
  const files = codeFiles(['engine', 'store', 'schemas']);
  const users = files.filter((file) => !file.path.startsWith('engine/base/codes'));
  t.deepEqual(missingIn(users.map((file) => file.text)), []);
});

test('every code says what it means and what to do', (t) => {
  for (const [name, facts] of Object.entries<CodeFacts>(CODES)) {
    t.regex(name, /^[a-z]+\/[a-z][a-z-]*$/);
    t.regex(facts.means, /^[A-Z].*\.$/, name);
    t.regex(facts.remedy, /^[A-Z`].*\.$/, name);
  }
});
