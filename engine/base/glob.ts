/**
 * Globs over names with slashes (labels, paths): `*` stays within one part, `**` crosses them.
 * The one file that knows picomatch.
 */
import picomatch from 'picomatch';

/** Whether a text uses glob signs; without them it is a plain name. */
export function isGlob(text: string): boolean {
  return /[*?[\]{}!()]/.test(text);
}

/**
 * A test of whether any of the patterns matches a whole text; names that begin with a dot are
 * matched like others. `(…)` groups count, `!` and `#` at the start are plain characters.
 */
export function globMatcher(patterns: readonly string[]): (text: string) => boolean {
  if (patterns.length === 0) return () => false;
  if (patterns.includes('**')) return () => true;
  const key = patterns.join('\0');
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const matches = compile(patterns);
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(key, matches);
  return matches;
}

/** The same lists come again and again: of all builds of a project, say. */
const compiled = new Map<string, (text: string) => boolean>();
const MOST_COMPILED = 100;

function compile(patterns: readonly string[]): (text: string) => boolean {
  return picomatch([...patterns], {dot: true, nonegate: true});
}
