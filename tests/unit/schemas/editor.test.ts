/**
 * Editors read recipes with YAML's core schema and validate with the same JSON Schema; we read
 * scalars by the type of their field. Both must come to the same verdict.
 */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {parse} from 'yaml';
import {readDocument} from '../../../engine/load/document.ts';
import {makeAjv} from '../../../schemas/generate.ts';
import {shapeOf, type SchemaName} from '../../../schemas/shape.ts';
import {ROOT} from './space.ts';

function editorAccepts(name: SchemaName, text: string): boolean {
  const validate = makeAjv().compile(shapeOf(name));
  return validate(parse(text));
}

function weAccept(name: SchemaName, text: string): boolean {
  return readDocument(name, 'f', Buffer.from(text)).problems.length === 0;
}

const HEAD = 'package: x\nversion: 1\nsummary: x\nbuilds: {main: {in: host}}\n';
const BUILD = (rest: string): string =>
  `package: x\nversion: 1\nsummary: x\nbuilds:\n  main:\n    in: host\n    ${rest}\n`;
const VERSION = (version: string): string =>
  `package: x\nversion: ${version}\nsummary: x\nbuilds: {main: {in: host}}\n`;

/** Texts and whether they are good: all that YAML reads in more ways than one. */
const CASES: readonly (readonly [string, boolean])[] = [
  [HEAD, true],
  ...['1.10', '"1.10"', '0755', '1e3', '0x1F', '0o17', '2024-01-01', 'no', '1_000', '1.2.3'].map(
    (version) => [VERSION(version), true] as const,
  ),
  ...['true', '~', '', '[1]', '{a: 1}', '-1', '.inf', '.nan', '"a b"'].map(
    (version) => [VERSION(version), false] as const,
  ),
  [`package: 7\nversion: 1\nsummary: x\nbuilds: {main: {in: host}}\n`, true],
  [`${HEAD}vars: {a: 1.10, b: 0755, c: no, d: ""}\n`, true],
  [`${HEAD}vars: {a: true}\n`, false],
  [`${HEAD}vars: {a: }\n`, false],
  [`${HEAD}vars: {A: x}\n`, false],
  [`${HEAD}homepage: www.example.org\n`, false],
  [`${HEAD}sources: [{path: ., strip: 0}]\n`, true],
  [`${HEAD}sources: [{path: ., strip: "0"}]\n`, false],
  [`${HEAD}sources: [{path: ., strip: 0x1}]\n`, true],
  [`${HEAD}sources: [{path: ., unpack: false}]\n`, true],
  [`${HEAD}sources: [{path: ., unpack: "false"}]\n`, true],
  [`${HEAD}sources: [{path: ., unpack: true}]\n`, false],
  [`${HEAD}sources: [{path: ., unpack: no}]\n`, true],
  [`${HEAD}sources: [{path: ., url: "a:b"}]\n`, false],
  [`${HEAD}sources: []\n`, true],
  [`${HEAD}sources:\n`, false],
  [BUILD('with: {a: [1.0, x], b: true, c: 1e3, d: text}'), true],
  [BUILD('with: {a: [[x]]}'), false],
  [BUILD('with: {a: [true]}'), false],
  [BUILD('with: {a: }'), false],
  [BUILD('env: {A: 1, B: "true"}'), true],
  [BUILD('env: {A: true}'), false],
  [BUILD('resources: {cpu: 2, memory: 1GiB, time: 20min}'), true],
  [BUILD('resources: {cpu: 2.0}'), true],
  [BUILD('resources: {cpu: 2.5}'), false],
  [BUILD('resources: {cpu: "2"}'), false],
  [BUILD('resources: {memory: 1024}'), true],
  [BUILD('resources: {memory: 1024.5}'), false],
  [BUILD('resources: {time: 20}'), false],
  [BUILD('steps: {a: make, b: ""}'), true],
  [BUILD('steps: {a: 1}'), false],
  [BUILD('steps: {a: true}'), false],
  [BUILD('test: {critical: true, known: [1.0, a]}'), true],
  [BUILD('test: {critical: yes}'), false],
  [BUILD('test: {critical: "true"}'), false],
  [BUILD('when: true'), true],
  [BUILD('when: 1'), false],
  [BUILD('needs: [a, {build: b}]'), true],
  [BUILD('needs: [1]'), false],
  ['package: y\nextends: x\n', true],
  ['package: y\nversion: 1\n', false],
  ['- package\n', false],
  ['', false],
];

test('recipes: editors and we agree', (t) => {
  for (const [text, good] of CASES) {
    t.is(weAccept('recipe', text), good, `we: ${text}`);
    t.is(editorAccepts('recipe', text), good, `editors: ${text}`);
  }
});

function yamlFiles(folder: string): string[] {
  const found = fs.existsSync(folder) ? fs.readdirSync(folder, {withFileTypes: true}) : [];
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => path.join(folder, entry.name));
}

test('the files of this project are good in both ways', (t) => {
  const top = path.join(ROOT, 'recipes');
  const collections = fs.readdirSync(top, {withFileTypes: true}).filter((one) => one.isDirectory());
  const files = collections.flatMap(({name}) =>
    yamlFiles(path.join(top, name)).map(
      (file) => [name === 'kinds' ? 'kind' : 'recipe', file] as const,
    ),
  );
  t.true(files.length > 0);
  for (const [schema, file] of files) {
    const text = fs.readFileSync(file, 'utf8');
    t.true(weAccept(schema, text), `we: ${file}`);
    t.true(editorAccepts(schema, text), `editors: ${file}`);
  }
});
