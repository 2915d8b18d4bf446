/**
 * Reads the headers of an archive before it is unpacked and refuses what could do harm: names
 * and links that lead outside, devices, masses of entries, sizes no source has. Nothing is written.
 * Knows nothing of recipes; archive-reader.ts knows the format, archive-rules.ts the rules.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import {lookAt} from '../base/files.ts';
import {ok} from '../base/result.ts';
import {TarReader, type Stop} from './archive-reader.ts';
import {ArchivePlan, type ArchiveFacts, type ArchiveLimits} from './archive-rules.ts';
import type {ArchiveFormat} from './archive-names.ts';
import {unpack, UnpackError} from './archive-stream.ts';

export type {ArchiveFacts, ArchiveLimits} from './archive-rules.ts';
export {formatOf, type ArchiveFormat} from './archive-names.ts';

const GIB = 1024 ** 3;

/** For an archive of this many bytes: real ones unpack to ten times their size, never to 200. */
export function limitsFor(compressedBytes: number): ArchiveLimits {
  return {entries: 300_000, bytes: Math.max(GIB, 200 * compressedBytes)};
}

/**
 * The facts of an archive that may be unpacked. Errors: `source/archive-refused` names the
 * entry, `source/archive-damaged`, `machine/missing-tool`. `name` is for messages.
 */
export async function checkArchive(
  file: string,
  format: ArchiveFormat,
  limits: ArchiveLimits = limitsFor(lookAt(file)?.size ?? 0),
  name: string = file,
): Promise<Checked<ArchiveFacts>> {
  const plan = new ArchivePlan(limits);
  try {
    const stop = await readHeaders(unpack(file, format), new TarReader(plan));
    return verdictOf(stop, plan, name);
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error;
    if (error.missing !== undefined) return missingTool(error.missing, name);
    return fail('source/archive-damaged', `${name} cannot be unpacked: ${error.message}`);
  }
}

async function readHeaders(pieces: AsyncIterable<Buffer>, reader: TarReader): Promise<Stop> {
  let isFirst = true;
  for await (const piece of pieces) {
    if (isFirst && isCompressed(piece)) return {refused: 'it is compressed twice'};
    isFirst = false;
    reader.write(piece);
    if (reader.stop !== undefined) return reader.stop;
  }
  return reader.end();
}

function verdictOf(stop: Stop, plan: ArchivePlan, name: string): Checked<ArchiveFacts> {
  if ('damage' in stop) {
    return fail('source/archive-damaged', `${name} is damaged: ${stop.damage}`);
  }
  const facts = 'refused' in stop ? stop : plan.finish();
  if (!('refused' in facts)) return ok(facts);
  return fail('source/archive-refused', `${name} is not unpacked: ${facts.refused}`);
}

/** Debian's package is named like the program, except where this says otherwise. */
const PACKAGES: Readonly<Record<string, string>> = {xz: 'xz-utils'};

function missingTool(tool: string, name: string): Checked<never> {
  const hint = `install it: apt install ${PACKAGES[tool] ?? tool}`;
  return fail('machine/missing-tool', `${tool} is needed to unpack ${name}`, {hint});
}

/** tar of some machines unpacks those by itself, without our limits. */
function isCompressed(piece: Buffer): boolean {
  const magic = piece.toString('hex', 0, 4);
  return magic.startsWith('1f8b') || magic === '28b52ffd';
}
