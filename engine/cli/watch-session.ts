/**
 * A watch from its first build to its end: one build at a time, and a new one whenever something
 * has changed. What runs and is wanted as it is goes on; what is outdated is ended. A node that
 * failed is not repeated until its key changes or somebody asks.
 */
import path from 'node:path';
import type {Diagnostic} from '../base/diagnostic.ts';
import type {Event} from '../base/event.ts';
import {Gatherer} from '../base/gather.ts';
import type {ActionKey} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {BuildRun} from '../run/build-run.ts';
import {NOTHING_BEFORE, type Before, type IsKept} from '../run/handover.ts';
import {lastLines} from '../run/logs.ts';
import {contextIn, type RunInWorkshop} from '../run/open-context.ts';
import type {Plan} from '../run/plan-nodes.ts';
import {remember} from '../run/project-root.ts';
import {makeSoundPlan} from '../run/sound-plan.ts';
import type {Workshop} from '../run/workshop.ts';
import {ROOT_COMPOSER} from '../rootfs/composer.ts';
import {harmless} from '../ui/text.ts';
import {allMissing, buildOf, failureMode, planAgain, settle} from './build.ts';
import type {OpenWork} from './open.ts';
import {engineVersion} from './shipped.ts';
import {WatchGround, type GroundSettings} from './watch-ground.ts';
import type {KeyCommand} from './watch-keys.ts';
import {isSet, optionOf, type World} from './world.ts';

export interface SessionSettings extends Omit<GroundSettings, 'changed'> {
  /** Whether keys are listened to, for what is told. */
  readonly keys: boolean;
}

/** A build under way. */
interface Current {
  readonly run: BuildRun;
  readonly work: OpenWork;
  readonly inside: RunInWorkshop;
  readonly ended: Promise<void>;
  /** Another build takes its place: its end is no news. */
  replaced: boolean;
}

/** Why something is done next. */
interface Cause {
  readonly type: 'start' | 'changed' | 'asked';
  readonly files: ReadonlySet<string>;
  /** The tick at which it came to light. */
  readonly at: number;
}

/** After so many builds what they relied on is given back to gc. */
const BUILDS_OF_A_RUN = 50;
const FILES_SHOWN = 3;
const STARTS_SHOWN = 3;
const LOG_LINES = 1000;

/** Invariant: at most one build is `#current`; the ones before have handed over to it. */
export class WatchSession {
  readonly #world: World;
  readonly #settings: SessionSettings;
  readonly #ground: WatchGround;
  readonly #gatherer: Gatherer;
  /** Actions that failed while this was watched. */
  readonly #failed = new Set<ActionKey>();
  readonly #version = engineVersion();
  #current: Current | undefined;
  #cause: Cause | undefined;
  #wake: (() => void) | undefined;
  #firstChange: number | undefined;
  #lastLog: string | undefined;
  #builds = 0;
  #bug: {readonly error: unknown} | undefined;
  #turning = false;
  #stopped = false;

  constructor(world: World, settings: SessionSettings) {
    this.#world = world;
    this.#settings = settings;
    this.#gatherer = new Gatherer((files) => this.#changed(files));
    const changed = (file: string): void => {
      this.#firstChange ??= world.host.tick();
      this.#gatherer.add(file, world.host.tick());
    };
    this.#ground = new WatchGround(world, {...settings, changed});
  }

  /** Until it is stopped; or what makes watching pointless from the start. */
  async run(): Promise<readonly Diagnostic[]> {
    const start: Cause = {type: 'start', files: new Set(), at: 0};
    const hopeless = await this.#turn(start);
    while (hopeless.length === 0) {
      const cause = await this.#next();
      if (cause === undefined) break;
      await this.#turn(cause);
    }
    this.#gatherer.stop();
    await this.#current?.ended;
    await this.#ground.close();
    return hopeless;
  }

  /** Ends what runs, and then the watch. */
  stop(how: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#current?.inside.abort();
    this.#current?.run.interrupt(how);
    this.#wake?.();
  }

  obey(command: KeyCommand): void {
    if (command === 'quit') return this.#quit();
    if (command === 'log') return this.#showLog();
    this.#failed.clear();
    this.#cause = {type: 'asked', files: new Set(), at: this.#world.host.tick()};
    this.#wake?.();
  }

  /** Whoever asks again does not want to wait: that is what signals do. */
  #quit(): void {
    if (this.#stopped) this.#world.host.raise('SIGINT');
    else this.stop('q');
  }

  #changed(files: ReadonlySet<string>): void {
    const before = this.#cause;
    const at = this.#firstChange ?? this.#world.host.tick();
    this.#firstChange = undefined;
    const type = before?.type === 'asked' ? 'asked' : 'changed';
    this.#cause = {type, files: new Set([...(before?.files ?? []), ...files]), at};
    this.#wake?.();
  }

  /** What is to be done next; undefined when it was stopped. */
  async #next(): Promise<Cause | undefined> {
    while (this.#cause === undefined && !this.#stopped && this.#bug === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#bug !== undefined) throw this.#bug.error;
    const cause = this.#cause;
    this.#cause = undefined;
    return this.#stopped ? undefined : cause;
  }

  /** Looks at what there is and starts what follows from it. */
  async #turn(cause: Cause): Promise<readonly Diagnostic[]> {
    this.#turning = true;
    if (this.#current !== undefined) this.#noteFailures(this.#current);
    const hopeless = await this.#follow(cause);
    this.#turning = false;
    return hopeless;
  }

  async #follow(cause: Cause): Promise<readonly Diagnostic[]> {
    const looked = await this.#ground.look();
    if (!looked.ok) return this.#broken(cause, looked.error);
    const work = looked.value;
    if (cause.type === 'changed' && this.#current !== undefined) {
      if (isSameWork(this.#current.work, work)) return this.#tellChange(cause, 'fresh', []);
    }
    const workshop = await this.#ground.workshop(work);
    if (!workshop.ok) return this.#broken(cause, workshop.error);
    return this.#build(cause, work, workshop.value);
  }

  async #build(cause: Cause, work: OpenWork, shop: Workshop): Promise<readonly Diagnostic[]> {
    const none: ReadonlySet<Label> = new Set();
    const sound = makeSoundPlan(work, none, 'mend');
    if (!sound.ok) return this.#broken(cause, sound.error);
    this.#tellAll(sound.value.warnings);
    const missing = allMissing(this.#world, work, sound.value.plan);
    if (missing.length > 0) return this.#broken(cause, missing);
    const inside = contextIn(shop, work, this.#runSettings());
    const replan = (): ReturnType<typeof planAgain> => planAgain(work, none);
    const treatment = {replan, remembered: true};
    const settled = await settle(inside.context, work, sound.value.plan, treatment);
    if (!settled.ok) return this.#broken(cause, settled.error);
    const plan = settled.value;
    this.#tellChange(cause, 'runs', this.#starts(work, plan));
    const before = await this.#takeOver(plan);
    if (this.#stopped) return [];
    this.#start(cause, work, inside, plan, before);
    return [];
  }

  /** What the build before leaves to this plan. */
  async #takeOver({nodes}: Plan): Promise<Before> {
    const current = this.#current;
    if (current === undefined) return NOTHING_BEFORE;
    current.replaced = true;
    const isKept: IsKept = (label, key) => nodes.get(label)?.key === key;
    const before = await current.run.makeWay(isKept);
    this.#noteFailures(current);
    return before;
  }

  #start(cause: Cause, work: OpenWork, inside: RunInWorkshop, plan: Plan, before: Before): void {
    const {host} = this.#world;
    const run = new BuildRun(inside.context, plan, {
      jobs: work.project.config.jobs,
      memoryBytes: inside.memoryBytes,
      onFailure: failureMode(this.#world),
      forced: new Set(),
      live: host.stderr.isTerminal,
      abort: () => inside.abort(),
      before,
      failed: this.#failed,
      begun: cause.at,
    });
    const ended = run.run(work.targets).then(async (summary) => {
      if (current.replaced) return;
      this.#current = undefined;
      if (summary.ok) {
        const kept = remember(inside.context, buildOf(work));
        if (!kept.ok) this.#tellAll(kept.error);
      }
      this.#noteFailures({work, run});
      await this.#rest(work);
    });
    const current: Current = {run, work, inside, ended, replaced: false};
    this.#current = current;
    // A bug ends the watch, and the terminal is given back before it is told.
    ended.catch((error: unknown) => {
      this.#bug = {error};
      this.#wake?.();
    });
  }

  /** Nothing runs: what the next build would have to wait for is done now. */
  async #rest(work: OpenWork): Promise<void> {
    if (this.#stopped) return;
    this.#tellWatching();
    work.knowledge.saveCache();
    const workshop = await this.#ground.workshop(work);
    if (!workshop.ok) return;
    // Where it cannot be had, the node that needs it says so.
    await workshop.value.worker.get();
    this.#builds += 1;
    const isIdle = this.#current === undefined && !this.#turning;
    if (this.#builds < BUILDS_OF_A_RUN || !isIdle) return;
    this.#builds = 0;
    await this.#ground.renew(work);
  }

  /** Only what is in the store as failed: a key that could not be tried is tried again. */
  #noteFailures({work, run}: Pick<Current, 'work' | 'run'>): void {
    const {resolver, graph, log} = work;
    for (const [label, failure] of run.failures) {
      this.#lastLog = failure.logFile ?? this.#lastLog;
      const node = graph.nodes.get(label);
      if (node === undefined || node.kind === 'fetch') continue;
      const known = resolver.resolve(node);
      if (known.type === 'open' || log.byKey(known.key)?.outcome !== 'failed') continue;
      this.#failed.add(known.key);
    }
  }

  /** What is begun: not what goes on, and not what failed before. */
  #starts({resolver}: OpenWork, {nodes}: Plan): readonly Label[] {
    const last = this.#current;
    const goesOn = (label: Label): boolean =>
      last?.run.running.has(label) === true &&
      last.work.resolver.recipeKeyOf(label) === resolver.recipeKeyOf(label);
    return [...nodes.values()]
      .filter(({kind, verdict}) => kind !== 'fetch' && verdict !== 'fresh')
      .filter(({label, key}) => !goesOn(label) && (key === null || !this.#failed.has(key)))
      .map((one) => one.label);
  }

  #runSettings(): Parameters<typeof contextIn>[2] {
    return {
      host: this.#world.host,
      listener: this.#settings.listener,
      offline: isSet(this.#world, 'offline'),
      wait: optionOf(this.#world, 'wait') !== false,
      engine: this.#version,
      roots: ROOT_COMPOSER,
      owner: undefined,
    };
  }

  // --- what is told --------------------------------------------------------------------------------

  #tell(event: Event): void {
    this.#settings.listener(event);
  }

  #tellAll(diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) this.#tell({type: 'diagnostic', diagnostic});
  }

  /** Broken recipes are mended some time, and the builds under way go on. */
  #broken(cause: Cause, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
    if (cause.type === 'start' && diagnostics.every(isHopeless)) return diagnostics;
    this.#tellChange(cause, 'broken', []);
    this.#tellAll(diagnostics);
    if (this.#current === undefined) this.#tellWatching();
    return [];
  }

  #tellChange(
    {files}: Cause,
    state: 'runs' | 'fresh' | 'broken',
    starts: readonly Label[],
  ): readonly Diagnostic[] {
    if (files.size === 0) return [];
    const shown = [...files].sort().slice(0, FILES_SHOWN);
    this.#tell({
      type: 'changed',
      files: shown.map((file) => this.#shown(file)),
      more: files.size - shown.length,
      state: state === 'runs' && starts.length === 0 ? 'fresh' : state,
      starts: starts.slice(0, STARTS_SHOWN),
      moreStarts: Math.max(0, starts.length - STARTS_SHOWN),
    });
    return [];
  }

  #shown(file: string): string {
    const relative = path.relative(this.#ground.root, file);
    return relative.startsWith('..') ? file : relative;
  }

  #tellWatching(): void {
    const {folders, polling} = this.#ground;
    this.#tell({type: 'watching', folders, polling, keys: this.#settings.keys});
  }

  #showLog(): void {
    if (this.#lastLog === undefined) {
      return this.#tell({type: 'message', text: 'nothing has failed yet'});
    }
    this.#tell({type: 'message', text: `${this.#lastLog}:`});
    for (const line of lastLines(this.#lastLog, LOG_LINES)) {
      this.#tell({type: 'message', text: harmless(line)});
    }
  }
}

/** What no change of a file mends: there is no project, or no such target in a good one. */
function isHopeless({code}: Diagnostic): boolean {
  return code === 'config/not-found' || code.startsWith('target/');
}

/** Whether a build of the one is one of the other: nothing that decides about it has changed. */
function isSameWork(one: OpenWork, other: OpenWork): boolean {
  if (one.wanted.size !== other.wanted.size || one.store.root !== other.store.root) return false;
  return [...other.wanted].every(
    (label) =>
      one.wanted.has(label) &&
      one.resolver.recipeKeyOf(label) === other.resolver.recipeKeyOf(label),
  );
}
