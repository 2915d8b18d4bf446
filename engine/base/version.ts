/** Versions of programs: numbers with dots, compared number by number. */

/** Negative, zero or positive, as `a` is older, the same or newer; what is missing counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((one) => one.split('.').map(Number));
  const length = Math.max(left?.length ?? 0, right?.length ?? 0);
  for (let at = 0; at < length; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first thing that looks like a version in what a program says of itself. */
export function findVersion(said: string): string | undefined {
  return /(?<![\w.])v?(\d+(?:\.\d+)+)/.exec(said)?.[1];
}
