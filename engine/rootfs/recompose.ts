/**
 * A root whose layers are nearly those of one that was laid together before: only what the changed
 * layers, the recipe's own entries and the links among them touch is laid together again, and takes
 * its place in the manifest of the earlier root. A layer that has not changed is read only where it
 * has one of these paths, which is known of the earlier root. The result is what `composeRoot` comes
 * to; where that is not certain, or something is wrong with the layers, there is none. Pure but for
 * what reads.
 */
import {parentOf, type BytePath} from '../../store/bytes.ts';
import {
  changedPaths,
  replaceEntries,
  type ManifestText,
  type PathChange,
} from '../../store/manifest-text.ts';
import {comparePaths} from '../../store/manifest.ts';
import type {FolderEntry, TreeEntry} from '../../store/tree-entry.ts';
import type {
  ComposedRoot,
  RecomposedRoot,
  RecomposeParts,
  RootBefore,
  StoredLayer,
} from '../graph/root-parts.ts';
import {composeRoot} from './compose.ts';

/** With so many paths to be laid together again, the whole costs no more. */
const MOST = 20_000;

/** Links that lead to links are followed one by one; nothing sensible is deeper. */
const ROUNDS = 20;

export function recomposeRoot(parts: RecomposeParts): RecomposedRoot | undefined {
  const layers = parts.layers.map((one) => new Layer(one));
  if (layers.some((one) => one.isMissing)) return undefined;
  const again = new Again(parts, layers);
  const composed = again.compose();
  if (composed === undefined) return undefined;
  const linked = new Set([...parts.before.linked, ...layers.flatMap((one) => [...one.linked])]);
  const paths = again.paths();
  if (paths.some((path) => linked.has(path))) return undefined;
  const made = new Map(composed.entries.map((one) => [one.path, one]));
  const changes = paths.map((path) => [path, made.get(path)] as const);
  const {bytes, before} = replaceEntries(parts.before.root, changes);
  const {contents, triggers, placed} = composed;
  const bearers = bearersNow(parts.before, paths, composed);
  const changed = {now: changes.flatMap(([, entry]) => entry ?? []), before};
  return {manifest: bytes, contents, triggers, placed, bearers, linked, changed};
}

/** Those of before where nothing was laid again. */
function bearersNow(
  before: RootBefore,
  paths: readonly BytePath[],
  composed: ComposedRoot,
): ComposedRoot['bearers'] {
  const bearers = new Map(before.bearers);
  for (const path of paths) {
    const now = composed.bearers.get(path);
    if (now === undefined) bearers.delete(path);
    else bearers.set(path, now);
  }
  return bearers;
}

/** What a layer has at a path. */
type Found = TreeEntry | undefined;

class Layer {
  readonly owner: StoredLayer['owner'];
  readonly before: ManifestText | undefined;
  readonly #read: StoredLayer['read'];
  readonly #known = new Map<BytePath, Found>();
  #manifest: ManifestText | undefined;
  #isRead = false;
  #found: ReadonlyMap<BytePath, PathChange> | undefined;

  constructor({owner, read, before}: StoredLayer) {
    this.owner = owner;
    this.before = before;
    this.#read = read;
  }

  /** A layer that has changed has to be read. */
  get isMissing(): boolean {
    return this.before !== undefined && this.manifest === undefined;
  }

  get manifest(): ManifestText | undefined {
    if (!this.#isRead) this.#manifest = this.#read();
    this.#isRead = true;
    return this.#manifest;
  }

  get linked(): Iterable<BytePath> {
    return this.before === undefined ? [] : (this.manifest?.linked ?? []);
  }

  /** Where it has something else than before. */
  get changed(): Iterable<BytePath> {
    return this.#changes.keys();
  }

  get #changes(): ReadonlyMap<BytePath, PathChange> {
    if (this.before === undefined || this.manifest === undefined) return new Map();
    if (this.#found !== undefined) return this.#found;
    this.#found = changedPaths(this.before, this.manifest);
    for (const [path, {now}] of this.#found) this.#known.set(path, alone(now));
    return this.#found;
  }

  /** Whether it had something there. */
  had(path: BytePath): boolean {
    const change = this.#changes.get(path);
    return change?.isKnown ?? this.before?.at(path) !== undefined;
  }

  /** What it has at these paths, which are in order. Undefined: it cannot be read. */
  at(paths: readonly BytePath[]): readonly TreeEntry[] | undefined {
    if (paths.length === 0) return [];
    const seek = this.manifest?.seeker();
    if (seek === undefined) return undefined;
    for (const path of paths) if (!this.#known.has(path)) this.#known.set(path, alone(seek(path)));
    return paths.flatMap((path) => this.#known.get(path) ?? []);
  }
}

/** Whoever has one of several paths of a file does without this part: it is looked at afterwards. */
function alone(entry: TreeEntry | undefined): TreeEntry | undefined {
  return entry?.type === 'file' && entry.hardlink !== undefined
    ? {...entry, hardlink: undefined}
    : entry;
}

/** What is laid together again. */
class Again {
  readonly #parts: RecomposeParts;
  readonly #layers: readonly Layer[];
  /** Where something may be another thing now. */
  readonly #open = new Set<BytePath>();
  /** Folders above these that are what they were. */
  readonly #ground = new Map<BytePath, FolderEntry>();
  readonly #root = new Map<BytePath, Found>();

  constructor(parts: RecomposeParts, layers: readonly Layer[]) {
    this.#parts = parts;
    this.#layers = layers;
    for (const layer of layers) for (const path of layer.changed) this.#open.add(path);
    for (const path of parts.before.placed) this.#open.add(path);
    for (const path of [...this.#open]) this.#add(parentOf(path));
  }

  /** All that was laid together again, in order. */
  paths(): readonly BytePath[] {
    return [...this.#open].sort(comparePaths);
  }

  /** Undefined: the whole has to be laid together. */
  compose(): ComposedRoot | undefined {
    for (let round = 0; round < ROUNDS && this.#open.size <= MOST; round += 1) {
      const layers = this.#layersNow();
      if (layers === undefined) return undefined;
      const ground = [...this.#ground.values()].sort((a, b) => comparePaths(a.path, b.path));
      const composed = composeRoot({...this.#parts, layers, ground});
      if (!composed.ok || !composed.value.isStraight) return undefined;
      if (!this.#widen(composed.value)) return composed.value;
    }
    return undefined;
  }

  /** To all that this depends on; whether something is there of which nothing was known. */
  #widen({asked, placed}: ComposedRoot): boolean {
    let isMore = false;
    for (const path of [...asked, ...placed]) if (this.#add(path)) isMore = true;
    for (const path of placed) {
      if (!this.#ground.delete(path)) continue;
      this.#open.add(path);
      isMore = true;
    }
    return isMore;
  }

  /** With all above; whether there is something at one of them. */
  #add(path: BytePath): boolean {
    if (path === '' || this.#open.has(path) || this.#ground.has(path)) return false;
    const there = this.#rootAt(path);
    if (there?.type === 'dir') this.#ground.set(path, there);
    else this.#open.add(path);
    const isMoreAbove = this.#add(parentOf(path));
    return isMoreAbove || there !== undefined;
  }

  #rootAt(path: BytePath): Found {
    if (!this.#root.has(path)) this.#root.set(path, this.#parts.before.root.at(path));
    return this.#root.get(path);
  }

  /** Of each layer what it has at open paths, with the folders above that. */
  #layersNow(): {owner: StoredLayer['owner']; entries: readonly TreeEntry[]}[] | undefined {
    const paths = this.paths();
    const bearers = new Map(paths.map((path) => [path, this.#bearersOf(path)]));
    const made = [];
    for (const [at, layer] of this.#layers.entries()) {
      const asked = paths.filter(
        (path) => layer.before !== undefined || bearers.get(path)?.includes(at) !== false,
      );
      const entries = layer.at(asked);
      if (entries === undefined) return undefined;
      made.push({owner: layer.owner, entries: this.#withFolders(entries)});
    }
    return made;
  }

  /** Of the layers that have not changed, those that have something there; undefined: unknown. */
  #bearersOf(path: BytePath): readonly number[] | undefined {
    const known = this.#parts.before.bearers.get(path);
    if (known !== undefined) return known;
    const isOurs = this.#layers.some((one) => one.had(path));
    return isOurs || this.#rootAt(path) === undefined ? [] : undefined;
  }

  #withFolders(entries: readonly TreeEntry[]): readonly TreeEntry[] {
    const all = new Map(entries.map((one) => [one.path, one]));
    for (const {path} of entries) {
      for (let at = parentOf(path); at !== '' && !all.has(at); at = parentOf(at)) {
        const folder = this.#ground.get(at);
        // What lies in no folder of this layer is not in it.
        if (folder === undefined) break;
        all.set(at, folder);
      }
    }
    return [...all.values()].sort((a, b) => comparePaths(a.path, b.path));
  }
}
