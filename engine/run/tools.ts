/**
 * The declared host tools of builds: found once, and those that are missing named all at once.
 */
import type {Diagnostic} from '../base/diagnostic.ts';
import type {Host} from '../base/host.ts';
import type {BuildGraph} from '../graph/model.ts';
import {fingerprint} from '../sandbox/host-tools.ts';
import type {StatCache} from '../../store/stat-cache.ts';
import type {Plan} from './plan.ts';
import type {HostTools, Knowledge} from './resolve.ts';
import {buildOf} from './tasks.ts';

/** Finds tools one by one and remembers each. */
export function toolFinder(host: Host, cache: StatCache): (names: readonly string[]) => HostTools {
  const known = new Map<string, HostTools>();
  const find = (name: string): HostTools => {
    const found = known.get(name) ?? findTool(name, host, cache);
    known.set(name, found);
    return found;
  };
  return (names) => {
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
}

function findTool(name: string, host: Host, cache: StatCache): HostTools {
  const found = fingerprint([name], host, cache);
  if (found.ok) return {...found.value, problems: []};
  return {tools: {}, fingerprint: {[name]: 'missing'}, problems: found.error};
}

/** One diagnostic for each tool that something in the plan needs to run and the host lacks. */
export function missingTools(
  graph: BuildGraph,
  knowledge: Knowledge,
  plan: Plan,
): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const planned of plan.nodes.values()) {
    const build = buildOf(graph, planned.label)?.build;
    if (planned.verdict === 'fresh' || build?.in.type !== 'host') continue;
    for (const one of knowledge.tools(build.tools).problems) found.set(one.message, one);
  }
  return [...found.values()];
}
