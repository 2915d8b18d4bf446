/**
 * One piece of work of the store as a process of its own, for tests/bench/store.ts.
 *
 * Usage: node store-work.js import STORE FOLDER | checkout STORE TREE FOLDER | verify STORE
 */
import type {Checked} from '../../../engine/base/diagnostic.ts';
import {treeDigest} from '../../../engine/base/hash.ts';
import {checkOut} from '../../../store/checkout.ts';
import {importFolder} from '../../../store/import-folder.ts';
import {openStore} from '../../../store/layout.ts';
import {readTree} from '../../../store/trees.ts';
import {surveyStore} from '../../../store/verify.ts';

const [work = '', place = '', ...words] = process.argv.slice(2);
const store = must(openStore(place, undefined));

switch (work) {
  case 'import': {
    const rules = {normalize: false, ignore: () => false};
    console.log(must(importFolder(store, words[0] ?? '', rules)).tree);
    break;
  }
  case 'checkout': {
    const entries = must(readTree(store, treeDigest(words[0] ?? '')));
    const made = must(checkOut(store, entries, words[1] ?? '', {copy: false, owners: false}));
    if (made.linked !== made.files) throw new Error(`only ${made.linked} of ${made.files} linked`);
    break;
  }
  case 'verify': {
    const {findings, count} = surveyStore(store, true);
    if (findings.length > 0) throw new Error(JSON.stringify(findings[0]));
    console.log(count.blobs);
    break;
  }
  default:
    throw new Error(`no such work: ${work}`);
}

function must<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  throw new Error(JSON.stringify(checked.error));
}
