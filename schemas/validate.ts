/**
 * Typed doors to the validators that compile.ts makes from the schemas.
 * At run time ajv itself is not loaded: only the compiled code and two small helpers of it.
 */
import {createRequire} from 'node:module';
import {resolve, shapeAt, shapeOf, type SchemaName} from './shape.ts';
import type {ConfigFile} from './types/config.ts';
import type {DialogueFile} from './types/dialogue.ts';
import type {GeneratedFile} from './types/generated.ts';
import type {KindFile} from './types/kind.ts';
import type {RecipeFile} from './types/recipe.ts';

/** The type of a valid file of each schema, numbers at text fields already made texts. */
export interface ValidFile {
  readonly recipe: RecipeFile;
  readonly kind: KindFile;
  readonly config: ConfigFile;
  readonly generated: GeneratedFile;
  readonly dialogue: DialogueFile;
}

/** One rule of a schema that a value breaks. */
export interface Violation {
  /** Keys and (as decimal text) indices from the root to the value. */
  readonly path: readonly string[];
  /** The keyword of JSON Schema: `type`, `required`, `additionalProperties`, … */
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The rule in words, where the schema gives it. */
  readonly says: string | undefined;
  /** True when the rule is about the names of fields at `path`, not about the value. */
  readonly aboutNames: boolean;
}

/** What ajv reports (ErrorObject), as far as it is used. */
interface AjvError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly propertyName?: string;
}

interface Validator {
  (data: unknown): boolean;
  readonly errors?: readonly AjvError[] | null;
}

const require = createRequire(import.meta.url);

/** All rules a value breaks; none for a valid one. */
export function violations(name: SchemaName, data: unknown): readonly Violation[] {
  const validators = require('./validators.cjs') as Readonly<Record<SchemaName, Validator>>;
  const validate = validators[name];
  return validate(data) ? [] : (validate.errors ?? []).map((error) => describe(name, error));
}

function describe(name: SchemaName, error: AjvError): Violation {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  const property = error.propertyName;
  const root = shapeOf(name);
  const shape = shapeAt(root, path);
  const ruled = property === undefined ? shape : resolve(root, shape?.propertyNames);
  return {
    path: property === undefined ? path : [...path, property],
    keyword: error.keyword,
    params: error.params,
    says: ruled?.['x-says'],
    aboutNames: property !== undefined,
  };
}

/** One name of a JSON pointer (RFC 6901). */
function unescapePointer(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}
