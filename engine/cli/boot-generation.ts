/**
 * `root boot`: a generation of a system is started as it is: its /etc as it was left, its /var that
 * of the profile. What happens inside the machine changes neither.
 */
import path from 'node:path';
import {fail, type Checked} from '../base/diagnostic.ts';
import * as files from '../base/files.ts';
import {ok} from '../base/result.ts';
import {ownedAs} from '../rootfs/etc-merge.ts';
import {SHARED} from '../../store/generations.ts';
import type {Store} from '../../store/layout.ts';
import type {RunHandle} from '../../store/claims.ts';
import type {Generation, Profile} from '../../store/profiles.ts';
import {rely} from '../../store/protect.ts';
import {rootsOf} from '../../store/roots.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {hasTree, readTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import {noBoot, readSteps, runMachine} from './boot.ts';
import {ETC, lookInto, replaced} from './deploy.ts';
import {inWorkshop} from './image.ts';
import {findGeneration, findProfile} from './profile.ts';
import {openOwnStore} from './store.ts';
import type {Answer, World} from './world.ts';

export async function bootGeneration(world: World): Answer {
  const steps = readSteps(world);
  if (!steps.ok) return steps;
  const opened = openOwnStore(world);
  if (!opened.ok) return opened;
  const store = opened.value;
  const profile = findProfile(world, store);
  if (!profile.ok) return profile;
  const chosen = choose(profile.value, world.call.words[1]);
  if (!chosen.ok) return chosen;
  const {root} = chosen.value;
  const boot = root.system?.boot;
  if (boot === undefined) return noBoot(root.label);
  return inWorkshop(world, store, (workshop) => {
    const {run} = workshop;
    const entries = entriesOf(world, store, run, profile.value, chosen.value);
    if (!entries.ok) return Promise.resolve(entries);
    const {label} = root;
    return runMachine(world, workshop, {label, entries: entries.value, boot}, steps.value);
  });
}

function choose(profile: Profile, word: string | undefined): Checked<Generation> {
  const number = word ?? (profile.current === undefined ? undefined : String(profile.current));
  if (number !== undefined) return findGeneration(profile, number);
  return fail('root/unknown-generation', `no generation of ${profile.name} is current`);
}

/** The tree, with what lies in /etc and /var now. */
function entriesOf(
  world: World,
  store: Store,
  run: RunHandle,
  profile: Profile,
  {root, folder, isThere}: Generation,
): Checked<readonly TreeEntry[]> {
  const isHere = (): boolean => hasTree(store, root.tree);
  const named = guard(store.root, () => rely(store, run, rootsOf(root.held), isHere));
  if (!named.ok) return named;
  const tree = readTree(store, root.tree);
  if (!tree.ok || !isThere) return tree;
  const places = [
    [ETC, path.join(folder, ETC)],
    [SHARED, path.join(profile.folder, SHARED)],
  ] as const;
  let entries = tree.value;
  for (const [name, place] of places) {
    // A root without such a folder has nothing to be mounted at; a folder may have been removed.
    const isWanted = entries.some((one) => one.path === name && one.type === 'dir');
    if (!isWanted || files.lookAt(place)?.isDirectory() !== true) continue;
    const found = lookInto(store, run, place, name);
    if (!found.ok) return found;
    const self = {uid: world.host.uid, gid: world.host.gid};
    entries = replaced(entries, name, ownedAs(found.value, entries, self));
  }
  return ok(entries);
}
