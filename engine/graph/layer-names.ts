/**
 * What the layers of a root name: builds, or all builds of a set of the configuration, sets within
 * sets followed. Globs in sets give labels in sorted order. Knows nothing of nodes and edges.
 */
import {globMatcher, isGlob} from '../base/glob.ts';
import type {Label} from '../base/label.ts';
import {err, ok, type Result} from '../base/result.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import type {NameIndex} from './model.ts';
import {lookUp, standIn, type Miss} from './names.ts';

export type Sets = Readonly<Record<string, readonly string[]>>;

/** The labels a layer's name stands for, in order, each once; overrides are not applied. */
export function layerLabels(
  names: NameIndex,
  sets: Sets,
  name: string,
  homes: readonly string[],
): Result<readonly Label[], Miss> {
  if (name.startsWith('@')) return membersOf(names, sets, name.slice(1), new Set());
  const found = lookUp(names, name, homes);
  return found.ok ? ok([found.value.label]) : found;
}

function membersOf(
  names: NameIndex,
  sets: Sets,
  name: string,
  open: ReadonlySet<string>,
): Result<readonly Label[], Miss> {
  const words = sets[name];
  if (words === undefined) {
    const near = similarTo(name, Object.keys(sets)).map((one) => `@${one}`);
    return err(miss(`there is no set @${name}`, didYouMean(near)));
  }
  // That sets contain each other is said of the sets.
  if (open.has(name)) return ok([]);
  const all: Label[] = [];
  for (const word of words) {
    const found = word.startsWith('@')
      ? membersOf(names, sets, word.slice(1), new Set([...open, name]))
      : membersBy(names, word);
    if (!found.ok) return found;
    all.push(...found.value);
  }
  return ok([...new Set(all)]);
}

function membersBy(names: NameIndex, word: string): Result<readonly Label[], Miss> {
  if (/[\^#]/.test(word)) {
    return err(miss(`a layer is no test and no neighbour: ${word}`, 'name the builds'));
  }
  if (isGlob(word)) {
    const matches = globMatcher([word.includes('/') || word === '**' ? word : `*/${word}`]);
    return ok([...names.builds].filter(matches).map((label) => standIn(names, label)));
  }
  const found = lookUp(names, word, []);
  return found.ok ? ok([standIn(names, found.value.label)]) : found;
}

function miss(message: string, hint: string | undefined): Miss {
  return {ambiguous: false, message, hint};
}
