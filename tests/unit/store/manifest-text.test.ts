/** Manifests as text: single entries found, compared and replaced, whatever the names. */
import fc from 'fast-check';
import test from 'ava';
import {
  encodeManifest,
  parseManifest,
  sortEntries,
  type TreeEntry,
} from '../../../store/manifest.ts';
import {changedPaths, ManifestText, replaceEntries} from '../../../store/manifest-text.ts';
import {comparePaths} from '../../../store/tree-rules.ts';
import {dir, file} from './rig.ts';

const text = (entries: readonly TreeEntry[]): ManifestText =>
  new ManifestText(encodeManifest(sortEntries(entries)));

/** Names that sort oddly, that are escaped, that begin with each other; attributes and links. */
const NAMES = ['a', 'a b', 'a-', 'a.', 'b', 'é', '#', '[', '\n', 'aa', 'z'];

/** Folders and files by their paths, each folder there. */
const tree = fc
  .uniqueArray(
    fc
      .array(fc.constantFrom(...NAMES), {minLength: 1, maxLength: 3})
      .map((parts) => parts.join('/')),
    {maxLength: 30},
  )
  .chain((paths) =>
    fc.tuple(fc.constant(paths), fc.array(fc.nat(3), {minLength: 30, maxLength: 30})),
  )
  .map(([paths, kinds]) => made(paths, kinds));

function made(paths: readonly string[], kinds: readonly number[]): readonly TreeEntry[] {
  const isFolder = (path: string): boolean => paths.some((one) => one.startsWith(`${path}/`));
  const folders = new Set(
    paths.flatMap((path) => path.split('/').map((_, n, parts) => parts.slice(0, n).join('/'))),
  );
  folders.delete('');
  const leaves = paths.filter((path) => !folders.has(path) && !isFolder(path));
  const entries = leaves.map((path, at): TreeEntry => {
    const plain = file(path, `content ${kinds[at] ?? 0}`);
    const xattrs = [{name: 'user.note', value: Buffer.from('x').toString('base64')}];
    return kinds[at] === 1 ? {...plain, xattrs} : plain;
  });
  return sortEntries([...entries, ...[...folders].map((path) => dir(path))]);
}

test('each entry is found, and nothing that is not there', (t) => {
  const holds = fc.property(tree, tree, (entries, others) => {
    const manifest = text(entries);
    for (const one of entries) t.deepEqual(manifest.at(one.path), one);
    const paths = new Set(entries.map((one) => one.path));
    for (const {path} of others) if (!paths.has(path)) t.is(manifest.at(path), undefined);
    t.deepEqual(
      [...manifest.entries()].map((one) => one.path),
      [...paths],
    );
  });
  fc.assert(holds, {numRuns: 300});
});

test('in order they are found too, those left out between', (t) => {
  const holds = fc.property(tree, tree, (entries, others) => {
    const seek = text(entries).seeker();
    const known = new Map(entries.map((one) => [one.path, one]));
    const asked = [...entries.filter((_, at) => at % 3 > 0), ...others].map((one) => one.path);
    for (const path of [...new Set(asked)].sort(comparePaths)) {
      t.deepEqual(seek(path), known.get(path));
    }
  });
  fc.assert(holds, {numRuns: 300});
});

test('far apart in a long one', (t) => {
  const entries = Array.from({length: 3000}, (_, n) => file(`f${String(n).padStart(4, '0')}`, 'x'));
  const manifest = text(entries);
  const seek = manifest.seeker();
  for (const n of [0, 1, 2, 700, 701, 2500, 2999]) {
    t.deepEqual(seek(`f${String(n).padStart(4, '0')}`), entries[n]);
    t.is(seek(`f${String(n).padStart(4, '0')}x`), undefined);
  }
  t.is(seek('g'), undefined);
  t.is(manifest.at('f'), undefined);
});

test('what differs, replaced, makes one the other', (t) => {
  const holds = fc.property(tree, tree, (before, after) => {
    const [a, b] = [text(before), text(after)];
    const changes = changedPaths(a, b);
    const [was, now] = [before, after].map((all) => new Map(all.map((one) => [one.path, one])));
    for (const [path, change] of changes) {
      t.deepEqual(change, {isKnown: was?.has(path) === true, now: now?.get(path)});
    }
    const replaced = replaceEntries(
      a,
      [...changes.keys()].sort(comparePaths).map((path) => [path, now?.get(path)]),
    );
    t.is(String(replaced.bytes), String(b.bytes));
    t.deepEqual(
      replaced.before,
      before.filter((one) => changes.has(one.path)),
    );
    t.deepEqual(changedPaths(b, b), new Map());
  });
  fc.assert(holds, {numRuns: 300});
});

test('hard links by all their paths', (t) => {
  const [one, two] = [file('d/one', 'x'), file('d/two', 'x')];
  const linked = text([dir('d'), one, {...two, hardlink: 'd/one'}, file('e', 'x')]);
  t.deepEqual(linked.linked, new Set(['d/one', 'd/two']));
  t.deepEqual(text([dir('d')]).linked, new Set());
  t.true(parseManifest(String(linked.bytes)).ok);
});

test('an empty one', (t) => {
  const manifest = text([]);
  t.is(manifest.at('a'), undefined);
  t.is(manifest.seeker()('a'), undefined);
  const {bytes} = replaceEntries(manifest, [['a', file('a', 'x')]]);
  t.deepEqual(bytes, text([file('a', 'x')]).bytes);
  t.deepEqual([...manifest.leaves(), ...manifest.below('a')], []);
});

test('what is no folder by its path, what lies below one in whole', (t) => {
  const holds = fc.property(tree, (entries) => {
    const manifest = text([...entries, {type: 'whiteout', path: 'zz'}]);
    const leaves = entries.filter((one) => one.type !== 'dir').map((one) => one.path);
    t.deepEqual([...manifest.leaves()], leaves);
    for (const name of [...NAMES, 'a/a', 'none']) {
      const below = entries.filter((one) => one.path.startsWith(`${name}/`));
      t.deepEqual(manifest.below(name), below);
    }
  });
  fc.assert(holds, {numRuns: 300});
});
