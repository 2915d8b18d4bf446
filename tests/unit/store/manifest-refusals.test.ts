/** Texts that are no manifests, each for one reason; and that none of them takes long. */
import test from 'ava';
import {Bug} from '../../../engine/base/result.ts';
import {
  encodeManifest,
  parseManifest,
  sortEntries,
  type TreeEntry,
} from '../../../store/manifest.ts';
import {digestOfText, dir, file, link} from './rig.ts';

const HELLO = digestOfText('hello');
const EMPTY = digestOfText('');
const F = `type=file mode=0644 uid=0 gid=0 size=5 sha256digest=${HELLO}`;
const D = 'type=dir mode=0755 uid=0 gid=0';
const refused: readonly (readonly [string, string, RegExp])[] = [
  ['nothing', '', /^line 1/],
  ['another first line', '#mtree v2\n', /^line 1/],
  ['no newline at the end', `#mtree\n. type=dir\n./a ${F}`, /end is missing/],
  ['the header alone without newline', '#mtree\n. type=dir', /end is missing/],
  ['a root with a mode', '#mtree\n. type=dir mode=0755\n', /^line 2: is not . type=dir/],
  ['no root', `#mtree\n./a ${F}\n`, /^line 2: is not/],
  ['an empty line', `#mtree\n. type=dir\n\n./a ${F}\n`, /^line 3/],
  ['two spaces', `#mtree\n. type=dir\n./a  ${F}\n`, /^line 3/],
  ['a space at the end', `#mtree\n. type=dir\n./a ${F} \n`, /^line 3/],
  ['CRLF', `#mtree\n. type=dir\n./a ${F}\r\n`, /^line 3/],
  ['words in another order', `#mtree\n. type=dir\n./a type=dir uid=0 mode=0755 gid=0\n`, /^line 3/],
  ['an unknown word', `#mtree\n. type=dir\n./a ${D} time=1.0\n`, /^line 3/],
  ['an unknown type', '#mtree\n. type=dir\n./a type=socket mode=0755 uid=0 gid=0\n', /^line 3/],
  ['a missing word', '#mtree\n. type=dir\n./a type=dir mode=0755 uid=0\n', /^line 3/],
  ['a mode of three digits', '#mtree\n. type=dir\n./a type=dir mode=755 uid=0 gid=0\n', /^line 3/],
  ['a mode of five digits', '#mtree\n. type=dir\n./a type=dir mode=00755 uid=0 gid=0\n', /^line 3/],
  ['a mode too large', '#mtree\n. type=dir\n./a type=dir mode=10755 uid=0 gid=0\n', /the mode/],
  ['a leading zero', '#mtree\n. type=dir\n./a type=dir mode=0755 uid=00 gid=0\n', /^line 3/],
  ['a negative owner', '#mtree\n. type=dir\n./a type=dir mode=0755 uid=-1 gid=0\n', /not an owner/],
  [
    'an owner that is no number',
    '#mtree\n. type=dir\n./a type=dir mode=0755 uid=NaN gid=0\n',
    /not an owner/,
  ],
  [
    'the owner that means "none"',
    '#mtree\n. type=dir\n./a type=dir mode=0755 uid=4294967295 gid=0\n',
    /owner/,
  ],
  [
    'a digest in capitals',
    `#mtree\n. type=dir\n./a ${F.replace(HELLO, HELLO.toUpperCase())}\n`,
    /^line 3/,
  ],
  ['a short digest', `#mtree\n. type=dir\n./a ${F.slice(0, -1)}\n`, /^line 3/],
  [
    'a size with exponent',
    `#mtree\n. type=dir\n./a ${F.replace('size=5', 'size=5e0')}\n`,
    /^line 3/,
  ],
  [
    'a size that does not exist',
    `#mtree\n. type=dir\n./a ${F.replace('size=5', 'size=0')}\n`,
    /disagree/,
  ],
  [
    'an empty content with a size',
    `#mtree\n. type=dir\n./a ${F.replace(HELLO, EMPTY)}\n`,
    /disagree/,
  ],
  ['a path without ./', `#mtree\n. type=dir\na ${F}\n`, /^line 3/],
  ['the root itself', `#mtree\n. type=dir\n. ${D}\n`, /^line 3/],
  ['an empty path', `#mtree\n. type=dir\n./ ${D}\n`, /not a path/],
  ['an absolute path', `#mtree\n. type=dir\n.//etc ${D}\n`, /not a path/],
  ['a path that climbs', `#mtree\n. type=dir\n./.. ${D}\n`, /not a path/],
  ['a path through .', `#mtree\n. type=dir\n./a ${D}\n./a/. ${D}\n`, /not a path/],
  ['a NUL in a name', `#mtree\n. type=dir\n./a\\000b ${D}\n`, /not a path/],
  ['an unescaped star', `#mtree\n. type=dir\n./a* ${F}\n`, /^line 3/],
  ['an escape that is not needed', `#mtree\n. type=dir\n./\\141 ${F}\n`, /^line 3/],
  ['an escape beyond a byte', `#mtree\n. type=dir\n./\\777 ${F}\n`, /^line 3/],
  ['no parent', `#mtree\n. type=dir\n./a/b ${F}\n`, /parent/],
  ['a file as parent', `#mtree\n. type=dir\n./a ${F}\n./a/b ${F}\n`, /^line 4: .*parent/],
  [
    'a link as parent',
    `#mtree\n. type=dir\n./a type=link mode=0777 uid=0 gid=0 link=b\n./a/b ${F}\n`,
    /parent/,
  ],
  ['one path twice', `#mtree\n. type=dir\n./a ${F}\n./a ${F}\n`, /twice/],
  ['out of order', `#mtree\n. type=dir\n./b ${F}\n./a ${F}\n`, /order/],
  ['the order of whole strings', `#mtree\n. type=dir\n./a ${D}\n./a-b ${D}\n./a/c ${F}\n`, /order/],
  [
    'a link of another mode',
    '#mtree\n. type=dir\n./l type=link mode=0755 uid=0 gid=0 link=x\n',
    /0777/,
  ],
  [
    'a link to nothing',
    '#mtree\n. type=dir\n./l type=link mode=0777 uid=0 gid=0 link=\n',
    /target/,
  ],
  [
    'a device without minor',
    '#mtree\n. type=dir\n./d type=char mode=0600 uid=0 gid=0 device=native,5\n',
    /^line 3/,
  ],
  [
    'a whiteout that does not say so',
    '#mtree\n. type=dir\n./w type=char mode=0000 uid=0 gid=0 device=native,0,0\n',
    /whiteout/,
  ],
  [
    'a whiteout with a mode',
    '#mtree\n. type=dir\n#whiteout\n./w type=char mode=0000 device=native,0,0\n',
    /^line 4/,
  ],
  ['another comment', `#mtree\n. type=dir\n#hello\n./a ${F}\n`, /^line 4/],
  ['a comment without entry', '#mtree\n. type=dir\n#whiteout\n', /^line 4/],
  [
    'comments in another order',
    `#mtree\n. type=dir\n./a ${F}\n#hardlink ./a\n#xattr u=\n./b ${F}\n`,
    /^line 6/,
  ],
  ['xattrs out of order', `#mtree\n. type=dir\n#xattr b=\n#xattr a=\n./a ${F}\n`, /unsorted/],
  ['an xattr twice', `#mtree\n. type=dir\n#xattr a=\n#xattr a=\n./a ${F}\n`, /twice/],
  ['an xattr without =', `#mtree\n. type=dir\n#xattr a\n./a ${F}\n`, /^line 4/],
  ['an xattr that is no base64', `#mtree\n. type=dir\n#xattr a=A\n./a ${F}\n`, /base64/],
  ['a hard link to nothing', `#mtree\n. type=dir\n#hardlink ./x\n./a ${F}\n`, /no earlier file/],
  [
    'a hard link to a later file',
    `#mtree\n. type=dir\n#hardlink ./b\n./a ${F}\n./b ${F}\n`,
    /no earlier file/,
  ],
  [
    'a hard link to a hard link',
    `#mtree\n. type=dir\n./a ${F}\n#hardlink ./a\n./b ${F}\n#hardlink ./b\n./c ${F}\n`,
    /no earlier/,
  ],
  [
    'a hard link to a folder',
    `#mtree\n. type=dir\n./a ${D}\n#hardlink ./a\n./b ${F}\n`,
    /no earlier file/,
  ],
  [
    'a hard link of another mode',
    `#mtree\n. type=dir\n./a ${F}\n#hardlink ./a\n./b ${F.replace('0644', '0600')}\n`,
    /differs/,
  ],
  [
    'a hard link with other xattrs',
    `#mtree\n. type=dir\n./a ${F}\n#xattr u=\n#hardlink ./a\n./b ${F}\n`,
    /differs/,
  ],
  ['a folder as hard link', `#mtree\n. type=dir\n./a ${F}\n#hardlink ./a\n./b ${D}\n`, /^line 5/],
];
for (const [what, text, message] of refused) {
  test(`refused: ${what}`, (t) => {
    const parsed = parseManifest(text);
    t.regex(parsed.ok ? 'accepted' : parsed.error, message);
  });
}

test('writing what is no tree is a bug of ours', (t) => {
  const wrong: readonly (readonly TreeEntry[])[] = [
    [file('b', 'x'), file('a', 'x')],
    [file('a/b', 'x')],
    [file('../a', 'x')],
    [file('a', 'x', {mode: 0o10000})],
    [file('a', 'x', {hardlink: 'b'})],
    [{...link('l', 'x'), mode: 0o755}],
  ];
  for (const entries of wrong) t.throws(() => encodeManifest(entries), {instanceOf: Bug});
});

test('hostile sizes are read in linear time', (t) => {
  const began = performance.now();
  t.false(parseManifest(`#mtree\n. type=dir\n${'#xattr a=\n'.repeat(200_000)}`).ok);
  t.false(parseManifest(`#mtree\n. type=dir\n./${'\\040'.repeat(200_000)} x\n`).ok);
  t.false(parseManifest(`#mtree\n. type=dir\n./a${'/a'.repeat(200_000)} ${F}\n`).ok);
  t.false(parseManifest(`#mtree\n. type=dir\n./a ${' '.repeat(500_000)}\n`).ok);
  t.true(performance.now() - began < 5000);
});

test('a tree of 100,000 entries is written and read in seconds', (t) => {
  const entries = Array.from({length: 100}, (_, n) => n).flatMap((n) => [
    dir(`d${n}`),
    ...Array.from({length: 999}, (_unused, m) => file(`d${n}/file-${m}.h`, `${n} ${m}`)),
  ]);
  const sorted = sortEntries(entries);
  const began = performance.now();
  const text = String(encodeManifest(sorted));
  const written = performance.now();
  t.true(parseManifest(text).ok);
  const read = performance.now();
  t.log(`write ${Math.round(written - began)} ms, read ${Math.round(read - written)} ms`);
  t.true(read - began < 60_000);
});
