/**
 * `root switch` and `root rollback`: what is current in a profile. A target that is not fresh is
 * built first. How generations are numbered and switched is the store's business.
 */
import path from 'node:path';
import {fail, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {withRunClosure} from '../graph/closure.ts';
import {count} from '../ui/text.ts';
import {checkOut, type CheckedOut} from '../../store/checkout.ts';
import type {RunHandle} from '../../store/claims.ts';
import {isAsLaidOut} from '../../store/laid-out.ts';
import {addGeneration, prepareFolder, switchTo, tidy} from '../../store/generations.ts';
import {digestOf, encodeManifest} from '../../store/manifest.ts';
import {writeNamedTree} from '../../store/named-tree.ts';
import {readProfile, type Generation, type Profile} from '../../store/profiles.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {guard} from '../../store/trouble.ts';
import {keepArtifacts, mannerOf, openFresh, unite} from './artifacts.ts';
import {build} from './build.ts';
import type {OpenWork} from './open.ts';
import {atProfile, changeProfile, findGeneration, lookUpProfile} from './profile.ts';
import {openOwnStore} from './store.ts';
import {isSet, textOption, type Answer, type World} from './world.ts';

// --- switch ----------------------------------------------------------------------------------------

/** What a generation is to be made of. */
interface Content {
  readonly work: OpenWork;
  readonly label: Label;
  /** The target, and with --with-run all it needs to run. */
  readonly labels: readonly Label[];
  readonly entries: readonly TreeEntry[];
  /** Of the entries; the store may not have it yet. */
  readonly tree: TreeDigest;
}

/** What a switch came to. */
interface Switched {
  readonly folder: string;
  readonly generation: Generation;
  readonly previous: number | undefined;
  /** Undefined: a generation of the same content was there. */
  readonly made: CheckedOut | undefined;
}

export async function switchRoot(world: World): Answer {
  const [name = '', word = ''] = world.call.words;
  const store = openOwnStore(world);
  if (!store.ok) return store;
  // Nothing is built for a profile that cannot be.
  const known = lookUpProfile(store.value, name);
  if (!known.ok) return known;
  const content = await contentOf(world, word);
  if (!content.ok || typeof content.value === 'number') return content as Checked<number>;
  const chosen = content.value;
  const done = await atProfile(world, chosen.work.store, name, (run) =>
    switchIn(world, run, name, chosen),
  );
  if (!done.ok) return done;
  showSwitch(world, name, chosen, done.value);
  return ok(0);
}

function switchIn(world: World, run: RunHandle, name: string, content: Content): Checked<Switched> {
  const {work, labels, entries} = content;
  const {store} = work;
  const kept = keepArtifacts(world, work, run, labels);
  if (!kept.ok) return kept;
  const stored = storeTree(run, content);
  if (!stored.ok) return stored;
  const found = findFolder(world, work, name);
  if (!found.ok) return found;
  const folder = found.value;
  const profile = guard(folder, () => {
    tidy(store, name, folder);
    return readProfile(store, name);
  });
  if (!profile.ok) return profile;
  const previous = profile.value?.current;
  const candidates = sameIn(profile.value, content.tree, isSet(world, 'copy'));
  const same = guard(folder, () =>
    candidates.find((one) => isAsLaidOut(store, one.folder, entries)),
  );
  if (!same.ok) return same;
  if (same.value !== undefined)
    return activate({folder, generation: same.value, previous, made: undefined});
  const added = addContent(world, {name, folder}, content);
  if (!added.ok) return added;
  return activate({folder, ...added.value, previous});
}

/** Of several artifacts together the store has no tree yet, or a damaged one. */
function storeTree(run: RunHandle, {work, labels, entries}: Content): Checked<unknown> {
  const {store} = work;
  if (labels.length === 1) return ok(undefined);
  return guard(store.root, () => writeNamedTree(store, run, entries));
}

/** The last step; nothing where it is current already. */
function activate(switched: Switched): Checked<Switched> {
  const {folder, generation, previous} = switched;
  if (generation.n === previous) return ok(switched);
  const done = switchTo(folder, generation.n);
  return done.ok ? ok(switched) : done;
}

/** The profile's own folder, else --at, else `roots/NAME` beside the configuration. */
function findFolder(world: World, {store, project}: OpenWork, name: string): Checked<string> {
  const known = lookUpProfile(store, name);
  if (!known.ok) return known;
  const at = textOption(world, 'at');
  const usual = known.value?.folder ?? path.join(project.root, 'roots', name);
  return prepareFolder(store, known.value, at === undefined ? usual : path.resolve(world.cwd, at));
}

/** The current generation and the newest one, as far as they are what is wanted. */
function sameIn(
  profile: Profile | undefined,
  tree: TreeDigest,
  copied: boolean,
): readonly Generation[] {
  const newest = profile?.generations.at(-1);
  const current = profile?.generations.find(({n}) => n === profile.current);
  return [current, newest].flatMap((one) =>
    one?.isThere === true && one.root.tree === tree && one.root.copied === copied ? [one] : [],
  );
}

function addContent(
  world: World,
  {name, folder}: {readonly name: string; readonly folder: string},
  {work, label, labels, entries, tree}: Content,
): Checked<{readonly generation: Generation; readonly made: CheckedOut}> {
  const {store, resolver} = work;
  const key = resolver.keyOf(label);
  if (key === undefined) return fail('target/not-built', `${label} is not built`);
  const trees = labels.flatMap((one) => resolver.treeOf(one) ?? []);
  const held = {
    keys: labels.flatMap((one) => resolver.keyOf(one) ?? []),
    trees: [...new Set([...trees, tree])],
    blobs: [],
  };
  const copied = isSet(world, 'copy');
  const facts = {profile: name, label, key, tree, copied, at: world.host.now(), held};
  let made: CheckedOut | undefined;
  const added = addGeneration(store, folder, facts, (at) => {
    const laidOut = checkOut(store, entries, at, mannerOf(world, work, labels));
    if (laidOut.ok) made = laidOut.value;
    return laidOut;
  });
  if (!added.ok) return added;
  return ok({generation: added.value, made: made ?? {files: 0, linked: 0, left: []}});
}

function showSwitch(
  world: World,
  name: string,
  {label, tree}: Content,
  {folder, generation, previous, made}: Switched,
): void {
  const {n} = generation;
  if (world.call.globals.json === true) {
    const {files, linked} = made ?? {files: null, linked: null};
    const record = {profile: name, folder, generation: n, previous: previous ?? null, label, tree};
    world.print(JSON.stringify({...record, made: made !== undefined, files, linked}));
    return;
  }
  if (n === previous) {
    world.tell(`${name} is generation ${n} already: ${label} as it is now`);
    return;
  }
  const before = previous === undefined ? '' : `, before that ${previous}`;
  world.tell(`${name} is now generation ${n}: ${label}${before}`);
  if (made === undefined) return;
  world.tell(`${count(made.files, 'file')} in ${generation.folder}${linkedText(made.linked)}`);
}

function linkedText(linked: number): string {
  if (linked === 0) return '';
  return `, ${linked} of them linked to the store: do not edit those in place`;
}

// --- what is switched to ---------------------------------------------------------------------------

/** Builds the target where that is needed; a number is the exit code of a build that failed. */
async function contentOf(world: World, word: string): Promise<Checked<Content | number>> {
  const held: (readonly Diagnostic[])[] = [];
  const silent: World = {
    ...world,
    show: (diagnostics) => {
      held.push(diagnostics);
      return Promise.resolve();
    },
  };
  const first = await openContent(silent, word);
  if (first.ok || !first.error.every((one) => BUILT_AGAIN.includes(one.code))) {
    for (const one of held) await world.show(one);
    return first;
  }
  const built = await build(buildOf(world, word));
  if (!built.ok || built.value !== 0) return built;
  return openContent(silent, word);
}

/** What a build mends. */
const BUILT_AGAIN: readonly string[] = ['target/not-built', 'store/damaged'];

/** `recipes build TARGET`, with the options of ours that it has too. */
function buildOf(world: World, word: string): World {
  const {call} = world;
  const globals = {...call.globals, json: false};
  const {jobs, offline, wait} = call.options;
  const options = {onError: 'finish', tests: 'none', jobs, offline, wait};
  return {...world, call: {command: 'build', words: [word], options, globals}};
}

async function openContent(world: World, word: string): Promise<Checked<Content>> {
  const opened = await openFresh(world, [word]);
  if (!opened.ok) return opened;
  const work = opened.value;
  const [label] = work.targets;
  const isOne = work.targets.length === 1 && label !== undefined;
  if (!isOne || work.graph.nodes.get(label)?.kind !== 'build') {
    return fail('usage/wrong', `${word} is not one build`, {hint: 'name one target'});
  }
  const labels = isSet(world, 'withRun') ? withRunClosure(work.graph, [label]) : [label];
  const missing = labels.filter((one) => work.resolver.treeOf(one) === undefined);
  if (missing.length > 0) {
    return fail('target/not-built', `${missing.join(', ')}: not built as it is written now`);
  }
  const entries = unite(work, labels);
  if (!entries.ok) return entries;
  const [only] = labels.length === 1 ? [work.resolver.treeOf(label)] : [];
  const tree = only ?? digestOf(encodeManifest(entries.value));
  return ok({work, label, labels, entries: entries.value, tree});
}

// --- rollback --------------------------------------------------------------------------------------

export async function rollback(world: World): Answer {
  const store = openOwnStore(world);
  if (!store.ok) return store;
  const done = await changeProfile(world, store.value, (profile) => {
    const chosen = chooseBefore(profile, world.call.words[1]);
    if (!chosen.ok) return chosen;
    const {n} = chosen.value;
    const switched = n === profile.current ? ok(undefined) : switchTo(profile.folder, n);
    return switched.ok ? ok({profile, generation: chosen.value}) : switched;
  });
  if (!done.ok) return done;
  const {profile, generation} = done.value;
  const {name, folder, current} = profile;
  const {n, root} = generation;
  if (world.call.globals.json === true) {
    const {label, tree} = root;
    const record = {profile: name, folder, generation: n, previous: current ?? null, label, tree};
    world.print(JSON.stringify(record));
  } else if (n === current) world.tell(`${name} is generation ${n} already: ${root.label}`);
  else {
    const before = current === undefined ? '' : `, before that ${current}`;
    world.tell(`${name} is now generation ${n}: ${root.label}${before}`);
  }
  return ok(0);
}

/** The generation with this number, else the one before the current one. */
function chooseBefore(profile: Profile, word: string | undefined): Checked<Generation> {
  if (word !== undefined) return findGeneration(profile, word);
  const {name, generations, current} = profile;
  const hint = `recipes root history ${name}`;
  if (current === undefined) {
    return fail('root/unknown-generation', `no generation of ${name} is current`, {hint});
  }
  const before = generations.filter(({n, isThere}) => n < current && isThere).at(-1);
  if (before !== undefined) return ok(before);
  return fail('root/unknown-generation', `${name} has no generation before ${current}`, {hint});
}
