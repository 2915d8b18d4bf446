/** What the files are made of whose power is cut: known to whoever writes and whoever looks. */

/** The profile that is switched. */
export const PROFILE = 'sys';

/** The content of the n-th file: small ones, some larger than a page, no two alike. */
export function contentAt(n: number): string {
  return `file ${String(n)}\n`.repeat(n % 50 === 0 ? 1000 : 3);
}
