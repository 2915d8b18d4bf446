/**
 * The reference of recipes, kinds, configuration and their kin as Markdown, from the schemas.
 * Pure: text out of shapes. compile.ts writes it to docs/, a test sees that it is fresh.
 */
import {inside, resolve, shapeOf, type SchemaName, type Shape} from './shape.ts';
import {shapeWords} from './words.ts';

const CHAPTERS: readonly {readonly name: SchemaName; readonly file: string}[] = [
  {name: 'recipe', file: 'recipes/<collection>/<package>.yaml'},
  {name: 'kind', file: 'recipes/kinds/<kind>.yaml'},
  {name: 'config', file: 'recipes.config.yaml'},
  {name: 'generated', file: 'recipes/generated.yaml'},
  {name: 'dialogue', file: 'any file, for recipes boot --expect'},
];

const HEAD = `# Reference of the files

Made from \`schemas/*.schema.json\`; to change it, change the descriptions there and run
\`node dist/schemas/compile.js --update\`. \`NAME\` stands for a name of your choice, \`[]\` for each
element of a list. The files are YAML 1.2 without anchors, aliases, tags, merge keys and repeated
keys, at most 1 MiB, at most 32 levels deep. Where a type is given as "text" a number may be
written too and is taken exactly as it stands: \`version: 1.10\` is \`1.10\`.
`;

/** The whole document. */
export function referenceText(): string {
  return [HEAD, ...CHAPTERS.map(({name, file}) => chapter(name, file))].join('\n');
}

function chapter(name: SchemaName, file: string): string {
  const root = shapeOf(name);
  const head = `## ${root.title ?? name}: \`${file}\`\n\n${root.description ?? ''}\n`;
  return [head, ...fields(root, root, '')].join('\n');
}

/** The fields of a map, each followed by the fields in it. */
function fields(root: Shape, shape: Shape, prefix: string): string[] {
  const named = Object.keys(shape.properties ?? {}).map((key) => ({
    path: `${prefix}${key}`,
    inner: inside(root, shape, key),
    must: shape.required?.includes(key) ?? false,
  }));
  const free =
    typeof shape.additionalProperties === 'object'
      ? resolve(root, shape.additionalProperties)
      : undefined;
  const all =
    free === undefined ? named : [...named, {path: `${prefix}NAME`, inner: free, must: false}];
  return all.flatMap(({path, inner, must}) =>
    inner === undefined ? [] : field(root, inner, path, must),
  );
}

function field(root: Shape, shape: Shape, path: string, must: boolean): string[] {
  const facts = [shapeWords(root, shape), must ? 'required' : '', defaultText(shape)].filter(
    (fact) => fact !== '',
  );
  const example = shape.examples?.[0] === undefined ? '' : ` Example: ${code(shape.examples[0])}`;
  const items = resolve(root, shape.items);
  const inItems = items === undefined ? [] : fields(root, items, `${path}[].`);
  const own = `### \`${path}\`\n\n${facts.join(' · ')}\n\n${shape.description ?? ''}${example}\n`;
  return [own, ...fields(root, shape, `${path}.`), ...inItems];
}

function defaultText(shape: Shape): string {
  return shape.default === undefined ? '' : `default ${code(shape.default)}`;
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}
