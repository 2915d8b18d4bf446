/**
 * Rules of a schema that a file breaks → diagnostics with places, reasons and remedies.
 * Knows our schemas' words for things, not what the fields mean.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import {inside, shapeAt, shapeOf, type SchemaName, type Shape} from '../../schemas/shape.ts';
import type {Violation} from '../../schemas/validate.ts';
import {kindOfValue, typeWords} from '../../schemas/words.ts';
import {keyAt, nodeAt, placeAt, type DataNode} from './nodes.ts';

interface Context {
  readonly schema: Shape;
  readonly root: DataNode;
  readonly violation: Violation;
  /** The shape of the value at the violation's path. */
  readonly shape: Shape | undefined;
}

/** One diagnostic for each mistake; ajv says some of them twice. */
export function explainViolations(
  name: SchemaName,
  root: DataNode,
  violations: readonly Violation[],
): Diagnostic[] {
  const schema = shapeOf(name);
  const misspelt = new Set(violations.map((one) => misspeltField(schema, one)));
  const explained = violations
    .filter((one) => one.keyword !== 'required' || !misspelt.has(fieldId(one, 'missingProperty')))
    .filter((one) => !isAlternative(one, violations))
    .map((violation) => ({schema, root, violation, shape: shapeAt(schema, violation.path)}))
    .map((context) => EXPLAIN[context.violation.keyword]?.(context) ?? otherRule(context))
    .filter((diagnostic) => diagnostic !== 'said elsewhere');
  // Rules that stand in two places of a schema (`then`) are broken twice.
  const byText = new Map(explained.map((one) => [JSON.stringify([one.message, one.at]), one]));
  return [...byText.values()];
}

/** The field that an unknown one is most likely meant to be: it is not also missing then. */
function misspeltField(schema: Shape, violation: Violation): string | undefined {
  if (violation.keyword !== 'additionalProperties') return undefined;
  const known = Object.keys(shapeAt(schema, violation.path)?.properties ?? {});
  const near = similarTo(String(violation.params['additionalProperty']), known, 1)[0];
  return near === undefined ? undefined : JSON.stringify([...violation.path, near]);
}

/** A field that is missing only from one of several alternatives: the choice itself is reported. */
function isAlternative(one: Violation, all: readonly Violation[]): boolean {
  const here = JSON.stringify(one.path);
  const choice = all.find(
    ({keyword, path}) => keyword === 'oneOf' && JSON.stringify(path) === here,
  );
  return choice !== undefined && one.keyword === 'required';
}

function fieldId({path, params}: Violation, param: string): string {
  return JSON.stringify([...path, params[param]]);
}

type Explained = Diagnostic | 'said elsewhere';

const EXPLAIN: Readonly<Record<string, (context: Context) => Explained>> = {
  additionalProperties: unknownField,
  required: missingField,
  dependencies: missingCompanion,
  type: wrongType,
  enum: notAmong,
  // These only frame the errors of the rules inside them.
  if: () => 'said elsewhere',
  propertyNames: () => 'said elsewhere',
};

function unknownField({root, violation, shape}: Context): Diagnostic {
  const name = String(violation.params['additionalProperty']);
  const at = keyAt(root, [...violation.path, name]);
  const known = Object.keys(shape?.properties ?? {});
  const hint = didYouMean(similarTo(name, known)) ?? `fields here: ${known.join(', ')}`;
  return problem('schema/unknown-field', `there is no field \`${name}\` here`, {at, hint});
}

function missingField({schema, root, violation, shape}: Context): Diagnostic {
  const name = String(violation.params['missingProperty']);
  const field = shape === undefined ? undefined : inside(schema, shape, name);
  const example = field?.examples?.[0];
  const hint = example === undefined ? undefined : `for example \`${name}: ${asWritten(example)}\``;
  const message = `the field \`${name}\` is missing`;
  return problem('schema/missing-field', message, {at: keyAt(root, violation.path), hint});
}

function missingCompanion({root, violation}: Context): Diagnostic {
  const property = String(violation.params['property']);
  const missing = String(violation.params['missingProperty']);
  const at = keyAt(root, [...violation.path, property]);
  const hint = missing === 'sha256' ? '`recipes source pin` finds and writes it' : undefined;
  const message = `\`${property}\` needs the field \`${missing}\` beside it`;
  return problem('schema/missing-field', message, {at, hint});
}

function wrongType({root, violation, shape}: Context): Diagnostic {
  const node = nodeAt(root, violation.path);
  const value = node === undefined ? null : plainValue(node);
  const expected = typeWords(violation.params['type'], shape?.['x-text'] === true);
  const name = fieldName(violation);
  const message = `${name} must be ${expected}, not ${kindOfValue(value)}`;
  const plain = typeof value === 'number' || typeof value === 'boolean';
  const quotable = plain && expected.includes('a text') && !expected.includes('integer');
  const hint = quotable ? `put quotes around it: "${String(value)}"` : undefined;
  const at = value === null ? keyAt(root, violation.path) : placeAt(root, violation.path);
  return problem('schema/wrong-type', message, {at, hint: hint ?? violation.says});
}

function notAmong({root, violation}: Context): Diagnostic {
  const allowed = (violation.params['allowedValues'] as readonly unknown[]).map(String);
  const value = textOf(root, violation);
  const near = didYouMean(similarTo(value, allowed));
  const message = `${fieldName(violation)} must be one of ${allowed.join(', ')}, not ${value}`;
  const at = placeAt(root, violation.path);
  return problem('schema/wrong-value', message, {at, hint: near});
}

/** Patterns, limits, uniqueness and our own conditions: in the schema's words where it has some. */
function otherRule({root, violation}: Context): Diagnostic {
  const {path, keyword, says} = violation;
  const at = violation.aboutNames ? keyAt(root, path) : placeAt(root, path);
  const value = violation.aboutNames ? (path.at(-1) ?? '') : textOf(root, violation);
  const shown = value === '' ? '' : `: ${value}`;
  if (says !== undefined && keyword !== 'uniqueItems')
    return problem('schema/wrong-value', `${says}${keyword === 'oneOf' ? '' : shown}`, {at});
  const rule = LIMITS[keyword]?.(violation.params) ?? `breaks the rule ${keyword}`;
  return problem('schema/wrong-value', `${fieldName(violation)} ${rule}${shown}`, {at});
}

const LIMITS: Readonly<Record<string, (params: Violation['params']) => string>> = {
  minLength: () => 'must not be empty',
  minItems: () => 'must not be empty',
  minProperties: () => 'must not be empty',
  minimum: ({limit}) => `must be at least ${String(limit)}`,
  maximum: ({limit}) => `must be at most ${String(limit)}`,
  uniqueItems: ({i, j}) => `has the same element twice (${Number(j) + 1} and ${Number(i) + 1})`,
};

/** The name people know the value by: its key, or its place in a list. */
function fieldName({path}: Violation): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  return /^\d+$/.test(last)
    ? `element ${Number(last) + 1} of \`${path.at(-2) ?? ''}\``
    : `\`${last}\``;
}

/** A scalar as written; empty for lists and maps. */
function textOf(root: DataNode, {path}: Violation): string {
  const node = nodeAt(root, path);
  return node?.kind === 'scalar' ? node.source : '';
}

function plainValue(node: DataNode): unknown {
  if (node.kind === 'scalar') return node.value;
  return node.kind === 'list' ? [] : {};
}

function asWritten(example: unknown): string {
  return typeof example === 'string' ? example : JSON.stringify(example);
}
