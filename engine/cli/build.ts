/**
 * `build` and `test`: plan, run, report. What runs and how is engine/run's business.
 */
import {exitCodeOf, fail, type Checked, type Diagnostic} from '../base/diagnostic.ts';
import type {Failure, Listener, Summary} from '../base/event.ts';
import {testLabel, type Label} from '../base/label.ts';
import {Bug, err, ok} from '../base/result.ts';
import {timed} from '../base/span.ts';
import {nextTurn} from '../base/turn.ts';
import type {BuildGraph} from '../graph/model.ts';
import {configFile} from '../load/root.ts';
import {BuildRun} from '../run/build-run.ts';
import type {RunContext} from '../run/context.ts';
import {closureOf, fetchesOf} from '../run/plan.ts';
import {isAllFresh, type Plan} from '../run/plan-nodes.ts';
import type {FailureMode} from '../run/task.ts';
import {
  holdsStill,
  isRemembered,
  remember,
  type ProjectBuild,
  type RootMark,
} from '../run/project-root.ts';
import {isSpaceLow, settlePlan} from '../run/settle.ts';
import {makeSoundPlan} from '../run/sound-plan.ts';
import {dependenciesIn} from '../run/tasks.ts';
import {missingTools} from '../run/tools.ts';
import {openRunContext} from '../run/open-context.ts';
import type {RunHandle} from '../../store/claims.ts';
import type {Store} from '../../store/layout.ts';
import type {WorkerHolder} from '../run/worker-holder.ts';
import {ROOT_COMPOSER} from '../rootfs/composer.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {createReporter} from '../ui/reporter.ts';
import {Early} from './early.ts';
import {rememberIdle} from './keep-idle.ts';
import {rememberOutcomes} from './keep-outcomes.ts';
import {openWork, type OpenWork} from './open.ts';
import type {Outcomes} from './outcome-table.ts';
import {pastOf} from './past.ts';
import {planRecord, planText} from './plan-report.ts';
import {engineVersion} from './shipped.ts';
import {excerptReader, isSet, optionOf, textOption, type Answer, type World} from './world.ts';

export function build(world: World): Answer {
  const which = textOption(world, 'tests') ?? 'none';
  return recorded(world, (watched) =>
    buildTargets(watched, (graph, targets) => [...targets, ...testsOf(graph, targets, which)]),
  );
}

export function test(world: World): Answer {
  return recorded(world, (watched) =>
    buildTargets(watched, (graph, targets) => testsOf(graph, targets, 'all', true), true),
  );
}

/** With `--trace` or `--timings` the time is measured and written down, whatever the outcome. */
async function recorded(world: World, answer: (world: World) => Answer): Answer {
  const asked = ['trace', 'timings'].some((name) => textOption(world, name) !== undefined);
  return asked ? (await import('./timings.ts')).answerTimed(world, answer) : answer(world);
}

/** The tests of what is wanted: of the targets alone, or of all they need too. */
export function testsOf(
  graph: BuildGraph,
  targets: readonly Label[],
  which: string,
  direct = false,
): readonly Label[] {
  if (which === 'none') return [];
  const among = direct ? targets : [...closureOf(graph, targets)];
  return among.map(asTest).filter((label) => {
    const node = graph.nodes.get(label);
    return node?.kind === 'test' && (which === 'all' || node.plan.critical);
  });
}

function asTest(label: Label): Label {
  return label.endsWith('#test') ? label : testLabel(label);
}

/**
 * Builds what some targets need, and fetches their sources, but not the targets themselves.
 * Fails when a part of it fails.
 */
export async function buildInputs(world: World, work: OpenWork): Promise<Checked<undefined>> {
  const sound = makeSoundPlan(work, new Set(work.targets), 'mend');
  if (!sound.ok) return sound;
  if (sound.value.warnings.length > 0) await world.show(sound.value.warnings);
  const plan = withoutTargets(work, sound.value.plan);
  if (isAllFresh(work.graph, plan)) return ok(undefined);
  const replan = (): Checked<Plan> => planAgain(work, new Set(work.targets));
  const status = await runPlan(world, work, plan, new Set(), {
    replan: () => {
      const again = replan();
      return again.ok ? ok(withoutTargets(work, again.value)) : again;
    },
    remembered: false,
  });
  if (!status.ok) return status;
  return status.value === 0
    ? ok(undefined)
    : fail('build/skipped', 'what it needs could not be built');
}

function withoutTargets({targets}: OpenWork, {nodes}: Plan): Plan {
  return {nodes: new Map([...nodes].filter(([label]) => !targets.includes(label)))};
}

/** A plan of what the store has by now: some of it has gone since the last one was made. */
export function planAgain(work: OpenWork, forced: ReadonlySet<Label>): Checked<Plan> {
  work.resolver.forget();
  const imported = work.knowledge.importAgain();
  if (!imported.ok) return imported;
  const sound = makeSoundPlan(work, forced, 'mend');
  return sound.ok ? ok(sound.value.plan) : sound;
}

type Widen = (graph: BuildGraph, targets: readonly Label[]) => readonly Label[];

async function buildTargets(world: World, widen: Widen, tests = false): Answer {
  const early = new Early(world);
  const onChange: Early['begin'] = (store, stale) => early.begin(store, stale);
  const onSuspicion = (store: Store): void => early.suspect(store);
  const onUnknown = (): void => early.foresee();
  const additions = {widen, onUnknown, onChange, onSuspicion};
  const opened = await openWork(world, wordsOf(world), additions);
  if (opened.ok) await early.ready(opened.value);
  const status = opened.ok ? await buildOpened(world, opened.value, early, tests) : opened;
  await early.end();
  return status;
}

async function buildOpened(
  world: World,
  work: OpenWork,
  {worker, run}: Early,
  tests: boolean,
): Answer {
  world.watch.connect((label) => waitsFor(work, label));
  if (tests && work.targets.length === 0) {
    const hint = 'a recipe states it as `test:`';
    return fail('target/unknown', `${wordsOf(world).join(' ')}: there is no test`, {hint});
  }
  const forced = new Set(isSet(world, 'force') ? work.targets : []);
  const {engine} = world.watch;
  const sound = timed(engine, 'engine', 'plan', () =>
    makeSoundPlan(work, forced, isSet(world, 'dryRun') ? 'look' : 'mend'),
  );
  work.knowledge.saveCache();
  if (!sound.ok) return sound;
  const {plan, warnings} = sound.value;
  if (warnings.length > 0) await world.show(warnings);
  if (isSet(world, 'dryRun')) return report(world, work, plan);
  const missing = timed(engine, 'engine', 'look for tools', () => allMissing(world, work, plan));
  if (missing.length > 0) return err(missing);
  const replan = (): Checked<Plan> => planAgain(work, forced);
  let kept: Outcomes | undefined;
  const onKept = (outcomes: Outcomes | undefined): void => void (kept = outcomes);
  const treatment = {replan, remembered: true, worker, run, onKept};
  const status = await runPlan(world, work, plan, forced, treatment);
  rememberIdle(world, work, plan, status, kept);
  return status;
}

/** What has to end before a node: for the chain of those that held up the end. */
function waitsFor({graph, project}: OpenWork, label: Label): readonly Label[] {
  const fetches = fetchesOf(graph, label).map((fetch) => fetch.label);
  return [...dependenciesIn(graph, label, project.config.testsGate), ...fetches];
}

/** Tools that are not here, else, with --offline, sources. */
export function allMissing(world: World, work: OpenWork, plan: Plan): readonly Diagnostic[] {
  const tools = missingTools(work.graph, work.knowledge, plan);
  return tools.length > 0 || !isSet(world, 'offline') ? tools : missingSources(work, plan);
}

/** Without words everything is wanted. */
export function wordsOf(world: World): readonly string[] {
  return world.call.words.length === 0 ? ['**'] : world.call.words;
}

function report(world: World, work: OpenWork, plan: Plan): Answer {
  const text =
    world.call.globals.json === true
      ? JSON.stringify(planRecord(work, plan))
      : planText(work, plan, isSet(world, 'explain'));
  world.print(text);
  return Promise.resolve(ok(0));
}

/** Every source that would have to be fetched, all at once. */
function missingSources(work: OpenWork, plan: Plan): readonly Diagnostic[] {
  return [...plan.nodes.values()].flatMap((planned) => {
    const node = work.graph.nodes.get(planned.label);
    if (node?.kind !== 'fetch') return [];
    const message = `${node.source.placement.name} is not in the store and --offline is set`;
    return [{code: 'source/offline', severity: 'error', message, at: node.source.at} as const];
  });
}

/** How a plan is treated. */
export interface Treatment {
  /** Makes it again where what it relies on has gone meanwhile. */
  readonly replan: () => Checked<Plan>;
  /** A good end is the project's: gc keeps what it came to. */
  readonly remembered: boolean;
  /** Those that are on their way. */
  readonly worker?: WorkerHolder | undefined;
  readonly run?: RunHandle | undefined;
  /** Told what is kept of the nodes after a good end. */
  readonly onKept?: (outcomes: Outcomes | undefined) => void;
}

/** Runs a plan with its progress shown; gives the exit code. */
export async function runPlan(
  world: World,
  work: OpenWork,
  planned: Plan,
  forced: ReadonlySet<Label>,
  treatment: Treatment = {replan: () => ok(planned), remembered: false},
): Answer {
  const reporter = createReporter(progressOf(world), {
    host: world.host,
    color: world.call.globals.color,
    verbose: world.call.globals.verbose === true,
    readText: excerptReader(world.cwd),
  });
  const {engine} = world.watch;
  const opened = await timed(engine, 'engine', 'open the run', () =>
    openRun(world, work, reporter.listener, treatment),
  );
  if (!opened.ok) return opened;
  const {context} = opened.value;
  const settled = await timed(engine, 'engine', 'settle the plan', () =>
    settle(context, work, planned, treatment),
  );
  if (!settled.ok) {
    await opened.value.close();
    return settled;
  }
  const run = new BuildRun(context, settled.value, {
    jobs: work.project.config.jobs,
    memoryBytes: opened.value.memoryBytes,
    onFailure: failureMode(world),
    forced,
    live: world.host.stderr.isTerminal,
    abort: opened.value.abort,
  });
  world.onInterrupt((signal) => {
    opened.value.abort();
    run.interrupt(signal);
    return 'taken';
  });
  const summary = await timed(engine, 'engine', 'run', () => run.run(work.targets));
  const kept =
    summary.ok && treatment.remembered
      ? timed(engine, 'engine', 'remember the build', () =>
          remember(context, buildOf(work), markOf(work), pastOf(work)),
        )
      : ok(undefined);
  const {closed} = await beginClosing(() =>
    timed(engine, 'engine', 'close the run', () => opened.value.close()),
  );
  reporter.close();
  if (prints(world)) world.print(JSON.stringify(resultRecord(work, summary)));
  if (kept.ok && summary.ok && treatment.remembered) {
    timed(engine, 'engine', 'keep outcomes', () => {
      treatment.onKept?.(rememberOutcomes(world.host, work, kept.value));
    });
  }
  await closed;
  if (!kept.ok) return kept;
  return ok(exitCode(summary, run.failures));
}

/** The worker is told to end before we go on. Whatever becomes of it is told to who waits for it. */
async function beginClosing(close: () => Promise<void>): Promise<{readonly closed: Promise<void>}> {
  const closed = close();
  closed.catch(() => undefined);
  await nextTurn();
  return {closed};
}

function openRun(
  world: World,
  work: OpenWork,
  listener: Listener,
  {worker, run}: Treatment,
): ReturnType<typeof openRunContext> {
  const {watch, host} = world;
  return openRunContext(work, {
    ...{host, watch, worker, run},
    listener: (event) => {
      watch.listener(event);
      listener(event);
    },
    offline: isSet(world, 'offline'),
    wait: optionOf(world, 'wait') !== false,
    engine: engineVersion(),
    roots: ROOT_COMPOSER,
    owner: ownerFor(host.uid),
  });
}

/**
 * The plan with all it relies on named, so that gc keeps it. Where nothing runs and the project's
 * root says the same, there is nothing to name.
 */
export async function settle(
  context: RunContext,
  work: OpenWork,
  plan: Plan,
  {replan, remembered}: Treatment,
): Promise<Checked<Plan>> {
  const idle = isAllFresh(work.graph, plan);
  const [build, mark] = [buildOf(work), markOf(work)];
  if (idle && (!remembered || isRemembered(work.store, build, mark))) return ok(plan);
  const isHeld = remembered && holdsStill(work.store, build, mark);
  const settled = settlePlan(context, plan, replan, isHeld);
  if (settled.ok && !idle && isSpaceLow(context)) {
    (await import('../run/low-space.ts')).collectForSpace(context);
  }
  return settled;
}

/** What is known of the project's root since outcomes were kept. */
function markOf({outcomes}: OpenWork): RootMark | undefined {
  return outcomes.recalled?.outcomes.head.root ?? undefined;
}

export function buildOf({graph, resolver, targets, wanted, project}: OpenWork): ProjectBuild {
  const file = configFile(project.root);
  if (file === undefined) throw new Bug(`${project.root} has lost its configuration`);
  return {graph, resolver, targets, wanted, configFile: file};
}

/** `build --json`; other commands that build something on the way have a record of their own. */
function prints({call}: World): boolean {
  return call.globals.json === true && ['build', 'test'].includes(call.command);
}

export function progressOf(world: World): 'auto' | 'plain' | 'fancy' | 'json' | 'quiet' {
  return world.call.globals.quiet === true ? 'quiet' : world.call.globals.progress;
}

export function failureMode(world: World): FailureMode {
  if (isSet(world, 'keepGoing')) return 'continue';
  const mode = textOption(world, 'onError');
  return mode === 'continue' || mode === 'kill' ? mode : 'finish';
}

/** The record `build --json` ends with. */
function resultRecord(work: OpenWork, summary: Summary): object {
  const {ok: good, executed, fresh, failed, skipped, cancelled, milliseconds} = summary;
  return {
    ok: good,
    executed,
    fresh,
    failed,
    skipped: [...skipped, ...cancelled],
    targets: work.targets.map((label) => ({
      label,
      key: work.resolver.keyOf(label) ?? null,
      tree: work.resolver.treeOf(label) ?? null,
    })),
    durationMs: Math.round(milliseconds),
  };
}

/** A full disk or a machine that cannot goes before failed steps; a skipped target is a failure. */
function exitCode(summary: Summary, failures: ReadonlyMap<Label, Failure>): number {
  if (summary.ok) return 0;
  const codes = [...failures.values()].map((failure) => exitCodeOf(failure.diagnostics));
  return Math.max(1, ...codes);
}
