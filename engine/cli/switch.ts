/**
 * `root switch`: what a target has becomes current in a profile, or is staged to become so. A target
 * that is not fresh is built first. How generations are numbered and switched is the store's
 * business, and what a system keeps of its /etc and /var that of deploy.ts.
 */
import path from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import {fail, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {withRunClosure} from '../graph/closure.ts';
import type {Boot} from '../load/model.ts';
import type {EtcMerge} from '../rootfs/etc-merge.ts';
import {count} from '../ui/text.ts';
import {checkOut, type CheckedOut} from '../../store/checkout.ts';
import type {RunHandle} from '../../store/claims.ts';
import {isAsLaidOut} from '../../store/laid-out.ts';
import {addGeneration, prepareFolder, switchTo} from '../../store/generations.ts';
import type {Store} from '../../store/layout.ts';
import {digestOf, encodeManifest} from '../../store/manifest.ts';
import {writeNamedTree} from '../../store/named-tree.ts';
import type {Generation, Profile} from '../../store/profiles.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {guard} from '../../store/trouble.ts';
import {keepArtifacts, mannerOf, openFresh, rootOf, unite} from './artifacts.ts';
import {activateSystem} from './activate.ts';
import {build} from './build.ts';
import {becomeCurrent, etcFor, etcRecord, fixedPart, inGeneration, tellEtc} from './deploy.ts';
import {packagesOf} from './packages.ts';
import type {OpenWork} from './open.ts';
import {beyond, removeAll} from './generations.ts';
import {atProfile, currentOf, inOrder, isStaged, lookUpProfile} from './profile.ts';
import {openOwnStore} from './store.ts';
import {isSet, optionOf, textOption, type Answer, type World} from './world.ts';

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
  /** A whole system: a root's recipe says what it is, and how it is started. */
  readonly isSystem: boolean;
  readonly boot: Boot | undefined;
}

/** What a switch came to. */
interface Switched {
  readonly folder: string;
  readonly generation: Generation;
  readonly previous: number | undefined;
  /** Undefined: a generation of the same content was there. */
  readonly made: CheckedOut | undefined;
  readonly etc?: EtcMerge | undefined;
  readonly removed?: readonly number[];
}

export async function switchRoot(world: World): Answer {
  const [name = '', word = ''] = world.call.words;
  const store = openOwnStore(world);
  if (!store.ok) return store;
  // Nothing is built for a profile that cannot be.
  const known = lookUpProfile(store.value, name);
  if (!known.ok) return known;
  const content = await contentOf({...world, store: store.value}, word);
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
  const {work, labels} = content;
  const {store} = work;
  const kept = keepArtifacts(world, work, run, labels);
  if (!kept.ok) return kept;
  const stored = storeTree(run, content);
  if (!stored.ok) return stored;
  const found = findFolder(world, work, name);
  if (!found.ok) return found;
  const folder = found.value;
  const profile = inOrder(store, name, folder);
  if (!profile.ok) return profile;
  const place = {world, run, name, folder, profile: profile.value};
  const done = arrive(place, content);
  return done.ok ? forget(place, store, done.value) : done;
}

/** Where a switch happens. */
interface Place {
  readonly world: World;
  readonly run: RunHandle;
  readonly name: string;
  readonly folder: string;
  readonly profile: Profile | undefined;
}

function arrive(place: Place, content: Content): Checked<Switched> {
  const {world, folder, profile} = place;
  const previous = profile?.current;
  const same = findSame(place, content);
  if (!same.ok) return same;
  const stays = isSet(world, 'stage');
  if (same.value !== undefined) {
    const there = {folder, generation: same.value, previous, made: undefined};
    return stays ? ok(there) : activate(place, there, content);
  }
  const etc = stays ? ok(undefined) : etcOf(place, content);
  if (!etc.ok) return etc;
  const added = addContent(place, content, etc.value);
  if (!added.ok) return added;
  const made = {folder, ...added.value, previous, etc: etc.value};
  return stays ? ok(made) : reach(content, made);
}

function findSame(
  {world, folder, profile}: Place,
  content: Content,
): Checked<Generation | undefined> {
  const candidates = sameIn(profile, content, isSet(world, 'copy'));
  const asMade = content.isSystem ? fixedPart(content.entries) : content.entries;
  return guard(folder, () =>
    candidates.find((one) => isAsLaidOut(content.work.store, one.folder, asMade)),
  );
}

function etcOf(place: Place, content: Content): Checked<EtcMerge | undefined> {
  if (!content.isSystem) return ok(undefined);
  const {work, label, entries} = content;
  return etcFor(place.world, work.store, place.run, place.profile, {label, entries});
}

/** What was just made becomes current. */
function reach(content: Content, made: Switched): Checked<Switched> {
  const {generation, folder} = made;
  const done = content.isSystem
    ? becomeCurrent(content.work.store, generation, content.entries)
    : switchTo(folder, generation.n);
  return done.ok ? ok(made) : done;
}

/** --keep: what is older goes. */
function forget(place: Place, store: Store, done: Switched): Checked<Switched> {
  const keep = optionOf(place.world, 'keep');
  if (typeof keep !== 'number') return ok(done);
  const profile = lookUpProfile(store, place.name);
  if (!profile.ok || profile.value === undefined) return profile.ok ? ok(done) : profile;
  const removed = removeAll(store, profile.value, beyond(profile.value, keep));
  return removed.ok ? ok({...done, removed: removed.value}) : removed;
}

/** Of several artifacts together the store has no tree yet, or a damaged one. */
function storeTree(run: RunHandle, {work, labels, entries}: Content): Checked<unknown> {
  const {store} = work;
  if (labels.length === 1) return ok(undefined);
  return guard(store.root, () => writeNamedTree(store, run, entries));
}

/** What is there becomes current: nothing is to do where it is so already. */
function activate(place: Place, there: Switched, content: Content): Checked<Switched> {
  const {generation, previous} = there;
  if (generation.n === previous) return ok(there);
  if (!content.isSystem) return reach(content, there);
  const {work, label, entries} = content;
  const where = {...place, store: work.store};
  const etc = activateSystem(place.world, where, generation, {label, entries});
  return etc.ok ? ok({...there, etc: etc.value}) : etc;
}

/** The profile's own folder, else --at, else `roots/NAME` beside the configuration. */
function findFolder(world: World, {store, project}: OpenWork, name: string): Checked<string> {
  const known = lookUpProfile(store, name);
  if (!known.ok) return known;
  const at = textOption(world, 'at');
  const usual = known.value?.folder ?? path.join(project.root, 'roots', name);
  return prepareFolder(store, known.value, at === undefined ? usual : path.resolve(world.cwd, at));
}

/**
 * The current generation and the newest one, as far as they are what is wanted. Of systems the
 * current one and those that are staged: the others have an /etc of their own time.
 */
function sameIn(
  profile: Profile | undefined,
  {tree, isSystem, boot}: Content,
  copied: boolean,
): readonly Generation[] {
  if (profile === undefined) return [];
  const [current, newest] = [currentOf(profile), profile.generations.at(-1)];
  const isOld = (one: Generation): boolean =>
    isSystem && one.n !== profile.current && !isStaged(profile, one);
  return [current, newest].flatMap((one) => {
    if (one?.isThere !== true || one.root.tree !== tree || one.root.copied !== copied) return [];
    const {system} = one.root;
    const isAlike = (system !== undefined) === isSystem && isDeepStrictEqual(system?.boot, boot);
    return isAlike && !isOld(one) ? [one] : [];
  });
}

function addContent(
  {world, name, folder, profile}: Place,
  content: Content,
  etc: EtcMerge | undefined,
): Checked<{readonly generation: Generation; readonly made: CheckedOut}> {
  const {work, label, labels, entries, tree, isSystem, boot} = content;
  const {store, resolver} = work;
  const key = resolver.keyOf(label);
  if (key === undefined) return fail('target/not-built', `${label} is not built`);
  const before = profile?.generations.flatMap((one) => one.root.packages ?? []) ?? [];
  const packages = packagesOf(work, labels, before);
  if (!packages.ok) return packages;
  const trees = labels.flatMap((one) => resolver.treeOf(one) ?? []);
  const held = {
    keys: labels.flatMap((one) => resolver.keyOf(one) ?? []),
    trees: [...new Set([...trees, tree])],
    blobs: [],
  };
  const copied = isSet(world, 'copy');
  // Until it is current; so one that was made and not reached is found again.
  const system = isSystem ? {staged: true, boot} : undefined;
  const common = {profile: name, label, key, tree, copied, at: world.host.now(), held};
  let made: CheckedOut | undefined;
  const facts = {...common, system, packages: packages.value};
  const laid = isSystem ? inGeneration(entries, etc) : entries;
  const added = addGeneration(store, folder, facts, (at) => {
    const laidOut = checkOut(store, laid, at, mannerOf(world, work, labels));
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
  {folder, generation, previous, made, etc, removed}: Switched,
): void {
  const {n} = generation;
  const stays = isSet(world, 'stage') && n !== previous;
  if (world.call.globals.json === true) {
    const {files, linked} = made ?? {files: null, linked: null};
    const record = {profile: name, folder, generation: n, previous: previous ?? null, label, tree};
    const more = {...etcRecord(etc), ...(stays ? {staged: true} : {}), removed};
    world.print(JSON.stringify({...record, made: made !== undefined, files, linked, ...more}));
    return;
  }
  if (n === previous) {
    world.tell(`${name} is generation ${n} already: ${label} as it is now`);
    return;
  }
  const before = previous === undefined ? '' : `, before that ${previous}`;
  if (stays) {
    world.tell(`generation ${n} of ${name} is staged: ${label}; recipes root activate ${name}`);
  } else world.tell(`${name} is now generation ${n}: ${label}${before}`);
  if (made !== undefined) {
    world.tell(`${count(made.files, 'file')} in ${generation.folder}${linkedText(made.linked)}`);
  }
  tellEtc(world, etc);
  if (removed !== undefined && removed.length > 0) world.tell(`removed: ${removed.join(', ')}`);
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
  const plan = rootOf(work.graph, label);
  const system = {isSystem: plan !== undefined, boot: plan?.boot};
  return ok({work, label, labels, entries: entries.value, tree, ...system});
}
