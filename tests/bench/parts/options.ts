/**
 * The words after the name of a benchmark. A mistake ends the process with 2 and a sentence.
 */
import {parseArgs} from 'node:util';
import {SCENARIOS, type Scenario} from './scenario.ts';
import {PEER_NAMES} from './tools.ts';

export interface Options {
  readonly sizes: readonly number[];
  readonly pairs: number;
  readonly patience: number;
  readonly peers: readonly string[];
  /** Each is done, for it stands on those before; only these are measured. */
  readonly scenarios: readonly Scenario[];
  readonly json: string | undefined;
  readonly write: boolean;
}

export interface Defaults {
  readonly sizes: readonly number[];
  readonly quickSizes: readonly number[];
  readonly pairs: number;
}

const NAMES = {
  sizes: {type: 'string'},
  pairs: {type: 'string'},
  patience: {type: 'string'},
  peers: {type: 'string'},
  scenarios: {type: 'string'},
  json: {type: 'string'},
  quick: {type: 'boolean'},
  write: {type: 'boolean'},
} as const;

export function readOptions(argv: readonly string[], defaults: Defaults): Options {
  const taken = Object.keys(NAMES).find((name) => `npm_config_${name}` in process.env);
  if (taken !== undefined) {
    stop(`npm took --${taken} for its own: write npm run bench -- NAME --${taken} …`);
  }
  const {quick = false, write = false, json, ...given} = parse(argv);
  if (quick && write) stop('--quick is for trying: its figures are not kept');
  return {
    sizes: given.sizes?.split(',').map(count) ?? (quick ? defaults.quickSizes : defaults.sizes),
    pairs: countOr(given.pairs, quick ? 1 : defaults.pairs),
    patience: countOr(given.patience, PATIENCE),
    peers: namesOf(given.peers, PEER_NAMES, 'peer'),
    scenarios: namesOf(given.scenarios, SCENARIOS, 'scenario'),
    json,
    write,
  };
}

function namesOf<T extends string>(
  list: string | undefined,
  all: readonly T[],
  what: string,
): readonly T[] {
  if (list === undefined) return all;
  const names = list.split(',').filter((name) => name !== '');
  const strange = names.find((name) => !(all as readonly string[]).includes(name));
  if (strange !== undefined) stop(`no ${what} ${strange}: there are ${all.join(', ')}`);
  return all.filter((name) => names.includes(name));
}

/** Seconds. */
const PATIENCE = 60;

type Given = Partial<
  Record<'sizes' | 'pairs' | 'patience' | 'peers' | 'scenarios' | 'json', string> &
    Record<'quick' | 'write', boolean>
>;

function parse(argv: readonly string[]): Given {
  try {
    return parseArgs({args: [...argv], options: NAMES}).values;
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error));
  }
}

function countOr(word: string | undefined, otherwise: number): number {
  return word === undefined ? otherwise : count(word);
}

function count(word: string): number {
  return /^[1-9][0-9]{0,6}$/.test(word) ? Number(word) : stop(`${word} is no number of things`);
}

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}
