/**
 * Decides, when all that a node depends on has ended, whether it must run: from the keys, what the
 * store has, and what was asked for. Tells of those that need not; runs nothing.
 */
import type {ActionKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {Bug} from '../base/result.ts';
import {labelAt} from '../graph/label-table.ts';
import type {BuildNode, TestNode} from '../graph/model.ts';
import {guard} from '../../store/trouble.ts';
import type {RunContext} from './context.ts';
import type {Durations} from './history.ts';
import {fetchesOf} from './plan.ts';
import {visit, type Plan, type PlannedNode} from './plan-nodes.ts';
import {RecalledNode} from './recalled-node.ts';
import {relyOn, rootsOfResult} from './reliance.ts';
import type {Resolution, Supposition} from './resolve.ts';
import {lonePlan, Sleepers} from './sleepers.ts';
import {mendLocalSources} from './sound-plan.ts';
import {endOf, type Ends, type Tally} from './tally.ts';
import type {Decision, Task} from './task.ts';
import {tasksOf} from './tasks.ts';
import {isDamagedInUse} from './used-damage.ts';

export type WorkNode = BuildNode | TestNode;
type Known = Extract<Resolution, {type: 'known'}>;

export interface Deciding {
  readonly context: RunContext;
  readonly plan: Plan;
  readonly tally: Tally;
  readonly durations: Durations;
  readonly forced: ReadonlySet<Label>;
  /** Actions that failed and are not repeated. */
  readonly failed: ReadonlySet<ActionKey> | undefined;
}

/** What follows if a node comes to what it came to. */
interface Foreseen {
  readonly label: Label;
  readonly supposition: Supposition;
  readonly cuts: Ends;
}

/** When so many sleepers were woken much is about to run, and the order of all of it counts. */
const MOST_WOKEN = 64;

export class Decider {
  readonly #its: Deciding;
  /** The nodes that are scheduled, where others sleep. */
  readonly #scheduled: Map<Label, PlannedNode>;
  #sleepers: Sleepers | undefined;
  /** Whether any of them was woken. */
  #isWoken = false;
  #foreseen: Foreseen | undefined;
  readonly #resolved = new Map<Label, Known>();

  constructor(deciding: Deciding) {
    this.#its = deciding;
    const {plan, context} = deciding;
    // Who waits for tests has more below himself than the graph says.
    const lone = context.config.testsGate && hasTests(plan) ? undefined : lonePlan(plan);
    this.#scheduled = new Map(lone?.nodes);
    this.#sleepers = lone && new Sleepers(context.graph, plan);
  }

  /** What is scheduled from the start. */
  tasks(): readonly Task[] {
    const {plan} = this.#its;
    return this.#tasksOf(this.#sleepers === undefined ? plan : {nodes: this.#scheduled});
  }

  /** After something scheduled has ended: the sleepers that are to be decided one by one. */
  moreAfter(label: Label, good: boolean): readonly Task[] {
    const sleepers = this.#sleepers;
    if (sleepers === undefined) return [];
    const foreseen = this.#foreseen;
    this.#foreseen = undefined;
    if (!good || this.#scheduled.size > MOST_WOKEN) return this.#wakeAll(sleepers);
    const {resolver, graph} = this.#its.context;
    const {tally} = this.#its;
    if (foreseen?.label === label && foreseen.supposition.holds()) {
      this.#sleepers = undefined;
      tally.together(foreseen.cuts);
      return [];
    }
    const {same, woken} = sleepers.ended(label, (at) => resolver.recallDoneAt(at));
    tally.together(this.endsAt(same, 'cut'));
    const isWoken = new Set(woken.map((at) => labelAt(graph, at)));
    this.#isWoken ||= isWoken.size > 0;
    for (const one of isWoken) {
      const planned = this.#its.plan.nodes.get(one);
      if (planned !== undefined) this.#scheduled.set(one, planned);
    }
    return isWoken.size === 0
      ? []
      : this.#tasksOf({nodes: this.#scheduled}).filter((task) => isWoken.has(task.label));
  }

  /**
   * While a node runs, with this key: what follows if it comes to what it came to before. Nothing of it is so
   * before that shows (`moreAfter`).
   */
  foresee(label: Label, key: ActionKey): void {
    // One that was woken lies above something that came to something else, and so most likely does it.
    if (this.#isWoken) return;
    const supposition = this.#sleepers && this.#its.context.resolver.suppose(label, key);
    const all = this.#sleepers?.all;
    if (supposition === undefined || all === undefined) return;
    if (!supposition.recallAll(all, this.fresh())) return;
    this.#foreseen = {label, supposition, cuts: this.endsAt(all, 'cut')};
  }

  /** The places of what is fresh by the plan. */
  fresh(): readonly number[] {
    const {context, plan} = this.#its;
    const fresh: number[] = [];
    visit(context.graph, plan, (at, verdict) => {
      if (verdict === 'fresh') fresh.push(at);
    });
    return fresh;
  }

  #wakeAll(sleepers: Sleepers): readonly Task[] {
    this.#sleepers = undefined;
    return this.#tasksOf(this.#its.plan).filter(({label}) => sleepers.isAsleep(label));
  }

  decide(label: Label): Decision {
    const {context, plan, forced} = this.#its;
    const {resolver, graph} = context;
    const isForced = forced.has(label);
    // What was recalled is kept from gc since the plan was settled.
    if (isForced || !resolver.recallDone(label)) {
      const node = this.workNode(label);
      const resolution = resolver.resolve(node);
      if (resolution.type === 'open') return 'fetch-first';
      if (isForced || !this.isDone(node, resolution.key)) return this.#mustRun(node, resolution);
    }
    if (isDamagedInUse(context, plan, label)) return 'run';
    this.#its.tally.together(this.endsAt([graph.numberOf(label) ?? -1], 'cut'));
    return 'done';
  }

  /** The ends of nodes that need not run. */
  endsAt(places: readonly number[], outcome: 'fresh' | 'cut'): Ends {
    const {context, durations} = this.#its;
    const {resolver, graph} = context;
    let saved = 0;
    for (const at of places) saved += resolver.timeAt(at) ?? durations(labelAt(graph, at)) ?? 0;
    return {
      ...{outcome, saved, count: places.length},
      labels: () => places.map((at) => labelAt(graph, at)),
      nodes: () => places.map((at) => endOf(labelAt(graph, at), graph.kindAt(at), outcome)),
    };
  }

  /** Whether the store has it; then gc keeps it from here on. */
  isDone(node: WorkNode, key: ActionKey): boolean {
    const {context} = this.#its;
    const {resolver, store} = context;
    // Looked at twice, since most are not done and naming costs a process.
    if (!resolver.isDone(node, key)) return false;
    const roots = rootsOfResult(key, resolver.treeOf(node.label));
    const there = guard(store.root, () => relyOn(context, roots, () => resolver.isDone(node, key)));
    // What cannot be named cannot be relied upon; running it says why.
    return there.ok && there.value;
  }

  /** What it was decided by, once, where that holds still: who runs a node asks for it right after. */
  takeResolved(label: Label): Known | undefined {
    const known = this.#resolved.get(label);
    this.#resolved.delete(label);
    return known;
  }

  workNode(label: Label): WorkNode {
    const node = this.#its.context.graph.nodes.get(label);
    if (node === undefined || node.kind === 'fetch') throw new Bug(`${label} is no build or test`);
    return node;
  }

  #tasksOf(plan: Plan): readonly Task[] {
    const {context, durations} = this.#its;
    return tasksOf(context.graph, plan, durations, context.config.testsGate);
  }

  #mustRun({label, kind}: WorkNode, known: Known): Decision {
    const {key} = known;
    const {context, plan, forced, failed, tally} = this.#its;
    if (failed?.has(key) === true && !forced.has(label)) {
      tally.ended(label, kind, 'failed', {unchanged: true});
      return 'bad';
    }
    if (plan.nodes.get(label) instanceof RecalledNode) {
      const mended = mendLocalSources(context, label);
      const said = mended.ok ? mended.value : mended.error;
      for (const diagnostic of said) context.listener({type: 'diagnostic', diagnostic});
    }
    // What is downloaded first may come to something else: a source can have several places.
    const isHere = fetchesOf(context.graph, label).every((one) => !plan.nodes.has(one.label));
    if (isHere) this.#resolved.set(label, known);
    return 'run';
  }
}

function hasTests({nodes}: Plan): boolean {
  return [...nodes.values()].some((one) => one.kind === 'test' && one.verdict !== 'fresh');
}
