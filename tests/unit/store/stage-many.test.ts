/** Many files staged with two processors: the same result as one by one, nothing left on failure. */
import fs from 'node:fs';
import test from 'ava';
import {blobDigest, sha256} from '../../../engine/base/hash.ts';
import {stageCopies, type Copy} from '../../../store/stage-many.ts';
import {unstage} from '../../../store/stage.ts';
import {emptyStore, folder} from './rig.ts';

/** Files of many sizes around the buffer's (256 KiB), and their texts. */
function makeFiles(at: string, count: number): {copies: Copy[]; texts: Buffer[]} {
  const sizes = [0, 1, 4096, (1 << 18) - 1, 1 << 18, (1 << 18) + 1];
  const texts = Array.from({length: count}, (_, index) => {
    const size = index < sizes.length ? (sizes[index] ?? 0) : index % 500;
    return Buffer.alloc(size, `file ${index} `);
  });
  const copies = texts.map((text, index) => {
    const from = Buffer.from(`${at}/f\xff-${index}`, 'latin1');
    fs.writeFileSync(from, text);
    return {from, mode: index % 2 === 0 ? 0o644 : 0o755, size: text.length};
  });
  return {copies, texts};
}

for (const count of [6, 3000]) {
  test(`${count} files: each in its place, as the pool wants them`, (t) => {
    const store = emptyStore(t);
    const {copies, texts} = makeFiles(folder(t), count);
    const staged = stageCopies(store, copies);
    t.is(staged.length, count);
    for (const [index, one] of staged.entries()) {
      const text = texts[index] ?? Buffer.alloc(0);
      t.is(one.digest, blobDigest(sha256(text)));
      t.is(one.size, text.length);
      const stat = fs.statSync(one.file);
      t.deepEqual([stat.mode & 0o7777, stat.mtimeMs], [copies[index]?.mode, 1000]);
      t.deepEqual(fs.readFileSync(one.file), text);
    }
    unstage(staged);
    t.deepEqual(fs.readdirSync(`${store.root}/tmp`), []);
  });
}

for (const [what, place] of [
  ['the first', 0],
  ['one in the middle', 1500],
  ['the last', 2999],
] as const) {
  test(`${what} of 3000 is missing: the error says which, nothing is left`, (t) => {
    const store = emptyStore(t);
    const {copies} = makeFiles(folder(t), 3000);
    const gone = copies[place]?.from ?? '';
    fs.unlinkSync(Buffer.from(gone));
    const error = t.throws(() => stageCopies(store, copies), {code: 'ENOENT'});
    t.regex(error.message, /no such file/);
    t.deepEqual(fs.readdirSync(`${store.root}/tmp`), []);
  });
}

test('a share that is shorter than the start of a thread is done alone', (t) => {
  const store = emptyStore(t);
  const {copies} = makeFiles(folder(t), 450);
  for (let round = 0; round < 5; round += 1) {
    const staged = stageCopies(store, copies.slice(0, 401));
    t.is(new Set(staged.map((one) => one.file)).size, 401);
    unstage(staged);
  }
  t.deepEqual(fs.readdirSync(`${store.root}/tmp`), []);
});
