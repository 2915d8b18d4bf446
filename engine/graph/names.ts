/**
 * What a written name means: its own collection first, else the only collection that has it.
 * Knows labels and overrides, not edges; recipes and command line ask with different rules.
 */
import {
  formatLabel,
  labelParts,
  parseLabel,
  type Label,
  type LabelParts,
  type WrittenLabel,
} from '../base/label.ts';
import {err, ok, type Result} from '../base/result.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import type {NameIndex} from './model.ts';

export interface Meaning {
  /** The build that is meant; never a test label. */
  readonly label: Label;
  /** It was written with `#test`. */
  readonly test: boolean;
}

/** Why a name means nothing, in words. */
export interface Miss {
  readonly ambiguous: boolean;
  readonly message: string;
  readonly hint: string | undefined;
}

export function indexNames(
  builds: readonly LabelParts[],
  overrides: ReadonlyMap<Label, Label>,
): NameIndex {
  const collections = new Map<string, Set<string>>();
  for (const parts of builds) {
    const having = collections.get(parts.package) ?? new Set();
    collections.set(parts.package, having.add(parts.collection));
  }
  return {
    builds: new Set(builds.map(formatLabel).sort()),
    collections: new Map([...collections].map(([name, having]) => [name, [...having].sort()])),
    overrides,
  };
}

/**
 * The build a text names. A bare name means the first of `homes` that has the package, else the
 * only collection that has it once overrides stand in for what they replace; `homes` is empty on
 * the command line. A full label means itself: apply `standIn` where overrides count.
 */
export function lookUp(
  names: NameIndex,
  text: string,
  homes: readonly string[],
): Result<Meaning, Miss> {
  const written = parseLabel(text);
  if (written === undefined) return err(badGrammar(text));
  const having = names.collections.get(written.package) ?? [];
  const home = written.collection ?? homes.find((one) => having.includes(one));
  const found =
    home === undefined
      ? onlyOne(names, written, having)
      : existing(names, labelOf(written, home), having.includes(home));
  return found.ok ? ok({label: found.value, test: written.test}) : found;
}

/**
 * The label that stands in the place of another. An override of a package's main build carries
 * its other builds along where the replacement has them, so that variants are not mixed. What
 * `user` itself needs is left alone when it is the replacement: it may build on what it replaces.
 */
export function standIn(names: NameIndex, label: Label, user?: LabelParts): Label {
  const direct = names.overrides.get(label) ?? carriedAlong(names, label);
  if (direct === undefined) return label;
  const parts = labelParts(direct);
  const isItself = user?.collection === parts.collection && user.package === parts.package;
  return isItself ? label : direct;
}

function carriedAlong(names: NameIndex, label: Label): Label | undefined {
  const parts = labelParts(label);
  const main = names.overrides.get(formatLabel({...parts, build: 'main'}));
  if (main === undefined || parts.build === 'main') return undefined;
  const other = formatLabel({...labelParts(main), build: parts.build});
  return names.builds.has(other) ? other : undefined;
}

function onlyOne(
  names: NameIndex,
  written: WrittenLabel,
  having: readonly string[],
): Result<Label, Miss> {
  if (having.length === 0) return err(unknownPackage(names, written));
  const all = having.map((collection) => labelOf(written, collection));
  const built = all.filter((label) => names.builds.has(label));
  const candidates = [...new Set(built.map((label) => standIn(names, label)))];
  const [first, ...rest] = candidates;
  if (first === undefined) return err(unknownBuild(names, written, having));
  return rest.length === 0 ? ok(first) : err(ambiguous(written, candidates));
}

function existing(names: NameIndex, label: Label, packageExists: boolean): Result<Label, Miss> {
  if (names.builds.has(label)) return ok(label);
  const parts = labelParts(label);
  return err(
    packageExists ? unknownBuild(names, parts, [parts.collection]) : unknownPackage(names, parts),
  );
}

function labelOf(written: WrittenLabel, collection: string): Label {
  return formatLabel({...written, collection, test: false});
}

function badGrammar(text: string): Miss {
  return {
    ambiguous: false,
    message: `'${text}' is no label`,
    hint: 'a label is [collection/]package[:build], of lower-case letters, digits and + . _ -',
  };
}

function unknownPackage(names: NameIndex, written: WrittenLabel): Miss {
  const near = similarTo(written.package, names.collections.keys());
  const proposals = near.flatMap((name) => {
    const having = names.collections.get(name) ?? [];
    return having.length === 1 && written.collection === undefined
      ? [name]
      : having.map((collection) => `${collection}/${name}`);
  });
  const shown =
    written.collection === undefined ? written.package : `${written.collection}/${written.package}`;
  return {
    ambiguous: false,
    message: `there is no recipe named ${shown}`,
    hint: didYouMean(proposals.slice(0, 3)),
  };
}

function unknownBuild(
  names: NameIndex,
  written: WrittenLabel,
  collections: readonly string[],
): Miss {
  const owners = collections.map((collection) => `${collection}/${written.package}`);
  const builds = [...names.builds].filter((label) =>
    owners.some((owner) => label === owner || label.startsWith(`${owner}:`)),
  );
  return {
    ambiguous: false,
    message: `${owners.join(' and ')} has no build '${written.build}'`,
    hint: `there is ${builds.join(', ')}`,
  };
}

function ambiguous(written: WrittenLabel, candidates: readonly Label[]): Miss {
  return {
    ambiguous: true,
    message: `${written.package} can mean ${candidates.join(' or ')}`,
    hint: 'write the full label',
  };
}
