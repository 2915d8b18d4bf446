/**
 * A root laid together again where its layers have changed is what it is laid together from the
 * start, to the byte; and where layers clash, it is left to the whole.
 */
import fc from 'fast-check';
import test, {type ExecutionContext} from 'ava';
import type {BuildNode} from '../../../engine/graph/model.ts';
import type {ComposedRoot, RecomposedRoot} from '../../../engine/graph/root-parts.ts';
import type {Label} from '../../../engine/base/label.ts';
import {composeRoot} from '../../../engine/rootfs/compose.ts';
import {recomposeRoot} from '../../../engine/rootfs/recompose.ts';
import {encodeEntry, encodeManifest, parseManifest} from '../../../store/manifest.ts';
import {ManifestText} from '../../../store/manifest-text.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {contentOf, rootNode, texts, treeOf, type Files} from './rig.ts';

const NAMES = ['a', 'b', 'c', 'd'];

const RECIPE = `layers: [t/a, t/b, t/c, t/d]
exclude: [usr/out]
overrides: [t/d]
folders: {/srv/x: {mode: 1777}}
files: {/etc/hostname: {text: "one"}, /bin/tool: {text: "tool"}}
links: {/usr/share/doc: ../lib/doc}
users: {daemon: {uid: 6, gid: 7}}
groups: {daemon: {gid: 7}}`;

function nodeOf(recipe: string): BuildNode {
  const made = rootNode(recipe, NAMES);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value.node;
}

const NODE = nodeOf(RECIPE);
const CHANGED = nodeOf(RECIPE.replace('one', 'two').replace('/srv/x', '/srv/y'));

interface Laid {
  readonly layers: readonly (readonly TreeEntry[])[];
  readonly root: Pick<
    ComposedRoot,
    'entries' | 'placed' | 'bearers' | 'isStraight' | 'contents' | 'triggers'
  >;
  readonly linked: ReadonlySet<string>;
}

const ownerAt = (at: number): Label => `t/${NAMES[at] ?? ''}` as Label;

function read(digest: Parameters<typeof texts.get>[0]): Buffer {
  return Buffer.from(texts.get(digest) ?? '?');
}

function lay(node: BuildNode, layers: readonly (readonly TreeEntry[])[]): Laid | undefined {
  const named = layers.map((entries, at) => ({owner: ownerAt(at), entries}));
  const root = composeRoot({node, layers: named, files: new Map(), read});
  if (!root.ok) return undefined;
  for (const bytes of root.value.contents) contentOf(bytes.toString());
  const linked = layers.flatMap((entries) =>
    entries.flatMap((one) =>
      one.type === 'file' && one.hardlink !== undefined ? [one.path, one.hardlink] : [],
    ),
  );
  return {layers, root: root.value, linked: new Set(linked)};
}

/** What was laid again, as what the next one begins with. */
function laidAgain(
  layers: readonly (readonly TreeEntry[])[],
  {manifest, linked, ...rest}: RecomposedRoot,
): Laid {
  const entries = parseManifest(String(manifest));
  if (!entries.ok) throw new Error(entries.error);
  return {layers, root: {...rest, entries: entries.value, isStraight: true}, linked};
}

const textOf = (entries: readonly TreeEntry[]): ManifestText =>
  new ManifestText(encodeManifest(entries));

function again(
  node: BuildNode,
  before: Laid,
  layers: readonly (readonly TreeEntry[])[],
  looked: Set<number> = new Set(),
): RecomposedRoot | undefined {
  const old = before.layers;
  return recomposeRoot({
    node,
    layers: layers.map((one, at) => ({
      owner: ownerAt(at),
      read: () => {
        looked.add(at);
        return textOf(one);
      },
      before: one === old[at] ? undefined : textOf(old[at] ?? []),
    })),
    before: {
      root: textOf(before.root.entries),
      placed: before.root.placed,
      bearers: before.root.bearers,
      linked: before.linked,
    },
    files: new Map(),
    read,
  });
}

/** Few names, so that they meet; what is a folder of one is seldom a file of another. */
const path = fc
  .tuple(
    fc.constantFrom('usr', 'etc', 'srv'),
    fc.constantFrom('', '/lib', '/bin', '/out', '/x'),
    fc.constantFrom('/f', '/g-', '/g', '/passwd', '/x'),
  )
  .map((parts) => parts.join(''));
const content = fc.oneof(
  {weight: 20, arbitrary: fc.constant('1')},
  {weight: 2, arbitrary: fc.constantFrom('2', 'three')},
  {weight: 1, arbitrary: fc.constant('/')},
  {weight: 1, arbitrary: fc.constantFrom('> usr/lib', '> x', '> ../lib', '> /usr/bin')},
);
const some = fc.dictionary(path, content, {maxKeys: 6, noNullPrototype: true});
const base = fc.constantFrom<Files>(
  {'usr/lib': '/', 'usr/bin': '/', lib: '> usr/lib', bin: '> usr/bin'},
  {'usr/lib': '/', 'bin/sh': 'sh', 'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n'},
);

/** Nothing lies below what is no folder. */
function sound(files: Files): Files {
  const paths = Object.keys(files);
  const isBelow = (one: string): boolean =>
    paths.some((other) => one.startsWith(`${other}/`) && files[other] !== '/');
  return Object.fromEntries(Object.entries(files).filter(([one]) => !isBelow(one)));
}

interface Change {
  readonly which: number;
  readonly files: Files;
  readonly gone: readonly string[];
  readonly isOther: boolean;
}

const change: fc.Arbitrary<Change> = fc.record({
  which: fc.nat(3),
  files: some,
  gone: fc.array(path, {maxLength: 2}),
  isOther: fc.boolean(),
});

function changed(sketch: Files, {files, gone}: Change): Files {
  const all = Object.entries({...sketch, ...files});
  return Object.fromEntries(all.filter(([one]) => !gone.includes(one)));
}

const counts = {again: 0, left: 0, none: 0};

/** The root of the changed layers, laid together again if that can be; undefined: no more can be asked. */
function next(t: ExecutionContext, before: Laid, sketches: Files[], one: Change): Laid | undefined {
  if (!before.root.isStraight) return void (counts.none += 1);
  sketches[one.which] = changed(sketches[one.which] ?? {}, one);
  const layers = before.layers.map((entries, at) =>
    at === one.which ? treeOf(sound(sketches[at] ?? {})) : entries,
  );
  const node = one.isOther ? CHANGED : NODE;
  const part = again(node, before, layers);
  const whole = lay(node, layers);
  if (part === undefined) {
    counts.left += 1;
    return whole;
  }
  counts.again += 1;
  sameAs(t, part, whole, before);
  return laidAgain(layers, part);
}

function sameAs(
  t: ExecutionContext,
  part: RecomposedRoot,
  whole: Laid | undefined,
  before: Laid,
): void {
  if (whole === undefined) return t.fail('the whole cannot be laid together');
  const {root} = whole;
  t.is(String(part.manifest), String(encodeManifest(root.entries)));
  t.deepEqual([...part.placed].sort(), [...root.placed].sort());
  t.deepEqual(part.contents.map(String).sort(), root.contents.map(String).sort());
  t.deepEqual(part.triggers, root.triggers);
  t.deepEqual(part.changed, changeOf(before.root.entries, root.entries, part));
}

test('whatever changes in a layer or in the recipe, again and again', (t) => {
  const holds = fc.property(
    fc.tuple(base, some, some, some),
    fc.array(change, {minLength: 1, maxLength: 4}),
    (first, changes) => {
      const sketches: Files[] = [...first];
      const layers = sketches.map((one) => treeOf(sound(one)));
      let before = lay(NODE, layers);
      for (const one of changes) before &&= next(t, before, sketches, one);
    },
  );
  fc.assert(holds, {numRuns: Number(process.env['RECIPES_TEST_RUNS'] ?? 1200)});
  t.log(counts);
  t.true(counts.again > 300);
});

/** All that differs, and of the rest what was laid again too. */
function changeOf(
  before: readonly TreeEntry[],
  now: readonly TreeEntry[],
  {changed}: RecomposedRoot,
): RecomposedRoot['changed'] {
  const paths = new Set([...changed.now, ...changed.before].map((one) => one.path));
  const texts = new Map(before.map((one) => [one.path, encodeEntry(one)]));
  const known = new Set(now.map((one) => one.path));
  for (const one of now) if (texts.get(one.path) !== encodeEntry(one)) paths.add(one.path);
  for (const one of before) if (!known.has(one.path)) paths.add(one.path);
  const among = (all: readonly TreeEntry[]): readonly TreeEntry[] =>
    all.filter((one) => paths.has(one.path));
  return {now: among(now), before: among(before)};
}

test('a changed file, a new one, one less: no more than that is looked at', (t) => {
  const many = (from: number): Files =>
    Object.fromEntries(
      Array.from({length: 200}, (_, n) => [`usr/share/p${from}/f${n}`, `${from} ${n}`]),
    );
  const layers = [0, 1, 2, 3].map((at) => treeOf(many(at)));
  const before = lay(NODE, layers);
  if (before === undefined) return t.fail();
  const next: Files = {...many(2), 'usr/share/p2/f7': 'changed', 'usr/share/new/one': 'new'};
  delete (next as Record<string, string>)['usr/share/p2/f8'];
  const after = layers.map((one, at) => (at === 2 ? treeOf(next) : one));
  const looked = new Set<number>();
  const part = again(NODE, before, after, looked);
  t.is(String(part?.manifest ?? ''), String(encodeManifest(lay(NODE, after)?.root.entries ?? [])));
  t.deepEqual([...looked], [2]);
});

test('hard links and whiteouts are left to the whole', (t) => {
  const layers = [treeOf({'usr/one': '1', 'usr/two': '1'}), treeOf({}), treeOf({}), treeOf({})];
  const linked = layers[0]?.map((one) =>
    one.path === 'usr/two' && one.type === 'file' ? {...one, hardlink: 'usr/one'} : one,
  );
  const before = lay(NODE, [linked ?? [], ...layers.slice(1)]);
  if (before === undefined) return t.fail();
  const [first = []] = before.layers;
  // What has nothing to do with them comes out.
  const other = [first, treeOf({'usr/x': 'x'}), ...before.layers.slice(2)];
  t.is(
    String(again(NODE, before, other)?.manifest ?? ''),
    String(encodeManifest(lay(NODE, other)?.root.entries ?? [])),
  );
  t.is(again(NODE, before, [layers[0] ?? [], ...before.layers.slice(1)]), undefined);
  const gone: TreeEntry[] = [{type: 'whiteout', path: 'etc'}];
  t.is(again(NODE, before, [first, gone, ...before.layers.slice(2)]), undefined);
});

// --- which layers are read ------------------------------------------------------------------------

/** Four layers with a folder each has, a file two have, and one that one layer has; the third changes. */
const SHARED: readonly Files[] = [
  {'usr/share/both': '1', 'usr/share/first': '1'},
  {'usr/share/both': '1'},
  {'usr/share/mine': '1'},
  {'usr/share/last': '1'},
];

const CASES: readonly (readonly [string, Files, readonly number[] | 'whole'])[] = [
  ['its own file has changed', {'usr/share/mine': '2'}, [2]],
  ['a file is new', {'usr/share/mine': '1', 'usr/share/new': '1'}, [2]],
  ['its own file is gone', {'usr/share': '/'}, [2]],
  ['all of it is gone, and whose are the folders?', {}, [0, 1, 2, 3]],
  ['what two have it has too', {'usr/share/mine': '1', 'usr/share/both': '1'}, [0, 1, 2]],
  ['what one has it has too', {'usr/share/mine': '1', 'usr/share/first': '1'}, [0, 1, 2, 3]],
  ['what one has it has otherwise', {'usr/share/first': '2'}, 'whole'],
  ['what one has is a folder of it', {'usr/share/first/x': '1'}, 'whole'],
];

for (const [what, files, expected] of CASES) {
  test(`the layers that are read: ${what}`, (t) => {
    const layers = SHARED.map(treeOf);
    const before = lay(NODE, layers);
    if (before === undefined) return t.fail();
    const after = layers.map((one, at) => (at === 2 ? treeOf(files) : one));
    const looked = new Set<number>();
    const part = again(NODE, before, after, looked);
    if (expected === 'whole') return t.is(part, undefined);
    t.deepEqual([...looked].sort(), [...expected]);
    if (part === undefined) return t.fail();
    sameAs(t, part, lay(NODE, after), before);
  });
}

test('a layer that cannot be read: the whole has to be laid together', (t) => {
  const layers = SHARED.map(treeOf);
  const before = lay(NODE, layers);
  if (before === undefined) return t.fail();
  const attempt = (files: Files, unreadable: number): RecomposedRoot | undefined =>
    recomposeRoot({
      ...{node: NODE, files: new Map(), read},
      layers: layers.map((one, at) => ({
        owner: ownerAt(at),
        read: () => (at === unreadable ? undefined : textOf(at === 2 ? treeOf(files) : one)),
        before: at === 2 ? textOf(one) : undefined,
      })),
      before: {...before.root, root: textOf(before.root.entries), linked: before.linked},
    });
  t.is(attempt({'usr/share/mine': '2'}, 2), undefined, 'the one that has changed');
  t.truthy(attempt({'usr/share/mine': '2'}, 0), 'one nothing is wanted of');
  t.is(attempt({'usr/share/both': '1'}, 0), undefined, 'one that has the same path');
});
