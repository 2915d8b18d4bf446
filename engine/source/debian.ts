/**
 * The Debian archives this machine is configured to use, read from apt's own files.
 * So no server name has to be written anywhere. Formats: sources.list(5), one-line and deb822.
 * Knows nothing of packages, indexes or signatures: a download is checked by its sha256.
 */
import path from 'node:path';
import {errorCode, namesIn, readText} from '../base/files.ts';

/**
 * The archive roots in the order they are to be tried, without the slash at the end:
 * those whose path ends in `/debian` (the main archive) first, then the others as configured.
 * Files that are missing or cannot be read count as empty.
 */
export function archiveRoots(aptFolder: string): readonly string[] {
  const uris = aptFiles(aptFolder).flatMap((file) =>
    file.endsWith('.sources') ? readDeb822(textOf(file)) : readOneLine(textOf(file)),
  );
  const roots = [...new Set(uris.filter(isUsable).map((uri) => uri.replace(/\/+$/, '')))];
  return [...roots.filter(isMain), ...roots.filter((root) => !isMain(root))];
}

/** URIs of the `deb` lines of a one-line file: `deb [option=value …] URI suite component…`. */
export function readOneLine(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const words = withoutComment(line).trim().split(/\s+/);
    if (words[0] !== 'deb') return [];
    const uri = words[afterOptions(words)];
    return uri === undefined ? [] : [uri];
  });
}

/** URIs of the enabled `deb` stanzas of a deb822 file. */
export function readDeb822(text: string): readonly string[] {
  return stanzas(text).flatMap((fields) => {
    const enabled = !NO.has((fields.get('enabled') ?? 'yes').toLowerCase());
    const isBinary = wordsOf(fields.get('types')).includes('deb');
    return enabled && isBinary ? wordsOf(fields.get('uris')) : [];
  });
}

/** What apt takes for "no" (apt-pkg/contrib/strutl.cc, StringToBool). */
const NO = new Set(['no', 'false', 'without', 'off', 'disable', '0']);

function withoutComment(line: string): string {
  const hash = line.indexOf('#');
  return hash < 0 ? line : line.slice(0, hash);
}

/** Index of the word after `[…]`, which may hold blanks: `[ arch=amd64 signed-by=/x ]`. */
function afterOptions(words: readonly string[]): number {
  if (!(words[1] ?? '').startsWith('[')) return 1;
  return words.findIndex((word) => word.endsWith(']')) + 1 || words.length;
}

/** Blocks divided by empty lines; `#` lines count as not there; a blank begins a continuation. */
function stanzas(text: string): ReadonlyMap<string, string>[] {
  const found: Map<string, string>[] = [];
  let fields: Map<string, string> | undefined;
  let last = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      fields = undefined;
      continue;
    }
    if (fields === undefined) {
      fields = new Map<string, string>();
      found.push(fields);
    }
    last = addLine(fields, last, line);
  }
  return found;
}

/** Puts one line into a stanza; gives the name of the field it belongs to. */
function addLine(fields: Map<string, string>, last: string, line: string): string {
  const colon = line.indexOf(':');
  const continues = /^[ \t]/.test(line) || colon < 0;
  const name = continues ? last : line.slice(0, colon).trim().toLowerCase();
  const value = continues ? `${fields.get(name) ?? ''} ${line}` : line.slice(colon + 1);
  fields.set(name, value.trim());
  return name;
}

function wordsOf(value: string | undefined): readonly string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '');
}

/** apt also knows cdrom:, mirror+http:, tor+http: and variables in URIs; those are not for us. */
function isUsable(uri: string): boolean {
  return /^(https?|file):\/*[^$\s]+$/.test(uri);
}

function isMain(root: string): boolean {
  return root.endsWith('/debian');
}

/** sources.list, then the files of sources.list.d by name, as apt reads them. */
function aptFiles(folder: string): readonly string[] {
  const inner = path.join(folder, 'sources.list.d');
  const parts = namesIn(inner).filter((name) => /^[a-zA-Z0-9_.-]+\.(list|sources)$/.test(name));
  return [path.join(folder, 'sources.list'), ...parts.map((name) => path.join(inner, name))];
}

function textOf(file: string): string {
  try {
    return readText(file);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'].includes(errorCode(error) ?? '')) return '';
    throw error;
  }
}
