/** Roots from recipe text to entries: layers, overrides, what the recipe adds, and what cannot be. */
import test from 'ava';
import type {ComposedRoot} from '../../../engine/graph/root-parts.ts';
import {composeRoot} from '../../../engine/rootfs/compose.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {mistakeIn} from '../../../store/tree-rules.ts';
import {oneLine} from '../load/space.ts';
import {contentOf, rootNode, texts, treeOf, type Files} from './rig.ts';

interface Made {
  /** `path type mode uid:gid content`, folders that say nothing left out. */
  readonly lines: readonly string[];
  readonly problems: readonly string[];
  readonly root: ComposedRoot | undefined;
}

/** `layers`: what the builds of these names come to, all of them of the collection t. */
function compose(root: string, layers: Readonly<Record<string, Files>>, more: Files = {}): Made {
  const made = rootNode(root, Object.keys(layers), more);
  if (!made.ok) return {lines: [], problems: made.error.map(oneLine), root: undefined};
  const {node, order} = made.value;
  const composed = composeRoot({
    node,
    layers: order.map((owner) => ({owner, entries: treeOf(layers[owner.slice(2)] ?? {})})),
    files: new Map(
      node.build.sources.map(({placement}) => [
        placement.name,
        contentOf(`from ${placement.name}`),
      ]),
    ),
    read: (digest) => Buffer.from(texts.get(digest) ?? '?'),
  });
  if (!composed.ok) return {lines: [], problems: composed.error.map(oneLine), root: undefined};
  const {entries, contents} = composed.value;
  for (const bytes of contents) contentOf(bytes.toString());
  const mistake = mistakeIn(entries);
  if (mistake !== undefined) throw new Error(mistake.message);
  const lines = entries.flatMap((entry) => lineOf(entry) ?? []);
  return {lines, problems: [], root: composed.value};
}

function lineOf(entry: TreeEntry): string | undefined {
  if (entry.type === 'whiteout') return `${entry.path} whiteout`;
  const {path, mode, uid, gid} = entry;
  const isPlain = mode === 0o755 && uid === 0 && gid === 0;
  if (entry.type === 'dir') {
    return isPlain ? undefined : `${path}/ ${mode.toString(8)} ${uid}:${gid}`;
  }
  if (entry.type === 'link') return `${path} -> ${entry.target}`;
  const text = entry.type === 'file' ? JSON.stringify(texts.get(entry.digest)) : '';
  return `${path} ${mode.toString(8)} ${uid}:${gid} ${text}`;
}

const BASE: Files = {
  'usr/lib': '/',
  lib: '> usr/lib',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
};

test('layers in their order, sets among them, with what the recipe adds', (t) => {
  const {lines, problems} = compose(
    `layers: [base, '@all']
exclude: [usr/share/doc]
folders:
  /tmp: {mode: 1777}
  /var/log: {mode: "0750", owner: "root:adm"}
files:
  /etc/hostname: {text: "sys-\${version}\\n"}
  /lib/init: {from: sys/init, mode: 0755, owner: daemon}
links: {/bin/sh: bash}
users: {daemon: {uid: 6, gid: 7, comment: Nobody special}}
groups: {adm: {gid: 4, members: [daemon]}, daemon: {gid: 7}}`,
    {
      base: BASE,
      app: {'lib/app/x': 'x', 'usr/share/doc/app': 'doc'},
      two: {'usr/share/doc/app': 'other', 'usr/share/two': '2'},
    },
    {'recipes/r/sys/init': '#!/bin/sh\n'},
  );
  t.deepEqual(problems, []);
  t.deepEqual(lines, [
    'bin/sh -> bash',
    'etc/group 644 0:0 "root:x:0:\\nadm:x:4:daemon\\ndaemon:x:7:\\n"',
    'etc/hostname 644 0:0 "sys-3\\n"',
    'etc/passwd 644 0:0 "root:x:0:0:root:/root:/bin/sh\\ndaemon:x:6:7:Nobody special:/:/bin/false\\n"',
    'lib -> usr/lib',
    'tmp/ 1777 0:0',
    'usr/lib/app/x 644 0:0 "x"',
    'usr/lib/init 755 6:7 "from lib%2Finit"',
    'usr/share/two 644 0:0 "2"',
    'var/log/ 750 0:4',
  ]);
});

test('a conflict names both layers and the place; an override wins', (t) => {
  const layers = {one: {f: '1', d: '/'}, two: {f: '2', 'd/x': 'x'}, three: {d: 'file'}};
  const {problems} = compose('layers: [one, two, three]', layers);
  t.deepEqual(problems, [
    'r/sys.yaml:4:1 root/conflict: t/one and t/two have different /f (leave it out (exclude), or let t/two win (overrides))',
    'r/sys.yaml:4:1 root/conflict: /d is a folder in one of t/one and t/three, and none in the other (leave it out (exclude), or let t/three win (overrides))',
  ]);
  const {lines} = compose('layers: [one]\noverrides: [two]', layers);
  t.deepEqual(lines, ['d/x 644 0:0 "x"', 'f 644 0:0 "2"']);
});

test('the order of the layers decides, not that of their labels', (t) => {
  const layers = {a: {f: 'a'}, b: {f: 'b'}};
  t.deepEqual(compose('layers: [b]\noverrides: [a]', layers).lines, ['f 644 0:0 "a"']);
  t.deepEqual(compose('layers: [a]\noverrides: [b]', layers).lines, ['f 644 0:0 "b"']);
});

test('what the recipe adds and cannot be', (t) => {
  const {problems} = compose(
    `layers: [base]
folders: {/etc/passwd: {}}
files:
  /lib: {text: x}
  /etc/x: {text: x, owner: nobody}
users: {root: {uid: 0, home: /}}`,
    {base: BASE},
  );
  t.deepEqual(problems, [
    'r/sys.yaml:6:13 root/conflict: /etc/passwd is to be a folder, and t/base has a file at /etc/passwd',
    'r/sys.yaml:10:11 root/account: a layer has root in /etc/passwd already: root:x:0:0:root:/root:/bin/sh',
    'r/sys.yaml:9:5 root/unknown-owner: /etc/x belongs to nobody, whom this root does not have',
  ]);
});

test('a file over a link takes its place; over a folder it cannot', (t) => {
  const made = compose('layers: [base]\nfiles: {/lib: {text: x}}', {base: BASE});
  t.true(made.lines.includes('lib 644 0:0 "x"'));
  const {problems} = compose('layers: [base]\nfiles: {/usr: {text: x}}', {base: BASE});
  t.regex(
    problems[0] ?? '',
    /root\/conflict: \/usr is to be a file, and t\/base has a folder at \/usr$/,
  );
});

test('triggers: those whose program and folder are there, then the recipe’s own', (t) => {
  const programs = {'usr/sbin/ldconfig': '', 'usr/bin/fc-cache': '', 'etc/x': ''};
  const own = 'layers: [base]\ntriggers: {keys: make-keys, last: "true"}';
  const triggers = (files: Files): readonly string[] =>
    compose(own, {base: files}).root?.triggers.map(({name}) => name) ?? [];
  t.deepEqual(triggers({}), ['keys', 'last']);
  t.deepEqual(triggers(programs), ['generated-ldconfig', 'keys', 'last']);
  t.deepEqual(triggers({...programs, 'usr/share/fonts': '/'}), [
    'generated-ldconfig',
    'generated-fc-cache',
    'keys',
    'last',
  ]);
  const [first] = compose(own, {base: programs}).root?.triggers ?? [];
  t.is(first?.text, 'cd /\nldconfig -r .');
});

test('a layer nobody knows, and a set nobody knows', (t) => {
  const {problems} = compose('layers: [bse, "@al"]', {base: BASE});
  t.deepEqual(problems, [
    'r/sys.yaml:5:12 graph/unknown-need: there is no recipe named bse (did you mean base?)',
    'r/sys.yaml:5:17 graph/unknown-need: there is no set @al (did you mean @all?)',
  ]);
});
