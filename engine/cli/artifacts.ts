/**
 * Commands on what was built: checkout, files, owner. They build nothing; what is not fresh is
 * an error that says so.
 */
import path from 'node:path';
import {fail, problem, type Checked} from '../base/diagnostic.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {err, ok} from '../base/result.ts';
import {withRunClosure} from '../graph/closure.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {RootPlan} from '../load/model.ts';
import {isWritable} from '../rootfs/writable.ts';
import {findConflicts} from '../run/conflicts.ts';
import {makePlan} from '../run/plan.ts';
import {rootsOfResult} from '../run/reliance.ts';
import {damagedTrees} from '../run/sound-plan.ts';
import {mergeLayers} from '../sandbox/lowers.ts';
import {entriesOf} from '../sandbox/staging.ts';
import {count} from '../ui/text.ts';
import {toText} from '../../store/bytes.ts';
import {checkOut} from '../../store/checkout.ts';
import {openRun, type RunHandle} from '../../store/claims.ts';
import type {TreeEntry} from '../../store/tree-entry.ts';
import {rely} from '../../store/protect.ts';
import {hasTree, readTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import {damageOf} from '../../store/verified.ts';
import {openWork, type OpenWork} from './open.ts';
import {isSet, textOption, type Answer, type World} from './world.ts';

export async function checkout(world: World): Answer {
  const [word = '', folder = ''] = world.call.words;
  const opened = await openFresh(world, [word]);
  if (!opened.ok) return opened;
  const work = opened.value;
  const labels = isSet(world, 'withRun') ? withRunClosure(work.graph, work.targets) : work.targets;
  const entries = unite(work, labels);
  if (!entries.ok) return entries;
  const dest = path.resolve(world.cwd, folder);
  const how = mannerOf(world, work, labels);
  const done = whileKept(world, work, labels, () => checkOut(work.store, entries.value, dest, how));
  if (!done.ok) return done;
  const {files, linked} = done.value;
  if (world.call.globals.json === true) world.print(JSON.stringify({folder: dest, files, linked}));
  else
    world.tell(
      `${count(files, 'file')} in ${dest}, ${linked} of them linked to the store: do not edit those in place`,
    );
  return ok(0);
}

/** Files are links into the store, but for those of a root that are written to where it runs. */
export function mannerOf(
  world: World,
  {graph}: OpenWork,
  labels: readonly Label[],
): Parameters<typeof checkOut>[3] {
  return {
    copy: isSet(world, 'copy'),
    owners: false,
    copied: labels.some((label) => rootOf(graph, label) !== undefined) ? isWritable : undefined,
  };
}

/** What the recipe of a whole system says; undefined for other labels. */
export function rootOf(graph: BuildGraph, label: Label): RootPlan | undefined {
  const node = graph.nodes.get(label);
  return node?.kind === 'build' ? node.build.root : undefined;
}

/**
 * Does something with artifacts that gc must not remove meanwhile. `run` is that of a caller who
 * goes on with them; else they are kept only so long.
 */
export function whileKept<T>(
  world: World,
  work: OpenWork,
  labels: readonly Label[],
  use: (run: RunHandle) => Checked<T>,
): Checked<T> {
  const {store} = work;
  const opened = guard(store.root, () => openRun(store, world.host));
  if (!opened.ok) return opened;
  const run = opened.value;
  try {
    const kept = keepArtifacts(world, work, run, labels);
    return kept.ok ? use(run) : kept;
  } finally {
    run.release();
  }
}

/** Names artifacts in a run; an error when one of them has gone since it was found fresh. */
export function keepArtifacts(
  world: World,
  {store, resolver}: OpenWork,
  run: RunHandle,
  labels: readonly Label[],
): Checked<undefined> {
  const roots = labels.flatMap((label) => {
    const [key, tree] = [resolver.keyOf(label), resolver.treeOf(label)];
    return key === undefined ? [] : rootsOfResult(key, tree);
  });
  const isThere = (): boolean =>
    labels.every((label) => {
      const tree = resolver.treeOf(label);
      return tree === undefined || hasTree(store, tree);
    });
  const patience = {wait: true, tell: (holder: string) => world.tell(`waiting for ${holder}`)};
  const there = guard(store.root, () => rely(store, run, roots, isThere, patience));
  if (!there.ok) return there;
  if (there.value) return ok(undefined);
  return fail('target/not-built', 'gc has removed it from the store just now', {
    hint: `recipes build ${labels.join(' ')}`,
  });
}

export async function listFiles(world: World): Answer {
  const opened = await openFresh(world, world.call.words);
  if (!opened.ok) return opened;
  const entries = unite(opened.value, opened.value.targets);
  if (!entries.ok) return entries;
  if (world.call.globals.json === true) {
    world.print(
      JSON.stringify({files: entries.value.map((one) => ({...one, path: toText(one.path)}))}),
    );
  } else for (const entry of entries.value) world.print(fileLine(entry));
  return ok(0);
}

function fileLine(entry: TreeEntry): string {
  const name = `/${toText(entry.path)}`;
  if (entry.type === 'dir') return `${name}/`;
  if (entry.type === 'whiteout') return `${name} (removed)`;
  return entry.type === 'link' ? `${name} -> ${toText(entry.target)}` : name;
}

/** Every target that has the path; exit 1 when none has. */
export async function owner(world: World): Answer {
  const within = textOption(world, 'in');
  const opened = await openWork(world, [within ?? '**']);
  if (!opened.ok) return opened;
  const work = opened.value;
  makePlan(work.graph, work.resolver, work.wanted, new Set());
  const asked = (world.call.words[0] ?? '').replace(/^\/+/, '');
  const among = within === undefined ? [...work.wanted] : withRunClosure(work.graph, work.targets);
  const owners = among.filter((label) => has(work, label, asked)).sort();
  if (world.call.globals.json === true) world.print(JSON.stringify({path: `/${asked}`, owners}));
  else for (const label of owners) world.print(label);
  if (owners.length > 0) return ok(0);
  return fail('target/no-owner', `nothing that is built has /${asked}`);
}

function has(work: OpenWork, label: Label, asked: string): boolean {
  const entries = treeOf(work, label);
  return (
    entries.ok &&
    entries.value.some((entry) => toText(entry.path) === asked && entry.type !== 'whiteout')
  );
}

/** Opens targets all of which are in the store as they are written now. */
export async function openFresh(
  world: World,
  words: readonly string[],
): Promise<Checked<OpenWork>> {
  const opened = await openWork(world, words);
  if (!opened.ok) return opened;
  const work = opened.value;
  const plan = makePlan(work.graph, work.resolver, work.wanted, new Set());
  const stale = work.targets.filter((label) => plan.nodes.get(label)?.verdict !== 'fresh');
  if (stale.length === 0) return whole(work);
  return err(
    stale.map((label) =>
      problem('target/not-built', `${label} is not built as it is written now`, {
        hint: `recipes build ${label}`,
      }),
    ),
  );
}

/** Nothing damaged is laid out or run; what was set aside is stale, so a build makes it again. */
function whole(work: OpenWork): Checked<OpenWork> {
  const labels = withRunClosure(work.graph, buildsOf(work));
  const damaged = guard(work.store.root, () =>
    damagedTrees(work.store, work.resolver, labels, 'mend'),
  );
  if (!damaged.ok) return damaged;
  if (damaged.value.size === 0) return ok(work);
  return err(
    [...damaged.value].map(([label, damage]) => {
      const {message, notes} = damageOf(label, damage);
      const hint = `recipes build ${label}`;
      return problem('store/damaged', message, {hint, ...(notes === undefined ? {} : {notes})});
    }),
  );
}

function buildsOf(work: OpenWork): readonly Label[] {
  return work.targets.filter((label) => work.graph.nodes.get(label)?.kind === 'build');
}

/** The entries of all these artifacts together, conflicts found first. */
export function unite(work: OpenWork, labels: readonly Label[]): Checked<readonly TreeEntry[]> {
  const layers: {owner: Label; entries: readonly TreeEntry[]; replaces: readonly Label[]}[] = [];
  for (const label of labels) {
    const entries = treeOf(work, label);
    if (!entries.ok) return entries;
    const node = work.graph.nodes.get(label);
    layers.push({
      owner: label,
      entries: entries.value,
      replaces: node?.kind === 'build' ? node.replaces : [],
    });
  }
  const [first] = layers;
  if (layers.length === 1 && first !== undefined) return ok(first.entries);
  const [user] = labels;
  const conflicts = user === undefined ? [] : findConflicts(user, layers, 0);
  if (conflicts.length > 0) return err(conflicts);
  return ok(entriesOf(mergeLayers(layers.map((one) => ({...one, isBase: false})))));
}

function treeOf(work: OpenWork, label: Label): Checked<readonly TreeEntry[]> {
  const tree: TreeDigest | undefined = work.resolver.treeOf(label);
  return tree === undefined ? ok([]) : readTree(work.store, tree);
}
