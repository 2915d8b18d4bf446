/** The documents say what is: generated ones are fresh, links lead somewhere, commands exist. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {COMMANDS} from '../../engine/cli/command-table.ts';
import {diagnosticsText} from './diagnostics-doc.ts';
import {filesBelow, ROOT} from './sources.ts';

const read = (file: string): string => fs.readFileSync(path.join(ROOT, file), 'utf8');
const DOCUMENTS = ['README.md', ...filesBelow('docs').filter((file) => file.endsWith('.md'))];

test('docs/diagnostics.md is fresh (npm run docs)', (t) => {
  t.is(read('docs/diagnostics.md'), diagnosticsText());
});

test('links to files of ours lead somewhere', (t) => {
  const broken = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
      .map((found) => found[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !fs.existsSync(path.join(ROOT, path.dirname(file), target)))
      .map((target) => `${file}: ${target}`),
  );
  t.deepEqual(broken, []);
});

test('scripts named in the documents are in package.json', (t) => {
  const {scripts} = JSON.parse(read('package.json')) as {scripts: Record<string, string>};
  const named = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/npm run ([a-z:]+)/g)].map((found) => found[1] ?? ''),
  );
  t.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
  t.true(named.includes('quickstart'));
});

test('commands shown in the documents are commands of the program', (t) => {
  const known = new Set(COMMANDS.map((one) => one.name.split(' ')[0]));
  const shown = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/^(?:.*`)?recipes ([a-z]+)/gm)].map((found) => [file, found[1]]),
  );
  t.deepEqual(
    shown.filter(([, name]) => !known.has(name ?? '')),
    [],
  );
  t.true(shown.length > 8);
});
