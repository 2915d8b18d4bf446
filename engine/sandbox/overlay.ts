/**
 * Mounts and unmounts overlays, and finds out whether they are to be had here.
 * Works in the worker's own mount namespace, from where it shows in those in which sandboxes are started; knows
 * nothing of trees.
 */
import * as files from '../base/files.ts';
import {err, ok, type Result} from '../base/result.ts';
import {absolute, type Scratch} from './places.ts';
import type {Starters} from './starters.ts';

/**
 * Mounts the layers below the upper folder. `layers` holds links by number, 0 the topmost, so that
 * the option text stays short: mount(8) of util-linux 2.39 takes 256 bytes, older ones a page.
 * `volatile`: nothing is synced when it is unmounted; what is kept is synced by the store.
 */
export async function mountOverlay(
  starters: Starters,
  scratch: Scratch,
  count: number,
): Promise<Result<void, string>> {
  const lowers = Array.from({length: count}, (_one, at) => String(at)).join(':');
  const [upper, work] = [absolute(scratch.upper), absolute(scratch.work)];
  const options = `userxattr,volatile,lowerdir=${lowers},upperdir=${upper},workdir=${work}`;
  const argv = ['mount', '-t', 'overlay', '-o', options, 'recipes', absolute(scratch.merged)];
  const done = await starters.command(argv, {cwd: scratch.layers});
  return done.status === 0 ? ok(undefined) : err(done.said);
}

/** Unmounts; a mount that is still in use somewhere is taken out of the way. */
export async function unmount(starters: Starters, place: string): Promise<void> {
  const done = await starters.command(['umount', place]);
  if (done.status !== 0) await starters.command(['umount', '-l', place]);
}

/**
 * Tries an overlay in a new scratch folder: mounting, and removing a file of a lower layer, which
 * some file systems take as an upper but cannot record.
 */
export async function overlayWorks(starters: Starters, scratch: Scratch): Promise<boolean> {
  const lower = `${scratch.layers}/0`;
  for (const folder of [scratch.root, scratch.layers, lower]) files.makeDirs(folder);
  for (const folder of [scratch.upper, scratch.work, scratch.merged]) files.makeDir(folder);
  files.closeFile(files.createFile(`${lower}/probe`));
  const mounted = await mountOverlay(starters, scratch, 1);
  if (!mounted.ok) return false;
  const refusals = ['EIO', 'EINVAL', 'EOPNOTSUPP', 'EPERM', 'EACCES', 'EXDEV'];
  files.unless(refusals, () => files.unlink(`${scratch.merged}/probe`));
  await unmount(starters, scratch.merged);
  return files.lookAt(`${scratch.upper}/probe`)?.isCharacterDevice() === true;
}
