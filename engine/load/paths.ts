/**
 * Rules for paths and globs that recipes write. Pure: what is there on disk is not looked at.
 */

/** What is wrong with a path below some folder, in words; undefined for a good one. */
export function pathError(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.startsWith('/')) return 'is absolute';
  const parts = text.split('/');
  if (parts.includes('..')) return 'leaves its folder with `..`';
  if (hasControl(text)) return 'holds a control character';
  return undefined;
}

/** The same for a file name: one part, and not one of the folders every folder has. */
export function nameError(text: string): string | undefined {
  if (text === '' || text === '.') return 'is empty';
  if (text.includes('/')) return 'holds a slash';
  return Buffer.byteLength(text) > 255 ? 'is longer than 255 bytes' : pathError(text);
}

const PAIRS: Readonly<Record<string, string>> = {'[': ']', '{': '}', '(': ')'};

/** What is wrong with a glob of paths in an artifact. */
export function globError(text: string): string | undefined {
  const wrong = pathError(text);
  if (wrong !== undefined) return wrong;
  if (text.startsWith('./') || text.endsWith('/')) return 'matches nothing with `./` or a last `/`';
  return bracketError(text);
}

/** A bracket that is never closed or never opened; in `[…]` the others mean nothing. */
function bracketError(text: string): string | undefined {
  const open: string[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const sign = text.charAt(index);
    if (sign === '\\') index += 1;
    else if (sign === open.at(-1)) open.pop();
    else if (open.at(-1) === ']') continue;
    else if (PAIRS[sign] !== undefined) open.push(PAIRS[sign]);
    else if (sign === ']' || sign === '}' || sign === ')') return `has a \`${sign}\` too much`;
  }
  const missing = open.at(-1);
  return missing === undefined ? undefined : `lacks a \`${missing}\``;
}

function hasControl(text: string): boolean {
  return /[\0-\x1f\x7f]/.test(text);
}

const ARCHIVE = /\.(tar|tar\.(gz|xz|bz2|zst)|tgz|txz|tbz2?|tzst)$/;

/** Whether a file of this name is unpacked when nothing else is said. */
export function isArchiveName(name: string): boolean {
  return ARCHIVE.test(name);
}

/** A file name without the suffix of an archive. */
export function withoutSuffix(name: string): string {
  return name.replace(ARCHIVE, '');
}
