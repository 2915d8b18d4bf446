/** The tables of a disk, looked at by programs of others. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {diskFor} from '../../../engine/boot/gpt.ts';

const MEBIBYTE = 2 ** 20;
const IDS = {
  disk: '01234567-89ab-8def-8123-456789abcdef',
  partition: '11234567-89ab-8def-8123-456789abcdef',
};

test('one partition, whole sectors, room for both tables', (t) => {
  const disk = diskFor(8 * MEBIBYTE, IDS, 'root');
  t.is(disk.start, MEBIBYTE);
  t.is(disk.size, 10 * MEBIBYTE);
  for (const {at, bytes} of disk.pieces) t.true(at + bytes.length <= disk.size);
  const last = disk.pieces.at(-1);
  t.is((last?.at ?? 0) + 512, disk.size);
});

test('the same ids, the same bytes', (t) => {
  const bytes = (): Buffer =>
    Buffer.concat(diskFor(MEBIBYTE, IDS, 'root').pieces.map((one) => one.bytes));
  t.deepEqual(bytes(), bytes());
});

function look(program: string, ...args: readonly string[]): string | undefined {
  const done = spawnSync(program, args, {encoding: 'utf8'});
  return done.error === undefined ? done.stdout + done.stderr : undefined;
}

test('blkid and partx see it', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-gpt-'));
  t.teardown(() => {
    fs.rmSync(folder, {recursive: true});
  });
  const file = path.join(folder, 'disk');
  const disk = diskFor(8 * MEBIBYTE, IDS, 'root');
  const fd = fs.openSync(file, 'w');
  fs.ftruncateSync(fd, disk.size);
  for (const {at, bytes} of disk.pieces) fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.closeSync(fd);
  const table = look('/sbin/blkid', '-p', file);
  const parts = look('partx', '--raw', '--noheadings', file);
  if (table === undefined || parts === undefined) {
    t.log('SKIPPED: blkid and partx (util-linux)');
    return t.pass();
  }
  t.regex(table, /PTUUID="01234567-89ab-8def-8123-456789abcdef" PTTYPE="gpt"/);
  t.is(parts.trim(), '1 2048 18431 16384 8M root 11234567-89ab-8def-8123-456789abcdef');
  // The tables at the end are as good as those at the start.
  const raw = fs.openSync(file, 'r+');
  fs.writeSync(raw, Buffer.alloc(1024), 0, 1024, 512);
  fs.closeSync(raw);
  t.regex(look('/sbin/blkid', '-p', file) ?? '', /PTTYPE="gpt"/);
});
