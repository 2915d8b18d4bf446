/**
 * Looks over a whole store: whether every object is what its name says and whether what refers to
 * others finds them. Changes nothing. Quick: kinds, sizes, modes, times and owners of all pool
 * files, the digests of all manifests, the checksums of all records, all references. Full: all
 * bytes. What is damaged, and who has it, is in engine/cli's words.
 */
import path from 'node:path';
import * as files from '../engine/base/files.ts';
import {
  actionKey,
  blobDigest,
  treeDigest,
  type ActionKey,
  type BlobDigest,
  type TreeDigest,
} from '../engine/base/hash.ts';
import {findOthers, type Hashable} from './hash-many.ts';
import {blemishOf, verifyPoolFile} from './inspect.ts';
import {isOurs, recordIn, treeIn, type Store} from './layout.ts';
import {blobsNamed, digestOf} from './manifest.ts';
import {modesOf} from './pool.ts';
import {readRecord, type ActionRecord} from './records.ts';
import {lookAtRoots} from './roots.ts';

export interface Finding {
  /** `odd` harms nobody: an unknown name, a touched file whose bytes are right. */
  readonly severity: 'damaged' | 'odd';
  readonly kind: 'blob' | 'tree' | 'record' | 'other';
  /** Relative to the store. */
  readonly place: string;
  /** Of blobs and trees, and the key of a record. */
  readonly digest: string | undefined;
  readonly why: string;
}

export interface Survey {
  readonly findings: readonly Finding[];
  readonly records: readonly ActionRecord[];
  /** Manifests whose bytes are right. */
  readonly trees: ReadonlySet<TreeDigest>;
  /** Blobs of which a pool file is there that nothing was found wrong with. */
  readonly blobs: ReadonlySet<string>;
  readonly count: {readonly blobs: number; readonly bytes: number};
}

/** Looks at everything. Throws system errors of the folders themselves. */
export function surveyStore(store: Store, full: boolean): Survey {
  const findings: Finding[] = [];
  const note = (finding: Finding): void => void findings.push(finding);
  lookAtTop(store, note);
  const blobs = surveyBlobs(store, full, note);
  const trees = surveyTrees(store, blobs.sound, note);
  const records = surveyRecords(store, trees, note);
  surveyRoots(store, note);
  return {findings, records, trees, blobs: new Set(blobs.sound.keys()), count: blobs.count};
}

type Note = (finding: Finding) => void;

function lookAtTop(store: Store, note: Note): void {
  for (const name of files.namesIn(store.root)) {
    const stat = files.lookAt(path.join(store.root, name));
    const odd = oddAtTop(name, stat);
    if (odd !== undefined) {
      note({severity: 'odd', kind: 'other', place: name, digest: undefined, why: odd});
    }
  }
}

function oddAtTop(name: string, stat: files.Stats | undefined): string | undefined {
  if (!isOurs(name)) return 'the store has no such name';
  const isLog = name.endsWith('.log');
  if (isLog && stat?.isFile() !== true) return 'is no file; it is made again when it is needed';
  return undefined;
}

// --- objects ---------------------------------------------------------------------------------------

interface Named {
  /** Relative to the store. */
  readonly place: string;
  readonly digest: string;
  /** After the digest: `.644` of a pool file. */
  readonly suffix: string;
}

/** Everything two levels down in one of the folders of objects; what is there otherwise is noted. */
function* objectsIn(store: Store, kind: string, pattern: RegExp, note: Note): Generator<Named> {
  for (const head of files.namesIn(path.join(store.root, kind))) {
    const folder = `${kind}/${head}`;
    const isFolder = files.lookAt(path.join(store.root, folder))?.isDirectory() === true;
    if (!/^[0-9a-f]{2}$/.test(head) || !isFolder) {
      const why = isFolder ? 'no object has such a name' : 'is no folder';
      const severity = isFolder ? 'odd' : 'damaged';
      note({severity, kind: 'other', place: folder, digest: undefined, why});
      continue;
    }
    for (const name of files.namesIn(path.join(store.root, folder))) {
      const place = `${folder}/${name}`;
      if (pattern.test(name)) {
        yield {place, digest: head + name.slice(0, 62), suffix: name.slice(62)};
      } else {
        const why = 'no object has such a name';
        note({severity: 'odd', kind: 'other', place, digest: undefined, why});
      }
    }
  }
}

const POOL_NAME = /^[0-9a-f]{62}\.[0-7]{3}$/;
const PLAIN_NAME = /^[0-9a-f]{62}$/;

interface Blobs {
  /** By digest, in bytes. */
  readonly sound: Map<string, number>;
  readonly count: {blobs: number; bytes: number};
}

function surveyBlobs(store: Store, full: boolean, note: Note): Blobs {
  const sound = new Map<string, number>();
  const count = {blobs: 0, bytes: 0};
  const list: (Hashable & {readonly place: string; readonly touched: boolean})[] = [];
  for (const {place, digest, suffix} of objectsIn(store, 'files', POOL_NAME, note)) {
    const file = `${store.root}/${place}`;
    const stat = files.lookAt(file);
    if (stat === undefined) continue;
    count.blobs += 1;
    count.bytes += stat.size;
    const blob = blobDigest(digest);
    const blemish = blemishOf(store, stat, blob, parseInt(suffix.slice(1), 8));
    if (blemish === 'content') {
      const why = stat.isFile() ? 'its size is wrong' : 'is no file';
      note({severity: 'damaged', kind: 'blob', place, digest, why});
    } else if (full || blemish === 'facts') {
      list.push({file, digest, size: stat.size, place, touched: blemish === 'facts'});
    } else sound.set(digest, stat.size);
  }
  const others = new Set(findOthers(list));
  for (const [at, {digest, place, touched, file, size}] of list.entries()) {
    if (others.has(at)) {
      // Removed by gc meanwhile.
      if (!files.exists(file)) continue;
      const why = 'its bytes are not what its name says';
      note({severity: 'damaged', kind: 'blob', place, digest, why});
    } else {
      sound.set(digest, size);
      const why = 'its mode, owner or time was changed; its bytes are right';
      if (touched) note({severity: 'odd', kind: 'blob', place, digest, why});
    }
  }
  return {sound, count};
}

/** Also says which blobs are not here, or not as long as a tree says: those are no longer sound. */
function surveyTrees(store: Store, blobs: Map<string, number>, note: Note): Set<TreeDigest> {
  const sound = new Set<TreeDigest>();
  const missing = new Map<BlobDigest, Missing>();
  for (const {place, digest} of objectsIn(store, 'trees', PLAIN_NAME, note)) {
    const text = plainText(path.join(store.root, place), files.readBytes);
    if (text === undefined && !files.exists(path.join(store.root, place))) continue;
    if (text === undefined || digestOf(text) !== digest) {
      const why = text === undefined ? 'is no file' : 'its bytes are not what its name says';
      note({severity: 'damaged', kind: 'tree', place, digest, why});
      continue;
    }
    const tree = treeDigest(digest);
    sound.add(tree);
    for (const [blob, size] of blobsNamed(text)) {
      if (blobs.get(blob) === size) continue;
      missing.set(blob, {trees: [...(missing.get(blob)?.trees ?? []), tree], size});
    }
  }
  for (const blob of missing.keys()) blobs.delete(blob);
  noteMissing(store, missing, note);
  return sound;
}

interface Missing {
  readonly trees: readonly TreeDigest[];
  readonly size: number;
}

/** Blobs that a tree names: what is stored or removed beside us was not there at another moment. */
function noteMissing(store: Store, missing: ReadonlyMap<BlobDigest, Missing>, note: Note): void {
  for (const [digest, {trees, size}] of missing) {
    const named = trees.some((tree) => files.exists(treeIn(store, tree)));
    if (!named || isThereNow(store, digest, size)) continue;
    const place = `files/${digest.slice(0, 2)}/${digest.slice(2)}`;
    const why = 'a tree names it and no sound file of it is here';
    note({severity: 'damaged', kind: 'blob', place, digest, why});
  }
}

function surveyRecords(store: Store, trees: ReadonlySet<TreeDigest>, note: Note): ActionRecord[] {
  const records: ActionRecord[] = [];
  const missing = new Map<TreeDigest, ActionKey>();
  for (const {place, digest} of objectsIn(store, 'records', PLAIN_NAME, note)) {
    const record = readRecord(store, actionKey(digest), undefined, 'leave');
    if (!files.exists(path.join(store.root, place))) continue;
    if (!record.ok || record.value === undefined) {
      const why = 'its checksum does not fit, or it is no file';
      note({severity: 'damaged', kind: 'record', place, digest, why});
      continue;
    }
    records.push(record.value);
    const {tree} = record.value;
    if (tree !== undefined && !trees.has(tree)) missing.set(tree, record.value.key);
  }
  for (const [digest, key] of missing) {
    const place = path.relative(store.root, treeIn(store, digest));
    // A damaged one was noted where it lies; and gc takes records before trees.
    if (files.exists(path.join(store.root, place)) || !files.exists(recordIn(store, key))) continue;
    const why = 'a record names it and it is not here';
    note({severity: 'damaged', kind: 'tree', place, digest, why});
  }
  return records;
}

function surveyRoots(store: Store, note: Note): void {
  for (const {place, root} of lookAtRoots(store)) {
    if (root !== undefined) continue;
    const why = 'its checksum does not fit, or it is no file: gc removes nothing until it is gone';
    note({severity: 'damaged', kind: 'other', place: `roots/${place}`, digest: undefined, why});
  }
}

function plainText(file: string, read = files.readText): string | undefined {
  const isFile = files.lookAt(file)?.isFile() === true;
  // gc may remove it in between.
  return isFile ? files.unless(['ENOENT'], () => read(file)) : undefined;
}

/** Stored since the pool was looked through, by somebody at work beside us. */
function isThereNow(store: Store, blob: BlobDigest, size: number): boolean {
  return modesOf(store, blob).some((mode) => verifyPoolFile(store, blob, mode, size) === undefined);
}
