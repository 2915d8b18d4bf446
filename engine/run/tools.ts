/**
 * The declared host tools of builds: found once; those that are missing or too old are named all
 * at once.
 */
import {problem, type Diagnostic} from '../base/diagnostic.ts';
import type {Host} from '../base/host.ts';
import {compareVersions} from '../base/version.ts';
import type {BuildGraph} from '../graph/model.ts';
import type {Build} from '../load/model.ts';
import {fingerprint, toolPlaces, toolVersion, type PrintCache} from '../sandbox/host-tools.ts';
import {lookedAt, type Plan} from './plan-nodes.ts';
import {RecalledNode} from './recalled-node.ts';
import type {HostTools, Knowledge} from './knowledge.ts';
import {buildOf} from './tasks.ts';

/** What looks for tools and remembers what it has found. */
export type ToolFinder = Pick<Knowledge, 'tools' | 'toolVersion' | 'toolPlaces'>;

/** Finds tools one by one and remembers each. `before`: what was found and has not changed since. */
export function toolFinder(
  host: Host,
  cache: PrintCache,
  before: Iterable<readonly [string, HostTools]> = [],
): ToolFinder {
  const known = new Map(before);
  const find = (name: string): HostTools => {
    const found = known.get(name) ?? findTool(name, host, cache);
    known.set(name, found);
    return found;
  };
  const tools = (names: readonly string[]): HostTools => {
    const all = names.map(find);
    return {
      tools: Object.assign({}, ...all.map((one) => one.tools)) as HostTools['tools'],
      fingerprint: Object.assign(
        {},
        ...all.map((one) => one.fingerprint),
      ) as HostTools['fingerprint'],
      problems: all.flatMap((one) => one.problems),
    };
  };
  return {
    tools,
    toolVersion: (place) => toolVersion(place, host, cache),
    toolPlaces: (names) => toolPlaces(names, host, cache),
  };
}

function findTool(name: string, host: Host, cache: PrintCache): HostTools {
  const found = fingerprint([name], host, cache);
  if (found.ok) return {...found.value, problems: []};
  return {tools: {}, fingerprint: {[name]: 'missing'}, problems: found.error};
}

/** One diagnostic for each tool that something in the plan needs to run and that will not do. */
export function missingTools(
  graph: BuildGraph,
  knowledge: Knowledge,
  plan: Plan,
): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const planned of lookedAt(plan)) {
    // What was recalled had its tools, and they are as they were.
    if (planned.verdict === 'fresh' || planned instanceof RecalledNode) continue;
    const build = buildOf(graph, planned.label)?.build;
    if (build?.in.type !== 'host') continue;
    const old = outdated(build, knowledge);
    const problems = [...knowledge.tools(build.tools).problems, ...old];
    for (const one of problems) found.set(one.message, one);
  }
  return [...found.values()];
}

function outdated({tools, toolVersions, at}: Build, knowledge: Knowledge): readonly Diagnostic[] {
  return checkTools(tools, toolVersions, knowledge)
    .filter((one) => one.state === 'old')
    .map(({name, place, version, wanted}) => {
      const message = `${place ?? name} is version ${version ?? '?'}, and ${wanted ?? '?'} is needed`;
      return problem('machine/old-tool', message, {at});
    });
}

export interface ToolState {
  readonly name: string;
  readonly place: string | undefined;
  /** What it says of itself, where a version is asked for. */
  readonly version: string | undefined;
  readonly wanted: string | undefined;
  readonly state: 'ok' | 'missing' | 'old';
}

/** How each of some tools stands. One that does not tell its version is taken as it is. */
export function checkTools(
  names: readonly string[],
  versions: Readonly<Record<string, string>>,
  {tools: find, toolVersion: ask}: Pick<ToolFinder, 'tools' | 'toolVersion'>,
): readonly ToolState[] {
  const {tools} = find(names);
  return names.map((name): ToolState => {
    const place = tools[name];
    const wanted = versions[name];
    if (place === undefined) return {name, place, version: undefined, wanted, state: 'missing'};
    const version = wanted === undefined ? undefined : ask(place);
    const isOld =
      wanted !== undefined && version !== undefined && compareVersions(version, wanted) < 0;
    return {name, place, version, wanted, state: isOld ? 'old' : 'ok'};
  });
}
