/** What tests of generations begin with: a store, trees to make generations of. */
import fs from 'node:fs';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import type {TreeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {ok} from '../../../engine/base/result.ts';
import type {Wanted} from '../../../store/generations.ts';
import type {Store} from '../../../store/layout.ts';
import {putBytes} from '../../../store/pool.ts';
import {writeTree} from '../../../store/trees.ts';
import {keyOf} from './collect-rig.ts';
import {dir, emptyStore, file} from './rig.ts';

export interface Rig {
  readonly store: Store;
  /** Of the profile `sys`. */
  readonly at: string;
}

/** A store, and the folder a profile is to have. */
export function rig(t: ExecutionContext): Rig {
  const store = emptyStore(t);
  return {store, at: path.join(path.dirname(store.root), 'roots', 'sys')};
}

/** A tree of a folder and some files that name it. */
export function treeOf(store: Store, name: string): TreeDigest {
  for (const text of [name, `${name} too`]) putBytes(store, text);
  return writeTree(store, [dir('etc'), file('etc/a', name), file('etc/b', `${name} too`)]);
}

export function wanted(tree: TreeDigest): Wanted {
  const held = {keys: [], trees: [tree], blobs: []};
  const facts = {profile: 'sys', label: 't/a' as Label, key: keyOf(tree), copied: true};
  return {...facts, tree, at: 1, held};
}

/** Writes one file. */
export const write =
  (text: string) =>
  (at: string): Checked<undefined> => {
    fs.writeFileSync(path.join(at, 'file'), text);
    return ok(undefined);
  };
