/**
 * What commands on profiles share: finding one, having it to oneself, numbers of generations.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import {ok} from '../base/result.ts';
import {claim, openRun, waitForClaim, type RunHandle} from '../../store/claims.ts';
import {settle, tidy} from '../../store/generations.ts';
import type {Store} from '../../store/layout.ts';
import {
  profileClaim,
  readNumber,
  readProfile,
  type Generation,
  type Profile,
} from '../../store/profiles.ts';
import {isRootName} from '../../store/roots.ts';
import {sweepScratch} from '../../store/sweep.ts';
import {guard} from '../../store/trouble.ts';
import {optionOf, type World} from './world.ts';

/** The profile of the first word; it has to be there. */
export function findProfile(world: World, store: Store): Checked<Profile> {
  const [name = ''] = world.call.words;
  const found = lookUpProfile(store, name);
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(found.value);
  const hint = `recipes root switch ${name} TARGET`;
  return fail('root/unknown-profile', `there is no profile ${name}`, {hint});
}

/** The profile of a name, if there is one. */
export function lookUpProfile(store: Store, name: string): Checked<Profile | undefined> {
  if (isRootName(name)) return guard(store.root, () => readProfile(store, name));
  return fail('root/unknown-profile', `${JSON.stringify(name)} cannot be the name of a profile`, {
    hint: 'names have a-z 0-9 + . _ - and start with a letter or digit',
  });
}

/** A generation by its number as a word. */
export function findGeneration({name, generations}: Profile, word: string): Checked<Generation> {
  const n = readNumber(word);
  if (n === undefined) return fail('usage/wrong', `${word} is not the number of a generation`);
  const found = generations.find((one) => one.n === n);
  if (found !== undefined) return ok(found);
  const hint = `recipes root history ${name}`;
  return fail('root/unknown-generation', `${name} has no generation ${n}`, {hint});
}

/** The generation that is current. */
export function currentOf({generations, current}: Profile): Generation | undefined {
  return generations.find(({n}) => n === current);
}

/** What was current before: the newest that is older, is there, and was not only staged. */
export function previousOf(profile: Profile): Generation | undefined {
  const {generations, current} = profile;
  if (current === undefined) return undefined;
  return generations
    .filter((one) => one.n < current && one.isThere && !isStaged(profile, one))
    .at(-1);
}

/** Whether a generation was made and has never been current; what is current is not. */
export function isStaged({current}: Profile, {n, root}: Generation): boolean {
  return root.system?.staged === true && n !== current;
}

/** The profile, after what killed processes have left was put in order; undefined: there is none. */
export function inOrder(store: Store, name: string, folder: string): Checked<Profile | undefined> {
  return guard(folder, () => {
    tidy(store, name, folder);
    const profile = readProfile(store, name);
    const current = profile && currentOf(profile);
    if (current !== undefined) settle(store, current);
    return profile;
  });
}

/**
 * Does something while no other process changes the profile; waits for one that does. `work` reads
 * the profile itself: it may have changed meanwhile.
 */
export async function atProfile<T>(
  world: World,
  store: Store,
  name: string,
  work: (run: RunHandle) => Checked<T>,
): Promise<Checked<T>> {
  const opened = guard(store.root, () => openRun(store, world.host));
  if (!opened.ok) return opened;
  const run = opened.value;
  try {
    const swept = guard(store.root, () => sweepScratch(store, run));
    if (!swept.ok) return swept;
    const mine = await takeTurn(world, store, run, name);
    return mine.ok ? work(run) : mine;
  } finally {
    run.release();
  }
}

/** The same for a profile that has to be there, half-done things tidied up. */
export function changeProfile<T>(
  world: World,
  store: Store,
  work: (profile: Profile, run: RunHandle) => Checked<T>,
): Promise<Checked<T>> {
  const [name = ''] = world.call.words;
  return atProfile(world, store, name, (run) => {
    const before = findProfile(world, store);
    if (!before.ok) return before;
    const tidied = inOrder(store, name, before.value.folder);
    if (!tidied.ok) return tidied;
    const profile = findProfile(world, store);
    return profile.ok ? work(profile.value, run) : profile;
  });
}

async function takeTurn(
  world: World,
  store: Store,
  run: RunHandle,
  name: string,
): Promise<Checked<undefined>> {
  const first = guard(store.root, () => claim(store, run, profileClaim(name)));
  if (!first.ok || first.value === 'mine') return first.ok ? ok(undefined) : first;
  const {holder} = first.value;
  if (optionOf(world, 'wait') === false) {
    return fail('store/locked', `${holder} changes the profile ${name}`);
  }
  const aborter = new AbortController();
  world.onInterrupt(() => {
    aborter.abort();
    return 'taken';
  });
  const got = await waitForClaim(store, run, profileClaim(name), {
    forWhat: name,
    listener: (event) => {
      if (event.type === 'waiting') world.tell(`waiting for ${event.holder}`);
    },
    signal: aborter.signal,
  });
  return got === 'mine' ? ok(undefined) : fail('build/interrupted', `${name} was not waited for`);
}
