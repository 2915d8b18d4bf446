/** What things take on the disk: by part, and by artifact with what is shared counted apart. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {TreeDigest} from '../../../engine/base/hash.ts';
import type {Label} from '../../../engine/base/label.ts';
import {fileIn} from '../../../store/layout.ts';
import {putBytes} from '../../../store/pool.ts';
import {newestArtifacts, sizesByPart, sizesOfArtifacts} from '../../../store/sizes.ts';
import {published} from './collect-rig.ts';
import {digestOfText, emptyStore} from './rig.ts';

const diskBytes = (file: string): number => fs.lstatSync(file).blocks * 512;

test('own and shared bytes of artifacts', (t) => {
  const store = emptyStore(t);
  const [big, small] = ['b'.repeat(100_000), 's'.repeat(10_000)];
  const a = published(store, 'a', [big, small]);
  const b = published(store, 'b', [small]);
  const bytesOf = (text: string): number => diskBytes(fileIn(store, digestOfText(text), 0o644));
  const wanted = new Map<Label, TreeDigest>([
    ['t/a' as Label, a.tree],
    ['t/b' as Label, b.tree],
  ]);
  t.deepEqual(sizesOfArtifacts(store, wanted, []), [
    {label: 't/a' as Label, tree: a.tree, own: bytesOf(big), shared: bytesOf(small)},
    {label: 't/b' as Label, tree: b.tree, own: 0, shared: bytesOf(small)},
  ]);
  // Alone it has all for itself; among others it does not.
  const only = new Map([['t/a' as Label, a.tree]]);
  t.is(sizesOfArtifacts(store, only, [])[0]?.shared, 0);
  t.is(sizesOfArtifacts(store, only, [b.tree])[0]?.shared, bytesOf(small));
});

test('two modes of one content are two files, of one artifact', (t) => {
  const store = emptyStore(t);
  const a = published(store, 'a', ['x']);
  putBytes(store, 'x', 0o755);
  const [size] = sizesOfArtifacts(store, new Map([['t/a' as Label, a.tree]]), []);
  t.is(size?.own, 2 * diskBytes(fileIn(store, digestOfText('x'), 0o755)));
});

test('the newest artifacts of all labels; damaged records count for nothing', (t) => {
  const store = emptyStore(t);
  const a = published(store, 'a', ['x']);
  const b = published(store, 'b', ['y']);
  const broken = published(store, 'c', ['z']);
  const record = path.join(store.root, 'records', broken.key.slice(0, 2), broken.key.slice(2));
  fs.appendFileSync(record, ' ');
  t.deepEqual(
    [...newestArtifacts(store)],
    [
      ['t/a' as Label, a.tree],
      ['t/b' as Label, b.tree],
    ],
  );
  t.true(fs.existsSync(record));
});

test('parts: farms count what is not the pool’s', (t) => {
  const store = emptyStore(t);
  const content = 'x'.repeat(200_000);
  const {tree} = published(store, 'a', [content]);
  const pooled = fileIn(store, digestOfText(content), 0o644);
  const farm = path.join(store.root, 'farms', tree);
  fs.mkdirSync(farm);
  fs.linkSync(pooled, path.join(farm, 'f0'));
  const parts = new Map(sizesByPart(store).map(({part, bytes}) => [part, bytes]));
  t.true((parts.get('files') ?? 0) >= 200_000);
  t.true((parts.get('farms') ?? 0) < 20_000);
  fs.writeFileSync(path.join(farm, 'copy'), content);
  const later = new Map(sizesByPart(store).map(({part, bytes}) => [part, bytes]));
  t.true((later.get('farms') ?? 0) >= 200_000);
});
