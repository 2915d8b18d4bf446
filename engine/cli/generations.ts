/**
 * `root list`, `history`, `diff`, `pin` and `remove`: the generations of profiles. None of them
 * changes what is current, and none reads a recipe.
 */
import {err, ok} from '../base/result.ts';
import {fail, type Checked} from '../base/diagnostic.ts';
import {short} from '../base/hash.ts';
import {count} from '../ui/text.ts';
import {toText} from '../../store/bytes.ts';
import {removeGeneration, setPinned} from '../../store/generations.ts';
import type {Store} from '../../store/layout.ts';
import {listProfiles, type Generation, type Profile} from '../../store/profiles.ts';
import {diffTrees, type TreeChange} from '../../store/tree-diff.ts';
import {readTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import {diffPackages, packageText, sizeChange, type PackageChange} from './packages.ts';
import {changeProfile, findGeneration, findProfile, isStaged, previousOf} from './profile.ts';
import {openOwnStore, openToLook} from './store.ts';
import {isSet, optionOf, type Answer, type World} from './world.ts';

// --- list and history ------------------------------------------------------------------------------

export function list(world: World): Answer {
  const store = openToLook(world);
  if (!store.ok) return Promise.resolve(store);
  const profiles = guard(store.value.root, () => listProfiles(store.value));
  if (!profiles.ok) return Promise.resolve(profiles);
  if (world.call.globals.json === true) {
    world.print(JSON.stringify({profiles: profiles.value.map(recordOf)}));
  } else for (const one of profiles.value) world.print(profileText(one));
  return Promise.resolve(ok(0));
}

function profileText({name, folder, generations, current}: Profile): string {
  const root = generations.find(({n}) => n === current)?.root;
  const state = current === undefined ? 'nothing is current' : `${current}  ${root?.label ?? ''}`;
  return `${name}  ${state}  ${folder}  ${count(generations.length, 'generation')}`;
}

export function history(world: World): Answer {
  const store = openToLook(world);
  if (!store.ok) return Promise.resolve(store);
  const profile = findProfile(world, store.value);
  if (!profile.ok) return Promise.resolve(profile);
  if (world.call.globals.json === true) world.print(JSON.stringify(recordOf(profile.value)));
  else for (const one of profile.value.generations) world.print(lineOf(profile.value, one));
  return Promise.resolve(ok(0));
}

function recordOf(profile: Profile): object {
  const {name, folder, current, generations} = profile;
  return {
    profile: name,
    folder,
    current: current ?? null,
    generations: generations.map((one) => {
      const {n, isThere, root} = one;
      const {label, key, tree, copied, at, pinned} = root;
      return {
        ...{generation: n, label, key, tree, at, copied, pinned},
        ...{current: n === current, missing: !isThere, staged: isStaged(profile, one)},
      };
    }),
  };
}

function lineOf(profile: Profile, one: Generation): string {
  const {n, isThere, root} = one;
  const mark = n === profile.current ? '*' : ' ';
  const time = new Date(root.at).toISOString().slice(0, 16).replace('T', ' ');
  const notes = [
    ...(isStaged(profile, one) ? ['staged'] : []),
    ...(root.pinned ? ['pinned'] : []),
    ...(isThere ? [] : ['its folder is gone']),
  ];
  const line = `${mark} ${String(n).padStart(3)}  ${time}  ${root.label}  ${short(root.tree)}`;
  return [line, ...notes].join('  ');
}

// --- diff ------------------------------------------------------------------------------------------

/** Without numbers the current generation and the one before it; with one, that and the current. */
export function diff(world: World): Answer {
  const store = openToLook(world);
  if (!store.ok) return Promise.resolve(store);
  const profile = findProfile(world, store.value);
  if (!profile.ok) return Promise.resolve(profile);
  const pair = choosePair(profile.value, world.call.words.slice(1));
  if (!pair.ok) return Promise.resolve(pair);
  const [a, b] = pair.value;
  const changes = changesBetween(store.value, a, b);
  if (!changes.ok) return Promise.resolve(changes);
  const packages = diffPackages(a.root.packages ?? [], b.root.packages ?? []);
  const found = {name: profile.value.name, a, b, packages, changes: changes.value};
  if (world.call.globals.json === true) printDifference(world, found);
  else tellDifference(world, found);
  return Promise.resolve(ok(0));
}

interface Difference {
  readonly name: string;
  readonly a: Generation;
  readonly b: Generation;
  readonly packages: readonly PackageChange[];
  readonly changes: readonly TreeChange[];
}

function printDifference(world: World, {name, a, b, packages, changes}: Difference): void {
  const listed = changes.map((one) => ({...one, path: `/${toText(one.path)}`}));
  world.print(JSON.stringify({profile: name, from: a.n, to: b.n, packages, changes: listed}));
}

function tellDifference(world: World, {name, a, b, packages, changes}: Difference): void {
  for (const one of packages) world.print(packageText(one));
  if (packages.length > 0 && changes.length > 0) world.print('');
  for (const one of changes) world.print(changeText(one));
  const bytes = changes.reduce((sum, one) => sum + one.bytes, 0);
  const total = [count(changes.length, 'change'), ...(bytes === 0 ? [] : [sizeChange(bytes)])];
  const labels = a.root.label === b.root.label ? a.root.label : `${a.root.label} → ${b.root.label}`;
  world.tell(`${name} ${a.n} → ${b.n}: ${labels}, ${total.join(', ')}`);
}

type Pair = readonly [Generation, Generation];

function choosePair(profile: Profile, words: readonly string[]): Checked<Pair> {
  const [first, second = String(profile.current ?? '')] = words;
  if (second === '') {
    const hint = `recipes root diff ${profile.name} A B`;
    return fail('root/unknown-generation', `no generation of ${profile.name} is current`, {hint});
  }
  const b = findGeneration(profile, second);
  if (!b.ok) return b;
  const before = profile.generations.filter(({n}) => n < b.value.n).at(-1);
  if (first === undefined && before === undefined) {
    return fail('root/unknown-generation', `${profile.name} has no generation before ${second}`);
  }
  const a = first === undefined ? ok(before ?? b.value) : findGeneration(profile, first);
  return a.ok ? ok([a.value, b.value]) : a;
}

function changesBetween(
  store: Store,
  a: Generation,
  b: Generation,
): Checked<readonly TreeChange[]> {
  const before = readTree(store, a.root.tree, 'leave');
  if (!before.ok) return before;
  const after = readTree(store, b.root.tree, 'leave');
  return after.ok ? ok(diffTrees(before.value, after.value)) : after;
}

const SIGNS: Readonly<Record<TreeChange['change'], string>> = {
  added: '+',
  removed: '-',
  changed: '~',
};

function changeText({path, change, what, bytes}: TreeChange): string {
  const line = `${SIGNS[change]} /${toText(path)}`;
  const size = bytes === 0 ? [] : [sizeChange(bytes)];
  const notes = [...what, ...size];
  return notes.length === 0 ? line : `${line}  (${notes.join(', ')})`;
}

// --- pin -------------------------------------------------------------------------------------------

export async function pin(world: World): Answer {
  const store = openOwnStore(world);
  if (!store.ok) return store;
  const pinned = !isSet(world, 'off');
  const done = await changeProfile(world, store.value, (profile) => {
    const found = findGeneration(profile, world.call.words[1] ?? '');
    if (!found.ok || found.value.root.pinned === pinned) return found;
    const written = setPinned(store.value, found.value, pinned);
    return written.ok ? found : written;
  });
  if (!done.ok) return done;
  const {n, root} = done.value;
  if (world.call.globals.json === true) {
    world.print(JSON.stringify({profile: root.profile, generation: n, pinned}));
  } else world.tell(`generation ${n} of ${root.profile} ${pinned ? 'is' : 'is not'} pinned`);
  return ok(0);
}

// --- remove ----------------------------------------------------------------------------------------

export async function remove(world: World): Answer {
  const [name = '', ...words] = world.call.words;
  const keep = optionOf(world, 'keep');
  if ((words.length === 0) === (keep === undefined)) {
    return fail('usage/wrong', 'name generations, or how many to --keep');
  }
  const store = openOwnStore(world);
  if (!store.ok) return store;
  const done = await changeProfile(world, store.value, (profile) => {
    const chosen =
      typeof keep === 'number' ? ok(beyond(profile, keep)) : chooseNamed(profile, words);
    return chosen.ok ? removeAll(store.value, profile, chosen.value) : chosen;
  });
  if (!done.ok) return done;
  const removed = done.value;
  if (world.call.globals.json === true) world.print(JSON.stringify({profile: name, removed}));
  else if (removed.length === 0) world.tell(`nothing of ${name} is to be removed`);
  else {
    const all = removed.join(', ');
    world.tell(`removed of ${name}: ${all}; recipes store gc removes what nothing else needs`);
  }
  return ok(0);
}

/** All but the newest ones, the current one, the one before it, and the pinned ones. */
export function beyond(profile: Profile, keep: number): readonly Generation[] {
  const {generations, current} = profile;
  const stays = [current, previousOf(profile)?.n];
  return generations.slice(0, -keep).filter(({n, root}) => !stays.includes(n) && !root.pinned);
}

/** All of them or none. */
function chooseNamed(profile: Profile, words: readonly string[]): Checked<readonly Generation[]> {
  const {name, current} = profile;
  const found = words.map((word) => findGeneration(profile, word));
  const problems = found.flatMap((one) => (one.ok ? [] : one.error));
  const chosen = found.flatMap((one) => (one.ok ? [one.value] : []));
  for (const {n, root} of chosen) {
    if (n === current) {
      const hint = `recipes root rollback ${name}`;
      const message = `generation ${n} of ${name} is the current one`;
      problems.push(...fail('root/in-use', message, {hint}).error);
    } else if (root.pinned) {
      const hint = `recipes root pin ${name} ${n} --off`;
      problems.push(...fail('root/in-use', `generation ${n} of ${name} is pinned`, {hint}).error);
    }
  }
  return problems.length > 0 ? err(problems) : ok([...new Set(chosen)]);
}

/** One after the other; gives their numbers. */
export function removeAll(
  store: Store,
  {name, folder}: Profile,
  chosen: readonly Generation[],
): Checked<readonly number[]> {
  for (const {n} of chosen) {
    const removed = removeGeneration(store, name, folder, n);
    if (!removed.ok) return removed;
  }
  return ok(chosen.map(({n}) => n));
}
