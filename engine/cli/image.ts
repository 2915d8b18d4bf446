/**
 * Trees as images of file systems and disks. The worker makes the ext4 image, where owners are
 * right without root; here it is measured before, and used or put into its place after.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {sha256, type TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {runSync} from '../base/process.ts';
import {err, ok} from '../base/result.ts';
import {diskFor, type Disk} from '../boot/gpt.ts';
import {parseSize} from '../load/measure.ts';
import {openWorkshop, type Workshop} from '../run/workshop.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {installHint} from '../sandbox/packages.ts';
import {formatSize} from '../ui/text.ts';
import type {Store} from '../../store/layout.ts';
import {writeNamedTree} from '../../store/named-tree.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {guard, storeTrouble} from '../../store/trouble.ts';
import {keepArtifacts} from './artifacts.ts';
import type {OpenWork} from './open.ts';
import {textOption, type Answer, type World} from './world.ts';

/** What is exported, and where to. */
export interface Exported {
  readonly work: OpenWork;
  readonly labels: readonly Label[];
  readonly entries: readonly TreeEntry[];
  readonly output: string;
}

/** What an image is written as. */
export type ImageForm = 'ext4' | 'disk' | 'qcow2';

/** An ext4 image in the scratch of a run, gone with it. */
export interface MadeImage {
  readonly file: string;
  readonly bytes: number;
  readonly tree: TreeDigest;
}

const MEBIBYTE = 2 ** 20;
const BLOCK = 4096;

export async function asImage(world: World, exported: Exported, form: ImageForm): Answer {
  const {work, labels, entries, output} = exported;
  const file = path.resolve(world.cwd, output);
  if (output === '-') {
    return fail('usage/wrong', 'an image is not written to standard output', {hint: 'use -o FILE'});
  }
  if (files.lookAt(file)?.isFile() === false) {
    return fail('usage/wrong', `${file} is there and is no file`);
  }
  return inWorkshop(world, work.store, async (workshop) => {
    const kept = keepArtifacts(world, work, workshop.run, labels);
    if (!kept.ok) return kept;
    const wanted = textOption(world, 'size');
    const bytes = wanted === undefined ? roomFor(entries) : parseSize(wanted);
    const made = await makeImage(workshop, entries, bytes);
    return made.ok ? putInPlace(world, made.value, file, form) : made;
  });
}

/** Something done with a run and a worker of its own. */
export async function inWorkshop<T>(
  world: World,
  store: Store,
  use: (workshop: Workshop) => Promise<Checked<T>>,
): Promise<Checked<T>> {
  const {host} = world;
  const opened = await openWorkshop(store, {host, owner: ownerFor(host.uid)});
  if (!opened.ok) return opened;
  try {
    return await use(opened.value);
  } finally {
    await opened.value.close();
  }
}

/** Whoever calls has named what the entries are made of in the workshop's run. */
export async function makeImage(
  {store, run, worker}: Workshop,
  entries: readonly TreeEntry[],
  bytes: number,
): Promise<Checked<MadeImage>> {
  const written = guard(store.root, () => writeNamedTree(store, run, entries));
  if (!written.ok) return written;
  const tree = written.value;
  const ready = await worker.get();
  if (!ready.ok) return ready;
  const file = `scratch/${run.id}/image/ext4`;
  const inodes = Math.ceil(entries.length * 1.25) + 1024;
  const spec = {tree, file, bytes, inodes, label: 'recipes', uuid: uuidOf(tree)};
  const done = await ready.value.image(spec);
  return done.ok ? ok({file: path.join(store.root, file), bytes, tree}) : done;
}

/** An id that comes from a digest, as any other UUID of version 8 would look. */
function uuidOf(hex: string): string {
  const [a, b, c, d, e] = [
    [0, 8],
    [8, 12],
    [13, 16],
    [17, 20],
    [20, 32],
  ].map(([from, to]) => hex.slice(from, to));
  return [a, b, `8${c ?? ''}`, `8${d ?? ''}`, e].join('-');
}

/** Half as much again, and room for a journal. */
export function roomFor(entries: readonly TreeEntry[]): number {
  let blocks = 0;
  for (const entry of entries) {
    const isOwn = entry.type === 'file' && entry.hardlink === undefined;
    blocks += isOwn ? Math.ceil(entry.size / BLOCK) : entry.type === 'dir' ? 1 : 0;
  }
  const needed = blocks * BLOCK + entries.length * 512;
  return Math.ceil((needed * 1.5) / MEBIBYTE + 64) * MEBIBYTE;
}

// --- into place ------------------------------------------------------------------------------------

/** Holes stay holes; the file appears whole. */
function putInPlace(world: World, made: MadeImage, file: string, form: ImageForm): Checked<number> {
  const temporary = `${file}.partial-${randomBytes(4).toString('hex')}`;
  try {
    const written = form === 'ext4' ? copyTo(made, temporary) : asDisk(made, temporary, form);
    if (!written.ok) return written;
    const fd = files.openRead(temporary);
    files.syncFile(fd);
    files.closeFile(fd);
    files.rename(temporary, file);
    tellPlace(world, file, written.value);
    return ok(0);
  } catch (error) {
    return err(storeTrouble(error, file));
  } finally {
    files.unless(['ENOENT'], () => files.unlink(temporary));
  }
}

function tellPlace(world: World, file: string, bytes: number): void {
  if (world.call.globals.json === true) world.print(JSON.stringify({file, bytes}));
  else world.tell(`an image of ${formatSize(bytes)} in ${file}`);
}

function copyTo({file, bytes}: MadeImage, to: string): Checked<number> {
  tool(['cp', '--sparse=always', '--', file, to]);
  return ok(bytes);
}

/** Gives the size of the disk. */
function asDisk(made: MadeImage, to: string, form: 'disk' | 'qcow2'): Checked<number> {
  const partition = uuidOf(sha256(`partition ${made.tree}`));
  const disk = diskFor(made.bytes, {disk: uuidOf(made.tree), partition}, 'root');
  const raw = form === 'disk' ? to : `${made.file}.disk`;
  writeDisk(made, disk, raw);
  if (form === 'disk') return ok(disk.size);
  const done = runSync(['qemu-img', 'convert', '-O', 'qcow2', '--', raw, to]);
  if (done.status === 127) {
    return fail('machine/missing-tool', 'a qcow2 image is made by qemu-img, which is not here', {
      hint: installHint(['qemu-img']),
    });
  }
  if (done.status !== 0) throw trouble(done.stderr);
  return ok(disk.size);
}

function writeDisk({file}: MadeImage, {size, start, pieces}: Disk, to: string): void {
  const fd = files.createFile(to, 0o644);
  try {
    for (const {at, bytes} of pieces) files.writeAt(fd, bytes, at);
  } finally {
    files.closeFile(fd);
  }
  const [bs, seek] = [`bs=${MEBIBYTE}`, `seek=${start / MEBIBYTE}`];
  tool(['dd', `if=${file}`, `of=${to}`, bs, seek, 'conv=notrunc,sparse', 'status=none']);
  tool(['truncate', '-s', String(size), '--', to]);
}

function tool(argv: readonly string[]): void {
  const done = runSync(argv);
  if (done.status !== 0) throw trouble(done.stderr);
}

/** What a program says, as if the system had said it. */
function trouble(said: string): Error {
  const isFull = said.includes('No space left on device');
  return Object.assign(new Error(said.trim()), {code: isFull ? 'ENOSPC' : 'EIO'});
}
