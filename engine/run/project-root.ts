/**
 * The root of a project: what its last good builds made and used, which gc keeps. One entry for
 * each list of targets that is built; a build of all of them that still have a recipe takes the
 * place of those of some.
 * A build that changes nothing writes nothing.
 */
import type {Checked} from '../base/diagnostic.ts';
import {realPath} from '../base/files.ts';
import {
  sha256,
  sha256Stream,
  type ActionKey,
  type BlobDigest,
  type TreeDigest,
} from '../base/hash.ts';
import {buildLabel, type Label} from '../base/label.ts';
import type {LabelSet} from '../graph/label-table.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {Store} from '../../store/layout.ts';
import {exchangeInRoot, type Exchange} from '../../store/root-exchange.ts';
import {
  printOfRoot,
  readRoot,
  rootsOf,
  writeRoot,
  type BuiltTargets,
  type Held,
  type ProjectRoot,
} from '../../store/roots.ts';
import {guard, StoreFault} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import {relyOn} from './reliance.ts';
import type {Resolver} from './resolve.ts';

/** What is built, for which configuration file. */
export interface ProjectBuild {
  readonly graph: BuildGraph;
  readonly resolver: Resolver;
  readonly targets: readonly Label[];
  /** The targets and all they need. */
  readonly wanted: LabelSet;
  readonly configFile: string;
}

/** What is known of the root of a project without reading it: it holds one build, of these. */
export interface RootMark {
  /** What stat(2) said of its file. */
  readonly print: string;
  /** A digest of the targets. */
  readonly targets: string;
}

/** Whether the root holds what the same targets came to when the mark was made. */
export function holdsStill(store: Store, build: ProjectBuild, mark: RootMark | undefined): boolean {
  if (mark === undefined || mark.print !== printOfRoot(store, placeOf(build).place)) return false;
  return mark.targets === printOfTargets(build);
}

/** The last that was asked for of each graph: it is asked for again and again. */
const prints = new WeakMap<BuildGraph, {readonly of: readonly Label[]; readonly print: string}>();

/** The same for the same targets of the same labels, in whatever order. */
function printOfTargets({graph, targets}: ProjectBuild): string {
  const known = prints.get(graph);
  if (known?.of === targets) return known.print;
  const isTarget = new Uint8Array(graph.order.length);
  for (const label of targets) isTarget[graph.numberOf(label) ?? -1] = 1;
  const print = sha256Stream().update(isTarget).update(graph.labels()).digest('hex');
  prints.set(graph, {of: targets, print});
  return print;
}

/** Whether the root says already what this build, now fresh, comes to. */
export function isRemembered(store: Store, build: ProjectBuild, mark?: RootMark): boolean {
  if (holdsStill(store, build, mark) && othersIn(build).length === 0) return true;
  return says(rootAt(store, placeOf(build).place), build, heldBy(build));
}

/** What has come to something else than is remembered. */
function othersIn({resolver, wanted}: ProjectBuild): readonly Label[] {
  return wanted.without(resolver.asRemembered());
}

function says(root: ProjectRoot | undefined, build: ProjectBuild, held: Held): boolean {
  const replaced = root?.builds.filter(isReplacedBy(build)) ?? [];
  const [only] = replaced;
  if (only === undefined || replaced.length > 1) return false;
  const known = only.targets.length === build.targets.length;
  return known && KINDS.every((kind) => isSameSet(only.held[kind], held[kind]));
}

const KINDS = ['keys', 'trees', 'blobs'] as const;

/** Of lists in which nothing stands twice. */
function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const members = new Set(one);
  return members.size === other.length && other.every((each) => members.has(each));
}

/**
 * Writes down what a good build came to, where the root does not say so. `mark`: what is known of
 * the root since outcomes were kept, `past` what they were; gives what is known of it now.
 */
export function remember(
  context: RunContext,
  build: ProjectBuild,
  mark?: RootMark,
  past?: Past,
): Checked<RootMark | undefined> {
  return guard(context.store.root, () => {
    const {store, host} = context;
    const {place, path} = placeOf(build);
    if (mark !== undefined && holdsStill(store, build, mark)) {
      const others = othersIn(build);
      if (others.length === 0) return mark;
      const news = heldBy(build, others);
      // A gc under way has read the roots already, and with them what they held.
      relyOn(context, rootsOf(news), () => true);
      const exchanges = past === undefined ? undefined : exchangesFor(others, past, news);
      if (exchanges !== undefined && exchangeInRoot(store, place, exchanges, host.now())) {
        return {print: printOfRoot(store, place), targets: mark.targets};
      }
    }
    const known = rootAt(store, place);
    const held = heldBy(build);
    if (says(known, build, held)) return markOf(store, place, build, known);
    const before = new Set(known?.builds.flatMap((one) => rootsOf(one.held)));
    relyOn(
      context,
      rootsOf(held).filter((one) => !before.has(one)),
      () => true,
    );
    const root = rootWith(known ?? {kind: 'project', path, builds: []}, build, held, host.now());
    writeRoot(store, place, root);
    return markOf(store, place, build, root);
  });
}

/** What nodes came to when the mark was made. */
export interface Past {
  /** Of some nodes, with their sources. */
  heldBy(labels: readonly Label[]): Held;
  /** Whether only these nodes, or their sources, came to something. */
  isOnlyOf(labels: readonly Label[], kind: keyof Held, digest: string): boolean;
}

/** After an edit: so many nodes at most are looked at one by one. */
const FEW = 50;

/** What goes and what comes in its place; undefined where it is not one for one. */
function exchangesFor(
  others: readonly Label[],
  past: Past,
  now: Held,
): readonly Exchange[] | undefined {
  if (others.length > FEW) return undefined;
  const old = past.heldBy(others);
  const exchanges: Exchange[] = [];
  for (const kind of KINDS) {
    const gone = lacking(old[kind], now[kind]);
    const come = lacking(now[kind], old[kind]);
    if (gone.length !== come.length) return undefined;
    if (!gone.every((digest) => past.isOnlyOf(others, kind, digest))) return undefined;
    exchanges.push(...gone.map((old, at) => ({kind, old, now: come[at] ?? old})));
  }
  return exchanges;
}

/** Those of one list that are not in another. */
function lacking(one: readonly string[], other: readonly string[]): readonly string[] {
  const there = new Set(other);
  return one.filter((each) => !there.has(each));
}

function markOf(
  store: Store,
  place: string,
  build: ProjectBuild,
  root: ProjectRoot | undefined,
): RootMark | undefined {
  if (root?.builds.length !== 1) return undefined;
  return {print: printOfRoot(store, place), targets: printOfTargets(build)};
}

function placeOf({configFile}: ProjectBuild): {readonly place: string; readonly path: string} {
  const path = realPath(configFile);
  return {place: `projects/${sha256(path).slice(0, 16)}`, path};
}

/** A damaged one is written anew, of what is built now. */
function rootAt(store: Store, place: string): ProjectRoot | undefined {
  try {
    const root = readRoot(store, place);
    return root?.kind === 'project' ? root : undefined;
  } catch (error) {
    if (error instanceof StoreFault) return undefined;
    throw error;
  }
}

function rootWith(root: ProjectRoot, build: ProjectBuild, held: Held, at: number): ProjectRoot {
  const replaced = isReplacedBy(build);
  const others = root.builds.filter((one) => !replaced(one));
  return {...root, builds: [...others, {targets: [...build.targets].sort(), at, held}]};
}

/** Builds of the same targets, or of some of them; what has no recipe any more does not count. */
function isReplacedBy({targets, graph}: ProjectBuild): (one: BuiltTargets) => boolean {
  const all = new Set(targets);
  return (one) => one.targets.every((label) => all.has(label) || !graph.nodes.has(label));
}

/** Actions of the graph with what they made, and their sources: all that is wanted, or some. */
function heldBy({graph, resolver, wanted}: ProjectBuild, labels: Iterable<Label> = wanted): Held {
  const keys = new Set<ActionKey>();
  const trees = new Set<TreeDigest>();
  const blobs = new Set<BlobDigest>();
  for (const label of labels) {
    const [key, tree] = [resolver.keyOf(label), resolver.treeOf(label)];
    if (key !== undefined) keys.add(key);
    if (tree !== undefined) trees.add(tree);
    graph.everyEdge(buildLabel(label), (fetch, kind) => {
      const content = kind === 'source' ? resolver.contentOf(fetch) : undefined;
      if (content?.type === 'file') blobs.add(content.blob);
      // A folder or commit is imported again when it is missing: only what is here is held.
      else if (content !== undefined && resolver.isHere(content)) trees.add(content.tree);
      return true;
    });
  }
  return {keys: [...keys], trees: [...trees], blobs: [...blobs]};
}
