/**
 * Trees as text: a canonical mtree(5) manifest, whose sha256 is the identity of the tree.
 * Pure; knows no files. Design constraints: equal trees have equal bytes; other people's tools
 * (bsdtar, NetBSD mtree) read it and verify against it; nothing is lost in a build without root.
 *
 *     #mtree
 *     . type=dir
 *     ./usr type=dir mode=0755 uid=0 gid=0
 *     #xattr security.capability=AQAAAgAgAAAAAAAAAAAAAAAAAAA=
 *     ./usr/ping type=file mode=4755 uid=0 gid=0 size=5 sha256digest=2cf2…
 *     #hardlink ./usr/ping
 *     ./usr/ping6 type=file mode=4755 uid=0 gid=0 size=5 sha256digest=2cf2…
 *     ./usr/sh type=link mode=0777 uid=0 gid=0 link=bash
 *     ./usr/tty type=char mode=0666 uid=0 gid=5 device=native,5,0
 *     #whiteout
 *     ./usr/zsh type=char device=native,0,0
 *
 * The first two lines are always the same: libarchive knows the format by the first, and NetBSD
 * mtree finds no `./usr` without the second. Nothing is said of the root itself: its mode is 0755
 * and its owner 0:0 wherever a tree is laid out, since one tree laid over another must not claim
 * it. Each line ended by one newline, words
 * by one space, in the order shown; numbers decimal without leading zeros, mode octal with four
 * digits; words escaped as in bytes.ts. No times.
 *
 * Order: by path components, bytewise, a folder right before its content. Every parent is a `dir`
 * entry of the same tree, so nothing is ever laid out through a link. Only files can be hard links;
 * `#hardlink` names the first path of the inode and all other words equal those of that entry.
 * `#xattr` lines are sorted by name, the value is base64 with padding. The comment lines stand
 * right before their entry in the order xattr, hardlink, whiteout (mtree has no words for these;
 * both tools reject unknown keywords but skip comments) and belong to the digest.
 * A whiteout says: what lower trees have at this path (and below it) is not there.
 *
 * Rejected: JSON (no other tool reads it), `/set` lines and nested notation (one line's meaning
 * would depend on others), times.
 */
import {isDigest, sha256, sha256OfBytes, treeDigest, blobDigest} from '../engine/base/hash.ts';
import type {BlobDigest, TreeDigest} from '../engine/base/hash.ts';
import {assert, err, ok, unreachable, type Result} from '../engine/base/result.ts';
import {ByteText, escapeWord, unescapeWord, type BytePath} from './bytes.ts';
import {comparePaths, mistakeIn} from './tree-rules.ts';
import type {TreeEntry, Xattr} from './tree-entry.ts';

export {comparePaths} from './tree-rules.ts';
export type {
  DeviceEntry,
  FifoEntry,
  FileEntry,
  FolderEntry,
  LinkEntry,
  TreeEntry,
  WhiteoutEntry,
  Xattr,
} from './tree-entry.ts';

const HEADER = ['#mtree', '. type=dir'];

/** What every manifest begins with. */
export const BEGINNING: string = `${HEADER.join('\n')}\n`;

/** The manifest of a tree. The entries are in order and obey the rules above, else it is a bug. */
export function encodeManifest(entries: readonly TreeEntry[]): Buffer {
  const mistake = mistakeIn(entries);
  assert(mistake === undefined, `not a tree: ${mistake?.message ?? ''}`);
  const bytes = new ByteText(entries.length * USUAL_LINE);
  bytes.add(BEGINNING);
  for (const entry of entries) bytes.add(encodeEntry(entry));
  return bytes.done();
}

/** Characters that a line seldom has more of. */
const USUAL_LINE = 200;

/** The identity of a manifest. */
export function digestOf(manifest: string | Uint8Array): TreeDigest {
  return treeDigest(typeof manifest === 'string' ? sha256OfBytes(manifest) : sha256(manifest));
}

/**
 * Reads a manifest; the error says which line is wrong and why. Accepts exactly what
 * `encodeManifest` writes: each entry is encoded again and compared, which also keeps it linear.
 */
export function parseManifest(text: string): Result<TreeEntry[], string> {
  const lines = text.split('\n');
  const wrong = HEADER.findIndex((line, at) => lines[at] !== line);
  if (wrong >= 0) return err(`line ${wrong + 1}: is not ${HEADER[wrong] ?? ''}`);
  if (lines.length <= HEADER.length || lines.pop() !== '') return err('the end is missing');
  const entries: TreeEntry[] = [];
  const lineOf: number[] = [];
  for (let at = HEADER.length; at < lines.length; at += 1) {
    const first = at;
    while (isComment(lines[at])) at += 1;
    const entry = readLines(lines, first, at);
    if (entry === undefined) return err(`line ${at + 1}: not an entry as this program writes it`);
    entries.push(entry);
    lineOf.push(at + 1);
  }
  const mistake = mistakeIn(entries);
  if (mistake !== undefined) return err(`line ${lineOf[mistake.index] ?? 0}: ${mistake.message}`);
  return ok(entries);
}

/** The entry of some lines without their ends; undefined where they are not what this program writes. */
export function parseEntryLines(lines: readonly string[]): TreeEntry | undefined {
  return readLines(lines, 0, lines.length - 1);
}

function readLines(lines: readonly string[], first: number, at: number): TreeEntry | undefined {
  const line = lines[at] ?? '';
  const plain = first === at ? readPlainFile(line) : undefined;
  return plain ?? readEntry(lines.slice(first, at), line);
}

/** The entries in the order of manifests; a new list. Those who walk folders have it already. */
export function sortEntries<Entry extends {readonly path: BytePath}>(
  entries: readonly Entry[],
): Entry[] {
  const isSorted = entries.every(
    (one, at) => at === 0 || comparePaths(entries[at - 1]?.path ?? '', one.path) <= 0,
  );
  if (isSorted) return [...entries];
  return [...entries].sort((one, other) => comparePaths(one.path, other.path));
}

// --- one entry to text -------------------------------------------------------------------------

/** The lines of one entry. */
export function encodeEntry(entry: TreeEntry): string {
  const place = `./${escapeWord(entry.path)}`;
  if (entry.type === 'whiteout') return `#whiteout\n${place} type=char device=native,0,0\n`;
  const mode = entry.mode.toString(8).padStart(4, '0');
  const words = `type=${entry.type} mode=${mode} uid=${entry.uid} gid=${entry.gid}`;
  return `${encodeComments(entry)}${place} ${words}${encodeOwnWords(entry)}\n`;
}

function encodeComments(entry: Exclude<TreeEntry, {type: 'whiteout'}>): string {
  const xattrs = entry.xattrs.map((one) => `#xattr ${escapeWord(one.name)}=${one.value}\n`);
  const first = entry.type === 'file' ? entry.hardlink : undefined;
  return xattrs.join('') + (first === undefined ? '' : `#hardlink ./${escapeWord(first)}\n`);
}

function encodeOwnWords(entry: Exclude<TreeEntry, {type: 'whiteout'}>): string {
  switch (entry.type) {
    case 'file':
      return ` size=${entry.size} sha256digest=${entry.digest}`;
    case 'link':
      return ` link=${escapeWord(entry.target)}`;
    case 'char':
    case 'block':
      return ` device=native,${entry.device.major},${entry.device.minor}`;
    case 'dir':
    case 'fifo':
      return '';
    default:
      return unreachable(entry);
  }
}

// --- one entry from text -------------------------------------------------------------------------

function isComment(line: string | undefined): boolean {
  return line?.startsWith('#') === true;
}

/** A file without comments and with nothing to unescape: most lines of most trees. */
const PLAIN_FILE =
  /^\.\/([!"$-)+-<>@-Z\]-~]+) type=file mode=([0-7]{4}) uid=(0|[1-9]\d{0,9}) gid=(0|[1-9]\d{0,9}) size=(0|[1-9]\d{0,14}) sha256digest=([0-9a-f]{64})$/;

/** What matches is what `encodeEntry` writes: there is one spelling of each of its words. */
function readPlainFile(line: string): TreeEntry | undefined {
  const match = PLAIN_FILE.exec(line);
  if (match === null) return undefined;
  const [, path = '', mode = '', uid, gid, size, hex = ''] = match;
  return {
    type: 'file',
    path,
    mode: parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    xattrs: NONE,
    size: Number(size),
    // Of 64 such digits, as the pattern says.
    digest: hex as BlobDigest,
    hardlink: undefined,
  };
}

const NONE: readonly Xattr[] = [];

/** Undefined unless it is just what `encodeEntry` makes of the entry. */
function readEntry(comments: readonly string[], line: string): TreeEntry | undefined {
  const entry = parseEntry(comments, line);
  if (entry === undefined) return undefined;
  const written = [...comments, line, ''].join('\n');
  return encodeEntry(entry) === written ? entry : undefined;
}

/** Lenient: the caller compares. */
function parseEntry(comments: readonly string[], line: string): TreeEntry | undefined {
  const words = line.split(' ');
  const path = unescapeWord(words[0]?.slice(2) ?? '');
  const type = valueOf(words[1]);
  if (type === 'char' && comments[0] === '#whiteout') return {type: 'whiteout', path};
  const common = {
    path,
    mode: parseInt(valueOf(words[2]), 8),
    uid: Number(valueOf(words[3])),
    gid: Number(valueOf(words[4])),
    xattrs: comments.flatMap(parseXattr),
  };
  switch (type) {
    case 'file':
      return parseFile(common, words, comments);
    case 'dir':
    case 'fifo':
      return {type, ...common};
    case 'link':
      return {type, ...common, target: unescapeWord(valueOf(words[5]))};
    case 'char':
    case 'block': {
      const [, major, minor] = valueOf(words[5]).split(',');
      return {type, ...common, device: {major: Number(major), minor: Number(minor)}};
    }
    default:
      return undefined;
  }
}

interface Common {
  readonly path: BytePath;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly xattrs: readonly Xattr[];
}

function parseFile(
  common: Common,
  words: readonly string[],
  comments: readonly string[],
): TreeEntry | undefined {
  const digest = blobOf(valueOf(words[6]));
  if (digest === undefined) return undefined;
  const last = comments.at(-1);
  const hardlink =
    last?.startsWith('#hardlink ./') === true ? unescapeWord(last.slice(12)) : undefined;
  return {type: 'file', ...common, size: Number(valueOf(words[5])), digest, hardlink};
}

function parseXattr(comment: string): Xattr[] {
  if (!comment.startsWith('#xattr ')) return [];
  const equals = comment.indexOf('=');
  return [{name: unescapeWord(comment.slice(7, equals)), value: comment.slice(equals + 1)}];
}

function valueOf(word: string | undefined): string {
  return word === undefined ? '' : word.slice(word.indexOf('=') + 1);
}

function blobOf(hex: string): BlobDigest | undefined {
  return isDigest(hex) ? blobDigest(hex) : undefined;
}

/**
 * The digests of all files a manifest names, with their sizes in bytes; its own digest vouches
 * for the shape of its lines.
 */
export function blobsNamed(manifest: string): Map<BlobDigest, number> {
  const found = new Map<BlobDigest, number>();
  const word = ' sha256digest=';
  for (let at = manifest.indexOf(word); at >= 0; at = manifest.indexOf(word, at + 64)) {
    const digest = manifest.slice(at + word.length, at + word.length + 64);
    const size = manifest.slice(manifest.lastIndexOf('=', at) + 1, at);
    if (isDigest(digest)) found.set(blobDigest(digest), Number(size));
  }
  return found;
}
