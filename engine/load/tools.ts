/**
 * The tools of a build as written, `make` or `bison >= 2.7`: names, and the oldest versions that
 * will do. Versions are no part of any key: what a tool is decides, not what was asked of it.
 */
import {compareVersions} from '../base/version.ts';

export interface Tools {
  /** Sorted, each once. */
  readonly tools: readonly string[];
  readonly toolVersions: Readonly<Record<string, string>>;
}

/** Of two versions for one tool the higher counts. The schema vouches for the form. */
export function readTools(written: readonly string[]): Tools {
  const versions = new Map<string, string>();
  const names = new Set<string>();
  for (const one of written) {
    const [name = '', version] = one.split('>=').map((part) => part.trim());
    names.add(name);
    const known = versions.get(name);
    if (version === undefined) continue;
    if (known === undefined || compareVersions(known, version) < 0) versions.set(name, version);
  }
  return {tools: [...names].sort(), toolVersions: Object.fromEntries([...versions].sort())};
}
