/**
 * What an export of artifacts is: a tar that `store import` takes and everybody may look into.
 * Knows the names and the head of it; export.ts writes, import.ts reads.
 *
 *     recipes-export            JSON: format, artifacts, how many of each kind follow
 *     files/ab/<62>.<mode>      blobs, sorted; each before all that names it
 *     trees/ab/<62>             manifests, sorted
 *     records/ab/<62>           records, sorted, with their checksum lines
 *
 * Every entry is a plain file of mode 0644 (owner 0:0, time 1), whatever it is in the store: the
 * same objects make the same bytes. The order is that in which a store may learn of them.
 * Rejected: modes in the headers (tar would hold what manifests say already), compression (a
 * filter behind `-o -` does it better), the logs of builds (they are no part of an artifact).
 */
import {isDigest} from '../engine/base/hash.ts';
import type {Label} from '../engine/base/label.ts';

export const HEAD = 'recipes-export';

export interface Head {
  readonly format: 1;
  readonly artifacts: readonly {
    readonly label: Label;
    readonly key: string;
    readonly tree: string;
  }[];
  readonly files: number;
  readonly trees: number;
  readonly records: number;
}

/**
 * These are read whole, so there is a bound: 20,000 artifacts; 700,000 files, or 10,000 folders in
 * each other, in one artifact.
 */
export const LARGEST_HEAD: number = 4 << 20;
export const LARGEST_MANIFEST: number = 128 << 20;
export const LARGEST_RECORD: number = 4 << 20;

/** More than heads and records are: other programs overflow where JSON is nested without end. */
const DEEPEST = 32;

/** Whether JSON is nested no deeper than ours is. */
export function isShallow(json: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length && depth <= DEEPEST; at += 1) {
    const sign = json.charAt(at);
    if (inText && sign === '\\') at += 1;
    else if (sign === '"') inText = !inText;
    else if (!inText && (sign === '[' || sign === '{')) depth += 1;
    else if (!inText && (sign === ']' || sign === '}')) depth -= 1;
  }
  return depth <= DEEPEST;
}

export type Part =
  | {readonly kind: 'files'; readonly digest: string; readonly mode: number}
  | {readonly kind: 'trees' | 'records'; readonly digest: string};

/** What an entry's name says; undefined for a name no export has. */
export function partOf(name: string): Part | undefined {
  const match = /^(files|trees|records)\/([0-9a-f]{2})\/([0-9a-f]{62})(?:\.([0-7]{3}))?$/.exec(
    name,
  );
  if (match === null) return undefined;
  const [, kind, head = '', rest = '', mode] = match;
  const digest = head + rest;
  if (kind === 'files') {
    return mode === undefined ? undefined : {kind, digest, mode: parseInt(mode, 8)};
  }
  if (mode !== undefined || (kind !== 'trees' && kind !== 'records')) return undefined;
  return {kind, digest};
}

/** The order of parts: what is named comes before what names it. */
export const ORDER: readonly Part['kind'][] = ['files', 'trees', 'records'];

export function parseHead(text: string): Head | undefined {
  if (!isShallow(text)) return undefined;
  try {
    const head = JSON.parse(text) as Partial<Head> | null;
    if (typeof head !== 'object' || head?.format !== 1 || !Array.isArray(head.artifacts)) {
      return undefined;
    }
    const counts = [head.files, head.trees, head.records];
    if (!counts.every((one) => Number.isSafeInteger(one) && (one ?? -1) >= 0)) return undefined;
    const named = (head.artifacts as readonly Partial<Head['artifacts'][number]>[]).every(
      ({label, key, tree}) =>
        typeof label === 'string' && isDigest(key ?? '') && isDigest(tree ?? ''),
    );
    return named ? (head as Head) : undefined;
  } catch {
    return undefined;
  }
}
