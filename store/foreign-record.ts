/**
 * Records others have written, from an export: read so that nothing the rest of the program does
 * with a record depends on who wrote it. Knows nothing of the file they come from.
 */
import {actionKey, sha256} from '../engine/base/hash.ts';
import {isShallow} from './archive-format.ts';
import {decodeRecord, type ActionRecord} from './records.ts';

/** The record a text says it is; a word why it is not taken. */
export function readForeignRecord(
  text: string,
  key: string,
): ActionRecord | 'not believed' | 'not covered' {
  const record = isShallow(text) ? decodeRecord(text, actionKey(key)) : undefined;
  if (record === undefined || !isPlain(record)) return 'not believed';
  const covered = record.manifest.map((line) => `${line}\n`).join('');
  return sha256(covered) === key ? record : 'not covered';
}

/** Only good builds: a failure is of no use to anybody else. */
function isPlain(record: ActionRecord): boolean {
  const {label, outcome, kind, tree, manifest, finishedAt, recipeKey} = record;
  return (
    LABEL.test(label) &&
    outcome === 'ok' &&
    kind === 'build' &&
    HEX.test(tree ?? '') &&
    HEX.test(recipeKey) &&
    isListOf(manifest, (line) => typeof line === 'string') &&
    Number.isFinite(finishedAt) &&
    hasPlainOrigin(record)
  );
}

function hasPlainOrigin({provenance}: Partial<ActionRecord>): boolean {
  if (typeof provenance !== 'object') return false;
  const {milliseconds, log, sources, engine} = provenance;
  if (!isText(engine)) return false;
  const isSource = (one: unknown): boolean => {
    if (typeof one !== 'object' || one === null) return false;
    const {name, digest, url = ''} = one as Readonly<Record<string, unknown>>;
    return isText(name) && isText(url) && typeof digest === 'string' && HEX.test(digest);
  };
  return Number.isFinite(milliseconds) && LOG.test(log) && isListOf(sources, isSource);
}

function isListOf(value: unknown, fits: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}

const HEX = /^[0-9a-f]{64}$/;
const LABEL = /^[a-z0-9][a-z0-9+._/:-]{0,400}$/;
const LOG = /^[A-Za-z0-9+._:#-]{0,255}$/;

/** What may be printed as it is. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && /^[^\p{Cc}]{0,4096}$/u.test(value);
}
