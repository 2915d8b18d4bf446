/** Broken rules of a schema in words: one sentence each, at the right place, with a remedy. */
import test from 'ava';
import {readDocument} from '../../../engine/load/document.ts';
import type {SchemaName} from '../../../schemas/shape.ts';
import {oneLine} from './space.ts';

function lines(name: SchemaName, text: string): string[] {
  return readDocument(name, 'f', Buffer.from(text)).problems.map(oneLine);
}

const HEAD = 'package: x\nversion: 1\nsummary: x\n';
const BUILD = (rest: string): string => `${HEAD}builds:\n  main:\n    in: host\n    ${rest}\n`;

const RECIPES: readonly (readonly [string, readonly string[]])[] = [
  // Fields that are unknown or missing.
  [
    `${HEAD}builds: {main: {in: host}}\nhomepge: https://x\n`,
    ['f:5:1 schema/unknown-field: there is no field `homepge` here (did you mean homepage?)'],
  ],
  [
    `${HEAD}builds: {main: {in: host, zzz: 1}}\n`,
    [
      'f:4:27 schema/unknown-field: there is no field `zzz` here (fields here: in, needs, uses, with, env, steps, outputs, resources, test, when)',
    ],
  ],
  [
    'version: 1\n',
    [
      'f:1:1 schema/missing-field: the field `summary` is missing (for example `summary: Prints a friendly greeting`)',
      'f:1:1 schema/missing-field: the field `package` is missing (for example `package: hello`)',
    ],
  ],
  // One mistake, not two: the misspelt field is not missing as well.
  [
    `pakage: x\nversion: 1\nsummary: x\nbuilds: {main: {in: host}}\n`,
    ['f:1:1 schema/unknown-field: there is no field `pakage` here (did you mean package?)'],
  ],
  [
    `${HEAD}builds: {main: {inn: host}}\n`,
    ['f:4:17 schema/unknown-field: there is no field `inn` here (did you mean in?)'],
  ],
  [
    `${HEAD}builds: {main: {}}\n`,
    ['f:4:10 schema/missing-field: the field `in` is missing (for example `in: host`)'],
  ],
  // Types.
  [`${HEAD}builds: []\n`, ['f:4:9 schema/wrong-type: `builds` must be a map, not a list']],
  [`${HEAD}builds: {}\n`, ['f:4:9 schema/wrong-value: `builds` must not be empty']],
  [`${HEAD}builds:\n`, ['f:4:1 schema/wrong-type: `builds` must be a map, not nothing']],
  [BUILD('needs: zlib'), ['f:7:12 schema/wrong-type: `needs` must be a list, not a text']],
  [
    BUILD('needs: [[zlib]]'),
    [
      'f:7:13 schema/wrong-type: element 1 of `needs` must be a text or a map, not a list (a label is `[collection/]package[:build]`)',
    ],
  ],
  [
    BUILD('steps: {make: 7}'),
    ['f:7:19 schema/wrong-type: `make` must be a text, not 7 (put quotes around it: "7")'],
  ],
  [
    BUILD('resources: {cpu: many}'),
    ['f:7:22 schema/wrong-type: `cpu` must be an integer, not a text'],
  ],
  [
    BUILD('resources: {memory: 1.5}'),
    [
      'f:7:25 schema/wrong-type: `memory` must be a text or an integer, not 1.5 (a size is a number of bytes, or a number with B, KiB, MiB, GiB or TiB)',
    ],
  ],
  // Values.
  [BUILD('resources: {cpu: 0}'), ['f:7:22 schema/wrong-value: `cpu` must be at least 1: 0']],
  [
    BUILD('resources: {cpu: 2000}'),
    ['f:7:22 schema/wrong-value: `cpu` must be at most 1024: 2000'],
  ],
  [
    BUILD('needs: [{build: zlib, for: runn}]'),
    [
      'f:7:32 schema/wrong-value: `for` must be one of build, run, test, not runn (did you mean run?)',
    ],
  ],
  [
    BUILD('outputs: {expect: [""]}'),
    ['f:7:24 schema/wrong-value: element 1 of `expect` must not be empty'],
  ],
  [
    BUILD('outputs: {replaces: [a, b, a]}'),
    ['f:7:25 schema/wrong-value: `replaces` has the same element twice (1 and 3)'],
  ],
  [
    BUILD('env: {A-B: x}'),
    [
      'f:7:11 schema/wrong-value: the name of an environment variable has only letters, digits and _: A-B',
    ],
  ],
  [
    `${HEAD}builds: {Main: {in: host}}\n`,
    [
      'f:4:10 schema/wrong-value: a name starts with a small letter or digit and has only a-z 0-9 + . _ -: Main',
    ],
  ],
  [
    'summary: |\n  two\n  lines\npackage: x\nversion: 1\nbuilds: {main: {in: host}}\n',
    ['f:1:10 schema/wrong-value: a summary is one line: two\nlines\n'],
  ],
  // The whole file.
  ['- x\n', ['f:1:1 schema/wrong-type: the file must be a map, not a list']],
  ['text\n', ['f:1:1 schema/wrong-type: the file must be a map, not a text']],
];

test('recipes', (t) => {
  for (const [text, expected] of RECIPES) t.deepEqual(lines('recipe', text), expected, text);
});

const KINDS: readonly (readonly [string, readonly string[]])[] = [
  [
    'kind: x\nsummary: x\nsteps: some\n',
    ['f:3:8 schema/wrong-value: steps are a map of names and shell texts, or the word `any`: some'],
  ],
  [
    'kind: x\nsummary: x\nsteps: any\nshell: [errexit, errexit]\n',
    ['f:4:8 schema/wrong-value: `shell` has the same element twice (1 and 2)'],
  ],
  [
    'kind: x\nsummary: x\nsteps: any\nshell: [errexitt]\n',
    [
      'f:4:9 schema/wrong-value: element 1 of `shell` must be one of errexit, errtrace, noglob, nounset, pipefail, verbose, xtrace, not errexitt (did you mean errexit?)',
    ],
  ],
  [
    'kind: x\nsummary: x\nsteps: any\ntools: [/bin/sh]\n',
    [
      'f:4:9 schema/wrong-value: a tool is the name of a program, without folder, and `>= 1.2` where it must not be older: /bin/sh',
    ],
  ],
  [
    'kind: x\nsummary: x\nsteps: any\nwith: {a: {type: text}}\n',
    [
      'f:4:8 schema/missing-field: the field `summary` is missing (for example `summary: Arguments of configure`)',
    ],
  ],
];

test('kinds', (t) => {
  for (const [text, expected] of KINDS) t.deepEqual(lines('kind', text), expected, text);
});

test('what breaks a rule is cut out, the rest is data', (t) => {
  const {document} = readDocument(
    'recipe',
    'f',
    Buffer.from(`package: x
version: [1]
vars: {good: 1.0, bad: true}
tools: [cc, /bin/sh, make]
sources: [{url: "a:b", sha256: XY, zzz: 1}]
builds:
  main: {in: host, needs: [a, {for: run}, B], resources: {cpu: 0, time: 1h}, env: {A: 1, 2B: x}}
`),
  );
  t.deepEqual(document?.data, {
    package: 'x',
    vars: {good: '1.0'},
    tools: ['cc', 'make'],
    sources: [{url: 'a:b'}],
    builds: {main: {in: 'host', needs: ['a'], resources: {time: '1h'}, env: {A: '1'}}},
  });
  t.false(document?.sound);
});
