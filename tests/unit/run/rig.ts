/**
 * A graph with a store, a resolver and a run context for the tests of engine/run, and a worker
 * that runs nothing: each job ends as the test says. Graphs are values (../graph/values.ts).
 */
import {ROOT_COMPOSER} from '../../../engine/rootfs/composer.ts';
import fs from 'node:fs';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import {singly, type Event} from '../../../engine/base/event.ts';
import {treeDigest, type ActionKey, type TreeDigest} from '../../../engine/base/hash.ts';
import {realHost, type Host} from '../../../engine/base/host.ts';
import type {Label} from '../../../engine/base/label.ts';
import {ok} from '../../../engine/base/result.ts';
import {NO_RUN_WATCH} from '../../../engine/base/span.ts';
import type {BuildGraph, BuildNode, FetchNode, TestNode} from '../../../engine/graph/model.ts';
import type {SourcePrints} from '../../../engine/graph/prints.ts';
import type {RunContext} from '../../../engine/run/context.ts';
import type {Ran} from '../../../engine/run/record.ts';
import {recordBatcher, recordOf} from '../../../engine/run/record.ts';
import {writeRecord} from '../../../store/records.ts';
import type {HostTools, Knowledge} from '../../../engine/run/knowledge.ts';
import {Resolver, type Resolution} from '../../../engine/run/resolve.ts';
import type {ToolFinder} from '../../../engine/run/tools.ts';
import {WorkerHolder} from '../../../engine/run/worker-holder.ts';
import type {BuildRequest, JobResult, Reply} from '../../../engine/sandbox/protocol.ts';
import type {Worker} from '../../../engine/sandbox/worker-process.ts';
import {ActionLog, rowOf} from '../../../store/action-log.ts';
import {SourceChoices} from '../../../store/choices.ts';
import {openRun, type RunHandle} from '../../../store/claims.ts';
import {logIn, runFileIn, type Store} from '../../../store/layout.ts';
import {sortEntries} from '../../../store/manifest.ts';
import {putBytes} from '../../../store/pool.ts';
import type {TreeEntry} from '../../../store/tree-entry.ts';
import {writeTree} from '../../../store/trees.ts';
import {graphOf, projectOf, type Builds} from '../graph/values.ts';
import {NO_PRINTS} from '../graph/resolved.ts';
import {dir, emptyStore, file} from '../store/rig.ts';

export type Known = Extract<Resolution, {type: 'known'}>;

/** A tree of these texts by path; folders as needed. */
export function storedTree(store: Store, texts: Readonly<Record<string, string>>): TreeDigest {
  const entries = new Map<string, TreeEntry>();
  for (const [at, text] of Object.entries(texts)) {
    for (let up = path.dirname(at); up !== '.'; up = path.dirname(up)) entries.set(up, dir(up));
    putBytes(store, text);
    entries.set(at, file(at, text));
  }
  return writeTree(store, sortEntries([...entries.values()]));
}

// --- a graph with a store ------------------------------------------------------------------------

export interface BedParts {
  readonly store?: Store;
  readonly prints?: SourcePrints;
  readonly tools?: Partial<ToolFinder>;
  readonly testsGate?: boolean;
}

/** As another process would have it: the same graph and store, nothing remembered. */
export interface Bed {
  readonly graph: BuildGraph;
  readonly store: Store;
  readonly log: ActionLog;
  readonly choices: SourceChoices;
  readonly knowledge: Knowledge;
  readonly resolver: Resolver;
  readonly testsGate: boolean;
  build(label: string): BuildNode;
  node(label: string): BuildNode | TestNode;
  fetch(label: string): FetchNode;
  /** The resolution of a node whose inputs are all known. */
  known(label: string): Known;
  /** Writes down that nodes were built, each with a file of its name and `text`. */
  done(labels: readonly string[], text?: string): void;
  /** Writes down that a node failed, or ended well, by its present inputs. */
  ended(label: string, result: JobResult): void;
}

export function bedOf(t: ExecutionContext, builds: Builds, parts: BedParts = {}): Bed {
  const store = parts.store ?? emptyStore(t);
  return bedFor(graphOf(builds), store, parts);
}

export function bedFor(graph: BuildGraph, store: Store, parts: BedParts = {}): Bed {
  const log = ActionLog.open(store);
  const choices = SourceChoices.open(store);
  const prints = parts.prints ?? NO_PRINTS;
  const none = (): HostTools => ({tools: {}, fingerprint: {}, problems: []});
  const {tools = none, toolVersion = () => undefined} = parts.tools ?? {};
  const knowledge: Knowledge = {
    graph,
    prints,
    store,
    log,
    choices,
    tools,
    toolVersion,
    toolPlaces: () => [],
    saveCache: () => undefined,
    importAgain: () => ({ok: true, value: undefined}),
  };
  const resolver = new Resolver(knowledge);
  const node = (label: string): BuildNode | TestNode => {
    const found = graph.nodes.get(label as Label);
    if (found === undefined || found.kind === 'fetch') throw new Error(`no work ${label}`);
    return found;
  };
  const bed: Bed = {
    ...{graph, store, log, choices, knowledge, resolver, node},
    testsGate: parts.testsGate ?? false,
    build: (label) => ofKind(graph, label, 'build'),
    fetch: (label) => ofKind(graph, label, 'fetch'),
    known: (label) => {
      const resolution = resolver.resolve(node(label));
      if (resolution.type === 'open') throw new Error(`${label} waits for ${resolution.on.join()}`);
      return resolution;
    },
    done: (labels, text = '') => {
      for (const label of labels) {
        const tree = storedTree(store, {[label]: `${label} ${text}`});
        const {key} = bed.known(label);
        bed.ended(label, wellEnded(node(label).kind === 'test' ? undefined : tree));
        if (!resolver.isDone(node(label), key)) throw new Error(`${label} is not done`);
      }
    },
    ended: (label, result) => {
      const made = recordOf(contextFor(bed), ranOf(bed, label, result));
      if (made === undefined) return;
      writeRecord(store, made);
      log.append(rowOf(made));
    },
  };
  return bed;
}

function ofKind<Kind extends 'build' | 'fetch'>(
  graph: BuildGraph,
  label: string,
  kind: Kind,
): Extract<BuildNode | FetchNode, {kind: Kind}> {
  const found = graph.nodes.get(label as Label);
  if (found?.kind !== kind) throw new Error(`no ${kind} ${label}`);
  return found as Extract<BuildNode | FetchNode, {kind: Kind}>;
}

/** An end of a node by its present inputs; its log holds `logText`. */
export function ranOf(bed: Bed, label: string, result: JobResult, logText = ''): Ran {
  const node = bed.node(label);
  const build = node.kind === 'test' ? bed.build(node.of) : node;
  const log = `${label.replaceAll('/', '_')}-${bed.log.history(node.label).length}.log`;
  const logFile = logIn(bed.store, log);
  fs.writeFileSync(logFile, logText);
  return {node, build, known: bed.known(label), log, logFile, result, idMode: 'single'};
}

// --- a run ---------------------------------------------------------------------------------------

/** A host whose clocks stand still until the test moves them. */
export function stillHost(start = 0): Host & {move: (milliseconds: number) => void} {
  let at = start;
  const move = (milliseconds: number): void => {
    at += milliseconds;
  };
  const tick = (): number => at;
  return {...realHost(), env: {}, now: () => 1_700_000_000_000 + at, tick, clock: tick, move};
}

export interface ContextParts {
  readonly run?: RunHandle;
  readonly worker?: WorkerHolder;
  readonly events?: Event[];
  readonly host?: Host;
  readonly wait?: boolean;
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
}

/** What tasks share; a run of the store only where one is given. */
export function contextFor(bed: Bed, parts: ContextParts = {}): RunContext {
  const {events = [], wait = true, offline = true} = parts;
  const noWorker = new WorkerHolder(() => Promise.reject(new Error('no worker here')));
  return {
    host: parts.host ?? stillHost(),
    listener: (told) => events.push(...singly(told)),
    config: {...projectOf({}).config, testsGate: bed.testsGate},
    ...{graph: bed.graph, store: bed.store, log: bed.log, resolver: bed.resolver},
    run: parts.run ?? runWithoutProcess(bed.store),
    records: recordBatcher(bed.store, bed.log),
    worker: parts.worker ?? noWorker,
    ...{
      offline,
      wait,
      roots: ROOT_COMPOSER,
      hostsDown: new Set<string>(),
      engine: '1.2.3',
      watch: NO_RUN_WATCH,
    },
    signal: parts.signal ?? new AbortController().signal,
  };
}

/** A file to name things in, without a lock: for gc and others a dead run. */
function runWithoutProcess(store: Store): RunHandle {
  const id = 'no-run';
  fs.writeFileSync(runFileIn(store, id), '');
  return {id, release: () => undefined};
}

/** A run of the store that ends with the test. */
export function runOf(t: ExecutionContext, store: Store): RunHandle {
  const run = openRun(store, realHost());
  t.teardown(run.release);
  return run;
}

// --- a worker that runs nothing ------------------------------------------------------------------

export interface FakeJob {
  readonly id: number;
  readonly label: Label;
  readonly request: Omit<BuildRequest, 'type' | 'id'>;
  /** Tokens lent (positive) and asked back. */
  readonly tokens: number[];
  readonly killed: boolean;
  reply(reply: Extract<Reply, {type: 'step' | 'tokens'}>): void;
  end(result: Checked<JobResult>): void;
}

/** How a job ends at once; undefined: the test ends it. */
export type Script = (job: FakeJob) => JobResult | undefined;

export class FakeWorker implements Worker {
  readonly idMode = 'range';
  readonly overlay = (): Promise<Checked<boolean>> => Promise.resolve(ok(true));
  readonly died: Promise<string>;
  readonly jobs: FakeJob[] = [];
  readonly removed: string[] = [];
  quits = 0;
  #die: (why: string) => void = () => undefined;
  readonly #script: Script;
  readonly #waiting = new Map<string, (job: FakeJob) => void>();

  constructor(script: Script = () => undefined) {
    this.#script = script;
    this.died = new Promise((resolve) => (this.#die = resolve));
  }

  build(
    request: Omit<BuildRequest, 'type' | 'id'>,
    onReply: (reply: Extract<Reply, {type: 'step' | 'tokens'}>) => void,
  ): {readonly id: number; readonly result: Promise<Checked<JobResult>>} {
    const id = this.jobs.length + 1;
    let end: (result: Checked<JobResult>) => void = () => undefined;
    const result = new Promise<Checked<JobResult>>((resolve) => (end = resolve));
    const {label} = request.spec;
    const job = {id, label, request, tokens: [], killed: false, reply: onReply, end};
    this.jobs.push(job);
    const scripted = this.#script(job);
    if (scripted !== undefined) end(ok(scripted));
    // Whoever waits for it goes on when the caller has its id.
    queueMicrotask(() => this.#waiting.get(label)?.(job));
    return {id, result};
  }

  tokens(id: number, count: number): void {
    this.#job(id).tokens.push(count);
  }

  kill(id: number): void {
    const job: FakeJob & {killed: boolean} = this.#job(id);
    job.killed = true;
    job.end(ok(badlyEnded({signal: 'SIGKILL', machine: true})));
  }

  remove(paths: readonly string[]): Promise<void> {
    this.removed.push(...paths);
    return Promise.resolve();
  }

  image(): Promise<Checked<undefined>> {
    throw new Error('no images here');
  }

  interactive(): Promise<Checked<number>> {
    return Promise.reject(new Error('nobody asks for a shell here'));
  }

  quit(): Promise<void> {
    this.quits += 1;
    this.#die('');
    return Promise.resolve();
  }

  /** It ends by itself. */
  die(why: string): void {
    this.#die(why);
  }

  /** The job of a node, as soon as it has begun. */
  job(label: string): Promise<FakeJob> {
    const found = this.jobs.findLast((one) => one.label === label);
    return found === undefined
      ? new Promise((resolve) => this.#waiting.set(label, resolve))
      : Promise.resolve(found);
  }

  get labels(): string[] {
    return this.jobs.map((one) => one.label);
  }

  #job(id: number): FakeJob {
    const found = this.jobs[id - 1];
    if (found === undefined) throw new Error(`no job ${id}`);
    return found;
  }
}

export function holderOf(worker: Worker): WorkerHolder {
  return new WorkerHolder(() => Promise.resolve(ok(worker)));
}

const USAGE = {milliseconds: 1500, cpuMilliseconds: 2500, peakBytes: 4096};

export function wellEnded(
  tree: TreeDigest | undefined,
  more: Partial<Extract<JobResult, {outcome: 'ok'}>> = {},
): JobResult {
  return {outcome: 'ok', tree, warnings: [], usage: USAGE, copiedRoot: false, ...more};
}

export function badlyEnded(more: Partial<Extract<JobResult, {outcome: 'failed'}>> = {}): JobResult {
  return {
    ...{outcome: 'failed', step: 'install', exit: 2, signal: undefined, cwd: '/build/x-1'},
    ...{diagnostics: [], machine: false, usage: USAGE, kept: undefined, ...more},
  };
}

/** Lets all promise callbacks that are due run. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A digest that nothing has. */
export function noTree(digit: string): TreeDigest {
  return treeDigest(digit.repeat(64));
}

export function fileOfRecord(store: Store, key: ActionKey): string {
  return path.join(store.root, 'records', key.slice(0, 2), key.slice(2));
}
