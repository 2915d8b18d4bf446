/**
 * Builds and plans in this process, with what is remembered of earlier ones and without: both must
 * say the same.
 */
import fs from 'node:fs';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {realHost, type Host} from '../../../engine/base/host.ts';
import {build} from '../../../engine/cli/build.ts';
import type {Call} from '../../../engine/cli/commands.ts';
import {makeWorld} from '../../../engine/cli/world.ts';
import {workerStore} from '../../../store/layout.ts';
import {listRoots} from '../../../store/roots.ts';
import type {Space} from '../../support/space.ts';

const CALL: Call = {
  command: 'build',
  words: [],
  options: {tests: 'all', onError: 'finish', wait: true},
  globals: {directory: '.', color: 'never', progress: 'auto', json: true},
};

/** How a build ended that need not end well. */
export interface End {
  readonly status: number;
  readonly executed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

export interface Answer {
  readonly plan: readonly {label: string; verdict: string; key: string | null}[];
  readonly executed: readonly string[];
}

/**
 * A command that takes itself to be new, and it to be ten seconds later, or so many milliseconds:
 * what is there is old.
 */
export async function answer(
  space: Space,
  cache: string,
  more: object,
  words: readonly string[] = [],
  ahead = 10_000,
): Promise<Answer> {
  const {status, said, errors} = await called(space, cache, more, words, ahead);
  if (status !== 0) throw new Error(JSON.stringify([status, errors]));
  return JSON.parse(said) as Answer;
}

/** The same for a build that may fail. */
export async function attempt(space: Space, more: object): Promise<End> {
  const {status, said, errors} = await called(space, space.at('.cache'), more, [], 10_000);
  if (typeof status === 'string') throw new Error(JSON.stringify([status, errors]));
  return {...(JSON.parse(said) as Omit<End, 'status'>), status};
}

interface Called {
  readonly status: number | string;
  readonly said: string;
  readonly errors: readonly string[];
}

async function called(
  space: Space,
  cache: string,
  more: object,
  words: readonly string[],
  ahead: number,
): Promise<Called> {
  const said: string[] = [];
  const output = (to: string[]): Host['stdout'] => {
    return {isTerminal: false, columns: 80, write: (text: string) => void to.push(text)};
  };
  const env = {XDG_CACHE_HOME: cache, HOME: space.at('home')};
  const later = (): number => Date.now() + ahead;
  const errors: string[] = [];
  const screen = {stdout: output(said), stderr: output(errors)};
  const host: Host = {...realHost(), cwd: space.root, env, ...screen, now: later, tick: () => 50};
  const call = {...CALL, words, options: {...CALL.options, ...more}};
  const answered = await build(makeWorld(host, call, () => undefined));
  const status = answered.ok ? answered.value : JSON.stringify(answered.error);
  return {status, said: said.join(''), errors};
}

/** label verdict key, of the plan with what is remembered and without. */
export async function plansOf(space: Space): Promise<[readonly string[], readonly string[]]> {
  const [with_, without] = [
    await answer(space, space.at('.cache'), {dryRun: true}),
    await answer(space, '/dev/null', {dryRun: true}),
  ].map(({plan}) => plan.map((one) => JSON.stringify({...one, milliseconds: 0, basis: 0})));
  return [with_ ?? [], without ?? []];
}

export async function check(
  t: ExecutionContext,
  space: Space,
  what: string,
  ahead?: number,
): Promise<readonly string[]> {
  const [remembered, planned] = await plansOf(space);
  t.deepEqual(remembered, planned, what);
  const {executed} = await answer(space, space.at('.cache'), {}, [], ahead);
  const after = await answer(space, '/dev/null', {dryRun: true});
  t.true(
    after.plan.every((one) => one.verdict === 'fresh'),
    `${what}: ${JSON.stringify(after.plan)}`,
  );
  const held = heldByProject(space);
  await answer(space, '/dev/null', {});
  t.deepEqual(held, heldByProject(space), `${what}: the project's root`);
  return executed;
}

/** What gc keeps for the project, for each list of targets. */
function heldByProject(space: Space): unknown {
  return listRoots(workerStore(space.at('.recipes'))).map(({root}) => {
    if (root.kind !== 'project') throw new Error(`a root of the kind ${root.kind}`);
    return root.builds.map(({targets, held: {keys, trees, blobs}}) => {
      return {targets, keys: [...keys].sort(), trees: [...trees].sort(), blobs: [...blobs].sort()};
    });
  });
}

export function storeFiles(space: Space, kind: string): readonly string[] {
  const folder = space.at(`.recipes/${kind}`);
  const names = fs.readdirSync(folder, {recursive: true, withFileTypes: true});
  return names
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name))
    .sort();
}
