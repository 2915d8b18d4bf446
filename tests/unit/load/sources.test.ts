/** Sources and patches: places, names, folders, and what is refused. */
import path from 'node:path';
import test from 'ava';
import type {Source} from '../../../engine/load/model.ts';
import {DIGEST, recipeText, Space} from './space.ts';

const OTHER = DIGEST.replaceAll('0', 'f');

function load(
  sources: string,
  files: Record<string, string> = {},
): {sources: readonly Source[]; top: string; root: string} {
  using space = Space.with({'recipes/a/x.yaml': recipeText('x', sources), ...files});
  const {sources: made, top} = space.build('x');
  return {sources: made, top, root: space.root};
}

function refused(text: string): string[] {
  using space = Space.with({'recipes/a/x.yaml': recipeText('x', text)});
  return space.lines().map((line) => line.replace(/^a\/x\.yaml:/, ''));
}

test('a remote source with everything by default', (t) => {
  const {sources, top} = load(
    `sources: [{url: "gnu:d/x-\${version}.tar.gz", sha256: ${DIGEST}}]\n`,
  );
  const [source] = sources;
  t.is(top, 'x-1.0');
  if (source?.type !== 'remote') return t.fail();
  t.deepEqual(source.placement, {
    name: 'x-1.0.tar.gz',
    strip: 1,
    into: 'x-1.0',
    subdir: undefined,
    unpack: 'auto',
  });
  t.is(source.size, undefined);
  const at = {file: 'recipes/a/x.yaml', line: 5, column: 17, endLine: 5, endColumn: 44};
  t.deepEqual(source.places, [{url: 'gnu:d/x-1.0.tar.gz', sha256: DIGEST, at}]);
});

test('a remote source with everything said', (t) => {
  const {sources, top} = load(`vars: {d: lib}
sources:
  - url: https://x.example/get.php?file=x
    sha256: ${DIGEST}
    size: 1KiB
    or: [{url: "debian:pool/x", sha256: ${OTHER}}]
    name: \${package}-src.tar.xz
    strip: 0
    into: ./top/\${d}/
    subdir: \${d}/deep
    unpack: inner-\${version}.tar.gz
`);
  const [source] = sources;
  if (source?.type !== 'remote') return t.fail();
  t.deepEqual(source.placement, {
    name: 'x-src.tar.xz',
    strip: 0,
    into: 'top/lib',
    subdir: 'lib/deep',
    unpack: {inner: 'inner-1.0.tar.gz'},
  });
  t.is(source.size, 1024);
  t.deepEqual(
    source.places.map(({url, sha256}) => [url, sha256]),
    [
      ['https://x.example/get.php?file=x', DIGEST],
      ['debian:pool/x', OTHER],
    ],
  );
  t.is(top, 'x-src');
});

test('names come from the last part of the place', (t) => {
  const name = (url: string): string | undefined =>
    load(`sources: [{url: "${url}", sha256: ${DIGEST}}]\n`).sources[0]?.placement.name;
  t.is(name('https://x.example/a/b.tar.gz?x=1/2#frag'), 'b.tar.gz');
  t.is(name('gnu:b.tar.gz'), 'b.tar.gz');
  t.is(name('file:/srv/a/b.tar'), 'b.tar');
});

test('unpack: false leaves the file alone and does not name the folder', (t) => {
  const {sources, top} = load(`sources:
  - {url: "gnu:notes.tar.gz", sha256: ${DIGEST}, unpack: false, name: notes.tar.gz}
  - {url: "gnu:x.tar.gz", sha256: ${DIGEST}, name: other.tar.gz}
`);
  t.is(sources[0]?.placement.unpack, false);
  t.is(top, 'other');
});

test('folders and files of this machine', (t) => {
  const {sources, top, root} = load(
    `sources:
  - {path: ./x/files, ignore: ["*.o", "\${package}/**"]}
  - {path: x/one.c}
  - {path: "/srv/\${package}", name: srv}
  - {path: x/none, into: none}
`,
    {'recipes/a/x/files/f': '', 'recipes/a/x/one.c': ''},
  );
  const [folder, file, absolute, missing] = sources;
  t.is(top, 'x-1.0');
  if (folder?.type !== 'path' || absolute?.type !== 'path') return t.fail();
  t.is(folder.path, path.join(root, 'recipes/a/x/files'));
  t.deepEqual(folder.ignore, ['*.o', 'x/**']);
  t.deepEqual([folder.placement.name, folder.placement.into], ['x-1.0', 'x-1.0']);
  t.deepEqual([file?.placement.name, file?.placement.into], ['one.c', 'x-1.0']);
  t.is(absolute.path, '/srv/x');
  t.deepEqual([absolute.placement.name, absolute.placement.into], ['srv', 'srv']);
  t.deepEqual([missing?.placement.name, missing?.placement.into], ['none', 'none']);
});

test('a commit of a repository', (t) => {
  const rev = DIGEST.slice(0, 40);
  const {sources} = load(
    `vars: {commit: ${rev}}\nsources: [{git: "https://x.example/r.git", rev: "\${commit}"}]\n`,
  );
  const [source] = sources;
  if (source?.type !== 'git') return t.fail();
  t.deepEqual(
    [source.url, source.rev, source.placement.name],
    ['https://x.example/r.git', rev, 'x-1.0'],
  );
});

test('conditions decide what is there', (t) => {
  const {sources} = load(`sources:
  - {url: "gnu:a", sha256: ${DIGEST}, when: "arch == 'x86_64'"}
  - {url: "gnu:b", sha256: ${DIGEST}, when: "arch != 'x86_64'"}
  - {url: "gnu:b", sha256: ${DIGEST}, when: true}
`);
  t.deepEqual(
    sources.map(({placement}) => placement.name),
    ['a', 'b'],
  );
});

test('patches lie beside the recipe', (t) => {
  using space = Space.with({
    'recipes/a/x.yaml': recipeText(
      'x',
      'patches: [{file: "x/fix-${version}.patch"}, {file: x/b.diff, strip: 0}]\n',
    ),
    'recipes/a/x/fix-1.0.patch': '',
    'recipes/a/x/b.diff': '',
  });
  t.deepEqual(
    space
      .build('x')
      .patches.map(({file, name, strip}) => [path.relative(space.root, file), name, strip]),
    [
      ['recipes/a/x/fix-1.0.patch', 'fix-1.0.patch', 1],
      ['recipes/a/x/b.diff', 'b.diff', 0],
    ],
  );
  t.true(space.load().inputs.includes(path.join(space.root, 'recipes/a/x/b.diff')));
});

const SOURCE = (rest: string): string =>
  `sources: [{url: "gnu:a.tar.gz", sha256: ${DIGEST}, ${rest}}]\n`;

const REFUSED: readonly (readonly [string, readonly string[]])[] = [
  [
    'sources: [{url: "gnuu:a", sha256: XY}]\n',
    [
      '5:17 recipe/bad-source: there is no alias `gnuu` (did you mean gnu?)',
      '5:35 schema/wrong-value: a sha256 is 64 hex digits in small letters: XY',
    ],
  ],
  [
    `sources: [{url: "gnuu:a", sha256: ${DIGEST}}]\n`,
    ['5:17 recipe/bad-source: there is no alias `gnuu` (did you mean gnu?)'],
  ],
  [
    `sources: [{url: "zzz:a", sha256: ${DIGEST}}]\n`,
    ['5:17 recipe/bad-source: there is no alias `zzz` (add it to `aliases:` of the configuration)'],
  ],
  [
    `sources: [{url: "ftp://x/a", sha256: ${DIGEST}}]\n`,
    [
      '5:17 recipe/bad-source: nothing is fetched by ftp: (use https, http, file, or `git:` with `rev:`)',
    ],
  ],
  [
    `sources: [{git: "ext::sh -c x", rev: ${OTHER}}]\n`,
    [
      '5:17 schema/wrong-value: the URL of a repository has no blanks and does not start with -: ext::sh -c x',
    ],
  ],
  [
    `sources: [{git: "ext::sh", rev: ${OTHER}}]\n`,
    [
      '5:17 recipe/bad-source: ext::sh is no URL of a repository (use https, http, git, ssh or file)',
    ],
  ],
  [
    'vars: {c: abc}\nsources: [{git: "https://x/y", rev: "${c}"}]\n',
    ['6:37 recipe/bad-source: a commit is its full id, 40 (or 64) hex digits: abc'],
  ],
  [
    'sources: [{git: "https://x/y", rev: main}]\n',
    [
      '5:37 schema/wrong-value: a commit is its full id: 40 (or 64) hex digits in small letters: main',
    ],
  ],
  [
    'sources: [{git: "https://x/y"}]\n',
    ['5:12 schema/missing-field: `git` needs the field `rev` beside it'],
  ],
  [
    'sources: [{name: a}]\n',
    ['5:11 schema/wrong-value: a source has exactly one of url, path and git'],
  ],
  [
    'sources: [{url: "gnu:a"}]\n',
    [
      '5:12 schema/missing-field: `url` needs the field `sha256` beside it (`recipes source pin` finds and writes it)',
    ],
  ],
  [SOURCE('into: /x'), ['5:113 recipe/bad-path: `into` is absolute: /x']],
  [
    SOURCE('subdir: a/../b'),
    ['5:115 recipe/bad-path: `subdir` leaves its folder with `..`: a/../b'],
  ],
  [SOURCE('name: a/b'), ['5:113 recipe/bad-path: `name` holds a slash: a/b']],
  [SOURCE('unpack: ../x'), ['5:115 recipe/bad-path: `unpack` leaves its folder with `..`: ../x']],
  [
    SOURCE('unpack: true'),
    [
      '5:115 schema/wrong-value: unpack is auto, false, or the name of an archive inside this one: true',
    ],
  ],
  [SOURCE('strip: 21'), ['5:114 schema/wrong-value: `strip` must be at most 20: 21']],
  [
    'patches: [{file: ../x.patch}, {file: x/none.patch}]\n',
    [
      '5:18 recipe/bad-path: `file` leaves its folder with `..`: ../x.patch',
      '5:38 recipe/missing-file: there is no file x/none.patch beside the recipe',
    ],
  ],
  [
    'sources: [{path: ., ignore: ["a[", /x]}]\n',
    [
      '5:30 recipe/bad-glob: the glob lacks a `]`: a[',
      '5:36 recipe/bad-glob: the glob is absolute: /x',
    ],
  ],
];

test('what is refused', (t) => {
  for (const [text, expected] of REFUSED) t.deepEqual(refused(text), expected, text);
});

test('two sources cannot have one name, and none that of the folder', (t) => {
  const text = `sources:
  - {url: "gnu:a/f.tar.gz", sha256: ${DIGEST}}
  - {url: "gnu:b/f.tar.gz", sha256: ${OTHER}}
  - {url: "gnu:x-1.0", sha256: ${OTHER}}
`;
  t.deepEqual(refused(text), [
    '7:5 recipe/bad-source: two sources are named f.tar.gz (the other in line 6) (give one of them another `name:`)',
    '8:5 recipe/bad-source: x-1.0 is the name of the folder that is built in (give the source another `name:`)',
  ]);
});
