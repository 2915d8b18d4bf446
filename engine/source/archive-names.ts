/**
 * Which archives we unpack, by the names of their files.
 */

export type ArchiveFormat = 'tar' | 'tar.gz' | 'tar.xz' | 'tar.bz2' | 'tar.zst';

const ENDINGS: readonly (readonly [RegExp, ArchiveFormat])[] = [
  [/\.tar$/, 'tar'],
  [/\.(tar\.gz|tgz|taz)$/, 'tar.gz'],
  [/\.(tar\.xz|txz)$/, 'tar.xz'],
  [/\.(tar\.bz2|tbz2|tbz|tb2)$/, 'tar.bz2'],
  [/\.(tar\.zst|tzst)$/, 'tar.zst'],
];

/** The format a file name promises; undefined when it is none we unpack. */
export function formatOf(name: string): ArchiveFormat | undefined {
  return ENDINGS.find(([ending]) => ending.test(name.toLowerCase()))?.[1];
}
