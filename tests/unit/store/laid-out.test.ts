/** Folders that were laid out, and what happened to them since. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {checkOut} from '../../../store/checkout.ts';
import {isAsLaidOut} from '../../../store/laid-out.ts';
import {fileIn} from '../../../store/layout.ts';
import {putBytes} from '../../../store/pool.ts';
import {digestOfText, dir, emptyStore, file, folder, link, must} from './rig.ts';

const ENTRIES = [
  dir('d'),
  file('d/a', 'same'),
  file('d/b', 'same'),
  file('d/c', 'same', {hardlink: 'd/a'}),
  file('empty', ''),
  link('l', 'd/a'),
];

const CHANGES: Readonly<Record<string, (at: string) => void>> = {
  'another length': (at) => {
    fs.appendFileSync(path.join(at, 'd/b'), 'x');
  },
  'other bytes': (at) => {
    fs.writeFileSync(path.join(at, 'd/b'), 'emas');
  },
  'gone file': (at) => {
    fs.unlinkSync(path.join(at, 'd/c'));
  },
  'link elsewhere': (at) => {
    fs.unlinkSync(path.join(at, 'l'));
    fs.symlinkSync('d/b', path.join(at, 'l'));
  },
  'link for a file': (at) => {
    fs.unlinkSync(path.join(at, 'empty'));
    fs.symlinkSync('l', path.join(at, 'empty'));
  },
  'file for a folder': (at) => {
    fs.rmSync(path.join(at, 'd'), {recursive: true});
    fs.writeFileSync(path.join(at, 'd'), '');
  },
};

for (const copy of [false, true]) {
  test(`as it was laid out, and not after a change; copies: ${String(copy)}`, (t) => {
    const store = emptyStore(t);
    for (const text of ['same', '']) putBytes(store, text);
    for (const [what, change] of Object.entries(CHANGES)) {
      const at = path.join(folder(t), 'out');
      must(checkOut(store, ENTRIES, at, {copy, owners: false}));
      t.true(isAsLaidOut(store, at, ENTRIES), what);
      change(at);
      t.false(isAsLaidOut(store, at, ENTRIES), what);
    }
  });
}

test('a link to what the pool had before it was mended', (t) => {
  const store = emptyStore(t);
  const at = path.join(folder(t), 'out');
  for (const text of ['same', '']) putBytes(store, text);
  must(checkOut(store, ENTRIES, at, {copy: false, owners: false}));
  const pooled = fileIn(store, digestOfText('same'), 0o644);
  fs.writeFileSync(pooled, 'emas');
  fs.unlinkSync(pooled);
  putBytes(store, 'same');
  t.false(isAsLaidOut(store, at, ENTRIES));
});
