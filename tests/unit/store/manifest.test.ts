/** The text of trees: one spelling for each tree, everything else refused, other tools read it. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {checkOut} from '../../../store/checkout.ts';
import {
  comparePaths,
  digestOf,
  encodeManifest,
  parseManifest,
  sortEntries,
  type TreeEntry,
} from '../../../store/manifest.ts';
import {putBytes} from '../../../store/pool.ts';
import {digestOfText, dir, emptyStore, file, folder, has, link, must, skip} from './rig.ts';

const HELLO = digestOfText('hello');
const EMPTY = digestOfText('');

/** Each type and each comment once. */
const SAMPLE: readonly TreeEntry[] = [
  dir('a b', {mode: 0o1777}),
  file('a b/#=\\*?[', 'hello', {mode: 0o4755, uid: 4_294_967_294, gid: 12}),
  dir('a b-c'),
  file('a b-c/1', 'hello', {xattrs: [{name: 'security.capability', value: 'AQ=='}]}),
  file('a b-c/2', 'hello', {
    xattrs: [{name: 'security.capability', value: 'AQ=='}],
    hardlink: 'a b-c/1',
  }),
  file('a b-c/3', '', {
    xattrs: [
      {name: 'user.=', value: ''},
      {name: 'user.\xff', value: 'eA=='},
    ],
  }),
  link('l', '../x y'),
  {type: 'fifo', path: 'p', mode: 0, uid: 0, gid: 0, xattrs: []},
  {
    type: 'block',
    path: 'sda',
    mode: 0o660,
    uid: 0,
    gid: 6,
    xattrs: [],
    device: {major: 8, minor: 1},
  },
  {
    type: 'char',
    path: 'tty',
    mode: 0o666,
    uid: 0,
    gid: 5,
    xattrs: [],
    device: {major: 5, minor: 0},
  },
  {type: 'whiteout', path: 'w'},
  file('\xff', 'hello'),
];

const TEXT = `#mtree
. type=dir
./a\\040b type=dir mode=1777 uid=0 gid=0
./a\\040b/\\043\\075\\134\\052\\077\\133 type=file mode=4755 uid=4294967294 gid=12 size=5 sha256digest=${HELLO}
./a\\040b-c type=dir mode=0755 uid=0 gid=0
#xattr security.capability=AQ==
./a\\040b-c/1 type=file mode=0644 uid=0 gid=0 size=5 sha256digest=${HELLO}
#xattr security.capability=AQ==
#hardlink ./a\\040b-c/1
./a\\040b-c/2 type=file mode=0644 uid=0 gid=0 size=5 sha256digest=${HELLO}
#xattr user.\\075=
#xattr user.\\377=eA==
./a\\040b-c/3 type=file mode=0644 uid=0 gid=0 size=0 sha256digest=${EMPTY}
./l type=link mode=0777 uid=0 gid=0 link=../x\\040y
./p type=fifo mode=0000 uid=0 gid=0
./sda type=block mode=0660 uid=0 gid=6 device=native,8,1
./tty type=char mode=0666 uid=0 gid=5 device=native,5,0
#whiteout
./w type=char device=native,0,0
./\\377 type=file mode=0644 uid=0 gid=0 size=5 sha256digest=${HELLO}
`;

test('the text of every kind of entry', (t) => {
  t.is(String(encodeManifest(SAMPLE)), TEXT);
  t.deepEqual(parseManifest(TEXT), {ok: true, value: [...SAMPLE]});
});

test('the digests of trees never change by accident', (t) => {
  t.is(
    digestOf('#mtree\n. type=dir\n'),
    '3cbfc233002bca44e24910eb559a59510f3f4f832b919ff5f4e7bc69b630a757' as never,
  );
  t.is(digestOf(TEXT), '087d222d414934fdd48aa9fd8675de5311d269cc2ebe9198a95303f09299881e' as never);
});

test('the empty tree', (t) => {
  t.is(String(encodeManifest([])), '#mtree\n. type=dir\n');
  t.deepEqual(parseManifest('#mtree\n. type=dir\n'), {ok: true, value: []});
});

// --- order -----------------------------------------------------------------------------------------

test('a folder stands right before its content, names in the order of their bytes', (t) => {
  const sorted = ['a', 'a/b', 'a/b/c', 'a/c', 'a-b', 'a-b/c', 'a.b', 'ab', 'b', '\x7f', '\xff'];
  const entries = [...sorted].reverse().map((one) => ({path: one}));
  t.deepEqual(
    sortEntries(entries).map((one) => one.path),
    sorted,
  );
});

const names = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '.', '!', ' ', '\x01', '\xff', '\n'),
  minLength: 1,
  maxLength: 4,
});
const paths = fc.array(names, {minLength: 1, maxLength: 4}).map((parts) => parts.join('/'));

test('the order is that of the components, compared one by one', (t) => {
  const byComponents = (a: string, b: string): number => {
    const [left, right] = [a.split('/'), b.split('/')];
    for (let at = 0; ; at += 1) {
      const [one, other] = [left[at], right[at]];
      if (one === undefined || other === undefined) return left.length - right.length;
      if (one !== other)
        return Buffer.compare(Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1'));
    }
  };
  const holds = fc.property(paths, paths, (a, b) => {
    t.is(comparePaths(a, b), Math.sign(byComponents(a, b)));
  });
  t.notThrows(() => fc.assert(holds, {numRuns: 1000}));
});

// --- round trip --------------------------------------------------------------------------------------

const ids = fc.constantFrom(0, 1, 65_534, 4_294_967_294);
const xattrs = fc
  .uniqueArray(fc.tuple(names, fc.uint8Array({maxLength: 5})), {
    selector: ([name]) => name,
    maxLength: 3,
  })
  .map((list) =>
    list
      .map(([name, value]) => ({name, value: Buffer.from(value).toString('base64')}))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
const common = fc.record({mode: fc.nat(0o7777), uid: ids, gid: ids, xattrs});
const leaf = fc.oneof(
  fc
    .tuple(common, fc.string({maxLength: 3}))
    .map(([facts, content]) => ({...file('', content), ...facts})),
  fc.tuple(common, names).map(([facts, target]) => ({...link('', target), ...facts, mode: 0o777})),
  common.map((facts) => ({type: 'fifo' as const, ...facts})),
  fc
    .tuple(common, fc.integer({min: 1, max: 0xfff}), fc.nat(0xfffff))
    .map(([facts, major, minor]) => ({
      type: 'char' as const,
      ...facts,
      device: {major, minor},
    })),
  fc.constant({type: 'whiteout' as const}),
);
/** A tree from any paths: their parents become folders, the rest what was drawn for them. */
const trees = fc
  .array(
    fc.tuple(
      paths.filter((one) => !/(^|\/)\.\.?($|\/)/.test(one)),
      leaf,
    ),
    {maxLength: 12},
  )
  .map((wanted) => {
    const entries = new Map<string, TreeEntry>();
    for (const [at, made] of wanted) {
      const parts = at.split('/');
      for (let n = 1; n < parts.length; n += 1) {
        const parent = parts.slice(0, n).join('/');
        entries.set(parent, dir(parent));
      }
      if (!entries.has(at)) entries.set(at, {...made, path: at});
    }
    return sortEntries([...entries.values()]);
  });

test('reading what was written gives the same tree and the same text', (t) => {
  const holds = fc.property(trees, (entries) => {
    const text = String(encodeManifest(entries));
    const parsed = parseManifest(text);
    t.deepEqual(parsed, {ok: true, value: entries});
    t.regex(text, /^[\n\x20-\x7e]*$/);
  });
  t.notThrows(() => fc.assert(holds, {numRuns: 300}));
});

test('no other text is read as a tree: one character changed is refused or another tree', (t) => {
  const characters = Array.from('\n #=\\,./0178abx~-');
  const holds = fc.property(fc.nat(TEXT.length - 1), fc.constantFrom(...characters), (at, one) => {
    const changed = TEXT.slice(0, at) + one + TEXT.slice(at + 1);
    const parsed = parseManifest(changed);
    if (parsed.ok) t.is(String(encodeManifest(parsed.value)), changed);
    else t.regex(parsed.error, /^line \d+: .|^the end is missing$/);
  });
  t.notThrows(() => fc.assert(holds, {numRuns: 2000}));
});

// --- other people's tools ----------------------------------------------------------------------------

const PLAIN: readonly TreeEntry[] = [
  dir('bin'),
  file('bin/a b#=\\*?[é\xff', 'hello', {mode: 0o755}),
  file('bin/second', 'hello', {mode: 0o755, hardlink: 'bin/a b#=\\*?[é\xff'}),
  file('empty', ''),
  link('link', 'bin/a b'),
];

/** The tree on disk and its manifest beside it. */
function laidOut(t: Parameters<typeof emptyStore>[0]): {at: string; manifest: string} {
  const store = emptyStore(t);
  putBytes(store, 'hello', 0o755);
  putBytes(store, '', 0o644);
  const at = path.join(folder(t), 'tree');
  must(checkOut(store, PLAIN, at, {copy: false, owners: false}));
  const manifest = path.join(folder(t), 'manifest');
  const {uid, gid} = fs.statSync(at);
  const owned = PLAIN.map((one) => ({...one, uid, gid}));
  fs.writeFileSync(manifest, encodeManifest(owned));
  return {at, manifest};
}

test('bsdtar makes an archive of a tree from its manifest', (t) => {
  if (!has('bsdtar')) return skip(t, 'bsdtar (package libarchive-tools)');
  const {at, manifest} = laidOut(t);
  const tar = path.join(folder(t), 'out.tar');
  const made = spawnSync('bsdtar', ['--format=gnutar', '-cf', tar, `@${manifest}`], {
    cwd: at,
    encoding: 'latin1',
  });
  t.deepEqual([made.status, made.stderr], [0, '']);
  const listed = spawnSync('bsdtar', ['-tvf', tar], {encoding: 'latin1'}).stdout;
  t.is(listed.trimEnd().split('\n').length, PLAIN.length + 1);
  t.regex(listed, /-rwxr-xr-x.* 5 .*\.\/bin\/a b#=/);
  t.regex(listed, /lrwxrwxrwx.*\.\/link -> bin\/a b/);
});

test('bsdtar reads every kind of entry and comment', (t) => {
  if (!has('bsdtar')) return skip(t, 'bsdtar (package libarchive-tools)');
  const manifest = path.join(folder(t), 'manifest');
  fs.writeFileSync(manifest, TEXT);
  const read = spawnSync('bsdtar', ['-tvf', manifest], {encoding: 'latin1'});
  t.deepEqual([read.status, read.stderr], [0, '']);
  const lines = read.stdout.trimEnd().split('\n');
  t.is(lines.length, SAMPLE.length + 1);
  t.regex(lines[2] ?? '', /^-rwsr-xr-x .* 4294967294 *12 *5 .*\.\/a b\/#=/);
  t.true(lines.some((line) => line.startsWith('brw-rw----') && line.includes('8,1')));
  t.true(lines.some((line) => line.startsWith('prw') || line.startsWith('p---------')));
});

test('NetBSD mtree verifies a tree against its manifest and finds a change', (t) => {
  const mtree = ['mtree-netbsd', 'mtree'].find(has);
  if (mtree === undefined) return skip(t, 'mtree (package mtree-netbsd)');
  const {at, manifest} = laidOut(t);
  const verify = (): {status: number | null; text: string} => {
    const done = spawnSync(mtree, ['-f', manifest, '-p', at], {encoding: 'latin1'});
    return {status: done.status, text: done.stdout + done.stderr};
  };
  const before = verify();
  t.is(before.status, 0, before.text);
  const spoilt = path.join(at, 'empty');
  fs.unlinkSync(spoilt);
  fs.writeFileSync(spoilt, 'x');
  const after = verify();
  t.not(after.status, 0, after.text);
  t.regex(after.text, /empty/);
});
