/**
 * Lists what identifies the work of a node, field by field, for the hash and for `explain` alike.
 * Pure: prints of local files and digests of trees are given.
 *
 * Never listed: paths of this machine, user, locale, time, number of jobs, log settings, and what
 * only bounds a build (resources) or describes it (summary, licence, homepage, places of sources).
 * Needs for running only are not listed with the build that states them: they are not there while
 * it is built, and those who stage it get them as layers of their own.
 */
import type {ActionKey, TreeDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {Bug, unreachable} from '../base/result.ts';
import type {Build, Environment, RootItem, RootPlan} from '../load/model.ts';
import {describeSource, digestsOf} from '../source/choose.ts';
import {named, prefixed, type Sink} from './fields.ts';
import {nodeOf} from './graph.ts';
import type {BuildGraph, BuildNode, FetchNode, Node, TestNode} from './model.ts';
import type {SourcePrints} from './prints.ts';

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
  // Of several places the one whose bytes were used.
  for (const {name, digest} of resolved.sources) sink(named('used', name), digest);
  if (node.kind === 'fetch') return;
  // Another sandbox may make other files of the same steps.
  sink('policy', resolved.policy);
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
  if (build.root === undefined) describeCapture(graph, node, sink);
  else describeRoot(node, build.root, sink);
}

/** What lies in a root besides its layers. */
function describeRoot({root}: BuildNode, plan: RootPlan, sink: Sink): void {
  // Which layers may cover others.
  sink('overrides', root?.overrides ?? []);
  // What no layer brings; order means nothing.
  sink('exclude', [...plan.exclude].sort());
  for (const item of plan.items) {
    const {mode, owner} = item;
    const attributes = [
      mode === undefined ? '' : `mode ${mode.toString(8)}`,
      `owner ${owner ?? ''}`,
    ];
    sink(named('items', `/${item.path}`), [item.type, contentText(item), ...attributes]);
  }
  // In the order of their lines.
  for (const {name, uid, gid, comment, home, shell, password} of plan.users) {
    sink(named('users', name), [String(uid), String(gid), comment, home, shell, password]);
  }
  for (const {name, gid, members} of plan.groups) {
    sink(named('groups', name), [String(gid), ...members]);
  }
  // What is run in the finished root, where it has program and folder.
  for (const {program, folders, text} of root?.triggers ?? []) {
    sink(named('generated', program), [text, ...folders]);
  }
}

function contentText(item: RootItem): string {
  if (item.type === 'link') return `to ${item.target}`;
  if (item.type === 'dir') return '';
  return 'text' in item ? `text ${item.text}` : `source ${item.source}`;
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
