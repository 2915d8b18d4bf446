/**
 * One run: plans the wanted targets, lets the scheduler run what is stale, and sums up.
 * Joins the parts; each of them knows only its own business.
 */
import type {Diagnostic} from '../base/diagnostic.ts';
import type {Failure, Summary, Told} from '../base/event.ts';
import type {ActionKey} from '../base/hash.ts';
import {testLabel, type Label} from '../base/label.ts';
import {Bug} from '../base/result.ts';
import {timed} from '../base/span.ts';
import type {FetchNode, Node} from '../graph/model.ts';
import type {JobReply, Worker} from '../sandbox/worker-process.ts';
import {releaseClaim} from '../../store/claims.ts';
import {logIn} from '../../store/layout.ts';
import {guard} from '../../store/trouble.ts';
import {claimAction} from './claim-action.ts';
import type {RunContext} from './context.ts';
import {Decider, type WorkNode} from './decider.ts';
import {fetchSource} from './fetch-task.ts';
import {keptEnd, NOTHING_BEFORE, type Before, type IsKept, type Kept} from './handover.ts';
import type {Durations} from './history.ts';
import {dropAfterTests, dropOutdated} from './kept-builds.ts';
import {LiveOutput} from './live-output.ts';
import {lookedAt, type Plan} from './plan-nodes.ts';
import type {Resolution} from './resolve.ts';
import {Scheduler} from './scheduler.ts';
import type {FailureMode} from './task.ts';
import {nameInputs} from './reliance.ts';
import {durationsOf, restTeller} from './rest.ts';
import {Tally} from './tally.ts';
import {buildOf} from './tasks.ts';
import type {Lease} from './tokens.ts';
import {work, type Job} from './work-task.ts';

export interface RunOptions {
  readonly jobs: number;
  readonly memoryBytes: number;
  readonly onFailure: FailureMode;
  readonly forced: ReadonlySet<Label>;
  /** Follow the logs for a live display. */
  readonly live: boolean;
  /** Ends all downloads, and all waiting for other runs. */
  readonly abort: () => void;
  /** What the run goes on with whose place it takes. */
  readonly before?: Before;
  /** Actions that failed and are not repeated. */
  readonly failed?: ReadonlySet<ActionKey>;
  /** The tick at which what people wait for began; the start of the process when left out. */
  readonly begun?: number;
}

const DOWNLOADS = 4;
/** Of plans with so many nodes guesses of how long they take come later, after milliseconds. */
const MANY = 1000;
const FIRST_GUESS = 2000;
/** So many that wait for their turn will keep the machine busy for a while. */
const MUCH = 8;

type Known = Extract<Resolution, {type: 'known'}>;

export class BuildRun {
  readonly #context: RunContext;
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #tally: Tally;
  readonly #live: LiveOutput;
  readonly #scheduler: Scheduler;
  readonly #jobs = new Map<Label, {readonly worker: Worker; readonly id: number}>();
  readonly #leases = new Map<Label, Lease>();
  readonly #killed = new Set<Label>();
  readonly #executing = new Map<Label, Promise<boolean>>();
  readonly #before: Before;
  /** What is still told of a run that was replaced: the ends of what it has killed. */
  #outdated: ReadonlySet<Label> | undefined;
  #interrupted: string | null = null;
  readonly #durations: Durations;
  readonly #tellRest: () => void;
  readonly #decider: Decider;

  constructor(context: RunContext, plan: Plan, options: RunOptions) {
    const listener = (event: Told): void => {
      if (!this.#isPast(event)) context.listener(event);
    };
    this.#context = {...context, listener};
    this.#plan = plan;
    this.#options = options;
    this.#before = options.before ?? NOTHING_BEFORE;
    // Ticks count from the start of the process: reading recipes is part of what people wait for.
    this.#tally = new Tally(listener, () => context.host.tick(), options.begun ?? 0);
    this.#live = new LiveOutput(listener);
    this.#durations = durationsOf(this.#context);
    const isOver = (label: Label): boolean => this.#tally.outcomeOf(label) !== undefined;
    this.#tellRest = restTeller(this.#context, plan, options.jobs, isOver);
    this.#decider = new Decider({
      ...{context: this.#context, plan, tally: this.#tally, durations: this.#durations},
      ...{forced: options.forced, failed: options.failed},
    });
    this.#scheduler = this.#makeScheduler();
  }

  /** Runs to the end and tells the summary. */
  async run(targets: readonly Label[]): Promise<Summary> {
    const {listener} = this.#context;
    const fresh = this.#decider.fresh();
    const {size} = this.#plan.nodes;
    listener({
      type: 'run-started',
      targets,
      nodes: size,
      pending: size - fresh.length,
      jobs: this.#options.jobs,
    });
    this.#tally.together(this.#decider.endsAt(fresh, 'fresh'));
    // Downloads of what surely runs begin at once; builds that come first go on meanwhile.
    for (const one of lookedAt(this.#plan))
      if (one.kind === 'fetch' && one.verdict === 'run') this.#scheduler.demand(one.label);
    await this.#scheduler.run();
    if (this.#outdated === undefined) await dropAfterTests(this.#context, this.#plan);
    const summary = this.#tally.summary(this.#interrupted);
    listener({type: 'run-finished', summary});
    return summary;
  }

  /** Starts nothing new and ends what runs; finished nodes stay. */
  interrupt(signal: string): void {
    this.#interrupted = signal;
    const {running} = this.#scheduler;
    this.#context.listener({type: 'stopping', signal, running});
    this.#scheduler.stop(() => true);
  }

  /**
   * Makes way for another run: starts nothing new and ends what runs, but for what is kept.
   * Resolves when nothing else is left.
   */
  async makeWay(isKept: IsKept): Promise<Before> {
    const running = [...this.#executing.keys()];
    const kept = new Map(running.flatMap((label) => this.#keep(label, isKept) ?? []));
    const ending = running.filter((label) => !kept.has(label));
    // Downloads go on in the new run where they were.
    this.#outdated = new Set(
      ending.filter((label) => this.#context.graph.kindOf(label) !== 'fetch'),
    );
    this.#scheduler.stop((label) => !kept.has(label));
    this.#options.abort();
    await Promise.all(ending.flatMap((label) => this.#executing.get(label) ?? []));
    await dropOutdated(this.#context, this.#plan, isKept);
    return {kept, pool: kept.size > 0 ? this.#scheduler.pool : undefined};
  }

  /** What runs just now. */
  get running(): ReadonlySet<Label> {
    return new Set(this.#executing.keys());
  }

  /** Everything that failed, for the exit code. */
  get failures(): ReadonlyMap<Label, Failure> {
    return this.#tally.failures;
  }

  #keep(label: Label, isKept: IsKept): readonly [readonly [Label, Kept]] | undefined {
    const execution = this.#executing.get(label);
    if (execution === undefined || this.#context.graph.kindOf(label) === 'fetch') return undefined;
    const known = this.#context.resolver.resolve(this.#decider.workNode(label));
    if (known.type === 'open' || !isKept(label, known.key)) return undefined;
    const ended = execution.then((good) => keptEnd(good, this.#tally.failures.get(label)));
    const kill = (): void => {
      this.#kill(label);
    };
    const since = this.#tally.sinceOf(label);
    return [[label, this.#before.kept.get(label) ?? {since, ended, kill}]];
  }

  /** After another run has taken its place: what only that one tells. */
  #isPast(event: Told): boolean {
    if (this.#outdated === undefined) return false;
    if (event.type === 'nodes-finished') return true;
    if (event.type === 'node-finished') return !this.#outdated.has(event.label);
    return event.type === 'run-finished' || event.type === 'estimate' || event.type === 'download';
  }

  #makeScheduler(): Scheduler {
    const {graph} = this.#context;
    const {jobs, memoryBytes, onFailure} = this.#options;
    const {kept, pool} = this.#before;
    return new Scheduler(
      this.#decider.tasks().map((task) => (kept.has(task.label) ? {...task, lane: 'kept'} : task)),
      {
        decide: (label) => {
          const decision = timed(this.#context.watch.engine, 'engine', `key ${label}`, () =>
            this.#decider.decide(label),
          );
          if (decision !== 'done') this.#context.watch.waits(label, 'downloads');
          return decision;
        },
        ready: (label) => {
          this.#context.watch.waits(label, 'queue');
        },
        execute: (label, share, lease) => {
          const execution = this.#execute(label, share, lease).finally(() => {
            this.#executing.delete(label);
          });
          this.#executing.set(label, execution);
          return execution;
        },
        more: (label, good) => this.#decider.moreAfter(label, good),
        adjustTokens: (label, count) => {
          this.#adjustTokens(label, count);
        },
        dropped: (label, state, because) => {
          this.#context.watch.waits(label, undefined);
          const more = because === undefined ? {} : {because};
          this.#tally.ended(label, graph.kindOf(label), state, more);
        },
        kill: (label) => {
          this.#kill(label);
        },
      },
      {tokens: jobs, memoryBytes, downloads: DOWNLOADS, onFailure, pool},
    );
  }

  async #execute(label: Label, jobs: number, lease: Lease | undefined): Promise<boolean> {
    const node = this.#context.graph.nodes.get(label);
    if (node === undefined) throw new Bug(`no node ${label}`);
    this.#context.watch.waits(label, undefined);
    if (lease !== undefined) this.#leases.set(label, lease);
    if (node.kind === 'fetch') {
      this.#tellStart(node, undefined);
      return this.#fetch(node);
    }
    const known = this.#resolve(node);
    this.#tellStart(node, known);
    const kept = this.#before.kept.get(label);
    if (kept !== undefined && (await this.#goOn(node, known, kept))) {
      return this.#tally.outcomeOf(label) === 'built';
    }
    return this.#alone(node, known, jobs, lease);
  }

  #tellStart({label, kind}: Node, known: Known | undefined): void {
    const kept = this.#before.kept.get(label);
    const reason = kept === undefined ? this.#reason(label, known) : 'it goes on';
    this.#tally.started(label, kind, reason, kept?.since);
    // It looks at all that is left: where that is much, what starts now need not wait for it.
    if (this.#plan.nodes.size < MANY) this.#tellRest();
    else setTimeout(this.#tellRest, FIRST_GUESS).unref();
  }

  /** Waits for what the run before has begun; false where that came to nothing. */
  async #goOn(node: WorkNode, known: Known, kept: Kept): Promise<boolean> {
    const end = await kept.ended;
    const {label, kind} = node;
    const isKilled = this.#killed.has(label);
    if (end.type === 'failed') this.#close(label, kind, end.failure);
    else if (end.type === 'done' && this.#decider.isDone(node, known.key)) {
      this.#close(label, kind, undefined);
    } else if (isKilled) this.#close(label, kind, problemsOf([]));
    else return false;
    return true;
  }

  #resolve(node: WorkNode): Known {
    const {watch, resolver} = this.#context;
    const decided = this.#decider.takeResolved(node.label);
    if (decided !== undefined) return decided;
    const name = `key ${node.label}`;
    const known = timed(watch.engine, 'engine', name, () => resolver.resolve(node));
    if (known.type === 'open') throw new Bug(`${node.label} runs before ${known.on.join(', ')}`);
    return known;
  }

  /** What the plan said, or, where it could not know, what turned out meanwhile. */
  #reason(label: Label, known: Known | undefined): string | undefined {
    const planned = this.#plan.nodes.get(label);
    if (planned?.verdict !== 'maybe' || known === undefined) return planned?.reason ?? undefined;
    return this.#context.resolver.reason(this.#decider.workNode(label), known);
  }

  async #fetch(node: FetchNode): Promise<boolean> {
    const watch = this.#context.watch.of(node.label);
    const fetched = await timed(watch, 'run', 'fetch', () => fetchSource(this.#context, node));
    return this.#close(node.label, 'fetch', fetched.ok ? undefined : problemsOf(fetched.error));
  }

  /** One builder per action among all processes: whoever waited finds the work done. */
  async #alone(
    node: WorkNode,
    known: Known,
    jobs: number,
    lease: Lease | undefined,
  ): Promise<boolean> {
    const {store, run} = this.#context;
    const watch = this.#context.watch.of(node.label);
    const claimed = await timed(watch, 'wait', 'claim', () =>
      claimAction(this.#context, known.key, node.label),
    );
    if (!claimed.ok) return this.#close(node.label, node.kind, problemsOf(claimed.error));
    try {
      const named = timed(watch, 'prepare', 'name inputs for gc', () =>
        guard(store.root, () => nameInputs(this.#context, known.key, known.inputs)),
      );
      if (!named.ok) return this.#close(node.label, node.kind, problemsOf(named.error));
      if (!this.#options.forced.has(node.label) && this.#decider.isDone(node, known.key)) {
        this.#tally.ended(node.label, node.kind, 'fresh');
        return true;
      }
      return await this.#work(node, known, jobs, lease);
    } finally {
      // A claim that cannot be removed counts for nothing when this run has ended.
      guard(store.root, () => releaseClaim(store, run, known.key));
    }
  }

  async #work(
    node: WorkNode,
    known: Known,
    jobs: number,
    lease: Lease | undefined,
  ): Promise<boolean> {
    const build = buildOf(this.#context.graph, node.label);
    if (build === undefined) throw new Bug(`${node.label} has no build`);
    const job: Job = {
      node,
      build,
      known,
      jobs,
      isPatient: () => this.#scheduler.ready >= MUCH,
      keepBuild: this.#plan.nodes.has(testLabel(node.label)),
      onStart: (worker, id, log) => {
        this.#jobs.set(node.label, {worker, id});
        if (this.#options.live) this.#live.follow(node.label, logIn(this.#context.store, log));
        if (lease !== undefined && lease.held > jobs) worker.tokens(id, lease.held - jobs);
        if (this.#killed.has(node.label)) worker.kill(id);
        this.#decider.foresee(node.label, known.key);
      },
      onReply: (reply) => {
        this.#replied(node.label, reply, lease);
      },
    };
    const end = await work(this.#context, job);
    this.#jobs.delete(node.label);
    this.#live.unfollow(node.label);
    if (end.ok) this.#context.resolver.learn(node.label, known.key, end.value);
    return this.#close(node.label, node.kind, end.ok ? undefined : end.error);
  }

  #replied(label: Label, reply: JobReply, lease: Lease | undefined): void {
    if (reply.type === 'tokens') lease?.returned(reply.count);
    else if (reply.type === 'spans') {
      for (const span of reply.spans) this.#context.watch.of(label).add(span);
    } else {
      const {phase, step} = reply;
      if (phase === 'capturing') this.#scheduler.ending(label);
      this.#context.listener({type: 'node-phase', label, phase, ...(step === '' ? {} : {step})});
    }
  }

  /** Tells the end of a node that was started; true when it is good. */
  #close(label: Label, kind: 'fetch' | 'build' | 'test', failure: Failure | undefined): boolean {
    if (failure === undefined) this.#tally.ended(label, kind, 'built');
    else if (this.#killed.has(label)) this.#tally.ended(label, kind, 'cancelled');
    else this.#tally.ended(label, kind, 'failed', {failure});
    return failure === undefined;
  }

  #adjustTokens(label: Label, count: number): void {
    const job = this.#jobs.get(label);
    if (job !== undefined) job.worker.tokens(job.id, count);
    // Not in the sandbox yet: what was lent was not handed on, so it is still here.
    else if (count < 0) this.#leases.get(label)?.returned(-count);
  }

  #kill(label: Label): void {
    this.#killed.add(label);
    const kept = this.#before.kept.get(label);
    if (kept !== undefined) return kept.kill();
    const job = this.#jobs.get(label);
    if (job === undefined) this.#options.abort();
    else job.worker.kill(job.id);
  }
}

function problemsOf(diagnostics: readonly Diagnostic[]): Failure {
  return {diagnostics, tail: [], machine: false};
}
