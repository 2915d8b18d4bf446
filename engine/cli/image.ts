/**
 * `export --as ext4`: the worker makes the image, where owners are right without root; here it is
 * measured before, and put into its place after.
 */
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {runSync} from '../base/process.ts';
import {err, ok} from '../base/result.ts';
import {parseSize} from '../load/measure.ts';
import {composeRoot} from '../rootfs/compose.ts';
import {openRunContext, type OpenContext} from '../run/open-context.ts';
import {formatSize} from '../ui/text.ts';
import {writeNamedTree} from '../../store/named-tree.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {guard, storeTrouble} from '../../store/trouble.ts';
import {keepArtifacts} from './artifacts.ts';
import {ownerFor, type OpenWork} from './open.ts';
import {engineVersion} from './shipped.ts';
import {textOption, type Answer, type World} from './world.ts';

/** What is exported, and where to. */
export interface Exported {
  readonly work: OpenWork;
  readonly labels: readonly Label[];
  readonly entries: readonly TreeEntry[];
  readonly output: string;
}

const MEBIBYTE = 2 ** 20;
const BLOCK = 4096;

export async function asImage(world: World, exported: Exported): Answer {
  const {work, labels, entries, output} = exported;
  const file = path.resolve(world.cwd, output);
  if (output === '-') {
    return fail('usage/wrong', 'an image is not written to standard output', {hint: 'use -o FILE'});
  }
  if (files.lookAt(file)?.isFile() === false) {
    return fail('usage/wrong', `${file} is there and is no file`);
  }
  const wanted = textOption(world, 'size');
  const bytes = wanted === undefined ? roomFor(entries) : parseSize(wanted);
  const opened = await openRunContext(work, {
    ...{host: world.host, listener: () => undefined, offline: true, wait: true},
    ...{engine: engineVersion(), compose: composeRoot, owner: ownerFor(world.host.uid)},
  });
  if (!opened.ok) return opened;
  try {
    const {context} = opened.value;
    const kept = keepArtifacts(world, work, context.run, labels);
    if (!kept.ok) return kept;
    const tree = guard(work.store.root, () => writeNamedTree(work.store, context.run, entries));
    if (!tree.ok) return tree;
    const made = await make(opened.value, tree.value, entries.length, bytes);
    return made.ok ? putInPlace(world, made.value, file, bytes) : made;
  } finally {
    await opened.value.close();
  }
}

/** Where the worker has left it. */
async function make(
  {context}: OpenContext,
  tree: TreeDigest,
  entries: number,
  bytes: number,
): Promise<Checked<string>> {
  const worker = await context.worker.get();
  if (!worker.ok) return worker;
  const file = `scratch/${context.run.id}/image/ext4`;
  const uuid = [tree.slice(0, 8), tree.slice(8, 12), tree.slice(12, 16), tree.slice(16, 20)];
  const spec = {tree, file, bytes, inodes: Math.ceil(entries * 1.25) + 1024, label: 'recipes'};
  const done = await worker.value.image({...spec, uuid: [...uuid, tree.slice(20, 32)].join('-')});
  return done.ok ? ok(path.join(context.store.root, file)) : done;
}

/** Half as much again, and room for a journal. */
function roomFor(entries: readonly TreeEntry[]): number {
  let blocks = 0;
  for (const entry of entries) {
    const isOwn = entry.type === 'file' && entry.hardlink === undefined;
    blocks += isOwn ? Math.ceil(entry.size / BLOCK) : entry.type === 'dir' ? 1 : 0;
  }
  const needed = blocks * BLOCK + entries.length * 512;
  return Math.ceil((needed * 1.5) / MEBIBYTE + 64) * MEBIBYTE;
}

/** Holes stay holes; the file appears whole. */
function putInPlace(world: World, made: string, file: string, bytes: number): Checked<number> {
  const temporary = `${file}.partial-${randomBytes(4).toString('hex')}`;
  try {
    const copied = runSync(['cp', '--sparse=always', '--', made, temporary]);
    if (copied.status !== 0) {
      const isFull = copied.stderr.includes('No space left on device');
      throw Object.assign(new Error(copied.stderr.trim()), {code: isFull ? 'ENOSPC' : 'EIO'});
    }
    const fd = files.openRead(temporary);
    files.syncFile(fd);
    files.closeFile(fd);
    files.rename(temporary, file);
  } catch (error) {
    return err(storeTrouble(error, file));
  } finally {
    files.unless(['ENOENT'], () => files.unlink(temporary));
  }
  if (world.call.globals.json === true) world.print(JSON.stringify({file, bytes}));
  else world.tell(`an image of ${formatSize(bytes)} in ${file}`);
  return ok(0);
}
