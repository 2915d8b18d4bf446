/** What a finished build needs and nobody declared: files, who has what they ask for, what is said. */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Diagnostic} from '../../../engine/base/diagnostic.ts';
import {blobDigest, sha256, type ActionKey, type TreeDigest} from '../../../engine/base/hash.ts';
import {undeclaredNeeds} from '../../../engine/run/undeclared.ts';
import {fileIn, type Store} from '../../../store/layout.ts';
import {sortEntries} from '../../../store/manifest.ts';
import {putBytes} from '../../../store/pool.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {writeTree} from '../../../store/trees.ts';
import {label, type BuildText} from '../graph/values.ts';
import {dir, emptyStore, file, isRoot, link, skip} from '../store/rig.ts';
import {elfOf} from './elf-values.ts';
import {bedOf, noTree} from './rig.ts';

/** Content by path; a text `-> x` is a link; what lies in a folder `bin` may be executed. */
type Files = Readonly<Record<string, string | Buffer>>;

function entryOf(store: Store, at: string, content: string | Buffer): TreeEntry {
  if (typeof content === 'string' && content.startsWith('-> ')) return link(at, content.slice(3));
  const bytes = Buffer.from(content);
  const mode = /(?:^|\/)s?bin\//.test(at) ? 0o755 : 0o644;
  putBytes(store, bytes, mode);
  return file(at, '', {mode, size: bytes.length, digest: blobDigest(sha256(bytes))});
}

function treeOf(store: Store, files: Files, more: readonly TreeEntry[] = []): TreeDigest {
  const entries = new Map(more.map((entry) => [entry.path, entry]));
  for (const [at, content] of Object.entries(files)) entries.set(at, entryOf(store, at, content));
  for (const at of [...entries.keys()]) {
    for (let up = path.dirname(at); up !== '.'; up = path.dirname(up)) entries.set(up, dir(up));
  }
  return writeTree(store, sortEntries([...entries.values()]));
}

interface Scene {
  /** How t/tool is built; in a root where nothing is said. */
  readonly tool?: BuildText;
  readonly made: Files;
  /** Files of other packages; each is a build without needs where it has none here. */
  readonly others?: Readonly<Record<string, Files>>;
  readonly needs?: Readonly<Record<string, readonly string[]>>;
  readonly more?: readonly TreeEntry[];
  readonly store?: Store;
}

/** What is said after t/tool was built. */
function said(t: ExecutionContext, scene: Scene): readonly Diagnostic[] {
  const {tool = {}, made, others = {}, needs = {}, more, store = emptyStore(t)} = scene;
  const names = Object.keys(others);
  const builds = Object.fromEntries(names.map((name) => [name, {needs: needs[name] ?? []}]));
  const bed = bedOf(t, {...builds, 't/tool': tool}, {store});
  for (const [name, files] of Object.entries(others)) {
    bed.resolver.learn(label(name), '0'.repeat(64) as ActionKey, treeOf(store, files));
  }
  const {inputs} = bed.known('t/tool');
  return undeclaredNeeds(bed, bed.build('t/tool'), inputs, {
    tree: treeOf(store, made, more),
  });
}

const messages = (t: ExecutionContext, scene: Scene): string[] =>
  said(t, scene).map((one) => one.message);

// --- what files ask for --------------------------------------------------------------------------

const needsZ = elfOf({libraries: ['libz.so.1']});
const nobody = (needing: string): string[] => [
  `${needing}, which nothing that is declared provides`,
];

const ASKING: readonly (readonly [string, Files, readonly string[]])[] = [
  ['an empty file', {'usr/bin/x': ''}, []],
  ['a program', {'usr/bin/x': needsZ}, nobody('usr/bin/x needs libz.so.1')],
  ['a shared object', {'usr/lib/libx.so': needsZ}, nobody('usr/lib/libx.so needs libz.so.1')],
  [
    'one with a version',
    {'usr/lib/libx.so.1.2': needsZ},
    nobody('usr/lib/libx.so.1.2 needs libz.so.1'),
  ],
  ['a program nobody may run', {'usr/share/x': needsZ}, []],
  [
    'a library by its path',
    {'usr/bin/x': elfOf({libraries: ['/opt/liba.so']})},
    nobody('usr/bin/x needs /opt/liba.so'),
  ],
  [
    'a dynamic loader',
    {'usr/bin/x': elfOf({interpreter: '/lib/ld.so'})},
    nobody('usr/bin/x needs /lib/ld.so'),
  ],
  ['a script', {'usr/bin/x': '#!/bin/sh\n'}, nobody('usr/bin/x needs /bin/sh')],
  [
    'with blanks and words',
    {'usr/bin/x': '#! \t/usr/bin/awk -f\n'},
    nobody('usr/bin/x needs /usr/bin/awk'),
  ],
  ['without an end', {'usr/bin/x': '#!/bin/sh'}, nobody('usr/bin/x needs /bin/sh')],
  ['of another system', {'usr/bin/x': '#!/bin/sh\r\n'}, nobody('usr/bin/x needs /bin/sh\\015')],
  ['a script nobody may run', {'usr/share/x': '#!/bin/sh\n'}, []],
  [
    'a script of no absolute path',
    {'usr/bin/x': '#!@PERL@\n', 'usr/bin/y': '#!\n', 'usr/bin/z': '#!/\n'},
    [],
  ],
  ['env', {'usr/bin/x': '#!/usr/bin/env perl\n'}, nobody('usr/bin/x needs perl')],
  [
    'env with words',
    {'usr/bin/x': '#!/usr/bin/env -S A=b perl -w\n'},
    nobody('usr/bin/x needs perl'),
  ],
  [
    'env with a path',
    {'usr/bin/x': '#!/usr/bin/env /opt/perl\n'},
    nobody('usr/bin/x needs /opt/perl'),
  ],
  ['env with an option that takes a word', {'usr/bin/x': '#!/usr/bin/env -u A perl\n'}, []],
  [
    'env with an empty environment',
    {'usr/bin/x': '#!/usr/bin/env -iS perl -w\n'},
    nobody('usr/bin/x needs perl'),
  ],
  [
    'env of nothing',
    {
      'usr/bin/x': '#!/usr/bin/env\n',
      'usr/bin/y': '#!/usr/bin/env -i\n',
      'usr/bin/z': '#!/usr/bin/env AB=c',
    },
    [],
  ],
  [
    'a module',
    {'usr/lib/pkgconfig/x.pc': 'Name: x\nRequires: a >= 1.2, b\nRequires.private: c<2 d\n'},
    ['a', 'b', 'c', 'd'].flatMap((name) => nobody(`usr/lib/pkgconfig/x.pc needs ${name}.pc`)),
  ],
  [
    'a module over lines, with comments and variables',
    {'usr/share/pkgconfig/x.pc': 'Requires: a \\\n  b # c\nLibs: -ld\nRequires: ${e} f/g\n'},
    ['a', 'b'].flatMap((name) => nobody(`usr/share/pkgconfig/x.pc needs ${name}.pc`)),
  ],
  ['a module of nothing', {'usr/lib/pkgconfig/x.pc': 'Requires:\nRequires.private: \n'}, []],
  ['a .pc where no module lies', {'usr/share/x.pc': 'Requires: a\n'}, []],
  [
    'several files that need the same, one of them twice',
    {'usr/bin/a': elfOf({libraries: ['libz.so.1', 'libz.so.1']}), 'usr/bin/b': needsZ},
    nobody('usr/bin/a and 1 more file need libz.so.1'),
  ],
  [
    'many',
    {'usr/bin/a': needsZ, 'usr/bin/b': needsZ, 'usr/lib/c.so': needsZ},
    nobody('usr/bin/a and 2 more files need libz.so.1'),
  ],
  ['names that are no UTF-8', {'usr/bin/\xff': needsZ}, nobody('usr/bin/\\377 needs libz.so.1')],
  [
    'names that are special elsewhere',
    {'usr/bin/__proto__': elfOf({libraries: ['__proto__', 'constructor']})},
    nobody('usr/bin/__proto__ needs constructor'),
  ],
];

for (const [what, made, expected] of ASKING) {
  test(`asked for by ${what}`, (t) => {
    t.deepEqual(messages(t, {made}), expected);
  });
}

test('in: host, the machine has what no artifact has', (t) => {
  const made = Object.assign({}, ...ASKING.map(([, files]) => files)) as Files;
  t.deepEqual(messages(t, {made, tool: {in: 'host'}}), []);
});

test('a hard link is no other file', (t) => {
  const store = emptyStore(t);
  const first = {...entryOf(store, 'usr/bin/x', needsZ), path: 'usr/bin/y'} as TreeEntry;
  const more = [{...first, hardlink: 'usr/bin/x'} as TreeEntry];
  const found = messages(t, {made: {'usr/bin/x': needsZ}, more, store});
  t.deepEqual(found, nobody('usr/bin/x needs libz.so.1'));
});

// --- who has it ----------------------------------------------------------------------------------

/** A file that asks → a path that satisfies it, or one that does not. */
const PLACES: readonly (readonly [string | Buffer, string, 'fits' | 'does not'])[] = [
  [needsZ, 'usr/lib/libz.so.1', 'fits'],
  [needsZ, 'usr/lib/x86_64-linux-gnu/libz.so.1', 'fits'],
  [needsZ, 'libz.so.1', 'fits'],
  [needsZ, 'usr/lib/libz.so', 'does not'],
  [needsZ, 'usr/lib/libz.so.1.2', 'does not'],
  [needsZ, 'usr/lib/libz.so.1/x', 'does not'],
  [elfOf({interpreter: '/lib64/ld.so'}), 'usr/lib/ld.so', 'fits'],
  [elfOf({interpreter: '/lib64/ld.so'}), 'lib64/ld.so', 'fits'],
  [elfOf({interpreter: '/lib64/ld.so'}), 'usr/lib/gcc/ld.so', 'does not'],
  ['#!/bin/sh', 'usr/bin/sh', 'fits'],
  ['#!/usr/bin/sh', 'bin/sh', 'fits'],
  ['#!/usr//bin/../sbin/sh', 'sbin/sh', 'fits'],
  ['#!/bin/sh', 'usr/share/sh', 'does not'],
  ['#!/bin/sh', 'opt/bin/sh', 'does not'],
  ['#!/opt/bin/sh', 'opt/bin/sh', 'fits'],
  ['#!/usr/bin/env perl', 'usr/bin/perl', 'fits'],
  ['#!/usr/bin/env perl', 'sbin/perl', 'fits'],
  ['#!/usr/bin/env perl', 'usr/lib/perl', 'does not'],
];

for (const [content, place, verdict] of PLACES) {
  const what = typeof content === 'string' ? content : 'a program';
  test(`${what}: ${place} ${verdict}`, (t) => {
    const count = verdict === 'fits' ? 0 : 1;
    const store = emptyStore(t);
    const made = {'usr/bin/x': content};
    const counted = (scene: Omit<Scene, 'store'>): number => messages(t, {...scene, store}).length;
    t.is(counted({made: {...made, [place]: 'x'}}), count, 'in the tree itself');
    t.is(counted({made: {...made, [place]: '-> y'}}), count, 'as a link');
    const others = {'t/other': {[place]: 'x'}};
    t.is(counted({made, others, tool: {needs: ['other run']}}), count, 'in a run need');
  });
}

const PC = {'usr/lib/pkgconfig/x.pc': 'Requires: y\n'};

for (const folder of ['lib', 'lib64', 'share', 'lib/x86_64-linux-gnu']) {
  test(`a module in usr/${folder}/pkgconfig is found, and only under its name`, (t) => {
    const store = emptyStore(t);
    const counted = (at: string): number =>
      messages(t, {made: {...PC, [`usr/${folder}/${at}`]: ''}, store}).length;
    t.is(counted('pkgconfig/y.pc'), 0);
    t.is(counted('pkgconfig/yy.pc'), 1);
    t.is(counted('y.pc'), 1);
  });
}

test('a folder, or what is removed, provides nothing', (t) => {
  const made = {'usr/bin/x': needsZ};
  t.is(messages(t, {made, more: [dir('usr/lib/libz.so.1')]}).length, 1);
  t.is(messages(t, {made, more: [{type: 'whiteout', path: 'usr/lib/libz.so.1'}]}).length, 1);
});

const ZLIB = {'usr/lib/libz.so.1': ''};
const others = {'t/zlib': ZLIB, 't/mid': {}, 'u/zlib': ZLIB};
const told = (owner: string): string[] => [
  `usr/bin/x needs libz.so.1, which ${owner} provides, but ${owner} is no run need`,
];

const DECLARED: readonly (readonly [string, BuildText, readonly string[]])[] = [
  ['a need', {needs: ['zlib']}, []],
  ['a run need', {needs: ['zlib run']}, []],
  ['a build need', {needs: ['zlib build']}, told('t/zlib')],
  ['a need and a build need', {needs: ['zlib build', 'zlib run']}, []],
  ['a need of a need', {needs: ['mid']}, []],
  ['a run need of a build need', {needs: ['mid build']}, told('t/zlib')],
  ['the base', {in: 't/zlib'}, told('t/zlib')],
  ['what the base needs', {in: 't/mid'}, told('t/zlib')],
  ['the base, and declared', {in: 't/zlib', needs: ['t/zlib run']}, []],
  ['another collection', {needs: ['u/zlib build']}, told('u/zlib')],
  [
    'two build needs: the higher one is told',
    {needs: ['zlib build', 'u/zlib build']},
    told('u/zlib'),
  ],
  ['one declared, one not', {needs: ['u/zlib build', 'zlib']}, []],
];

for (const where of ['host', 'root'] as const) {
  for (const [what, tool, expected] of DECLARED) {
    test(`provided by ${what} (${where})`, (t) => {
      const needs = {'t/mid': ['zlib']};
      const scene = {made: {'usr/bin/x': needsZ}, others, needs, tool: {in: where, ...tool}};
      t.deepEqual(messages(t, scene), expected);
    });
  }
}

// --- what is said --------------------------------------------------------------------------------

const HINTS: readonly (readonly [BuildText, string])[] = [
  [{needs: ['zlib build']}, 'needs: [zlib]'],
  [{needs: ['u/zlib build']}, 'needs: [u/zlib]'],
  [{in: 'zlib:lib32'}, 'needs: [{build: zlib:lib32, for: run}]'],
  [{needs: ['zlib:lib32 build']}, 'needs: [zlib:lib32]'],
  [{}, 'declare what has it: needs: [{build: …, for: run}]'],
];

for (const [tool, hint] of HINTS) {
  test(`the hint is ${hint}`, (t) => {
    const [found, ...more] = said(t, {
      made: {'usr/bin/x': needsZ},
      others: {...others, 't/zlib:lib32': ZLIB},
      tool,
    });
    t.is(found?.code, 'build/undeclared-need');
    t.is(found?.severity, 'warning');
    t.is(found?.hint, hint);
    t.is(found?.at?.file, 'recipes/t/tool.yaml');
    t.deepEqual(more, []);
  });
}

test('no more than twenty are told, those somebody provides first', (t) => {
  const libraries = Array.from({length: 50}, (_, at) => `lib${at + 10}.so`);
  const found = messages(t, {
    made: {'usr/bin/x': elfOf({libraries})},
    others: {'t/late': {'usr/lib/lib59.so': ''}},
    tool: {needs: ['late build']},
  });
  t.is(found.length, 20);
  t.true(found[0]?.startsWith('usr/bin/x needs lib59.so, which t/late provides'));
  t.true(found[1]?.startsWith('usr/bin/x needs lib10.so, which nothing'));
});

// --- a root of which a part has changed ----------------------------------------------------------

const SCRIPT = (interpreter: string): string => `#!${interpreter}\n`;

/** What is there beside what changes. */
const REST: Files = {'usr/bin/sh': '', 'usr/lib/libz.so.1': ''};

const CHANGES: readonly (readonly [string, Files, Files, number])[] = [
  ['nothing', {}, {}, 0],
  ['a script whose interpreter is there', {}, {'usr/bin/x': SCRIPT('/bin/sh')}, 0],
  ['a script with its interpreter', {}, {'usr/bin/x': SCRIPT('/bin/y'), 'usr/bin/y': ''}, 0],
  ['a script whose interpreter is not there', {}, {'usr/bin/x': SCRIPT('/bin/y')}, 1],
  ['a program whose library is there', {}, {'usr/bin/x': needsZ}, 0],
  ['a library that has gone', {'usr/lib/libq.so': ''}, {}, 1],
  ['a library that is a link now', {'usr/lib/libq.so': ''}, {'usr/lib/libq.so': '-> libz.so.1'}, 0],
  ['a program that has gone', {'usr/bin/q': ''}, {}, 1],
  ['a manual that has gone', {'usr/share/man/q': ''}, {}, 0],
];

for (const [what, before, now, missing] of CHANGES) {
  test(`of a root that lacked nothing only what has changed is judged: ${what}`, (t) => {
    const store = emptyStore(t);
    const bed = bedOf(t, {'t/tool': {}}, {store});
    const entries = (files: Files): TreeEntry[] =>
      Object.entries(files).map(([at, content]) => entryOf(store, at, content));
    // Who is lacking something all along shows whether all of it was judged.
    const lacking = {'usr/bin/lacking': SCRIPT('/bin/nobody')};
    const tree = treeOf(store, {...REST, ...lacking, ...now});
    const changed = {before: entries(before), now: entries(now)};
    const found = undeclaredNeeds(bed, bed.build('t/tool'), bed.known('t/tool').inputs, {
      ...{tree, changed},
    });
    t.is(found.length > 0, missing > 0, JSON.stringify(found));
  });
}

// --- a store with troubles -----------------------------------------------------------------------

test('a file that cannot be read asks for nothing', (t) => {
  const store = emptyStore(t);
  const made = {'usr/bin/x': needsZ};
  const tree = treeOf(store, made);
  const pooled = fileIn(store, blobDigest(sha256(needsZ)), 0o755);
  const bed = bedOf(t, {'t/tool': {}}, {store});
  const ask = (): readonly Diagnostic[] =>
    undeclaredNeeds(bed, bed.build('t/tool'), bed.known('t/tool').inputs, {tree});
  t.is(ask().length, 1);
  fs.unlinkSync(pooled);
  t.deepEqual(ask(), [], 'missing');
  fs.symlinkSync('/bin/sh', pooled);
  t.deepEqual(ask(), [], 'a link');
  fs.unlinkSync(pooled);
  if (isRoot) return skip(t, 'an ordinary user, for a file that may not be read');
  fs.writeFileSync(pooled, needsZ, {mode: 0o111});
  t.deepEqual(ask(), [], 'not readable');
});

test('a damaged layer is a warning: what was built is good', (t) => {
  const bed = bedOf(t, {'t/tool': {}});
  const {inputs} = bed.known('t/tool');
  const [found] = undeclaredNeeds(bed, bed.build('t/tool'), inputs, {tree: noTree('a')});
  t.is(found?.severity, 'warning');
  t.is(found?.code, 'store/corrupt');
});
