/**
 * Hostile archives through the command line: refused with one message, or inert; nothing outside
 * is touched, nothing of it is believed. Time and memory of each are printed.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {Table, measured} from '../support/peak.ts';
import {recipe} from '../support/recipes.ts';
import {remains} from '../support/remains.ts';
import {Space} from '../support/space.ts';
import {long, pax, rawEntry, record, tar, type RawEntry} from '../unit/source/tar-bytes.ts';

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

const table = new Table();

const FILE = (name: string, content = 'x'): RawEntry => ({name, content});
const DIR = (name: string): RawEntry => ({name, type: '5'});
const LINK = (name: string, link: string): RawEntry => ({name, type: '2', link});
const HARD = (name: string, link: string): RawEntry => ({name, type: '1', link});

/** One header, repeated with other names, without a buffer for each. */
function many(count: number): Buffer {
  const all = Buffer.alloc((count + 2) * 512);
  for (let at = 0; at < count; at += 1) rawEntry({name: `p/${String(at)}`}).copy(all, at * 512);
  return all;
}

const REFUSED = 'source/archive-refused';
const DAMAGED = 'source/archive-damaged';

interface Hostile {
  readonly bytes: (canary: string) => Buffer;
  readonly code?: string;
  readonly says: RegExp;
}

function entries(says: RegExp, ...list: readonly RawEntry[]): Hostile {
  return {bytes: () => tar(...list), says};
}

const ARCHIVES: Readonly<Record<string, Hostile>> = {
  'a name with ..': entries(/leads out with \.\./, FILE('p/../../canary')),
  'a name with .. in pax': entries(/leads out/, pax([['path', '../../canary']]), FILE('p/a')),
  'an absolute name': {bytes: (canary) => tar(FILE(canary)), says: /is absolute/},
  'an absolute link': entries(/leads out of the archive/, LINK('p/etc', '/etc')),
  'a link chain, and a file through it': entries(
    /written through a link|leads out/,
    LINK('p/a', '..'),
    FILE('p/a/canary'),
  ),
  'a link chain of three': entries(
    /leads out/,
    LINK('p/a', '.'),
    LINK('p/b', 'a/..'),
    LINK('p/c', 'b/../canary'),
  ),
  'a hard link out': entries(/leads out/, HARD('p/h', '../../canary')),
  'an absolute hard link': entries(/absolute/, HARD('p/h', '/etc/shadow')),
  'a character device': entries(/character device/, {name: 'p/null', type: '3'}),
  'a block device': entries(/block device/, {name: 'p/sda', type: '4'}),
  'a fifo': entries(/named pipe/, {name: 'p/fifo', type: '6'}),
  'a size of 2^53 - 1 in base 256': entries(/unpacks to more/, {name: 'p/a', size: 2 ** 53 - 1}),
  'a size of eight exabytes': {
    ...entries(/size cannot be read/, {name: 'p/a', size: `\x80\0\0\0\x7f${'\xff'.repeat(7)}`}),
    code: DAMAGED,
  },
  'a negative size': {
    ...entries(/size cannot be read/, {name: 'p/a', size: '\xff'.repeat(12)}),
    code: DAMAGED,
  },
  'a sparse file of 9 TB': entries(
    /unpacks to more/,
    pax([
      ['GNU.sparse.name', 'p/s'],
      ['GNU.sparse.realsize', '9000000000000'],
    ]),
    FILE('p/s'),
  ),
  'a pax size that hides an entry': entries(
    /has content/,
    pax([['size', '512']]),
    DIR('p/'),
    FILE('../canary'),
  ),
  'a pax name with NUL': entries(/NUL/, pax([['path', 'p/a\0/../../x']]), FILE('p/a')),
  'a pax name with a newline': entries(/line break/, pax([['path', 'p/a\nb']]), FILE('p/a')),
  'a global name': entries(/global header/, pax([['path', 'p/b']], 'g'), FILE('p/c')),
  'a name hidden in a comment': entries(
    /hides another/,
    pax([['comment', `a\n${record('path', '../canary').toString()}`]]),
    FILE('p/a'),
  ),
  'two long names': entries(/two names/, long('L', 'p/a'), long('L', '../x'), FILE('p/a')),
  'terminal escapes in a name': entries(/\\u\{1b\}\[31m/, FILE('../\x1b[31m\x1b]0;x\x07')),
  'an extended header of 1 GiB': {
    bytes: () => tar({name: 'pax', type: 'x', size: 2 ** 30}),
    says: /extended header is too long/,
  },
  'extended headers without end': {
    bytes: () => Buffer.concat(Array<Buffer>(200).fill(rawEntry(bigComment()))),
    says: /headers are too long/,
  },
  'a million entries': {bytes: () => many(1_000_000), says: /more than 300000 entries/},
  '70 MiB of zeros for one of 2 KB': {
    bytes: () => Buffer.concat([rawEntry({name: 'p/z', size: 2 ** 31}), Buffer.alloc(70 << 20)]),
    says: /unpacks to more/,
  },
  'no archive': {bytes: () => Buffer.alloc(9000, 'x'), code: DAMAGED, says: /checksum/},
};

function bigComment(): RawEntry {
  return pax([['comment', 'c'.repeat(1 << 19)]]);
}

/** Nothing is there that was not before, but the store and what it needs. */
function untouched(t: ExecutionContext, space: Space): void {
  t.false(space.exists('canary'));
  t.false(fs.existsSync(path.join(path.dirname(space.root), 'canary')));
  t.deepEqual(remains(space), []);
}

for (const [name, {bytes, code = REFUSED, says}] of Object.entries(ARCHIVES)) {
  test.serial(`archive: ${name}`, async (t) => {
    await using space = Space.create();
    const packed = zlib.gzipSync(bytes(space.at('canary')), {level: 1});
    space.write('a.tar.gz', packed);
    const source = {url: `file://${space.at('a.tar.gz')}`, sha256: sha256(packed)};
    space.write('recipes/t/a.yaml', recipe('t/a', {recipe: {sources: [source]}}));
    const ran = await measured(space, ['build']);
    t.is(ran.status, 1, space.report());
    t.is(ran.stderr.split(code).length, 2, space.report());
    t.regex(ran.stderr, says);
    t.notRegex(ran.stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    t.deepEqual(fs.readdirSync(space.at('.recipes/trees')), []);
    untouched(t, space);
    table.add(t, `archive: ${name}`, ran);
  });
}

test.serial('what all of it took', (t) => {
  table.log(t);
});
