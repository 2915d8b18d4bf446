/**
 * Lays out what a job needs before its sandbox can start: scratch folders, layers, sources.
 * Knows the store; starts no sandbox.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {sha256, short} from '../base/hash.ts';
import {assert, err, ok} from '../base/result.ts';
import {checkOut, makeFarm, makeMergedFarm} from '../../store/checkout.ts';
import {layOut} from '../../store/lay-out.ts';
import type {Store} from '../../store/layout.ts';
import {sortEntries, type TreeEntry} from '../../store/manifest.ts';
import {isInnerPath} from '../../store/bytes.ts';
import {blobPath, hasBlob} from '../../store/pool.ts';
import {protect} from '../../store/protect.ts';
import {readTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import type {SolidEntry} from '../../store/tree-entry.ts';
import {mergeLayers, type LayerEntries, type Lowers} from './lowers.ts';
import {absolute, runOfScratch, TOOLS, type Scratch} from './places.ts';
import type {JobSpec, StagedSource} from './protocol.ts';

/** Above this many, layers are merged into one farm: each costs time at every lookup. */
export const MOST_LAYERS = 64;

/** Where a root environment has mounts; nothing at or below these is ever captured. */
export const MOUNT_POINTS: readonly string[] = ['dev', 'proc', 'sys', 'run', 'tmp', 'build'];

/** Makes the folders of a job; false, and nothing is made, where something is in their place. */
export function makeScratch({root, build, temporary, merged}: Scratch): boolean {
  if (!takePlace(root)) return false;
  makeFolders([build, temporary, merged]);
  files.chmod(temporary, 0o1777);
  return true;
}

/** Nearly always there is a folder for it, and nothing in it. */
function takePlace(root: string): boolean {
  const make = (): true => {
    files.makeDir(root);
    return true;
  };
  if (files.unless(['EEXIST', 'ENOENT'], make) === true) return true;
  if (files.exists(root)) return false;
  files.makeDirs(path.dirname(root));
  return make();
}

function makeFolders(folders: readonly string[]): void {
  for (const folder of folders) {
    // What a failed build has left is there already and stays as it is.
    files.unless(['EEXIST'], () => files.makeDir(folder, 0o755));
  }
}

/** A folder of links to these tools; the same for all builds that have the same ones. */
export function toolsFolder(tools: JobSpec['tools']): string {
  const links = Object.entries(tools);
  const folder = `${TOOLS}/${short(sha256(JSON.stringify(links)))}`;
  if (files.exists(folder)) return folder;
  files.makeDirs(folder);
  for (const [name, place] of links) files.makeLink(place, `${folder}/${name}`);
  return folder;
}

/** A file of the scratch folder: nothing is lost with it. */
export function writeText(file: string, text: string): void {
  const fd = files.createFile(file, 0o644);
  try {
    files.writeAll(fd, text);
  } finally {
    files.closeFile(fd);
  }
}

// --- layers --------------------------------------------------------------------------------------

/** The layers' manifests, laid over each other. */
export function readLayers(store: Store, spec: JobSpec): Checked<Lowers> {
  const layers: LayerEntries[] = [];
  for (const [index, {tree, owner}] of spec.layers.entries()) {
    const entries = readTree(store, tree);
    if (!entries.ok) return entries;
    layers.push({owner, isBase: index < spec.baseLayers, entries: entries.value});
  }
  return ok(mergeLayers(layers));
}

/**
 * Makes the numbered links to the layers' farms; gives their count, the skeleton included. gc
 * keeps the farm of a tree that the run has named; a merged one has to be named itself.
 */
export function stageFarms(
  store: Store,
  scratch: Scratch,
  spec: JobSpec,
  lowers: Lowers,
): Checked<number> {
  const farms: string[] = [];
  makeFolders([scratch.layers, scratch.upper, scratch.work]);
  if (spec.layers.length > MOST_LAYERS) {
    const name = sha256(spec.layers.map(({tree}) => `${tree}\n`).join(''));
    const run = runOfScratch(scratch.root);
    const named = guard(store.root, () => protect(store, run, [`farm ${name}`], () => undefined));
    if (!named.ok) return named;
    const merged = makeMergedFarm(store, name, entriesOf(lowers));
    if (!merged.ok) return merged;
    farms.push(merged.value);
  } else {
    // Overlayfs takes no folder twice, and the upper of two equal trees hides all of the lower.
    for (const tree of new Set(spec.layers.map((layer) => layer.tree).reverse())) {
      const farm = makeFarm(store, tree);
      if (!farm.ok) return farm;
      farms.push(farm.value);
    }
  }
  farms.forEach((farm, index) => files.makeLink(absolute(farm), `${scratch.layers}/${index}`));
  makeSkeleton(`${scratch.layers}/${farms.length}`, spec);
  return ok(farms.length + 1);
}

/** The lowest layer: what a root environment needs to be mounted on. */
function makeSkeleton(folder: string, spec: JobSpec): void {
  files.makeDir(folder);
  files.chmod(folder, 0o755);
  if (spec.environment !== 'root') return;
  for (const name of MOUNT_POINTS) files.makeDir(`${folder}/${name}`, 0o755);
}

/** Without overlay: all layers copied into the folder the build will change. */
export function copyLayers(
  store: Store,
  scratch: Scratch,
  spec: JobSpec,
  lowers: Lowers,
  owners: boolean,
): Checked<void> {
  const manner = {copy: true, owners, whiteouts: false};
  const done = guard(scratch.merged, () =>
    layOut(store, entriesOf(lowers), scratch.merged, manner),
  );
  if (!done.ok) return done;
  if (spec.environment === 'root') {
    const missing = MOUNT_POINTS.filter((name) => !files.exists(`${scratch.merged}/${name}`));
    for (const name of missing) files.makeDir(`${scratch.merged}/${name}`, 0o755);
  }
  return ok(undefined);
}

/** The merged tree as entries in order. A hard link whose first path was covered stands alone. */
export function entriesOf(lowers: Lowers): readonly TreeEntry[] {
  const entries = [...lowers.all()].map(({entry, owner}): SolidEntry => {
    if (entry.type !== 'file' || entry.hardlink === undefined) return entry;
    const first = lowers.at(entry.hardlink);
    const whole = first?.owner === owner && first.entry.type === 'file';
    return whole && first.entry.digest === entry.digest ? entry : {...entry, hardlink: undefined};
  });
  return sortEntries(entries);
}

// --- sources -------------------------------------------------------------------------------------

/** The files that lie in /build under their own names: name → pool file. */
export function stageFiles(store: Store, spec: JobSpec): Checked<Record<string, string>> {
  const found: Record<string, string> = {};
  const wanted = [
    ...spec.sources.flatMap(({name, content}) =>
      content.type === 'file' ? [{name, blob: content.blob}] : [],
    ),
    ...spec.patches,
  ];
  for (const {name, blob} of wanted) {
    const mode = hasBlob(store, blob) ?? 0o644;
    const file = guard(blob, () => blobPath(store, blob, mode));
    if (!file.ok) return file;
    found[name] = file.value;
  }
  return ok(found);
}

/** Folder sources: copies, since the build may write to them. And the folder steps start in. */
export function stageTrees(store: Store, scratch: Scratch, spec: JobSpec): Checked<void> {
  for (const source of spec.sources) {
    const done = stageTree(store, scratch, source);
    if (!done.ok) return done;
  }
  assert(spec.top === '' || isInnerPath(spec.top), `a top folder named ${spec.top}`);
  return guard(scratch.build, () => files.makeDirs(path.join(scratch.build, spec.top), 0o755));
}

function stageTree(store: Store, scratch: Scratch, source: StagedSource): Checked<void> {
  if (source.content.type !== 'tree') return ok(undefined);
  const into = source.unpack?.into ?? source.name;
  assert(isInnerPath(into), `a source unpacked into ${into}`);
  const entries = readTree(store, source.content.tree);
  if (!entries.ok) return entries;
  const part = folderOf(entries.value, source.unpack?.subdir);
  if (part.length === 0 && entries.value.length > 0) {
    return fail('sandbox/no-subdir', `${source.name} has no folder ${source.unpack?.subdir ?? ''}`);
  }
  const how = {copy: true, owners: false};
  const done = checkOut(store, part, path.join(scratch.build, into), how);
  return done.ok ? ok(undefined) : err(done.error);
}

/** The entries below a folder, with paths from there. */
function folderOf(entries: readonly TreeEntry[], folder: string | undefined): TreeEntry[] {
  if (folder === undefined) return [...entries];
  const prefix = `${Buffer.from(folder, 'utf8').toString('latin1').replace(/\/+$/, '')}/`;
  return entries.flatMap((entry) =>
    entry.path.startsWith(prefix) ? [moved(entry, prefix.length)] : [],
  );
}

function moved(entry: TreeEntry, by: number): TreeEntry {
  const at = entry.path.slice(by);
  if (entry.type !== 'file') return {...entry, path: at};
  return {...entry, path: at, hardlink: undefined};
}
