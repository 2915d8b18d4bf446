/** The schemas themselves: draft-07, complete for editors, and what is made from them is fresh. */
import test from 'ava';
import {makeAjv, NAMES, typesText, validatorsText} from '../../../schemas/generate.ts';
import {referenceText} from '../../../schemas/reference.ts';
import {
  inside,
  resolve,
  schemaNames,
  schemaText,
  shapeAt,
  shapeOf,
} from '../../../schemas/shape.ts';
import {violations} from '../../../schemas/validate.ts';
import {kindOfValue, shapeWords, typeWords} from '../../../schemas/words.ts';
import {committed, fieldsOf} from './space.ts';

for (const name of NAMES) {
  test(`${name}: every field has title, description and examples that are valid`, (t) => {
    const root = shapeOf(name);
    const ajv = makeAjv();
    for (const {path, shape} of fieldsOf(name)) {
      t.truthy(shape.title, `${path}: title`);
      t.regex(shape.description ?? '', /^[A-Za-z].*\.$/s, `${path}: description`);
      t.true((shape.examples ?? []).length > 0, `${path}: examples`);
      const validate = ajv.compile({...shape, definitions: root.definitions});
      for (const example of shape.examples ?? [])
        t.true(
          validate(example),
          `${path}: ${JSON.stringify(example)} ${ajv.errorsText(validate.errors)}`,
        );
      if (shape.default !== undefined) t.true(validate(shape.default), `${path}: default`);
    }
  });

  test(`${name}: every map lists its fields or says what free names hold`, (t) => {
    for (const {path, shape} of fieldsOf(name)) {
      const isMap = [shape.type].flat().includes('object');
      if (isMap) t.not(shape.additionalProperties ?? true, true, path);
      if (typeof shape.additionalProperties === 'object')
        t.not(shape.propertyNames, undefined, path);
    }
  });

  test(`${name}: every pattern is explained in words`, (t) => {
    for (const {path, shape} of fieldsOf(name)) {
      const rules = [shape, resolve(shapeOf(name), shape.propertyNames) ?? {}] as readonly object[];
      for (const rule of rules)
        if ('pattern' in rule || 'oneOf' in rule || 'not' in rule)
          t.true('x-says' in rule, `${path}: x-says`);
    }
  });

  test(`${name}: the committed types are fresh (npm run docs)`, async (t) => {
    t.is(committed(`schemas/types/${name}.ts`), await typesText(name));
  });
}

test('the schemas are draft-07', (t) => {
  for (const name of NAMES)
    t.regex(schemaText(name) ?? '', /"\$schema": "http:\/\/json-schema.org\/draft-07\/schema#"/);
});

test('the committed reference is fresh (npm run docs)', (t) => {
  t.is(committed('docs/recipe-reference.md'), referenceText());
});

test('the compiled validators are those of the schemas', (t) => {
  t.is(committed('dist/schemas/validators.cjs'), validatorsText());
});

test('schemas are found by name, and nothing else is', (t) => {
  for (const name of NAMES) t.true(schemaNames().includes(name), name);
  t.is(schemaText('recipe'), committed('schemas/recipe.schema.json'));
  for (const name of ['', 'none', '../package', 'recipe.schema.json'])
    t.is(schemaText(name), undefined);
});

test('shapes are found along paths of data', (t) => {
  const root = shapeOf('recipe');
  t.is(shapeAt(root, ['builds', 'any', 'needs', '3', 'build'])?.title, 'Label');
  t.is(shapeAt(root, ['builds', 'any', 'in'])?.title, 'Environment');
  t.regex(shapeAt(root, ['builds', 'any', 'in'])?.description ?? '', /^What the build sees/);
  t.is(shapeAt(root, ['nothing']), undefined);
  t.is(shapeAt(root, ['nothing', 'deeper']), undefined);
  t.is(shapeAt(root, ['toString']), undefined);
  t.is(inside(root, root, 'constructor'), undefined);
});

test('types in words', (t) => {
  t.is(typeWords(['string', 'number'], true), 'a text');
  t.is(typeWords(['string', 'number'], false), 'a text or a number');
  t.is(typeWords('integer', false), 'an integer');
  const root = shapeOf('recipe');
  const words = (...path: string[]): string => shapeWords(root, shapeAt(root, path) ?? {});
  t.is(words('builds', 'x', 'with', 'y'), 'a text or true or false or a list, each a text');
  t.is(words('options', 'x', 'type'), 'one of `bool`, `enum`, `text`');
  t.deepEqual([null, [], {}, 'x', 3, true].map(kindOfValue), [
    'nothing',
    'a list',
    'a map',
    'a text',
    '3',
    'true',
  ]);
});

test('every broken rule is found, with the path and the words of the rule', (t) => {
  const found = violations('recipe', {
    package: 'X',
    version: '1',
    summary: 'x',
    builds: {main: {in: 'host', needs: ['a', {for: 'x'}], resources: {cpu: 0}}, 'B/': {in: 'host'}},
  });
  t.deepEqual(
    found
      .map(({path, keyword, aboutNames}) => `${path.join('.')} ${keyword} ${String(aboutNames)}`)
      .sort(),
    [
      'builds propertyNames false',
      'builds.B/ pattern true',
      'builds.main.needs.1 required false',
      'builds.main.needs.1.for enum false',
      'builds.main.resources.cpu minimum false',
      'package pattern false',
    ],
  );
  t.regex(found.find(({path}) => path[0] === 'package')?.says ?? '', /^a name starts with/);
  t.deepEqual(violations('generated', {generated: []}), []);
});
