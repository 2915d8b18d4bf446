/**
 * The places of a recipe file and their digests, for `recipes source pin`: also of a file that
 * the loader refuses because digests are missing. Changes texts, never files.
 */
import type {Checked, Diagnostic, Location} from '../base/diagnostic.ts';
import {err, ok} from '../base/result.ts';
import {readDocument} from './document.ts';
import {Variables} from './expand.ts';
import {keyAt, nodeAt, placeAt, type DataNode, type Path} from './nodes.ts';
import {decideOptions} from './options.ts';
import {scopeOf} from './recipe.ts';

/** One place of a source, as far as pinning is concerned. */
export interface PinPlace {
  /** With its variables replaced; an alias stays one. */
  readonly url: string;
  /** As written; undefined where there is none yet. */
  readonly sha256: string | undefined;
  /** The map it is written in: `sources`, index, perhaps `or`, index. */
  readonly path: Path;
  readonly at: Location;
}

/** All places of a recipe text, in the order written; or what makes it unreadable. */
export function placesOf(
  file: string,
  text: string,
  about: {readonly collection: string; readonly package: string; readonly arch: string},
): Checked<readonly PinPlace[]> {
  const {document, problems} = readDocument('recipe', file, Buffer.from(text));
  if (document === undefined) return err(problems);
  const {written: root, data: read} = document;
  const data = {package: about.package, version: '0', ...read};
  const options = decideOptions(about, data.options ?? {}, []);
  const wrong: Diagnostic[] = [];
  const variables = new Variables(scopeOf(data, root, root, about.arch, options), wrong);
  const places = pathsOf(root).flatMap((path): PinPlace[] => {
    const url = nodeAt(root, [...path, 'url']);
    const sha256 = nodeAt(root, [...path, 'sha256']);
    if (url?.kind !== 'scalar') return [];
    const digest = sha256?.kind === 'scalar' ? sha256.source : undefined;
    return [{url: variables.expand(url), sha256: digest, path, at: url.at}];
  });
  return wrong.length > 0 ? err(wrong) : ok(places);
}

/** The text with the digest of one of its places set; everything else stays as it is. */
export function withDigest(text: string, place: PinPlace, sha256: string): string {
  const {document} = readDocument('recipe', place.at.file, Buffer.from(text));
  if (document === undefined) return text;
  const root = document.written;
  const old = nodeAt(root, [...place.path, 'sha256']);
  // A field without value has the place right behind its colon.
  if (old?.kind === 'scalar')
    return replaced(text, old.at, old.source === '' ? ` ${sha256}` : sha256);
  const url = placeAt(root, [...place.path, 'url']);
  const end = {...url, line: url.endLine, column: url.endColumn};
  if (isFlow(text, root, place.path)) return replaced(text, end, `, sha256: ${sha256}`);
  const indent = ' '.repeat(keyAt(root, [...place.path, 'url']).column - 1);
  const lines = text.split('\n');
  lines.splice(url.endLine, 0, `${indent}sha256: ${sha256}`);
  return lines.join('\n');
}

function pathsOf(root: DataNode): Path[] {
  return indices(root, ['sources']).flatMap((source) => [
    source,
    ...indices(root, [...source, 'or']),
  ]);
}

function indices(root: DataNode, path: Path): Path[] {
  const node = nodeAt(root, path);
  return node?.kind === 'list' ? node.items.map((_, index) => [...path, index]) : [];
}

/** Whether a map is written between braces. */
function isFlow(text: string, root: DataNode, path: Path): boolean {
  const at = placeAt(root, path);
  return text.split('\n')[at.line - 1]?.charAt(at.column - 1) === '{';
}

/** The text with one range on its lines replaced. */
function replaced(text: string, at: Location, by: string): string {
  const lines = text.split('\n');
  const first = lines[at.line - 1] ?? '';
  const last = lines[at.endLine - 1] ?? '';
  const line = first.slice(0, at.column - 1) + by + last.slice(at.endColumn - 1);
  return [...lines.slice(0, at.line - 1), line, ...lines.slice(at.endLine)].join('\n');
}
