/**
 * Orders, cycles, levels and longest paths of any directed graph given as ids and a function.
 * Knows no recipes. Everything is a loop: recursion overflows on chains of a few thousand nodes,
 * and a whole distribution has longer ones.
 */
import {Bug} from '../base/result.ts';

/** Edges lead from a node to what it needs. Targets that are no ids are a bug of the caller. */
export interface Net<Id extends string> {
  readonly ids: readonly Id[];
  readonly targets: (id: Id) => readonly Id[];
}

export interface Order<Id extends string> {
  /** Each after its targets: by level, then by name. Without the stuck ones. */
  readonly order: readonly Id[];
  /** 0 for nodes without targets, else one more than the highest level among the targets. */
  readonly levels: ReadonlyMap<Id, number>;
  /** Nodes on cycles, or above one, sorted. */
  readonly stuck: readonly Id[];
}

/**
 * Kahn's algorithm, level by level (A. B. Kahn, Topological sorting of large networks, 1962).
 * The result depends on the ids and edges only, not on the order in which they are given.
 */
export function orderNodes<Id extends string>(net: Net<Id>): Order<Id> {
  const {open, sources} = countEdges(net);
  const order: Id[] = [];
  const levels = new Map<Id, number>();
  let ready = net.ids.filter((id) => open.get(id) === 0);
  for (let level = 0; ready.length > 0; level += 1) {
    ready.sort(byText);
    const next: Id[] = [];
    for (const id of ready) {
      order.push(id);
      levels.set(id, level);
      for (const user of sources.get(id) ?? []) if (countDown(open, user) === 0) next.push(user);
    }
    ready = next;
  }
  const stuck = net.ids.filter((id) => !levels.has(id)).sort(byText);
  return {order, levels, stuck};
}

/** For each node how many edges leave it, and who points at it. */
function countEdges<Id extends string>(
  net: Net<Id>,
): {open: Map<Id, number>; sources: Map<Id, Id[]>} {
  const open = new Map<Id, number>(net.ids.map((id) => [id, 0]));
  const sources = new Map<Id, Id[]>(net.ids.map((id) => [id, []]));
  for (const id of net.ids) {
    const targets = net.targets(id);
    open.set(id, targets.length);
    for (const target of targets) {
      const list = sources.get(target);
      if (list === undefined) throw new Bug(`${id} points at the unknown node ${target}`);
      list.push(id);
    }
  }
  return {open, sources};
}

function countDown<Id>(open: Map<Id, number>, id: Id): number {
  const left = (open.get(id) ?? 0) - 1;
  open.set(id, left);
  return left;
}

/**
 * One cycle for each knot of the stuck nodes of `orderNodes`: the nodes in the order of the edges,
 * the smallest first and not repeated at the end; sorted, at most `limit`. Not every cycle there
 * is: mending these and asking again finds the rest.
 */
export function findCycles<Id extends string>(
  net: Net<Id>,
  stuck: readonly Id[],
  limit = 50,
): readonly (readonly Id[])[] {
  const among = new Set(stuck);
  const seenBy = new Map<Id, Id>();
  const cycles: (readonly Id[])[] = [];
  for (const start of stuck) {
    if (cycles.length === limit) break;
    const meeting = walkDown(net, among, seenBy, start);
    if (seenBy.get(meeting) === start) cycles.push(shortestCycle(net, among, meeting));
  }
  const unique = new Map(cycles.map((cycle) => [cycle.join('\0'), cycle]));
  return [...unique.values()].sort((a, b) => byText(a[0] ?? '', b[0] ?? ''));
}

/**
 * Follows first stuck targets until a node is met again. Every stuck node has a stuck target, so
 * this cannot end elsewhere; if the node met was first seen by an earlier walk, its cycle is known.
 */
function walkDown<Id extends string>(
  net: Net<Id>,
  among: ReadonlySet<Id>,
  seenBy: Map<Id, Id>,
  start: Id,
): Id {
  let at = start;
  while (!seenBy.has(at)) {
    seenBy.set(at, start);
    const next = net.targets(at).find((target) => among.has(target));
    if (next === undefined) throw new Bug(`${at} is not stuck`);
    at = next;
  }
  return at;
}

/** The shortest cycle through a node that is on one, turned so that its smallest node is first. */
function shortestCycle<Id extends string>(
  net: Net<Id>,
  among: ReadonlySet<Id>,
  through: Id,
): readonly Id[] {
  const inside: Net<Id> = {
    ids: net.ids,
    targets: (id) => net.targets(id).filter((target) => among.has(target)),
  };
  const path = shortestPath(inside, through, through);
  if (path === undefined) throw new Bug(`${through} is on no cycle`);
  const nodes = path.slice(0, -1);
  const first = nodes.reduce((best, id, place) => (id < (nodes[best] ?? id) ? place : best), 0);
  return [...nodes.slice(first), ...nodes.slice(0, first)];
}

/**
 * The nodes of a shortest path with at least one edge, both ends included; among equally long
 * ones the one whose edges are written first. Undefined when there is none.
 */
export function shortestPath<Id extends string>(
  net: Net<Id>,
  from: Id,
  to: Id,
): readonly Id[] | undefined {
  const cameFrom = new Map<Id, Id>();
  const queue: Id[] = [from];
  for (const id of queue) {
    for (const target of net.targets(id)) {
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, id);
      if (target === to) return pathBack(cameFrom, from, to);
      queue.push(target);
    }
  }
  return undefined;
}

function pathBack<Id extends string>(
  cameFrom: ReadonlyMap<Id, Id>,
  from: Id,
  to: Id,
): readonly Id[] {
  const path: Id[] = [to];
  let at = cameFrom.get(to);
  while (at !== undefined && at !== from) {
    path.push(at);
    at = cameFrom.get(at);
  }
  path.push(from);
  return path.reverse();
}

/** All nodes that can be reached from the given ones, these left out unless reached again. */
export function reachable<Id extends string>(
  targets: (id: Id) => readonly Id[],
  from: readonly Id[],
): ReadonlySet<Id> {
  const seen = new Set<Id>();
  const queue: Id[] = [...from];
  for (const id of queue) {
    for (const target of targets(id)) {
      if (seen.has(target)) continue;
      seen.add(target);
      queue.push(target);
    }
  }
  return seen;
}

/**
 * For each node the longest way from its start to the end of everything that waits for it, in the
 * unit of `weight`: the larger, the more urgent. `order` has targets before sources.
 */
export function urgency<Id extends string>(
  order: readonly Id[],
  targets: (id: Id) => readonly Id[],
  weight: (id: Id) => number,
): ReadonlyMap<Id, number> {
  const longest = new Map<Id, number>(order.map((id) => [id, 0]));
  for (let place = order.length - 1; place >= 0; place -= 1) {
    const id = order[place];
    if (id === undefined) continue;
    const own = (longest.get(id) ?? 0) + weight(id);
    longest.set(id, own);
    for (const target of targets(id)) {
      const known = longest.get(target);
      if (known !== undefined && known < own) longest.set(target, own);
    }
  }
  return longest;
}

/** The chain that decides how long everything takes: first to run first. */
export function criticalPath<Id extends string>(
  order: readonly Id[],
  targets: (id: Id) => readonly Id[],
  weight: (id: Id) => number,
): {readonly path: readonly Id[]; readonly length: number} {
  const ends = new Map<Id, number>();
  const endOf = (id: Id | undefined): number => (id === undefined ? 0 : (ends.get(id) ?? 0));
  const isLater = (id: Id, best: Id | undefined): boolean =>
    ends.has(id) && (best === undefined || endOf(id) > endOf(best));
  const latest = (among: readonly Id[]): Id | undefined =>
    among.reduce<Id | undefined>((best, id) => (isLater(id, best) ? id : best), undefined);
  const before = new Map<Id, Id | undefined>();
  for (const id of order) {
    const after = latest(targets(id));
    before.set(id, after);
    ends.set(id, endOf(after) + weight(id));
  }
  const last = latest(order);
  const path: Id[] = [];
  for (let at = last; at !== undefined; at = before.get(at)) path.push(at);
  return {path: path.reverse(), length: endOf(last)};
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
