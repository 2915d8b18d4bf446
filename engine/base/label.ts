/**
 * The names of things to build: `[collection/]package[:build]`, and `…#test` for a test node.
 * Knows the grammar only; which labels exist is the graph's business.
 */

declare const brand: unique symbol;
/** A full label as shown to people: `collection/package[:build][#test]`, `:main` left out. */
export type Label = string & {readonly [brand]: 'Label'};

export interface LabelParts {
  readonly collection: string;
  readonly package: string;
  readonly build: string;
  readonly test: boolean;
}

/** A label as written: the collection may be missing. */
export interface WrittenLabel {
  readonly collection: string | undefined;
  readonly package: string;
  readonly build: string;
  readonly test: boolean;
}

const NAME = /^[a-z0-9][a-z0-9+._-]{0,127}$/;
const RESERVED = new Set(['host', 'root']);

/** Whether a text may name a collection, package or build. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Whether a text may name a package: a name, and none of the words with another meaning. */
export function isPackageName(text: string): boolean {
  return isName(text) && !RESERVED.has(text);
}

/** Reads a written label; undefined when it breaks the grammar. */
export function parseLabel(text: string): WrittenLabel | undefined {
  const test = text.endsWith('#test');
  const body = test ? text.slice(0, -'#test'.length) : text;
  const slash = body.indexOf('/');
  const collection = slash < 0 ? undefined : body.slice(0, slash);
  const rest = body.slice(slash + 1);
  const colon = rest.indexOf(':');
  const name = colon < 0 ? rest : rest.slice(0, colon);
  const build = colon < 0 ? 'main' : rest.slice(colon + 1);
  const good = (collection === undefined || isName(collection)) && isPackageName(name);
  return good && isName(build) ? {collection, package: name, build, test} : undefined;
}

/** The one spelling of a label. */
export function formatLabel(parts: LabelParts): Label {
  const build = parts.build === 'main' ? '' : `:${parts.build}`;
  return `${parts.collection}/${parts.package}${build}${parts.test ? '#test' : ''}` as Label;
}

/** The parts of a full label. */
export function labelParts(label: Label): LabelParts {
  const parsed = parseLabel(label);
  if (parsed?.collection === undefined) throw new TypeError(`not a full label: ${label}`);
  return {...parsed, collection: parsed.collection};
}

/** The test node of a build. */
export function testLabel(label: Label): Label {
  return `${label}#test` as Label;
}

/** The build that a test node checks; the label itself for a build. */
export function buildLabel(label: Label): Label {
  return (label.endsWith('#test') ? label.slice(0, -'#test'.length) : label) as Label;
}

/**
 * A label as part of a file name: no slash, no colon; `#test` stays. No two labels have the same:
 * an underscore in a name is doubled, and no name begins with one.
 */
export function fileNameOf(label: Label): string {
  return label.replaceAll('_', '__').replaceAll('/', '_').replaceAll(':', '_');
}
