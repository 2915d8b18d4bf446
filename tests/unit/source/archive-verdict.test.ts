/** Archives in the store: checked once, remembered, and checked again when the row is damaged. */
import test from 'ava';
import {namesIn, readText, writeFileAtomic} from '../../../engine/base/files.ts';
import type {BlobDigest} from '../../../engine/base/hash.ts';
import {checkStoredArchive} from '../../../engine/source/archive-verdict.ts';
import {auxIn} from '../../../store/layout.ts';
import {putBytes} from '../../../store/pool.ts';
import {encodeLine} from '../../../store/quick-log.ts';
import {bench, complaint, digestOf, type Bench} from './support.ts';
import {tar} from './tar-bytes.ts';

const GOOD = tar({name: 'p/a', content: 'abc'});
const FACTS = {ok: true, value: {top: 'p', entries: 1, bytes: 3}} as const;

function check(rig: Bench, digest: BlobDigest): ReturnType<typeof checkStoredArchive> {
  return checkStoredArchive(rig.store, digest, 'tar', 'a.tar');
}

test('a good verdict is remembered and used', async (t) => {
  await using rig = bench();
  const digest = putBytes(rig.store, GOOD);
  t.deepEqual(await check(rig, digest), FACTS);
  const row = auxIn(rig.store, `archives/${digest}.tar`);
  const remembered = readText(row);
  // A row that says something else shows that it is the row that is used.
  const other = {rules: 2, top: 'q', entries: 2, bytes: 9};
  writeFileAtomic(row, encodeLine(JSON.stringify(other)));
  t.deepEqual(await check(rig, digest), {ok: true, value: {top: 'q', entries: 2, bytes: 9}});
  for (const bad of [
    '',
    'x',
    remembered.replace('p', 'z'),
    encodeLine('{"rules":0,"top":"q","entries":1,"bytes":1}'),
    encodeLine('{"rules":2,"top":"q","entries":400000,"bytes":1}'),
  ]) {
    writeFileAtomic(row, bad);
    t.deepEqual(await check(rig, digest), FACTS, bad);
    t.is(readText(row), remembered);
  }
});

test('a refusal is not remembered, and names the archive', async (t) => {
  await using rig = bench();
  const digest = putBytes(rig.store, tar({name: '../x'}));
  const {code, text} = complaint(await check(rig, digest));
  t.is(code, 'source/archive-refused');
  t.is(text, 'a.tar is not unpacked: the name ../x leads out with ..');
  t.deepEqual(namesIn(auxIn(rig.store, 'archives')), []);
});

test('a blob that is not there is trouble of the store', async (t) => {
  await using rig = bench();
  t.is(complaint(await check(rig, digestOf('nothing'))).code, 'store/corrupt');
});
