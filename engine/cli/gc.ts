/**
 * `store gc`: opens the store also where its disk is full, waits for its turn, collects, and lets
 * the sandbox worker remove what this user may not.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import {exists} from '../base/files.ts';
import {err, ok} from '../base/result.ts';
import {isSize, parseSize, parseTime} from '../load/measure.ts';
import {holdWorker, sweepAll} from '../run/workshop.ts';
import {codeName} from '../sandbox/own-code.ts';
import {count, formatSize} from '../ui/text.ts';
import {
  claim,
  COLLECTING,
  openRun,
  releaseClaim,
  waitForClaim,
  type RunHandle,
} from '../../store/claims.ts';
import {collect, type Collected} from '../../store/collect.ts';
import {GRACE, type Policy} from '../../store/gc-policy.ts';
import {openStore, type Store} from '../../store/layout.ts';
import {freeReserve, isTight, makeReserve} from '../../store/reserve.ts';
import {guard} from '../../store/trouble.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {openConfig} from './pin.ts';
import {isSet, optionOf, textOption, type Answer, type World} from './world.ts';

export async function gc(world: World): Answer {
  const policy = readPolicy(world);
  if (!policy.ok) return policy;
  const config = openConfig(world);
  if (!config.ok) return config;
  const owner = ownerFor(world.host.uid);
  const store = openFull(config.value.config.storePath, owner);
  if (!store.ok) return store;
  const run = guard(store.value.root, () => openRun(store.value, world.host));
  if (!run.ok) return run;
  try {
    const done = await collectIn(world, store.value, run.value, policy.value);
    if (!done.ok) return done;
    const swept = await sweep(world, store.value, run.value);
    if (!swept.ok) return swept;
    print(world, done.value);
    return ok(0);
  } finally {
    run.value.release();
    makeReserve(store.value.root, owner);
  }
}

/** On a full disk nobody can even say that he is at work: then the reserve goes first. */
function openFull(place: string, owner: ReturnType<typeof ownerFor>): Checked<Store> {
  const tight = guard(place, () => exists(path.join(place, 'VERSION')) && isTight(place));
  if (tight.ok && tight.value) {
    const freed = guard(place, () => freeReserve(place));
    if (!freed.ok) return freed;
  }
  return openStore(place, owner);
}

async function collectIn(
  world: World,
  store: Store,
  run: RunHandle,
  policy: Policy,
): Promise<Checked<Collected>> {
  const patience = {
    wait: optionOf(world, 'wait') !== false,
    tell: (holder: string) => world.tell(`waiting for ${holder}`),
  };
  const turn = await takeTurn(world, store, run, patience);
  if (!turn.ok) return turn;
  const code = codeName(ownerFor(world.host.uid));
  const dryRun = isSet(world, 'dryRun');
  const done = guard(store.root, () =>
    collect(store, {run, policy: {...policy, code}, dryRun, patience}),
  );
  const released = guard(store.root, () => releaseClaim(store, run, COLLECTING));
  return released.ok ? done : released;
}

/** One gc at a time; another one is waited for. */
async function takeTurn(
  world: World,
  store: Store,
  run: RunHandle,
  {wait, tell}: {readonly wait: boolean; tell(holder: string): void},
): Promise<Checked<undefined>> {
  const first = guard(store.root, () => claim(store, run, COLLECTING));
  if (!first.ok || first.value === 'mine') return first.ok ? ok(undefined) : first;
  const {holder} = first.value;
  if (!wait) return fail('store/locked', `${holder} is collecting or verifying`);
  const aborter = new AbortController();
  world.onInterrupt(() => {
    aborter.abort();
    return 'taken';
  });
  const waiting = {
    forWhat: 'gc',
    listener: (event: {readonly type: string}) => {
      if (event.type === 'waiting') tell(holder);
    },
    signal: aborter.signal,
  };
  const got = await waitForClaim(store, run, COLLECTING, waiting);
  return got === 'mine' ? ok(undefined) : fail('build/interrupted', 'gc was not waited for');
}

/** What was moved out of the way, and what dead runs left. */
async function sweep(world: World, store: Store, run: RunHandle): Promise<Checked<undefined>> {
  if (isSet(world, 'dryRun')) return ok(undefined);
  const {host} = world;
  const worker = holdWorker(store, {host, owner: ownerFor(host.uid)});
  const swept = await sweepAll(store, run, worker);
  await worker.quit();
  return swept;
}

// --- options -----------------------------------------------------------------------------------------

function readPolicy(world: World): Checked<Policy> {
  const grace = readTime(world, 'grace');
  const olderThan = readTime(world, 'olderThan');
  const mostBytes = readSize(world, 'maxSize');
  for (const read of [grace, olderThan, mostBytes]) if (!read.ok) return err(read.error);
  return ok({
    now: world.host.now(),
    grace: (grace.ok ? grace.value : undefined) ?? GRACE,
    olderThan: olderThan.ok ? olderThan.value : undefined,
    mostBytes: mostBytes.ok ? mostBytes.value : undefined,
  });
}

function readTime(world: World, option: string): Checked<number | undefined> {
  const text = textOption(world, option);
  if (text === undefined) return ok(undefined);
  if (/^(\d{1,9}(d|h|min|s))+$/.test(text)) return ok(parseTime(text));
  return fail('usage/wrong', `${text} is no time`, {hint: 'as 14d, 12h, 90min, 0s'});
}

/** `20G` is meant as `20GiB`. */
function readSize(world: World, option: string): Checked<number | undefined> {
  const text = textOption(world, option)?.replace(/([KMGT])$/, '$1iB');
  if (text === undefined) return ok(undefined);
  if (/^\d{1,15}$/.test(text)) return ok(Number(text));
  if (isSize(text)) return ok(parseSize(text));
  return fail('usage/wrong', `${text} is no size`, {hint: 'as 20G, 500MiB, 0B'});
}

// --- what is said ------------------------------------------------------------------------------------

/** The list is the same with and without --dry-run; only the sentence differs. */
function print(world: World, {removed, bytes, kept, vanished}: Collected): void {
  const dryRun = isSet(world, 'dryRun');
  const list = removed.map(({kind, place, bytes: size}) => ({kind, place, bytes: size}));
  if (world.call.globals.json === true) {
    world.print(JSON.stringify({dryRun, removed: list, bytes, kept, vanished}));
    return;
  }
  if (list.length > 0) world.print(list.map(({place}) => place).join('\n'));
  for (const file of vanished) world.tell(`the project of ${file} is gone: it keeps nothing`);
  const what = `${count(removed.length, 'thing')}, ${formatSize(bytes)}`;
  const verb = dryRun ? 'would be removed' : 'removed';
  world.tell(`${what} ${verb}; ${formatSize(kept)} stay`);
}
