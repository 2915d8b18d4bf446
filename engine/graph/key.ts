/**
 * What identifies the work of a node. The recipe key covers what is written; the action key
 * covers that and what it resolved to. Equal action keys mean equal work, nothing else may.
 * Pure: prints of local files and digests of trees are given.
 *
 * Never in a key: paths of this machine, user, locale, time, number of jobs, log settings, and
 * what only bounds a build (resources) or describes it (summary, licence, homepage, places of
 * sources). Needs for running only are not in the key of the build that states them: they are not
 * there while it is built, and those who stage it get them as layers of their own.
 */
import {
  actionKey,
  recipeKey,
  type ActionKey,
  type RecipeKey,
  type TreeDigest,
} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {Bug, unreachable} from '../base/result.ts';
import type {Build, Environment, Patch} from '../load/model.ts';
import {describeSource, digestsOf} from '../source/choose.ts';
import {hashOf, linesOf, named, prefixed, type Description, type Sink} from './fields.ts';
import type {BuildGraph, BuildNode, FetchNode, Node, TestNode} from './model.ts';

/** Goes up whenever a description changes; the golden keys show it. */
export const KEY_VERSION = 1;

/** Prints of what recipes refer to on this machine; only those of the nodes asked for. */
export interface SourcePrints {
  /** Label of the fetch node of a `path:` source → print of what lies there: `tree <hex>`, `file <hex>`. */
  readonly paths: ReadonlyMap<Label, string>;
  /** Absolute path of a patch file → its sha256. */
  readonly patches: ReadonlyMap<string, string>;
}

export interface StagedTree {
  readonly label: Label;
  readonly tree: TreeDigest;
}

/** What a node resolved to. */
export interface ResolvedInputs {
  /** All staged trees, lowest first: base, then layers, as `layersOf` lists them. */
  readonly layers: readonly StagedTree[];
  /** For each source the digest of the bytes or of the tree that is used. */
  readonly sources: readonly {readonly name: string; readonly digest: string}[];
  /** Host tool → what it is now. Counts only `in: host`. */
  readonly fingerprint: Readonly<Record<string, string>>;
  /** Version of the sandbox's policy. */
  readonly policy: number;
  /** For a test: the action key of the build it checks. */
  readonly subject: ActionKey | undefined;
}

/** What must be known of the machine before the recipe keys of these nodes can be computed. */
export function printsNeeded(
  graph: BuildGraph,
  labels: Iterable<Label>,
): {readonly paths: readonly FetchNode[]; readonly patches: readonly Patch[]} {
  const paths = new Map<Label, FetchNode>();
  const patches = new Map<string, Patch>();
  for (const label of labels) {
    const node = nodeOf(graph, label);
    const build = node.kind === 'test' ? nodeOf(graph, node.of) : node;
    const fetches = build.kind === 'build' ? build.fetches : [build.label];
    for (const fetch of fetches) {
      const source = nodeOf(graph, fetch);
      if (source.kind === 'fetch' && source.source.type === 'path') paths.set(fetch, source);
    }
    if (build.kind === 'build') build.build.patches.forEach((one) => patches.set(one.file, one));
  }
  return {paths: [...paths.values()], patches: [...patches.values()]};
}

/** The recipe keys of the nodes asked for; prints that are missing are a bug of the caller. */
export function computeRecipeKeys(
  graph: BuildGraph,
  prints: SourcePrints,
  labels: Iterable<Label> = graph.order,
): ReadonlyMap<Label, RecipeKey> {
  return new Map([...labels].map((label) => [label, recipeKeyOf(graph, label, prints)]));
}

export function recipeKeyOf(graph: BuildGraph, label: Label, prints: SourcePrints): RecipeKey {
  return recipeKey(hashOf(recipeOf(graph, label, prints)));
}

/** The lines behind a recipe key. */
export function recipeManifest(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
): readonly string[] {
  return linesOf(recipeOf(graph, label, prints));
}

export function actionKeyOf(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
  resolved: ResolvedInputs,
): ActionKey {
  return actionKey(hashOf(actionOf(graph, label, prints, resolved)));
}

/** The lines behind an action key: what a record stores and `explain` compares. */
export function actionManifest(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
  resolved: ResolvedInputs,
): readonly string[] {
  return linesOf(actionOf(graph, label, prints, resolved));
}

function recipeOf(graph: BuildGraph, label: Label, prints: SourcePrints): Description {
  return (sink) => {
    // Two kinds of key and two versions of the format never meet.
    sink('recipe', KEY_VERSION);
    describeRecipe(graph, nodeOf(graph, label), prints, sink);
  };
}

function actionOf(
  graph: BuildGraph,
  label: Label,
  prints: SourcePrints,
  resolved: ResolvedInputs,
): Description {
  return (sink) => {
    sink('action', KEY_VERSION);
    describeAction(graph, nodeOf(graph, label), prints, resolved, sink);
  };
}

/** What is written about a node, one function for each kind. */
export function describeRecipe(
  graph: BuildGraph,
  node: Node,
  prints: SourcePrints,
  sink: Sink,
): void {
  // A label has records, logs and messages of its own: two labels never share an action.
  sink('label', node.label);
  sink('node', node.kind);
  switch (node.kind) {
    case 'fetch':
      describeFetch(node, prints, sink);
      return;
    case 'build':
      describeBuild(graph, node, prints, sink);
      return;
    case 'test':
      describeTest(graph, node, prints, sink);
      return;
    default:
      unreachable(node);
  }
}

/** What a node resolved to, after what is written. */
export function describeAction(
  graph: BuildGraph,
  node: Node,
  prints: SourcePrints,
  resolved: ResolvedInputs,
  sink: Sink,
): void {
  describeRecipe(graph, node, prints, sink);
  // Another sandbox may make other files of the same steps.
  sink('policy', resolved.policy);
  // Of several places the one whose bytes were used.
  for (const {name, digest} of resolved.sources) sink(named('used', name), digest);
  if (node.kind === 'fetch') return;
  const build = buildOf(graph, node);
  // What the build sees, bottom first, with whose it is: who owns a file decides who may change it.
  const ground = build.base === undefined ? 0 : placeOf(resolved.layers, build.base) + 1;
  resolved.layers.forEach(({label, tree}, place) => {
    sink(named(place < ground ? 'base' : 'needs', label), `tree ${tree}`);
  });
  // The machine's own compiler and tools, where a build sees them.
  if (build.build.in.type === 'host') {
    for (const [tool, print] of sortedEntries(resolved.fingerprint)) {
      sink(named('host', tool), print);
    }
  }
  // A test checks one outcome of its build, not any.
  if (node.kind === 'test') sink('build.key', required(resolved.subject, `key of ${node.of}`));
}

function describeFetch(node: FetchNode, prints: SourcePrints, sink: Sink): void {
  const {source} = node;
  // The bytes it may be, in the order of preference; a recorded choice holds while these stay.
  if (source.type === 'remote') sink('digests', digestsOf(source));
  else if (source.type === 'git') sink('rev', source.rev);
  else sink('print', required(prints.paths.get(node.label), `print of ${node.label}`));
}

function describeTest(graph: BuildGraph, node: TestNode, prints: SourcePrints, sink: Sink): void {
  // What is done, in order; the name of a step is told to the log and to failures.
  for (const step of node.plan.steps) sink(named('steps', step.name), step.text);
  // What lies there besides what the build sees.
  sink('needs', node.needs);
  // Failures that count as passed.
  sink('known', [...node.plan.known].sort());
  // A test may compile again, so everything its build is made of counts.
  describeBuild(graph, buildOf(graph, node), prints, prefixed(sink, 'build'));
}

function describeBuild(graph: BuildGraph, node: BuildNode, prints: SourcePrints, sink: Sink): void {
  const {build} = node;
  // Where it is built: decides what `/` is, and what DESTDIR means to the steps.
  sink('in', environmentText(build.in, node.base));
  // The build system; its steps, tools and env stand below as they came out.
  sink('kind', build.kind);
  // What lies there while building, in the order in which it is laid.
  sink(
    'needs',
    node.needs.filter((need) => need.for !== 'run').map((need) => need.to),
  );
  describeInputs(node, prints, sink);
  describeWork(build, sink);
  describeCapture(graph, node, sink);
}

/** What is unpacked and patched. */
function describeInputs(node: BuildNode, prints: SourcePrints, sink: Sink): void {
  const {build, fetches} = node;
  // The folder below /build in which the steps start and sources land: visible to them.
  sink('top', build.top);
  build.sources.forEach((source, place) => {
    const {name} = source.placement;
    // All digests it may have, and how it lands below /build.
    sink(named('sources', name), describeSource(source));
    if (source.type === 'path') {
      const label = required(fetches[place], `fetch node of ${name}`);
      // A local folder has no digest in the recipe.
      sink(named('prints', name), required(prints.paths.get(label), `print of ${label}`));
    }
  });
  for (const patch of build.patches) {
    const digest = required(prints.patches.get(patch.file), `print of ${patch.name}`);
    // Content, and how many leading folders are dropped; applied in this order.
    sink(named('patches', patch.name), [`sha256 ${digest}`, `strip ${patch.strip}`]);
  }
}

/** What is run, and what it sees besides files. */
function describeWork(build: Build, sink: Sink): void {
  // Which of the host's programs are there; their content is in the action key.
  if (build.in.type === 'host') sink('tools', [...build.tools].sort());
  // Exported to every program.
  for (const [name, value] of sortedEntries(build.env)) sink(named('env', name), value);
  // package, version, arch, vars, options and `with`, as the steps see them.
  for (const [name, value] of sortedEntries(build.variables)) sink(named('vars', name), value);
  // errexit and its kin change what a failing line does.
  sink('shell', build.shell);
  // The text itself, in order; nothing is replaced in it.
  for (const step of build.steps) sink(named('steps', step.name), step.text);
}

/** What of the result is kept, and what is accepted. Order means nothing here, so it is sorted. */
function describeCapture(graph: BuildGraph, node: BuildNode, sink: Sink): void {
  const {expect, ignore, leaks} = node.build.outputs;
  // A result without these is a failure.
  sink('outputs.expect', [...expect].sort());
  // Left out of the artifact.
  sink('outputs.ignore', [...ignore].sort());
  // Whose files may be changed: else the build fails.
  sink('outputs.replaces', [...node.replaces].sort());
  // Where the text of sandbox paths is let through: else the build fails.
  sink('outputs.leaks', [...leaks].sort());
  // Left out of every artifact of the project.
  sink('generated', graph.generated);
}

function environmentText(environment: Environment, base: Label | undefined): string {
  return environment.type === 'base' ? required(base, 'base') : environment.type;
}

function buildOf(graph: BuildGraph, node: BuildNode | TestNode): BuildNode {
  const build = node.kind === 'test' ? nodeOf(graph, node.of) : node;
  if (build.kind !== 'build') throw new Bug(`${node.label} checks no build`);
  return build;
}

function nodeOf(graph: BuildGraph, label: Label): Node {
  return required(graph.nodes.get(label), `node ${label}`);
}

function placeOf(layers: readonly StagedTree[], label: Label): number {
  const place = layers.findIndex((layer) => layer.label === label);
  if (place < 0) throw new Bug(`the base ${label} is not staged`);
  return place;
}

/** By code units: the same everywhere, whatever the locale. */
function sortedEntries<T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Bug(`missing: ${what}`);
  return value;
}
