/** The reserve: made where there is room, freed and made again; gc on a disk that is full. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {openStore} from '../../../store/layout.ts';
import {freeReserve, makeReserve} from '../../../store/reserve.ts';
import {codesOf, emptyStore, folder, isRoot, must, skip, WORKER_OWNER} from './rig.ts';

const reserveOf = (root: string): fs.Stats | undefined =>
  fs.statSync(path.join(root, 'reserve'), {throwIfNoEntry: false});

/** A small disk of its own, in bytes and files; undefined where it cannot be had. */
function smallDisk(t: ExecutionContext, options: string): string | undefined {
  const at = folder(t);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at]);
  if (mounted.status !== 0) return undefined;
  t.teardown(() => spawnSync('umount', ['-l', at]));
  return at;
}

test('a store has a reserve of real blocks, 16 MiB at most', (t) => {
  const store = emptyStore(t);
  const {blocks, bsize, bavail} = fs.statfsSync(store.root);
  const size = Math.min(16 * 2 ** 20, Math.floor((blocks * bsize) / 64));
  if (bavail * bsize < 8 * size) return skip(t, 'room on the disk');
  const made = reserveOf(store.root);
  t.is(made?.size, size);
  t.true((made?.blocks ?? 0) * 512 >= size);
  t.is((made?.mode ?? 0) & 0o777, 0o600);
});

test('freed it is gone, made again it is there, and twice is the same as once', (t) => {
  const {root} = emptyStore(t);
  if (reserveOf(root) === undefined) return skip(t, 'room on the disk');
  freeReserve(root);
  freeReserve(root);
  t.is(reserveOf(root), undefined);
  t.true(makeReserve(root, undefined));
  t.true(makeReserve(root, undefined));
  must(openStore(root, undefined));
  t.not(reserveOf(root), undefined);
});

test('one that was begun and never filled is made again', (t) => {
  const {root} = emptyStore(t);
  const whole = reserveOf(root)?.size;
  if (whole === undefined) return skip(t, 'room on the disk');
  fs.truncateSync(path.join(root, 'reserve'));
  must(openStore(root, undefined));
  t.is(reserveOf(root)?.size, whole);
});

test('opening a store makes it again', (t) => {
  const {root} = emptyStore(t);
  if (reserveOf(root) === undefined) return skip(t, 'room on the disk');
  freeReserve(root);
  must(openStore(root, undefined));
  t.not(reserveOf(root), undefined);
});

test('as root it belongs to the owner', (t) => {
  if (!isRoot) return skip(t, 'root, for another owner');
  const {root} = emptyStore(t, WORKER_OWNER);
  if (reserveOf(root) === undefined) return skip(t, 'room on the disk');
  t.is(reserveOf(root)?.uid, WORKER_OWNER.uid);
});

test('on a small disk it is small, on a full one there is none', (t) => {
  if (!isRoot) return skip(t, 'root, to mount a small disk');
  const disk = smallDisk(t, 'size=4m');
  if (disk === undefined) return skip(t, 'a tmpfs of its own');
  const root = path.join(disk, 'store');
  must(openStore(root, undefined));
  t.is(reserveOf(root)?.size, 65_536);
  freeReserve(root);
  const {bavail, bsize} = fs.statfsSync(disk);
  fs.writeFileSync(path.join(disk, 'fill'), Buffer.alloc(bavail * bsize - 100_000));
  t.false(makeReserve(root, undefined));
  t.is(reserveOf(root), undefined);
});

test('where the disk is full to the last byte, freeing it lets a store be opened', (t) => {
  if (!isRoot) return skip(t, 'root, to mount a small disk');
  const disk = smallDisk(t, 'size=4m');
  if (disk === undefined) return skip(t, 'a tmpfs of its own');
  const root = path.join(disk, 'store');
  must(openStore(root, undefined));
  spawnSync('sh', ['-c', 'cat /dev/zero > "$1"', 'sh', path.join(disk, 'fill')]);
  t.deepEqual(codesOf(openStore(root, undefined)), ['store/full']);
  freeReserve(root);
  must(openStore(root, undefined));
});

test('it gives back an inode too', (t) => {
  if (!isRoot) return skip(t, 'root, to mount a small disk');
  const disk = smallDisk(t, 'size=8m,nr_inodes=300');
  if (disk === undefined) return skip(t, 'a tmpfs of its own');
  const root = path.join(disk, 'store');
  must(openStore(root, undefined));
  t.not(reserveOf(root), undefined);
  const fill = (n: number): boolean => {
    try {
      fs.writeFileSync(path.join(disk, `fill-${String(n)}`), '');
      return true;
    } catch {
      return false;
    }
  };
  let n = 0;
  while (fill(n)) n += 1;
  t.deepEqual(codesOf(openStore(root, undefined)), ['store/full']);
  freeReserve(root);
  must(openStore(root, undefined));
});
