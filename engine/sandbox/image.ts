/**
 * A tree as an ext4 image, made by mke2fs(8) from its farm. In the worker owners are what the
 * tree says, so that they are right in the image though nobody is root.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {err, ok} from '../base/result.ts';
import {makeFarm} from '../../store/checkout.ts';
import {guard, storeTrouble} from '../../store/trouble.ts';
import {installHint} from './packages.ts';
import {absentPrograms} from './programs.ts';
import type {ImageSpec} from './protocol.ts';
import type {Shop} from './shop.ts';

const PROGRAM = 'mke2fs';

/** Sparse: what holds nothing takes no room. Makes the file's folder. */
export async function makeImage(
  {store, starters}: Shop,
  {tree, file, bytes, inodes, uuid, label}: ImageSpec,
): Promise<Checked<undefined>> {
  if (absentPrograms([PROGRAM]).length > 0) {
    const hint = installHint([PROGRAM]);
    return fail('machine/missing-tool', `an ext4 image is made by ${PROGRAM}, which is not here`, {
      hint,
    });
  }
  const farm = makeFarm(store, tree);
  if (!farm.ok) return farm;
  const folder = guard(file, () => {
    files.makeDirs(file.slice(0, file.lastIndexOf('/')), 0o700);
  });
  if (!folder.ok) return folder;
  const {status, said} = await starters.command([
    // The time in what is no file: one second past 1970, as everywhere.
    ...['env', 'E2FSPROGS_FAKE_TIME=1', PROGRAM, '-q', '-t', 'ext4', '-m', '0', '-L', label],
    ...['-U', uuid, '-E', `hash_seed=${uuid},root_owner=0:0`, '-N', String(inodes)],
    ...['-d', farm.value, file, `${Math.ceil(bytes / 1024)}k`],
  ]);
  if (status === 0) return ok(undefined);
  if (said.includes('No space left on device')) {
    return err(storeTrouble(Object.assign(new Error(said), {code: 'ENOSPC'}), store.root));
  }
  const isSmall = said.includes('Could not allocate');
  const hint = isSmall ? 'give it more room: --size' : undefined;
  return fail('store/image', `${PROGRAM} could not make it: ${said}`, {hint});
}
