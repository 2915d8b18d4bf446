/** The layers hold, nothing goes in circles, and every file says what it is. */
import test from 'ava';
import {firstSentence, violations} from './layers.ts';
import {codeFiles, cyclesIn, importGraph, importsOf, parse, targetOf} from './sources.ts';

const PRODUCT = codeFiles(['engine', 'store', 'schemas']);

test('no file imports from its own layer or above', (t) => {
  t.deepEqual(PRODUCT.flatMap(violations), []);
  t.true(PRODUCT.length > 20, 'the files were found');
});

test('no import cycles, types included', (t) => {
  t.deepEqual(cyclesIn(importGraph(PRODUCT)), []);
  t.deepEqual(cyclesIn(importGraph(codeFiles(['tests']))), []);
});

test('every file begins by saying what it is, in at most 100 characters', (t) => {
  const bad = PRODUCT.flatMap(({path, text}) => {
    const sentence = firstSentence(text);
    if (sentence === undefined || sentence === '') return [`${path}: no /** at its head`];
    return sentence.length > 100 ? [`${path}: ${sentence.length} characters: ${sentence}`] : [];
  });
  t.deepEqual(bad, []);
});

test('imports of our own files name the file, with its extension', (t) => {
  const known = new Set(codeFiles(['engine', 'store', 'schemas', 'tests']).map((one) => one.path));
  const bad = PRODUCT.flatMap((file) =>
    importsOf(file)
      .map((one) => targetOf(file.path, one.specifier))
      .filter((target) => target?.startsWith('schemas/types/') === false && !known.has(target))
      .map((target) => `${file.path}: ${target}`),
  );
  t.deepEqual(bad, []);
});

test('a package is used in one file of ours', (t) => {
  const users = new Map<string, Set<string>>();
  for (const file of PRODUCT) {
    for (const {specifier, typeOnly} of importsOf(file)) {
      if (typeOnly || specifier.startsWith('.') || specifier.startsWith('node:')) continue;
      const name = packageOf(specifier);
      users.set(name, (users.get(name) ?? new Set()).add(file.path));
    }
  }
  const shared = [...users].filter(([, files]) => files.size > 1);
  t.deepEqual(
    shared.map(([name, files]) => `${name}: ${[...files].join(', ')}`),
    [],
  );
});

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

test('the checker sees what it should', (t) => {
  const table: [file: string, text: string, problems: number][] = [
    ['engine/base/x.ts', "import './y.ts';", 0],
    ['engine/base/x.ts', "import type {A} from '../ui/a.ts';", 1],
    ['engine/ui/x.ts', "import {a} from '../base/a.ts';", 0],
    ['engine/ui/x.ts', "import {a} from '../../schemas/a.ts';", 1],
    ['store/x.ts', "import {a} from '../engine/ui/a.ts';", 1],
    ['store/x.ts', "import {a} from '../schemas/a.ts';", 0],
    ['engine/run/x.ts', "await import('../cli/main.ts');", 1],
    ['engine/run/x.ts', "export type {A} from '../rootfs/a.ts';", 1],
    ['engine/run/x.ts', "let a: import('../cli/main.ts').A;", 1],
    ['engine/run/x.ts', "// import '../cli/main.ts'", 0],
    ['engine/source/x.ts', "import type {A} from '../load/model.ts';", 0],
    ['engine/source/x.ts', "import {a} from '../load/model.ts';", 1],
    ['engine/source/x.ts', "import type {A} from '../load/yaml.ts';", 1],
    ['engine/load/x.ts', "import type {A} from '../source/a.ts';", 1],
    ['engine/cli/x.ts', "import {a} from '../../tests/a.ts';", 1],
    ['engine/new/x.ts', '', 1],
  ];
  for (const [file, text, problems] of table) {
    t.is(violations(parse(file, text)).length, problems, `${file}: ${text}`);
  }
});

test('cycles are found, also long ones', (t) => {
  const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));
  t.deepEqual(cyclesIn(graph({a: ['b'], b: ['c'], c: []})), []);
  t.deepEqual(cyclesIn(graph({a: ['a']})), [['a']]);
  t.deepEqual(cyclesIn(graph({a: ['b'], b: ['a'], c: ['a', 'd'], d: ['c']})), [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  t.deepEqual(cyclesIn(graph({a: ['b', 'c'], b: ['d'], c: ['d'], d: []})), []);
  const chain = Array.from({length: 20_000}, (_, at) => [`n${at}`, [`n${at + 1}`]] as const);
  t.deepEqual(cyclesIn(new Map(chain)), []);
  const ring = new Map([...chain, ['n20000', ['n0']] as const]);
  t.is(cyclesIn(ring)[0]?.length, 20_001);
});

test('first sentences', (t) => {
  t.is(firstSentence('/** Says it. More. */\n'), 'Says it.');
  t.is(firstSentence('/**\n * Two\n * lines: yes.\n */'), 'Two lines:');
  t.is(firstSentence('#!/usr/bin/env node\n/** Main */'), 'Main');
  t.is(firstSentence('import x;\n/** Late. */'), undefined);
});
