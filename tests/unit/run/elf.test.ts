/** ELF files as they are on machines, as they can be made by hand, and as nobody should trust them. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {readElf, type ElfNeeds, type ReadAt} from '../../../engine/run/elf.ts';
import {has, skip} from '../store/rig.ts';
import {elfOf, type ElfText} from './elf-values.ts';

/** Reads from bytes as from a file, counting what is read. */
function reader(bytes: Buffer): {readonly read: ReadAt; total: () => number} {
  let total = 0;
  const read: ReadAt = (position, length) => {
    const start = Math.min(position, bytes.length);
    const part = bytes.subarray(start, Math.min(start + length, bytes.length));
    total += part.length;
    return part;
  };
  return {read, total: () => total};
}

const needs = (bytes: Buffer): ElfNeeds | undefined => readElf(reader(bytes).read);

const EVERYTHING: ElfText = {interpreter: '/lib/ld.so', libraries: ['libz.so.1', 'libc.so.6']};

// --- files of this machine -----------------------------------------------------------------------

/** What readelf(1) says. */
function toldByReadelf(file: string): ElfNeeds {
  const run = (option: string): string =>
    spawnSync('readelf', ['-W', option, file], {
      env: {...process.env, LC_ALL: 'C'},
    }).stdout.toString();
  return {
    interpreter: /Requesting program interpreter: (.*)\]/.exec(run('-l'))?.[1],
    libraries: [...run('-d').matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name = '']) => name),
  };
}

function filesHere(): string[] {
  const linked = spawnSync('ldd', ['/bin/sh']).stdout.toString();
  const libc = /=> (\/\S*libc\S*)/.exec(linked)?.[1];
  const all = [process.execPath, '/bin/sh', '/usr/bin/env', libc];
  return all.flatMap((file) => (file === undefined ? [] : [fs.realpathSync(file)]));
}

for (const file of filesHere()) {
  test(`${path.basename(file)} of this machine asks for what readelf(1) says`, (t) => {
    if (!has('readelf')) return skip(t, 'readelf');
    t.deepEqual(needs(fs.readFileSync(file)), toldByReadelf(file));
  });
}

test('node itself is linked with a C library, by an interpreter', (t) => {
  const found = needs(fs.readFileSync(process.execPath));
  t.regex(found?.interpreter ?? '', /^\/.*\/ld-/);
  t.true(found?.libraries.some((name) => /^(?:libc\.|libc\.musl)/.test(name)));
});

// --- files made by hand --------------------------------------------------------------------------

const GOOD: readonly (readonly [string, ElfText, ElfNeeds])[] = [
  ['nothing', {}, {interpreter: undefined, libraries: []}],
  ['64 bits', EVERYTHING, {interpreter: '/lib/ld.so', libraries: ['libz.so.1', 'libc.so.6']}],
  [
    '32 bits',
    {...EVERYTHING, bits: 32},
    {interpreter: '/lib/ld.so', libraries: ['libz.so.1', 'libc.so.6']},
  ],
  [
    'loaded where only 64 bits reach',
    {libraries: ['liba.so'], address: 2 ** 46},
    {interpreter: undefined, libraries: ['liba.so']},
  ],
  [
    'loaded at the very beginning',
    {libraries: ['liba.so'], address: 0},
    {interpreter: undefined, libraries: ['liba.so']},
  ],
  [
    'names that are no ASCII',
    {libraries: ['lib\xc3\xa4.so']},
    {interpreter: undefined, libraries: ['lib\xc3\xa4.so']},
  ],
];

for (const [what, text, expected] of GOOD) {
  test(`by hand: ${what}`, (t) => {
    t.deepEqual(needs(elfOf(text)), expected);
  });
}

const NONE: ElfNeeds = {interpreter: undefined, libraries: []};
const ONLY_INTERPRETER: ElfNeeds = {interpreter: '/lib/ld.so', libraries: []};
const ONLY_LIBRARIES: ElfNeeds = {interpreter: undefined, libraries: ['libz.so.1', 'libc.so.6']};
const ALL: ElfNeeds = {...ONLY_LIBRARIES, interpreter: '/lib/ld.so'};

const LIES: readonly (readonly [string, NonNullable<ElfText['lies']>, ElfNeeds | undefined])[] = [
  ['a class that does not exist', {class: 3}, undefined],
  ['class 0', {class: 0}, undefined],
  ['big-endian', {data: 2}, undefined],
  ['program headers outside the file', {tableAt: 2 ** 40}, NONE],
  ['program headers beyond all numbers', {tableAt: -1}, NONE],
  ['program headers of no size', {entrySize: 0}, NONE],
  ['program headers that are too small', {entrySize: 31}, NONE],
  ['huge program headers', {entrySize: 0xffff}, NONE],
  ['more program headers than the file has', {entries: 0xffff}, ALL],
  ['no program headers', {entries: 0}, NONE],
  ['no dynamic section', {dynamicSize: 0}, ONLY_INTERPRETER],
  ['a dynamic section that never ends', {dynamicSize: -1}, ALL],
  ['an interpreter without its end', {interpreterSize: 3}, ONLY_LIBRARIES],
  ['an empty interpreter', {interpreterSize: 0}, ONLY_LIBRARIES],
  ['strings nobody loads', {stringsAt: 5}, ONLY_INTERPRETER],
  ['strings beyond all numbers', {stringsAt: -1}, ONLY_INTERPRETER],
  ['names outside the file', {names: [2 ** 30, -1]}, ONLY_INTERPRETER],
  ['empty names', {names: [0, 0]}, ONLY_INTERPRETER],
];

for (const bits of [32, 64] as const) {
  for (const [what, lies, expected] of LIES) {
    test(`${bits} bits, a lie: ${what}`, (t) => {
      t.deepEqual(needs(elfOf({...EVERYTHING, bits, lies})), expected);
    });
  }
}

test('bytes that are no name are none', (t) => {
  t.deepEqual(needs(elfOf({interpreter: '/lib/\x01', libraries: ['a\nb', 'libc.so']})), {
    interpreter: undefined,
    libraries: ['libc.so'],
  });
});

test('no more than a thousand libraries are read, and little of each', (t) => {
  const {read, total} = reader(
    Buffer.concat([
      elfOf({lies: {names: Array.from({length: 4000}, () => 1)}, libraries: ['x'.repeat(400)]}),
      Buffer.alloc(1 << 20, 'x'),
    ]),
  );
  t.is(readElf(read)?.libraries.length, 1024);
  t.true(total() < 1 << 20);
});

test('other files are none', (t) => {
  for (const text of ['', '\x7f', '\x7fELF', '#!/bin/sh\n', `\x7fELG${'\0'.repeat(100)}`]) {
    t.is(needs(Buffer.from(text, 'latin1')), undefined);
  }
});

// --- anything ------------------------------------------------------------------------------------

/** Reads bytes that may be anything: it ends soon, and without an exception. */
function survives(t: ExecutionContext, bytes: Buffer): void {
  const {read, total} = reader(bytes);
  const start = process.cpuUsage();
  readElf(read);
  const {user, system} = process.cpuUsage(start);
  t.true(user + system < 1_000_000);
  t.true(total() < 1 << 20);
}

const anyBytes = (most: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({maxLength: most}).map((bytes) => Buffer.from(bytes));

test('random bytes, with and without a head that looks right', (t) => {
  const heads = ['', '\x7fELF\x01\x01\x01', '\x7fELF\x02\x01\x01'].map((one) =>
    Buffer.from(one, 'latin1'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...heads), anyBytes(2000), (head, rest) => {
      survives(t, Buffer.concat([head, rest]));
    }),
    {numRuns: 500},
  );
});

test('a real file, cut anywhere', (t) => {
  const whole = fs.readFileSync('/bin/sh');
  for (let end = 0; end < whole.length; end = end < 2000 ? end + 7 : Math.ceil(end * 1.05)) {
    survives(t, whole.subarray(0, end));
  }
});

test('good files with some bytes changed', (t) => {
  const wide = elfOf(EVERYTHING);
  const narrow = elfOf({...EVERYTHING, bits: 32});
  const change = fc.tuple(fc.nat(wide.length - 1), fc.integer({min: 0, max: 255}));
  fc.assert(
    fc.property(
      fc.constantFrom(wide, narrow),
      fc.array(change, {minLength: 1}),
      (good, changes) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        survives(t, bytes);
      },
    ),
    {numRuns: 500},
  );
});
