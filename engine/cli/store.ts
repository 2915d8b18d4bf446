/**
 * `store gc`, `store size`, `store roots`, `store pin`, `store unpin`: what is kept, and the room
 * it takes. Collecting itself is the store's business. All but sizes and pins of targets work
 * without reading a recipe.
 */
import {fail, type Checked} from '../base/diagnostic.ts';
import {short} from '../base/hash.ts';
import {fileNameOf} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {withRunClosure} from '../graph/closure.ts';
import {makePlan} from '../run/plan.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {formatSize} from '../ui/text.ts';
import {openStore, openStoreToRead, type Store} from '../../store/layout.ts';
import {isRootName, listRoots, removeRoot, writeRoot, type PlacedRoot} from '../../store/roots.ts';
import {
  newestArtifacts,
  sizesByPart,
  sizesOfArtifacts,
  type ArtifactSize,
} from '../../store/sizes.ts';
import {guard} from '../../store/trouble.ts';
import {openFresh, whileKept} from './artifacts.ts';
import {openWork} from './open.ts';
import {openConfig} from './pin.ts';
import {textOption, type Answer, type World} from './world.ts';

/** The store of the project, whatever its recipes are like. */
export function openOwnStore(world: World): Checked<Store> {
  const opened = openConfig(world);
  if (!opened.ok) return opened;
  return openStore(opened.value.config.storePath, ownerFor(world.host.uid));
}

/** The same to look at: one that cannot be written now, or whose disk is full, does as well. */
export function openToLook(world: World): Checked<Store> {
  const opened = openConfig(world);
  if (!opened.ok) return opened;
  const {storePath} = opened.value.config;
  const owner = ownerFor(world.host.uid);
  const store = openStoreToRead(storePath, owner);
  // There may be none yet; else it says what is wrong.
  return store.ok ? store : openStore(storePath, owner);
}

// --- size ------------------------------------------------------------------------------------------

interface Sizes {
  readonly artifacts: readonly ArtifactSize[];
  /** Only when no target is named. */
  readonly parts: readonly {readonly part: string; readonly bytes: number}[];
}

export async function size(world: World): Answer {
  const sizes = world.call.words.length === 0 ? allSizes(world) : await sizesOf(world);
  if (!sizes.ok) return sizes;
  const {artifacts, parts} = sizes.value;
  const total = parts.reduce((sum, one) => sum + one.bytes, 0);
  if (world.call.globals.json === true) {
    world.print(JSON.stringify({artifacts, ...(parts.length > 0 ? {parts, total} : {})}));
    return ok(0);
  }
  world.print(sizeText(sizes.value, total));
  return ok(0);
}

function allSizes(world: World): Checked<Sizes> {
  const store = openToLook(world);
  if (!store.ok) return store;
  return guard(store.value.root, () => {
    const newest = newestArtifacts(store.value);
    const artifacts = sizesOfArtifacts(store.value, newest, []);
    return {artifacts, parts: sizesByPart(store.value)};
  });
}

async function sizesOf(world: World): Promise<Checked<Sizes>> {
  const opened = await openWork(world, world.call.words);
  if (!opened.ok) return opened;
  const {store, graph, resolver, wanted, targets} = opened.value;
  makePlan(graph, resolver, wanted, new Set());
  const built = targets.flatMap((label) => {
    const tree = resolver.treeOf(label);
    return tree === undefined ? [] : [[label, tree] as const];
  });
  if (built.length === 0) {
    return fail('target/not-built', `${targets.join(', ')}: nothing of it is built`, {
      hint: `recipes build ${world.call.words.join(' ')}`,
    });
  }
  return guard(store.root, () => {
    const among = newestArtifacts(store).values();
    return {artifacts: sizesOfArtifacts(store, new Map(built), among), parts: []};
  });
}

function sizeText({artifacts, parts}: Sizes, total: number): string {
  const row = (...cells: readonly string[]): string => {
    const [own = '', shared = '', name = ''] = cells;
    return `${own.padStart(10)}  ${shared.padStart(10)}  ${name}`;
  };
  const lines = artifacts.map((one) => row(formatSize(one.own), formatSize(one.shared), one.label));
  const table = [row('own', 'shared', 'artifact'), ...lines];
  if (parts.length === 0) return table.join('\n');
  const room = parts.map(({part, bytes}) => `${formatSize(bytes).padStart(10)}  ${part}`);
  return [...table, '', ...room, `${formatSize(total).padStart(10)}  in all`].join('\n');
}

// --- roots -----------------------------------------------------------------------------------------

export function roots(world: World): Answer {
  const store = openToLook(world);
  if (!store.ok) return Promise.resolve(store);
  const listed = guard(store.value.root, () => listRoots(store.value));
  if (!listed.ok) return Promise.resolve(listed);
  if (world.call.globals.json === true) {
    const all = listed.value.map(({place, root}) => ({place, ...root}));
    world.print(JSON.stringify({roots: all}));
  } else for (const one of listed.value) world.print(rootText(one));
  return Promise.resolve(ok(0));
}

function rootText({place, root}: PlacedRoot): string {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  switch (root.kind) {
    case 'pin':
      return `pin         ${root.name}  ${root.label}  ${day(root.at)}`;
    case 'generation':
      return `generation  ${root.profile} ${root.n}  ${root.label}  ${day(root.at)}`;
    case 'project': {
      const id = place.slice('projects/'.length);
      const built = new Set(root.builds.flatMap((one) => one.targets)).size;
      const last = Math.max(0, ...root.builds.map((one) => one.at));
      return `project     ${id}  ${root.path}  ${built} targets  ${day(last)}`;
    }
  }
}

// --- pins ------------------------------------------------------------------------------------------

export async function pin(world: World): Answer {
  const opened = await openFresh(world, world.call.words);
  if (!opened.ok) return opened;
  const work = opened.value;
  const [label] = work.targets;
  if (label === undefined || work.targets.length > 1) {
    return fail('usage/wrong', 'name one target to pin');
  }
  const name = textOption(world, 'as') ?? fileNameOf(label);
  if (!isRootName(name)) return badName(name);
  const labels = withRunClosure(work.graph, [label]);
  const held = {
    keys: labels.flatMap((one) => work.resolver.keyOf(one) ?? []),
    trees: labels.flatMap((one) => work.resolver.treeOf(one) ?? []),
    blobs: [],
  };
  const pinned = whileKept(world, work, labels, () =>
    guard(work.store.root, () => {
      const at = world.host.now();
      writeRoot(work.store, `pins/${name}`, {kind: 'pin', name, label, at, held});
      return undefined;
    }),
  );
  if (!pinned.ok) return pinned;
  const tree = work.resolver.treeOf(label);
  if (world.call.globals.json === true) world.print(JSON.stringify({name, label, tree}));
  else world.tell(`${label} is pinned as ${name} (${short(tree ?? '')})`);
  return ok(0);
}

/** Takes a pin away, or the root of a project that is no longer wanted, by what `store roots` says. */
export function unpin(world: World): Answer {
  const [name = ''] = world.call.words;
  if (!isRootName(name)) return Promise.resolve(badName(name));
  const store = openOwnStore(world);
  if (!store.ok) return Promise.resolve(store);
  const done = guard(store.value.root, () =>
    [`pins/${name}`, `projects/${name}`].find((place) => removeRoot(store.value, place)),
  );
  if (!done.ok) return Promise.resolve(done);
  if (done.value === undefined) {
    const hint = 'recipes store roots';
    return Promise.resolve(fail('store/unknown-pin', `there is no pin ${name}`, {hint}));
  }
  if (world.call.globals.json === true) world.print(JSON.stringify({unpinned: done.value}));
  else world.tell(`${name} is not pinned any more; gc removes what nothing else needs`);
  return Promise.resolve(ok(0));
}

function badName(name: string): Checked<never> {
  return fail('store/unknown-pin', `${JSON.stringify(name)} cannot be the name of a pin`, {
    hint: 'names have a-z 0-9 + . _ - and start with a letter or digit: --as NAME',
  });
}
