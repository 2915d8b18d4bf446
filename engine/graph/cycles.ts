/**
 * Says which builds need each other in a circle, with the place of every edge.
 * Knows nothing of how cycles are found (order.ts).
 */
import {problem, type Diagnostic, type Note} from '../base/diagnostic.ts';
import {Bug} from '../base/result.ts';
import type {Label} from '../base/label.ts';
import type {LooseGraph} from './graph.ts';
import type {Edge, EdgeKind} from './model.ts';
import {findCycles} from './order.ts';

/** So many edges of one cycle are listed; the rest is counted. */
const SHOWN = 40;

/** One problem for each cycle found, in a stable order; none for a graph without. */
export function cycleProblems(loose: LooseGraph): readonly Diagnostic[] {
  return findCycles(loose.net, loose.stuck).map((cycle) => cycleProblem(loose, cycle));
}

function cycleProblem(loose: LooseGraph, cycle: readonly Label[]): Diagnostic {
  const edges = cycle.map((from, place) => ({
    from,
    edge: loose.edge(from, cycle[(place + 1) % cycle.length] ?? from),
  }));
  const [first] = edges;
  if (first === undefined) throw new Bug('a cycle without nodes');
  const notes: Note[] = edges
    .slice(0, SHOWN)
    .map(({from, edge}) => ({message: sayEdge(from, edge), at: edge.at}));
  const left = cycle.length - notes.length;
  const rest: readonly Note[] = left > 0 ? [{message: `… and ${left} more edges`}] : [];
  return problem('graph/cycle', sayCycle(cycle), {
    at: first.edge.at,
    notes: [...notes, ...rest],
    hint: 'take one of these needs away, or split a build into two passes',
  });
}

function sayCycle(cycle: readonly Label[]): string {
  const [first = ''] = cycle;
  if (cycle.length === 1) return `${first} needs itself`;
  const named = cycle.length > 12 ? [...cycle.slice(0, 11), '…'] : cycle;
  return `a cycle of ${cycle.length}: ${[...named, first].join(' → ')}`;
}

const VERBS: Readonly<Record<EdgeKind, (to: Label) => string>> = {
  source: (to) => `is made from ${to}`,
  base: (to) => `is built in ${to}`,
  build: (to) => `needs ${to} to build`,
  run: (to) => `needs ${to} to run`,
  both: (to) => `needs ${to}`,
  test: (to) => `needs ${to} for its test`,
  subject: (to) => `checks ${to}`,
};

/** An edge as a sentence: `lfs/curl needs lfs/zlib`. */
export function sayEdge(from: Label, edge: Edge): string {
  return `${from} ${VERBS[edge.kind](edge.to)}`;
}
