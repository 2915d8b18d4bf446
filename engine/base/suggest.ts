/**
 * Did you mean: which of the known names are close to a word that is not known.
 * Knows nothing of what is named. The one file that loads fastest-levenshtein, and only once
 * something went wrong: a run without mistakes never pays for it.
 */
import {createRequire} from 'node:module';

const require = createRequire(import.meta.url);

/** The closest known names, best first, at most `limit`; none when nothing is near. */
export function similarTo(word: string, known: Iterable<string>, limit = 3): readonly string[] {
  const {distance} = require('fastest-levenshtein') as typeof import('fastest-levenshtein');
  const asked = word.toLowerCase();
  const near: {readonly name: string; readonly far: number}[] = [];
  for (const name of new Set(known)) {
    const far = distance(asked, name.toLowerCase());
    if (far <= reach(asked, name) || extendsName(asked, name)) near.push({name, far});
  }
  near.sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1));
  return near.slice(0, limit).map((one) => one.name);
}

/** `did you mean a, b or c?`, or undefined when there is nothing to propose. */
export function didYouMean(names: readonly string[]): string | undefined {
  const last = names.at(-1);
  if (last === undefined) return undefined;
  const before = names.slice(0, -1).join(', ');
  return `did you mean ${before === '' ? last : `${before} or ${last}`}?`;
}

/** A third of the letters may be wrong; one in short words, none where only one is there. */
function reach(asked: string, name: string): number {
  const length = Math.min(asked.length, name.length);
  return length < 2 ? 0 : Math.max(1, Math.floor(length / 3));
}

/** `zlib-dev` for `zlib`, or the other way round: habits of distributions. */
function extendsName(asked: string, name: string): boolean {
  const [short, long] = asked.length < name.length ? [asked, name] : [name, asked];
  return short.length >= 3 && long.startsWith(short) && /^[-+._:]/.test(long.slice(short.length));
}
