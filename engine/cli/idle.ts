/**
 * The short way to "nothing to do": what the last such answer to the same words relied on is kept
 * as a witness (base/witness.ts), and while nothing of it has changed the answer is the same.
 * Auxiliary state: lost, damaged or not to be written, it costs time and nothing else.
 * Loaded before everything else, so it must load little itself. Knows nothing of recipes.
 *
 * A memo is `$XDG_CACHE_HOME/recipes/idle/<sha256 of the call>`, since the store's place is not
 * known before the configuration is read: `<sha256 of the rest>\n<head, JSON>\n<witness>`.
 */
import path from 'node:path';
import * as files from '../base/files.ts';
import {sha256} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import {decodeWitness, encodeWitness, isUnchanged, type Witness} from '../base/witness.ts';
import {nothingToDo} from '../ui/idle.ts';
import {SHIPPED} from './shipped.ts';

const FORMAT = 1;

/** What is said, and what else must hold. */
export interface IdleAnswer {
  /** Nodes that are fresh. */
  readonly fresh: number;
  /** False with `--quiet`. */
  readonly told: boolean;
  /** Folders that are empty while nobody is at work. */
  readonly empty: readonly string[];
}

/** Where the memo of a call is; undefined for calls that have none. */
export function idlePlace(host: Host, argv: readonly string[]): string | undefined {
  const {HOME: home, XDG_CACHE_HOME: cache, XDG_CONFIG_HOME: config} = host.env;
  const base = cache?.startsWith('/') === true ? cache : home && path.join(home, '.cache');
  if (!argv.includes('build') || base?.startsWith('/') !== true) return undefined;
  const ours = Object.entries(host.env).filter(([name]) => name.startsWith('RECIPES_'));
  const call = [FORMAT, SHIPPED, host.arch, host.uid, host.cwd, argv, home, config, ours.sort()];
  return path.join(base, 'recipes', 'idle', sha256(JSON.stringify(call)));
}

/** Gives the answer of the memo where it still holds; false where somebody has to look. */
export function answerIdle(host: Host, place: string): boolean {
  const memo = readMemo(host, place);
  if (memo === undefined) return false;
  const {head, witness} = memo;
  if (!holds(head, witness)) return false;
  if (head.told) host.stderr.write(`${nothingToDo(head.fresh, host.tick())}\n`);
  return true;
}

function holds({empty}: IdleAnswer, witness: Witness): boolean {
  try {
    return empty.every((folder) => files.namesIn(folder).length === 0) && isUnchanged(witness);
  } catch (error) {
    if (files.errorCode(error) === undefined) throw error;
    // What cannot be looked at is somebody's to report.
    return false;
  }
}

interface Memo {
  readonly head: IdleAnswer;
  readonly witness: Witness;
}

function readMemo(host: Host, place: string): Memo | undefined {
  try {
    // Somebody else's word is no reason to do nothing.
    if (files.lookAt(place)?.uid !== host.uid) return undefined;
    return decode(files.readFile(place));
  } catch (error) {
    if (files.errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function decode(bytes: Buffer): Memo | undefined {
  const rest = bytes.subarray(DIGEST + 1);
  if (bytes.toString('latin1', 0, DIGEST) !== sha256(rest)) return undefined;
  const end = rest.indexOf('\n');
  const head = JSON.parse(rest.toString('utf8', 0, end)) as IdleAnswer;
  return {head, witness: decodeWitness(rest.subarray(end + 1))};
}

const DIGEST = 64;

/** So many memos are kept; each is of one project and one way to ask. */
const MOST = 32;

/** Keeps an answer; a cache that cannot be written is none. */
export function keepIdle(place: string, head: IdleAnswer, witness: Witness): void {
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), encodeWitness(witness)]);
  try {
    const folder = path.dirname(place);
    files.makeDirs(folder, 0o700);
    removeOld(folder);
    files.writeFileAtomic(place, Buffer.concat([Buffer.from(`${sha256(rest)}\n`), rest]), {
      durable: false,
    });
  } catch (error) {
    if (files.errorCode(error) === undefined) throw error;
  }
}

function removeOld(folder: string): void {
  const names = files.namesIn(folder);
  if (names.length < MOST) return;
  const ages = names.map((name) => {
    const place = path.join(folder, name);
    return {place, at: files.lookAt(place)?.mtimeMs ?? 0};
  });
  ages.sort((a, b) => a.at - b.at);
  for (const {place} of ages.slice(0, names.length - MOST + 1)) files.unlink(place);
}
