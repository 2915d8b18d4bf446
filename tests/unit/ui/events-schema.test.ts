/** schemas/events.schema.json describes exactly the union of engine/base/event.ts. */
import fs from 'node:fs';
import {fileURLToPath} from 'node:url';
import {Ajv} from 'ajv';
import test from 'ava';
import ts from 'typescript';
import {EVENTS, failure, FETCH} from '../../support/screen.ts';
import {problem, type Location} from '../../../engine/base/diagnostic.ts';

const root = new URL('../../../../', import.meta.url);
const read = (name: string): string => fs.readFileSync(fileURLToPath(new URL(name, root)), 'utf8');

interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly $ref?: string;
}

const schema = JSON.parse(read('schemas/events.schema.json')) as Schema;
const ajv = new Ajv({strict: true, allowUnionTypes: true});
const validate = ajv.compile(schema);

/** Field → whether it must be there, for each variant of a type (one unless it is a union). */
type Fields = Readonly<Record<string, boolean>>;

function typesIn(file: string): ReadonlyMap<string, ts.Node> {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
  const found = new Map<string, ts.Node>();
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement)) found.set(statement.name.text, statement);
    if (ts.isTypeAliasDeclaration(statement)) found.set(statement.name.text, statement.type);
  }
  return found;
}

const TYPES = new Map([
  ...typesIn('engine/base/event.ts'),
  ...typesIn('engine/base/diagnostic.ts'),
]);

function fieldsOf(node: ts.Node | undefined): Fields {
  const members =
    node !== undefined && (ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node))
      ? [...node.members]
      : [];
  return Object.fromEntries(
    members
      .filter((one) => ts.isPropertySignature(one))
      .map((one) => [one.name.getText(), one.questionToken === undefined]),
  );
}

function fieldsIn(part: Schema | undefined): Fields {
  const required = part?.required ?? [];
  return Object.fromEntries(
    Object.keys(part?.properties ?? {}).map((name) => [name, required.includes(name)]),
  );
}

/** The texts of a union of string literals. */
function literals(name: string): string[] {
  const node = TYPES.get(name);
  const parts = node !== undefined && ts.isUnionTypeNode(node) ? [...node.types] : [];
  return parts.map((part) => part.getText().slice(1, -1));
}

test('every variant of Event has the same fields in the schema', (t) => {
  const union = TYPES.get('Event');
  const variants = union !== undefined && ts.isUnionTypeNode(union) ? [...union.types] : [];
  const written = new Map(
    variants.map((one) => {
      const type = /type: '([a-z-]+)'/.exec(one.getText())?.[1] ?? '';
      return [type, fieldsOf(one)] as const;
    }),
  );
  const described = new Map(
    (schema.oneOf ?? []).map((one) => [one.properties?.['type']?.const ?? '', fieldsIn(one)]),
  );
  t.deepEqual(described, written);
  t.true(written.size >= 12);
});

test('the records inside have the same fields', (t) => {
  for (const name of ['Failure', 'Summary', 'Diagnostic', 'Note', 'Location']) {
    const described = fieldsIn(schema.definitions?.[name.toLowerCase()]);
    t.deepEqual(described, fieldsOf(TYPES.get(name)), name);
    t.not(Object.keys(described).length, 0);
  }
});

test('the words are the same', (t) => {
  t.deepEqual(schema.definitions?.['kind']?.enum, literals('NodeKind'));
  t.deepEqual(schema.definitions?.['phase']?.enum, literals('Phase'));
  t.deepEqual(schema.definitions?.['outcome']?.enum, literals('Outcome'));
});

test('every part of the schema has a description and an example, and every record is closed', (t) => {
  const look = (part: Schema, at: string): void => {
    if (part.$ref !== undefined) return;
    t.truthy(part.description, `${at}: description`);
    t.truthy(part.examples?.length, `${at}: example`);
    if (part.properties !== undefined) t.false(part.additionalProperties, at);
    const inner = [
      ...Object.entries(part.properties ?? {}),
      ...Object.entries(part.definitions ?? {}),
      ...(part.oneOf ?? []).map((one) => [one.title ?? '', one] as const),
      ...(part.items === undefined ? [] : [['items', part.items] as const]),
    ];
    for (const [name, one] of inner) look(one, `${at}/${name}`);
  };
  look(schema, '');
});

test('the examples of the schema are valid where they stand', (t) => {
  for (const one of schema.oneOf ?? []) {
    for (const example of one.examples ?? []) t.true(validate(example), JSON.stringify(example));
  }
  for (const [name, part] of Object.entries(schema.definitions ?? {})) {
    const check = ajv.compile({...schema, oneOf: [{$ref: `#/definitions/${name}`}]});
    for (const example of part.examples ?? []) t.true(check(example), name);
  }
});

test('sample events are valid', (t) => {
  const at: Location = {file: 'a.yaml', line: 1, column: 1, endLine: 1, endColumn: 2};
  const found = problem('store/full', 'x', {at, notes: [{message: 'y', at}], hint: 'z'});
  const full = failure({diagnostics: [found], signal: undefined, machine: true});
  const samples = [
    ...EVENTS,
    {type: 'diagnostic', diagnostic: found},
    {type: 'estimate', milliseconds: null},
    {type: 'download', name: 'a', url: 'u', bytes: 1, total: null, done: false},
    {
      ...{type: 'node-finished', label: FETCH, kind: 'fetch', outcome: 'failed', milliseconds: 0.5},
      failure: full,
    },
  ];
  for (const sample of samples) {
    const sent = JSON.parse(JSON.stringify(sample)) as unknown;
    t.true(validate(sent), JSON.stringify([sent, validate.errors]));
  }
});

test('what is no event is refused', (t) => {
  const bad = [
    {},
    {type: 'nonsense'},
    {type: 'message'},
    {type: 'message', text: 1},
    {type: 'message', text: 'x', more: true},
    {type: 'node-phase', label: 'a/b', phase: 'sleeping'},
    {type: 'estimate'},
    'message',
  ];
  for (const one of bad) t.false(validate(one), JSON.stringify(one));
});
