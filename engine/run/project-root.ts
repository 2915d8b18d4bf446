/**
 * The root of a project: what its last good builds made and used, which gc keeps. One entry for
 * each list of targets that is built; a build of all of them that still have a recipe takes the
 * place of those of some.
 * A build that changes nothing writes nothing.
 */
import type {Checked} from '../base/diagnostic.ts';
import {realPath} from '../base/files.ts';
import {sha256, type ActionKey, type BlobDigest, type TreeDigest} from '../base/hash.ts';
import {isDeepStrictEqual} from 'node:util';
import {buildLabel, type Label} from '../base/label.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {Store} from '../../store/layout.ts';
import {
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
  readonly wanted: ReadonlySet<Label>;
  readonly configFile: string;
}

/** Whether the root says already what this build, now fresh, comes to. */
export function isRemembered(store: Store, build: ProjectBuild): boolean {
  return says(rootAt(store, placeOf(build).place), build, heldBy(build));
}

function says(root: ProjectRoot | undefined, build: ProjectBuild, held: Held): boolean {
  const replaced = root?.builds.filter(isReplacedBy(build)) ?? [];
  const [only] = replaced;
  if (only === undefined || replaced.length > 1) return false;
  const known = only.targets.length === build.targets.length;
  return known && isDeepStrictEqual(only.held, held);
}

/** Writes down what a good build came to, where the root does not say so. */
export function remember(context: RunContext, build: ProjectBuild): Checked<undefined> {
  return guard(context.store.root, () => {
    const {store, host} = context;
    const {place, path} = placeOf(build);
    const held = heldBy(build);
    const known = rootAt(store, place);
    if (says(known, build, held)) return undefined;
    // A gc under way has read the roots already, and with them what they held.
    const before = new Set(known?.builds.flatMap((one) => rootsOf(one.held)));
    const news = rootsOf(held).filter((one) => !before.has(one));
    relyOn(context, news, () => true);
    const old = known ?? {kind: 'project', path, builds: []};
    writeRoot(store, place, rootWith(old, build, held, host.now()));
    return undefined;
  });
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

function rootWith(
  root: ProjectRoot,
  build: ProjectBuild,
  held: Held,
  at: number,
): ProjectRoot {
  const replaced = isReplacedBy(build);
  const others = root.builds.filter((one) => !replaced(one));
  return {...root, builds: [...others, {targets: [...build.targets].sort(), at, held}]};
}

/** Builds of the same targets, or of some of them; what has no recipe any more does not count. */
function isReplacedBy({targets, graph}: ProjectBuild): (one: BuiltTargets) => boolean {
  const all = new Set(targets);
  return (one) => one.targets.every((label) => all.has(label) || !graph.nodes.has(label));
}

/** All actions of the graph below the targets with what they made, and their sources. */
function heldBy({graph, resolver, wanted}: ProjectBuild): Held {
  const keys = new Set<ActionKey>();
  const trees = new Set<TreeDigest>();
  const blobs = new Set<BlobDigest>();
  for (const label of wanted) {
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
  return {keys: [...keys].sort(), trees: [...trees].sort(), blobs: [...blobs].sort()};
}
