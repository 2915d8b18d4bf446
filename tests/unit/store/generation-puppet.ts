/**
 * One command on the profile `sys`, for tests: lays a tree out as the next generation and switches
 * to it, or removes a generation. As a program it does that in a process of its own, which a test
 * ends where it likes. Words: `add|remove <store> <folder> <tree or number>`.
 */
import {fileURLToPath} from 'node:url';
import {treeDigest, type TreeDigest} from '../../../engine/base/hash.ts';
import {realHost} from '../../../engine/base/host.ts';
import type {Label} from '../../../engine/base/label.ts';
import {openRun, type RunHandle} from '../../../store/claims.ts';
import {checkOut} from '../../../store/checkout.ts';
import {
  addGeneration,
  prepareFolder,
  removeGeneration,
  switchTo,
  tidy,
} from '../../../store/generations.ts';
import {openStore, type Store} from '../../../store/layout.ts';
import {readProfile} from '../../../store/profiles.ts';
import {protect} from '../../../store/protect.ts';
import {sweepScratch} from '../../../store/sweep.ts';
import {readTree} from '../../../store/trees.ts';
import {keyOf} from './collect-rig.ts';
import {must} from './rig.ts';

export function command(what: string, root: string, wanted: string, word: string): void {
  const store = must(openStore(root, undefined));
  sweepScratch(store);
  const run = openRun(store, realHost());
  try {
    const folder = must(prepareFolder(store, readProfile(store, 'sys'), wanted));
    tidy(store, 'sys', folder);
    if (what === 'remove') must(removeGeneration(store, 'sys', folder, Number(word)));
    else add(store, run, folder, treeDigest(word));
  } finally {
    run.release();
  }
}

function add(store: Store, run: RunHandle, folder: string, tree: TreeDigest): void {
  protect(store, run, [`tree ${tree}`], () => undefined);
  const facts = {profile: 'sys', label: 't/a' as Label, key: keyOf(tree), tree, copied: false};
  const held = {keys: [], trees: [tree], blobs: []};
  const made = addGeneration(store, folder, {...facts, at: 1, held}, (at) =>
    checkOut(store, must(readTree(store, tree)), at, {copy: false, owners: false}),
  );
  must(switchTo(folder, must(made).n));
}

const [program = '', ...words] = process.argv.slice(1);
if (program === fileURLToPath(import.meta.url)) {
  const [what = '', root = '', wanted = '', word = ''] = words;
  command(what, root, wanted, word);
}
