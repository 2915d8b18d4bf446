/**
 * A root whose layers are nearly those of one that was laid together before: only what the changed
 * layers, the recipe's own entries and the links among them touch is laid together again, and takes
 * its place in the text of the earlier root. The result is what `composeRoot` comes to; where that
 * is not certain, or something is wrong with the layers, there is none. Pure but for `read`.
 */
import {parentOf, type BytePath} from '../../store/bytes.ts';
import {changedPaths, replaceEntries, type ManifestText} from '../../store/manifest-text.ts';
import {comparePaths} from '../../store/manifest.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import type {ComposedRoot, RecomposedRoot, RecomposeParts} from '../graph/root-parts.ts';
import {composeRoot} from './compose.ts';

/** With so many paths to be laid together again, the whole costs no more. */
const MOST = 20_000;

/** Links that lead to links are followed one by one; nothing sensible is deeper. */
const ROUNDS = 20;

export function recomposeRoot(parts: RecomposeParts): RecomposedRoot | undefined {
  const {layers, before} = parts;
  const texts = [...layers.map((one) => one.manifest), ...before.layers, before.root];
  if (texts.some((one) => one?.hasWhiteouts === true)) return undefined;
  const concerned = new Set<BytePath>();
  for (const [at, {manifest}] of layers.entries()) {
    const old = before.layers[at];
    for (const path of old === undefined ? [] : changedPaths(old, manifest)) add(concerned, path);
  }
  for (const path of before.placed) add(concerned, path);
  const composed = composePart(parts, concerned);
  if (composed === undefined) return undefined;
  const isLinked = (text: ManifestText | undefined): boolean =>
    text !== undefined && [...text.linked].some((path) => concerned.has(path));
  if (texts.some(isLinked)) return undefined;
  const made = new Map(composed.entries.map((one) => [one.path, one]));
  const changes = [...concerned].sort(comparePaths).map((path) => [path, made.get(path)] as const);
  const {contents, triggers, placed} = composed;
  return {text: replaceEntries(before.root, changes), contents, triggers, placed};
}

function add(paths: Set<BytePath>, path: BytePath): void {
  for (let at = path; at !== '' && !paths.has(at); at = parentOf(at)) paths.add(at);
}

/** What a layer has at a path. */
type Found = TreeEntry | undefined;

/** Lays together what is at some paths, and at those that turns out to depend on. */
function composePart(parts: RecomposeParts, concerned: Set<BytePath>): ComposedRoot | undefined {
  const sought = parts.layers.map((one) => ({...one, known: new Map<BytePath, Found>()}));
  for (let round = 0; round < ROUNDS && concerned.size <= MOST; round += 1) {
    const size = concerned.size;
    const paths = [...concerned].sort(comparePaths);
    const layers = sought.map(({owner, manifest, known}) => ({
      owner,
      entries: restricted(manifest, paths, known),
    }));
    const asked = (path: BytePath): void => add(concerned, path);
    const composed = composeRoot({...parts, layers}, asked);
    if (!composed.ok || !composed.value.isStraight) return undefined;
    if (concerned.size === size) return composed.value;
  }
  return undefined;
}

/** What a layer has at the paths; `known`: what it was found to have at some of them. */
function restricted(
  manifest: ManifestText,
  paths: readonly BytePath[],
  known: Map<BytePath, Found>,
): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  const seek = manifest.seeker();
  for (const path of paths) {
    const parent = parentOf(path);
    // What lies in no folder of this layer is not in it.
    const isSought = !known.has(path) && (parent === '' || known.get(parent)?.type === 'dir');
    if (isSought) known.set(path, alone(seek(path)));
    const entry = known.get(path);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Whoever has one of several paths of a file does without this part: it is looked at afterwards. */
function alone(entry: TreeEntry | undefined): TreeEntry | undefined {
  return entry?.type === 'file' && entry.hardlink !== undefined
    ? {...entry, hardlink: undefined}
    : entry;
}
