/**
 * The short way to "nothing to do": what the last such answer to the same words relied on is kept
 * as a witness (base/witness.ts), and while nothing of it has changed the answer is the same.
 * Auxiliary state: lost, damaged or not to be written, it costs time and nothing else.
 * Loaded before everything else, so it must load little itself. Knows nothing of recipes.
 */
import * as files from '../base/files.ts';
import type {Host} from '../base/host.ts';
import {packPieces, unpackSections} from '../base/sections.ts';
import {Comparison} from '../base/seen.ts';
import {decodeWitness, encodeWitness, type Seen, type Witness} from '../base/witness.ts';
import {nothingToDo} from '../ui/idle.ts';
import {cachePlace, readCache, writeCache} from './cache-place.ts';

/** What is said, and what else must hold. */
export interface IdleAnswer {
  /** Nodes that are fresh. */
  readonly fresh: number;
  /** False with `--quiet`. */
  readonly told: boolean;
  /** Folders that are empty while nobody is at work. */
  readonly empty: readonly string[];
  /** The folder of the store. */
  readonly store: string;
  /** The places of what is looked at first. */
  readonly first: readonly number[];
}

/** What is begun as soon as the answer does not hold any more; told where the store was. */
type OnChange = (store: string) => Promise<void>;

/** Where the memo of a call is; undefined for calls that have none. */
export function idlePlace(host: Host, argv: readonly string[]): string | undefined {
  return argv.includes('build') ? cachePlace(host, 'idle', argv) : undefined;
}

/**
 * Gives the answer of the memo where it still holds; else what was seen, for whoever has to look closer. Undefined
 * where nothing was kept.
 */
export async function answerIdle(
  host: Host,
  place: string,
  onChange: OnChange,
): Promise<'answered' | Seen | undefined> {
  const bytes = readCache(host, place);
  const {head, witness} = (bytes && unpackSections(bytes)) ?? {};
  if (head === undefined || witness === undefined) return undefined;
  const {told, fresh, empty, store, first} = JSON.parse(head.toString('utf8')) as IdleAnswer;
  const here = isHere(host.cwd) ? host.cwd : undefined;
  const comparison = new Comparison(decodeWitness(witness), here);
  // What is damaged or closed is somebody's to report who looks closer.
  const isQuiet = (): boolean => files.unless(UNREADABLE, () => empty.every(isEmpty)) === true;
  if (comparison.findsChange(first) || !isQuiet()) {
    await onChange(store);
    return comparison.finish().seen;
  }
  if (told) host.stderr.write(`${nothingToDo(fresh, host.tick())}\n`);
  return 'answered';
}

const UNREADABLE = ['ENOTDIR', 'EACCES', 'EPERM', 'EIO', 'ELOOP'];

/** Whether a folder is the one this process is in. */
function isHere(folder: string): boolean {
  const [named, own] = ['.', folder].map((one) =>
    files.unless(UNREADABLE, () => files.follow(one)),
  );
  return named !== undefined && named.ino === own?.ino && named.dev === own.dev;
}

function isEmpty(folder: string): boolean {
  return files.namesIn(folder).length === 0;
}

export function keepIdle(place: string, answer: IdleAnswer, witness: Witness): void {
  const head = Buffer.from(JSON.stringify(answer));
  writeCache(place, packPieces({head, witness: encodeWitness(witness)}));
}
