/**
 * `root rollback` and `root activate`: a generation that is there becomes current. Builds nothing.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import {ok} from '../base/result.ts';
import type {EtcMerge} from '../rootfs/etc-merge.ts';
import type {RunHandle} from '../../store/claims.ts';
import {switchTo} from '../../store/generations.ts';
import type {Store} from '../../store/layout.ts';
import type {Generation, Profile} from '../../store/profiles.ts';
import {readTree} from '../../store/trees.ts';
import {
  becomeCurrent,
  etcFor,
  etcRecord,
  inGeneration,
  layEtc,
  tellEtc,
  type System,
} from './deploy.ts';
import {changeProfile, findGeneration, isStaged, previousOf} from './profile.ts';
import {openOwnStore} from './store.ts';
import type {Answer, World} from './world.ts';

// --- activate --------------------------------------------------------------------------------------

interface Place {
  readonly store: Store;
  readonly run: RunHandle;
  readonly profile: Profile | undefined;
}

/** A staged system gets the /etc it is to have, merged with the one that is current now. */
export function activateSystem(
  world: World,
  {store, run, profile}: Place,
  generation: Generation,
  system: System,
): Checked<EtcMerge | undefined> {
  const etc = etcFor(world, store, run, profile, system);
  if (!etc.ok) return etc;
  const laid = layEtc(store, generation, inGeneration(system.entries, etc.value));
  if (!laid.ok) return laid;
  const done = becomeCurrent(store, generation, system.entries);
  return done.ok ? etc : done;
}

export async function activateStaged(world: World): Answer {
  const store = openOwnStore(world);
  if (!store.ok) return store;
  const done = await changeProfile(world, store.value, (profile, run) => {
    const chosen = chooseStaged(profile, world.call.words[1]);
    if (!chosen.ok) return chosen;
    // Done before, as far as the link; whoever says it again may not know.
    if (chosen.value.n === profile.current) {
      return ok({profile, generation: chosen.value, etc: undefined});
    }
    const {label, tree} = chosen.value.root;
    const entries = readTree(store.value, tree);
    if (!entries.ok) return entries;
    const place = {store: store.value, run, profile};
    const etc = activateSystem(world, place, chosen.value, {label, entries: entries.value});
    return etc.ok ? ok({profile, generation: chosen.value, etc: etc.value}) : etc;
  });
  if (!done.ok) return done;
  showCurrent(world, done.value);
  return ok(0);
}

/**
 * The staged generation that is asked for: the newest, or the one with that number, which may be
 * current by now.
 */
function chooseStaged(profile: Profile, word: string | undefined): Checked<Generation> {
  const {name, generations, current} = profile;
  const staged = generations.filter((one) => one.isThere && isStaged(profile, one));
  const chosen =
    word === undefined
      ? staged.at(-1)
      : generations.find(
          (one) => String(one.n) === word && (one.n === current || staged.includes(one)),
        );
  if (chosen !== undefined) return ok(chosen);
  const what = word === undefined ? `nothing is staged in ${name}` : `${word} is not staged`;
  return fail('root/unknown-generation', what, {hint: `recipes root history ${name}`});
}

// --- rollback --------------------------------------------------------------------------------------

export async function rollback(world: World): Answer {
  const store = openOwnStore(world);
  if (!store.ok) return store;
  const done = await changeProfile(world, store.value, (profile) => {
    const chosen = chooseBefore(profile, world.call.words[1]);
    if (!chosen.ok) return chosen;
    const {n} = chosen.value;
    if (isStaged(profile, chosen.value)) {
      return fail('root/unknown-generation', `${n} is staged: it never was current`, {
        hint: `recipes root activate ${profile.name} ${n}`,
      });
    }
    const switched = n === profile.current ? ok(undefined) : switchTo(profile.folder, n);
    return switched.ok ? ok({profile, generation: chosen.value}) : switched;
  });
  if (!done.ok) return done;
  showCurrent(world, done.value);
  return ok(0);
}

interface Current {
  readonly profile: Profile;
  readonly generation: Generation;
  readonly etc?: EtcMerge | undefined;
}

function showCurrent(world: World, {profile, generation: {n, root}, etc}: Current): void {
  const {name, folder, current} = profile;
  if (world.call.globals.json === true) {
    const {label, tree} = root;
    const record = {profile: name, folder, generation: n, previous: current ?? null, label, tree};
    world.print(JSON.stringify({...record, ...etcRecord(etc)}));
    return;
  }
  if (n === current) world.tell(`${name} is generation ${n} already: ${root.label}`);
  else {
    const before = current === undefined ? '' : `, before that ${current}`;
    world.tell(`${name} is now generation ${n}: ${root.label}${before}`);
  }
  tellEtc(world, etc);
}

/** The generation with this number, else the one before the current one. */
function chooseBefore(profile: Profile, word: string | undefined): Checked<Generation> {
  if (word !== undefined) return findGeneration(profile, word);
  const {name, current} = profile;
  const hint = `recipes root history ${name}`;
  if (current === undefined) {
    return fail('root/unknown-generation', `no generation of ${name} is current`, {hint});
  }
  const before = previousOf(profile);
  if (before !== undefined) return ok(before);
  return fail('root/unknown-generation', `${name} has no generation before ${current}`, {hint});
}
