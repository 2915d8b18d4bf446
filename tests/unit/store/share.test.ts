/**
 * Many files by two threads: nothing is left out or done twice, a failure of either stops both,
 * a second thread that is not needed ends.
 */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {checkOut} from '../../../store/checkout.ts';
import {findOthers} from '../../../store/hash-many.ts';
import {importFolder} from '../../../store/import-folder.ts';
import {callLinker, linkMany} from '../../../store/link-many.ts';
import type {FileEntry} from '../../../store/tree-entry.ts';
import {readTree} from '../../../store/trees.ts';
import {dir, emptyStore, file, folder, must} from './rig.ts';

const COUNT = 4200;
const EXACTLY = {normalize: false, ignore: () => false};

/** As many files as two threads are worth, some with names that are no text. */
function manyFiles(at: string): void {
  for (let n = 0; n < COUNT; n += 1) {
    const name = Buffer.concat([
      Buffer.from(`${at}/${String(n)}`),
      Buffer.from([n % 2 ? 233 : 97]),
    ]);
    fs.writeFileSync(name, `content ${String(n)}\n`);
  }
}

test('thousands of files go in, out and are read: each once, by its own name', (t) => {
  const [store, at] = [emptyStore(t), folder(t)];
  manyFiles(at);
  const {tree, entries} = must(importFolder(store, at, EXACTLY));
  t.is(entries.length, COUNT);
  const out = path.join(folder(t), 'out');
  const made = must(
    checkOut(store, must(readTree(store, tree)), out, {copy: false, owners: false}),
  );
  t.deepEqual([made.files, made.linked], [COUNT, COUNT]);
  t.is(must(importFolder(store, out, EXACTLY)).tree, tree);
  const pool = fs.readdirSync(path.join(store.root, 'files')).flatMap((two) =>
    fs.readdirSync(path.join(store.root, 'files', two)).map((rest) => ({
      file: path.join(store.root, 'files', two, rest),
      digest: `${two}${rest.slice(0, 62)}`,
      size: fs.statSync(path.join(store.root, 'files', two, rest)).size,
    })),
  );
  t.deepEqual(findOthers(pool), []);
  const bad = [7, 2100, COUNT - 1];
  const changed = pool.map((one, place) =>
    bad.includes(place) ? {...one, digest: '0'.repeat(64)} : one,
  );
  t.deepEqual(findOthers(changed), bad);
});

test('what cannot be linked is said by its place, what cannot be written is thrown', (t) => {
  const [store, at] = [emptyStore(t), folder(t)];
  manyFiles(at);
  const {entries} = must(importFolder(store, at, EXACTLY));
  const links = entries.filter((one): one is FileEntry => one.type === 'file');
  const lost = [...links.keys()].filter((place) => place % 1000 === 999);
  const gone = links.map((one, place) =>
    lost.includes(place) ? {...one, ...file(one.path, `never stored ${String(place)}`)} : one,
  );
  {
    using second = callLinker(links.length);
    t.truthy(second);
    const made = linkMany(store, folder(t), gone, second);
    t.deepEqual(
      [...made.keys()].filter((place) => made[place] !== true),
      lost,
    );
  }
  {
    using second = callLinker(links.length);
    const error = t.throws(() => linkMany(store, `${at}/none`, links, second));
    t.is((error as NodeJS.ErrnoException).code, 'ENOENT');
  }
});

test('a second thread that gets nothing to do holds nobody', (t) => {
  using second = callLinker(COUNT);
  t.truthy(second);
  t.is(callLinker(10), undefined);
  const store = emptyStore(t);
  const many = Array.from({length: COUNT}, (_, n) => dir(String(n).padStart(5, '0')));
  const made = must(
    checkOut(store, many, path.join(folder(t), 'out'), {copy: false, owners: false}),
  );
  t.is(made.files, 0);
});
