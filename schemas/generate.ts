/**
 * Makes from the schemas what is derived from them: validators (code), types and the reference.
 * Used by the build and by the tests that see that committed copies are fresh; never at run time.
 */
import {Ajv} from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import {compile, type JSONSchema} from 'json-schema-to-typescript';
import {shapeOf, type SchemaName} from './shape.ts';

export const NAMES: readonly SchemaName[] = ['config', 'dialogue', 'generated', 'kind', 'recipe'];

const TYPE_NAMES: Readonly<Record<SchemaName, string>> = {
  config: 'ConfigFile',
  dialogue: 'DialogueFile',
  generated: 'GeneratedFile',
  kind: 'KindFile',
  recipe: 'RecipeFile',
};

const BANNER = `/**
 * The type of a file we read, made from its schema by schemas/compile.ts --update.
 * Text fields that may be written as numbers are texts here: the loader takes them as written.
 */`;

/**
 * CommonJS code that exports one validator per schema. CommonJS, because the code calls
 * require() for ajv's two runtime helpers, which as an ES module would not load.
 */
export function validatorsText(): string {
  const ajv = makeAjv({source: true});
  for (const name of NAMES) ajv.addSchema(shapeOf(name), name);
  return standalone.default(ajv, Object.fromEntries(NAMES.map((name) => [name, name])));
}

/** An ajv set as for the validators: strict, every error, our two keywords known. */
export function makeAjv(code: {readonly source?: boolean} = {}): Ajv {
  return new Ajv({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    keywords: ['x-text', 'x-says'],
    code: {...code, esm: false},
  });
}

/** The text of types/<name>.ts. */
export function typesText(name: SchemaName): Promise<string> {
  const schema = {...(forTypes(shapeOf(name)) as JSONSchema), title: TYPE_NAMES[name]};
  return compile(schema, TYPE_NAMES[name], {
    bannerComment: BANNER,
    additionalProperties: false,
    style: {singleQuote: true, printWidth: 100, bracketSpacing: false},
  });
}

/** Parts of schemas that say nothing about types and would make the generated ones unreadable. */
const NO_TYPES: ReadonlySet<string> = new Set([
  '$schema',
  'dependencies',
  'examples',
  'if',
  'minItems',
  'not',
  'oneOf',
  'propertyNames',
  'then',
  'title',
]);

/** A schema of what the loader gives: no conditions, texts where numbers are taken as written. */
function forTypes(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(forTypes);
  if (typeof part !== 'object' || part === null) return part;
  if ('$ref' in part) return {$ref: part.$ref};
  const kept = Object.entries(part).filter(([key]) => !NO_TYPES.has(key));
  const made = Object.fromEntries(kept.map(([key, value]) => [key, forTypes(value)]));
  const types = made['type'];
  const asText = made['x-text'] === true && Array.isArray(types);
  return asText ? {...made, type: types.filter((type) => type !== 'number')} : made;
}
