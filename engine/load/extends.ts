/**
 * `extends:`: a recipe laid over the one it starts from, which may itself start from another.
 * Also knows which recipes there are, and what a bare name in one of them means.
 */
import type {RecipeFile} from '../../schemas/types/recipe.ts';
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import {dataOf, type Document} from './document.ts';
import {mergeNodes, placeAt, type DataNode} from './nodes.ts';

/** A recipe file as found, before anything is made of it. */
export interface RecipeSource {
  readonly collection: string;
  /** By its file name. */
  readonly package: string;
  /** As shown to people. */
  readonly file: string;
  /** Undefined when nothing of the file could be read. */
  readonly document: Document<'recipe'> | undefined;
}

/** A recipe with all it extends. */
export interface FlatRecipe {
  readonly source: RecipeSource;
  readonly root: DataNode;
  /** Name and version stand for themselves where they are missing, which has been said. */
  readonly data: RecipeFile & {readonly version: string};
  /** As written, mistakes included. */
  readonly written: DataNode;
  /** Whether this file and all it extends are without mistakes. */
  readonly sound: boolean;
}

/** All recipe files of a project. */
export class RecipeIndex {
  readonly #byName = new Map<string, RecipeSource>();
  readonly #collections = new Map<string, string[]>();
  readonly #byFile = new Map<string, RecipeSource>();

  constructor(sources: readonly RecipeSource[]) {
    for (const source of sources) {
      this.#byName.set(`${source.collection}/${source.package}`, source);
      this.#byFile.set(source.file, source);
      const others = this.#collections.get(source.package) ?? [];
      this.#collections.set(source.package, [...others, source.collection]);
    }
  }

  /** `package` or `collection/package` as seen from a collection; or the candidates. */
  find(name: string, from: string): RecipeSource | readonly string[] {
    const own = this.#byName.get(name.includes('/') ? name : `${from}/${name}`);
    if (own !== undefined || name.includes('/')) return own ?? [];
    const collections = this.#collections.get(name) ?? [];
    const only = this.#byName.get(`${collections[0] ?? ''}/${name}`);
    if (collections.length === 1 && only !== undefined) return only;
    return collections.map((collection) => `${collection}/${name}`);
  }

  names(): string[] {
    return [...this.#byName.keys(), ...this.#collections.keys()];
  }

  /**
   * A label as it is meant in the file it is written in: what is inherited keeps the meaning it
   * has where it stands, so a bare name of that collection gets the collection written before it.
   */
  qualify(label: string, writtenIn: string, reader: RecipeSource): string {
    const home = this.#byFile.get(writtenIn) ?? reader;
    if (home.collection === reader.collection || label.includes('/')) return label;
    const name = label.split(':', 1)[0] ?? label;
    return this.#byName.has(`${home.collection}/${name}`) ? `${home.collection}/${label}` : label;
  }
}

/** The recipe merged with its bases; undefined (and reported) when one of them cannot be had. */
export function flatten(
  source: RecipeSource,
  index: RecipeIndex,
  problems: Diagnostic[],
): FlatRecipe | undefined {
  const chain = chainOf(source, index, problems);
  const documents = chain?.map((one) => one.document) ?? [];
  const [top] = documents;
  if (top === undefined) return undefined;
  let {root, written} = top;
  let sound = top.sound;
  for (const document of documents.slice(1)) {
    if (document === undefined) return undefined;
    root = mergeNodes(document.root, root);
    written = mergeNodes(document.written, written);
    sound &&= document.sound;
  }
  const data = {package: source.package, version: '0', ...dataOf('recipe', root)};
  return {source, root, data, written, sound};
}

/** The recipe, its base, the base's base, …; undefined when the chain is broken. */
function chainOf(
  source: RecipeSource,
  index: RecipeIndex,
  problems: Diagnostic[],
): RecipeSource[] | undefined {
  const chain = [source];
  for (let last = source; ;) {
    const name = last.document?.data.extends;
    if (name === undefined) return chain;
    const base = index.find(name, last.collection);
    if (!('package' in base)) {
      // Said once, for the file in which it stands.
      if (last === source) unknownBase(source, name, base, index, problems);
      return undefined;
    }
    if (chain.includes(base)) {
      circle(chain.slice(chain.indexOf(base)), source, problems);
      return undefined;
    }
    chain.push(base);
    last = base;
  }
}

function unknownBase(
  source: RecipeSource,
  name: string,
  candidates: readonly string[],
  index: RecipeIndex,
  problems: Diagnostic[],
): void {
  const several = candidates.length > 1;
  const message = several
    ? `several collections have a recipe ${name}: ${candidates.join(', ')}`
    : `there is no recipe ${name} to extend`;
  const near = similarTo(name, index.names());
  const hint = several ? 'write the collection before it' : didYouMean(near);
  problems.push(problem('recipe/bad-extends', message, {at: placeOfExtends(source), hint}));
}

/** A circle is reported once, by its first member in the order of files. */
function circle(
  members: readonly RecipeSource[],
  source: RecipeSource,
  problems: Diagnostic[],
): void {
  if (members.some((one) => one.file < source.file) || !members.includes(source)) return;
  const names = [...members, source].map((one) => `${one.collection}/${one.package}`);
  const notes = members.slice(1).map((one) => ({
    message: `${one.collection}/${one.package} extends ${one.document?.data.extends ?? ''}`,
    at: placeOfExtends(one),
  }));
  const message = `recipes extend each other in a circle: ${names.join(' → ')}`;
  problems.push(problem('recipe/bad-extends', message, {at: placeOfExtends(source), notes}));
}

function placeOfExtends(source: RecipeSource): ReturnType<typeof placeAt> | undefined {
  const root = source.document?.root;
  return root === undefined ? undefined : placeAt(root, ['extends']);
}
