/**
 * From words to labels: what a command line or a set of the configuration asks for.
 * Words: label, bare name, glob over full labels, `@set`; behind any of them `#test` for the
 * tests and `^` for what it depends on, before any of them `^` for what depends on it.
 */
import {problem, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import {globMatcher, isGlob} from '../base/glob.ts';
import {buildLabel, testLabel, type Label} from '../base/label.ts';
import {err, ok, type Result} from '../base/result.ts';
import {didYouMean, similarTo} from '../base/suggest.ts';
import type {BuildGraph} from './model.ts';
import {lookUp, standIn, type Miss} from './names.ts';
import {findCycles, orderNodes, reachable} from './order.ts';

/** A word taken apart. */
interface Word {
  readonly body: string;
  readonly test: boolean;
  readonly dependencies: boolean;
  readonly dependents: boolean;
}

/**
 * The builds and tests that words stand for, each once, in the order of the words and within one
 * word in build order. A full label means itself even where an override replaces it. Errors have
 * the exit code of wrong usage; all wrong words are reported at once.
 */
export function resolveTargets(
  graph: BuildGraph,
  words: readonly string[],
): Checked<readonly Label[]> {
  const found = words.map((word) => select(graph, word));
  const problems = found.flatMap((one) => (one.ok ? [] : [targetProblem(one.error)]));
  if (problems.length > 0) return err(problems);
  const all = found.flatMap((one) => (one.ok ? one.value : []));
  // Within one word each stands once.
  return ok(words.length === 1 ? all : [...new Set(all)]);
}

/** What the sets of the configuration hold. Members may be other sets; overrides apply. */
export function linkSets(
  graph: BuildGraph,
  written: Readonly<Record<string, readonly string[]>>,
): {
  readonly members: ReadonlyMap<string, readonly Label[]>;
  readonly problems: readonly Diagnostic[];
} {
  const words = new Map(Object.entries(written).sort(([a], [b]) => (a < b ? -1 : 1)));
  const members = new Map<string, readonly Label[]>([...words.keys()].map((name) => [name, []]));
  const net = {
    ids: [...words.keys()],
    targets: (name: string) => namedSets(words.get(name) ?? []).filter((one) => words.has(one)),
  };
  const {order, stuck} = orderNodes(net);
  const problems = findCycles(net, stuck).map((cycle) =>
    setProblem(`sets contain each other: @${[...cycle, cycle[0] ?? ''].join(' → @')}`),
  );
  for (const name of order) {
    const seen: BuildGraph = {...graph, sets: members};
    const found = (words.get(name) ?? []).map((word) => selectMember(seen, word));
    for (const one of found) {
      if (!one.ok) problems.push(setProblem(`sets.${name}: ${one.error.message}`, one.error.hint));
    }
    members.set(name, [...new Set(found.flatMap((one) => (one.ok ? one.value : [])))]);
  }
  return {members, problems};
}

function namedSets(words: readonly string[]): readonly string[] {
  const bodies = words.map((word) => takeApart(word).body);
  return bodies.filter((body) => body.startsWith('@')).map((body) => body.slice(1));
}

/** As on the command line, but overrides apply and a glob may match nothing yet. */
function selectMember(graph: BuildGraph, word: string): Result<readonly Label[], Miss> {
  const found = select(graph, word);
  if (!found.ok) return isGlob(takeApart(word).body) ? ok([]) : found;
  return ok(
    found.value.map((label) => {
      const build = standIn(graph.names, buildLabel(label));
      const test = testLabel(build);
      return label.endsWith('#test') && graph.nodes.has(test) ? test : build;
    }),
  );
}

function select(graph: BuildGraph, text: string): Result<readonly Label[], Miss> {
  const word = takeApart(text);
  const builds = selectBody(graph, word.body);
  if (!builds.ok) return builds;
  const subjects = word.test ? testsOf(graph, builds.value, text) : builds;
  if (!subjects.ok || (!word.dependencies && !word.dependents)) return subjects;
  return ok(neighbours(graph, word, subjects.value));
}

function takeApart(text: string): Word {
  const dependents = text.startsWith('^');
  const dependencies = text.length > 1 && text.endsWith('^');
  const inner = text.slice(dependents ? 1 : 0, dependencies ? -1 : undefined);
  const test = inner.endsWith('#test');
  return {body: test ? inner.slice(0, -'#test'.length) : inner, test, dependencies, dependents};
}

function selectBody(graph: BuildGraph, body: string): Result<readonly Label[], Miss> {
  if (body.startsWith('@')) return selectSet(graph, body.slice(1));
  if (isGlob(body)) return selectGlob(graph, body);
  const found = lookUp(graph.names, body, []);
  return found.ok ? ok([found.value.label]) : found;
}

function selectSet(graph: BuildGraph, name: string): Result<readonly Label[], Miss> {
  const members = graph.sets.get(name);
  if (members !== undefined) return ok(members);
  const near = similarTo(name, graph.sets.keys()).map((one) => `@${one}`);
  return err(miss(`there is no set @${name}`, didYouMean(near)));
}

/** A pattern without a slash is matched against what follows the collection. */
function selectGlob(graph: BuildGraph, pattern: string): Result<readonly Label[], Miss> {
  const isAll = pattern === '**';
  const matches = isAll ? undefined : globMatcher([withCollection(pattern)]);
  const found = graph.order.filter(
    (label, at) => graph.kindAt(at) === 'build' && (matches === undefined || matches(label)),
  );
  return found.length > 0 ? ok(found) : err(miss(`no label matches ${pattern}`, undefined));
}

function withCollection(pattern: string): string {
  return pattern.includes('/') ? pattern : `*/${pattern}`;
}

function testsOf(
  graph: BuildGraph,
  builds: readonly Label[],
  text: string,
): Result<readonly Label[], Miss> {
  const tests = builds.map(testLabel).filter((label) => graph.nodes.has(label));
  if (tests.length > 0) return ok(tests);
  return err(miss(`${text}: ${builds.join(', ')} has no test`, 'a recipe states it as `test:`'));
}

/** Builds below or above, in build order; the word's own labels are left out. */
function neighbours(graph: BuildGraph, word: Word, of: readonly Label[]): readonly Label[] {
  const below = (label: Label): readonly Label[] =>
    graph.nodes.get(label)?.dependencies.map((edge) => edge.to) ?? [];
  const found = new Set<Label>([
    ...(word.dependencies ? reachable(below, of) : []),
    ...(word.dependents ? reachable(graph.dependents, of) : []),
  ]);
  for (const label of of) found.delete(label);
  return graph.order.filter((label) => found.has(label) && graph.names.builds.has(label));
}

function miss(message: string, hint: string | undefined): Miss {
  return {ambiguous: false, message, hint};
}

function targetProblem(error: Miss): Diagnostic {
  return problem(error.ambiguous ? 'target/ambiguous' : 'target/unknown', error.message, {
    hint: error.hint,
  });
}

function setProblem(message: string, hint?: string): Diagnostic {
  return problem('graph/bad-set', message, {hint});
}
