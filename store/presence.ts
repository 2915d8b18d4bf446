/**
 * Whether a store still has many records and trees, at the cost of a few folders: what was there
 * when a folder was looked at is there as long as stat(2) says the same of the folder. Others are
 * listed. Knows nothing of what is in the files.
 */
import * as files from '../engine/base/files.ts';
import {sameIn, takeWitness, type Witness} from '../engine/base/witness.ts';
import type {Store} from './layout.ts';

export type Kind = 'records' | 'trees';

const KINDS: readonly Kind[] = ['records', 'trees'];

export class Presence {
  readonly #store: Store;
  /** The folders as they were when this was made. */
  readonly folders: Witness;
  /** Of each first byte of a digest 1 where its folder is as it was. */
  readonly same: Readonly<Record<Kind, Uint8Array>>;
  readonly #listed = new Map<string, ReadonlySet<string>>();

  /**
   * Looks at the folders now. `before`: as they were when what is asked for with `hasStill` was
   * there; those that had changed too lately then are left out. Throws system errors.
   */
  constructor(store: Store, before: Witness | undefined) {
    this.#store = store;
    this.folders = takeWitness(foldersOf(store));
    this.same = {records: new Uint8Array(256), trees: new Uint8Array(256)};
    const same = before === undefined ? [] : sameIn(before, this.folders);
    for (const folder of same) {
      const [kind, name = ''] = folder.slice(store.root.length + 1).split('/');
      if (name.length === 2) this.same[kind as Kind][Number.parseInt(name, 16)] = 1;
    }
  }

  /** Whether something is there now. */
  has(kind: Kind, digest: string): boolean {
    return this.#isListed(folderOf(kind, digest), digest);
  }

  /** The same for what was there before. */
  hasStill(kind: Kind, digest: string): boolean {
    const isSame = this.same[kind][Number.parseInt(digest.slice(0, 2), 16)] === 1;
    return isSame || this.has(kind, digest);
  }

  #isListed(folder: string, digest: string): boolean {
    const names = this.#listed.get(folder) ?? filesIn(`${this.#store.root}/${folder}`);
    this.#listed.set(folder, names);
    return names.has(digest.slice(2));
  }
}

function folderOf(kind: Kind, digest: string): string {
  return `${kind}/${digest.slice(0, 2)}`;
}

function foldersOf({root}: Store): readonly string[] {
  return KINDS.flatMap((kind) =>
    files.namesIn(`${root}/${kind}`).map((name) => `${root}/${kind}/${name}`),
  );
}

function filesIn(folder: string): ReadonlySet<string> {
  const entries = files.unless(['ENOENT', 'ENOTDIR', 'EACCES'], () => files.entriesOf(folder));
  const names = (entries ?? []).filter((one) => one.isFile()).map((one) => one.name.toString());
  return new Set(names);
}
