/**
 * One graph of many trivial nodes, the same in every run: nodes stand in layers, each has one source
 * file and needs up to three nodes of the layer before its own. What a node makes is the first 16
 * bytes of its source and of each need's output. Knows no build system; how a graph is written for
 * one is in the files beside this one.
 */

export interface Node {
  readonly name: string;
  /** The path of its source file in a project. */
  readonly source: string;
  /** Names of nodes of the layer before. */
  readonly needs: readonly string[];
}

export interface Layered {
  readonly nodes: readonly Node[];
  /** Nodes that no other needs: who has these has them all. */
  readonly tops: readonly Node[];
  /** The node of the first layer with the most nodes above it; its source is what changes. */
  readonly changing: Node;
  /** How many nodes are above it. */
  readonly above: number;
}

/** So many bytes of each input come to the output. */
export const TAKEN = 16;
const MOST_NEEDS = 3;
const LEAST_WIDTH = 10;

/** A graph of so many nodes; a layer is as wide as there are layers. */
export function layered(count: number): Layered {
  const width = Math.max(LEAST_WIDTH, Math.round(Math.sqrt(count)));
  const draw = numbers();
  const nodes = Array.from({length: count}, (_, at): Node => {
    const first = (Math.floor(at / width) - 1) * width;
    const picks = first < 0 ? [] : Array.from({length: MOST_NEEDS}, () => first + draw(width));
    return {name: `n${at}`, source: `src/n${at}.txt`, needs: [...new Set(picks)].map(nameOf)};
  });
  const needed = new Set(nodes.flatMap((node) => node.needs));
  const tops = nodes.filter((node) => !needed.has(node.name));
  return {nodes, tops, ...changingOf(nodes, nodes.slice(0, width))};
}

function nameOf(at: number): string {
  return `n${at}`;
}

/** Whole numbers from 0 to below a limit: a linear congruential generator, its high bits. */
function numbers(): (limit: number) => number {
  let state = 1;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function changingOf(
  nodes: readonly Node[],
  firsts: readonly Node[],
): Pick<Layered, 'changing' | 'above'> {
  const users = usersOf(nodes);
  const [changing] = firsts;
  if (changing === undefined) throw new RangeError('a graph has at least one node');
  let most = {changing, above: countAbove(changing.name, users)};
  for (const node of firsts.slice(1)) {
    const above = countAbove(node.name, users);
    if (above > most.above) most = {changing: node, above};
  }
  return most;
}

/** node → the nodes that need it. */
export function usersOf(nodes: readonly Node[]): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>(nodes.map((node) => [node.name, []]));
  for (const node of nodes) for (const need of node.needs) users.get(need)?.push(node.name);
  return users;
}

function countAbove(name: string, users: ReadonlyMap<string, readonly string[]>): number {
  const seen = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const user of users.get(next) ?? []) {
      if (seen.has(user)) continue;
      seen.add(user);
      open.push(user);
    }
  }
  return seen.size;
}

/** What can be done to a source: its first bytes say something else, or what follows them does. */
export interface Edit {
  readonly head?: number;
  readonly tail?: number;
}

/** The text of a node's source; an edited head changes the output, an edited tail does not. */
export function sourceText(node: Node, edit: Edit = {}): string {
  const number = node.name.slice(1).padStart(6, '0');
  // Exactly TAKEN bytes, another text for every node.
  const head = `${String(edit.head ?? 0).padStart(5, '0')} of ${number}\n`;
  return edit.tail === undefined ? head : `${head}tail ${edit.tail}\n`;
}

/** What a node has to come to when its source and those of its needs have these texts. */
export function outputText(node: Node, textOf: (name: string) => string): string {
  // An output begins with the first bytes of the node's own source.
  return [node.name, ...node.needs].map((name) => textOf(name).slice(0, TAKEN)).join('');
}
