/**
 * A root laid together from layers, kept, and laid out by hard links: as a process of its own, for
 * tests/bench/assembly.ts.
 *
 * Usage: node assembly-work.js STORE FOLDER TREE...
 */
import type {Checked} from '../../../engine/base/diagnostic.ts';
import {treeDigest} from '../../../engine/base/hash.ts';
import {ownerFor} from '../../../engine/sandbox/launch.ts';
import {checkOut} from '../../../store/checkout.ts';
import {openStore} from '../../../store/layout.ts';
import {readTree, writeTree} from '../../../store/trees.ts';
import {Union} from '../../../store/union.ts';

const [place = '', folder = '', ...trees] = process.argv.slice(2);
const store = must(openStore(place, ownerFor(process.getuid?.() ?? 0)));
const union = new Union();
for (const tree of trees) {
  const entries = must(readTree(store, treeDigest(tree)));
  const conflicts = union.lay({owner: tree, entries, covers: () => false, givesWay: false});
  if (conflicts.length > 0) throw new Error(JSON.stringify(conflicts[0]));
}
const entries = union.entries();
writeTree(store, entries);
const made = must(checkOut(store, entries, folder, {copy: false, owners: false}));
if (made.linked !== made.files) throw new Error(`only ${made.linked} of ${made.files} linked`);

function must<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  throw new Error(JSON.stringify(checked.error));
}
