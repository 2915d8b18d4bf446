/**
 * The check of an archive that is in the store, remembered by its digest: equal bytes have equal
 * headers. Auxiliary state: a lost or damaged row means checking again.
 * Conditions of reuse: same digest, format and rules, and facts within the limits asked for.
 */
import type {Checked} from '../base/diagnostic.ts';
import {errorCode, lookAt, readText, unless} from '../base/files.ts';
import type {BlobDigest} from '../base/hash.ts';
import {err, ok} from '../base/result.ts';
import {commitBytes} from '../../store/commit.ts';
import {auxIn, type Store} from '../../store/layout.ts';
import {blobPath, hasBlob} from '../../store/pool.ts';
import {decodeLine, encodeLine} from '../../store/quick-log.ts';
import {storeTrouble} from '../../store/trouble.ts';
import {
  checkArchive,
  limitsFor,
  type ArchiveFacts,
  type ArchiveFormat,
  type ArchiveLimits,
} from './archive-check.ts';

/** Counts up when the rules become stricter. */
const RULES = 2;

/** `checkArchive` for a blob; only good verdicts are remembered. `name` is for messages. */
export async function checkStoredArchive(
  store: Store,
  digest: BlobDigest,
  format: ArchiveFormat,
  name: string,
): Promise<Checked<ArchiveFacts>> {
  try {
    const file = blobPath(store, digest, hasBlob(store, digest) ?? 0o644);
    const limits = limitsFor(lookAt(file)?.size ?? 0);
    const row = auxIn(store, `archives/${digest}.${format}`);
    const known = readVerdict(row, limits);
    if (known !== undefined) return ok(known);
    const checked = await checkArchive(file, format, limits, name);
    if (checked.ok) remember(store, row, checked.value);
    return checked;
  } catch (error) {
    return err(storeTrouble(error, store.root));
  }
}

function readVerdict(row: string, limits: ArchiveLimits): ArchiveFacts | undefined {
  const text = unless(['ENOENT', 'EACCES', 'EIO', 'EISDIR'], () => readText(row)) ?? '';
  const sound = decodeLine(text.replace(/\n$/, ''));
  if (sound === undefined) return undefined;
  const {rules, top, entries, bytes} = JSON.parse(sound) as Row;
  const fits = rules === RULES && entries <= limits.entries && bytes <= limits.bytes;
  return fits ? {top: top ?? undefined, entries, bytes} : undefined;
}

interface Row {
  readonly rules: number;
  readonly top: string | null;
  readonly entries: number;
  readonly bytes: number;
}

function remember(store: Store, file: string, facts: ArchiveFacts): void {
  const {top = null, entries, bytes} = facts;
  const row: Row = {rules: RULES, top, entries, bytes};
  try {
    commitBytes(store, file, encodeLine(JSON.stringify(row)), true);
  } catch (error) {
    // A full disk stops what has to be stored, not this.
    if (errorCode(error) === undefined) throw error;
  }
}
