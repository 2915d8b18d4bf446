/**
 * `run` and `shell`: commands and shells in the sandbox, in what a build sees, in what a failed
 * one left, or in a root of built artifacts.
 */
import {isatty} from 'node:tty';
import {fail, type Checked} from '../base/diagnostic.ts';
import {exists} from '../base/files.ts';
import {actionKey, isDigest} from '../base/hash.ts';
import type {Label} from '../base/label.ts';
import {ok} from '../base/result.ts';
import {withRunClosure} from '../graph/closure.ts';
import type {RunContext} from '../run/context.ts';
import {buildSpec, triggerSpec} from '../run/job-spec.ts';
import {openRunContext, type OpenContext} from '../run/open-context.ts';
import {makePlan} from '../run/plan.ts';
import {relyOn, rootsOfSpec} from '../run/reliance.ts';
import {layRoot} from '../run/root-work.ts';
import {buildOf} from '../run/tasks.ts';
import {ROOT_COMPOSER} from '../rootfs/composer.ts';
import {ownerFor} from '../sandbox/launch.ts';
import {INSIDE} from '../sandbox/places.ts';
import type {InteractiveSpec, JobSpec, Layer} from '../sandbox/protocol.ts';
import {readRecord} from '../../store/records.ts';
import {hasTree} from '../../store/trees.ts';
import {guard} from '../../store/trouble.ts';
import {openFresh} from './artifacts.ts';
import {openWork, type OpenWork} from './open.ts';
import {buildInputs} from './build.ts';
import {engineVersion} from './shipped.ts';
import {isSet, textOption, type Answer, type World} from './world.ts';

/** `run LABEL -- CMD`: in a root of the target and what it needs to run; on the host's /usr where it was built on it. */
export async function runCommand(world: World): Answer {
  const [word = '', ...rest] = world.call.words;
  const command = rest[0] === '--' ? rest.slice(1) : rest;
  if (command.length === 0)
    return fail('usage/wrong', 'name the command: recipes run LABEL -- CMD');
  const opened = await openFresh(world, [word]);
  if (!opened.ok) return opened;
  return inRoot(world, opened.value, command);
}

export async function shell(world: World): Answer {
  if (isSet(world, 'root')) {
    const opened = await openFresh(world, world.call.words);
    return opened.ok ? inRoot(world, opened.value, commandOf(world)) : opened;
  }
  const [word = ''] = world.call.words;
  const opened = isSet(world, 'failed')
    ? await openWork(world, [word])
    : await openInputs(world, word);
  if (!opened.ok) return opened;
  const [label] = opened.value.targets;
  if (label === undefined) return fail('usage/wrong', 'name one target');
  return isSet(world, 'failed')
    ? inFailed(world, opened.value, label)
    : inBuild(world, opened.value, label);
}

/** What a target needs is built first; the target itself is not. */
async function openInputs(world: World, word: string): Promise<Checked<OpenWork>> {
  const opened = await openWork(world, [word]);
  if (!opened.ok) return opened;
  const built = await buildInputs(world, opened.value);
  return built.ok ? opened : built;
}

async function inBuild(world: World, work: OpenWork, label: Label): Answer {
  return interact(world, work, {
    spec: (context) => specOf(context, work, label),
    ...{resume: undefined, command: commandOf(world)},
  });
}

/** The folder, environment and variables of the build that failed, where it failed. */
async function inFailed(world: World, work: OpenWork, label: Label): Answer {
  makePlan(work.graph, work.resolver, work.wanted, new Set());
  const row = work.log.latest(label, 'failed');
  const record = row === undefined ? undefined : readRecord(work.store, row.key);
  const kept = record?.ok === true ? record.value?.failure?.kept : undefined;
  if (kept === undefined || !exists(`${work.store.root}/${kept}`)) {
    return fail('store/no-failed-build', `there is no failed build of ${label} to open`);
  }
  return interact(world, work, {
    spec: (context) => specOf(context, work, label),
    ...{resume: kept, command: commandOf(world)},
  });
}

/** Of a root it is what its triggers run in. */
function specOf(context: RunContext, work: OpenWork, label: Label): Checked<JobSpec> {
  const build = buildOf(work.graph, label);
  if (build === undefined) return fail('usage/wrong', `${label} is no build`);
  const resolution = work.resolver.resolve(build);
  if (resolution.type === 'open') {
    return fail(
      'target/not-built',
      `what ${label} needs is not built: ${resolution.on.join(', ')}`,
    );
  }
  const {inputs} = resolution;
  if (build.root === undefined) {
    return ok(buildSpec(label, build.build, inputs, build.replaces, work.graph.generated));
  }
  const laid = layRoot(context, build, inputs);
  if (!laid.ok) return laid;
  return ok(triggerSpec(label, build.build, laid.value.tree, laid.value.triggers));
}

/** A root of artifacts; what was built on the host runs on the host's /usr, its files at /sysroot. */
function inRoot(world: World, work: OpenWork, command: readonly string[] | undefined): Answer {
  const labels = withRunClosure(work.graph, work.targets);
  const layers: Layer[] = labels.flatMap((owner) => {
    const tree = work.resolver.treeOf(owner);
    return tree === undefined ? [] : [{owner, tree}];
  });
  const [label] = work.targets;
  if (label === undefined) return Promise.resolve(fail('usage/wrong', 'name a target'));
  const onHost = !isSet(world, 'root') && buildOf(work.graph, label)?.build.in.type === 'host';
  const spec: JobSpec = {
    label,
    environment: onHost ? 'host' : 'root',
    tools: {},
    layers,
    baseLayers: 0,
    sources: [],
    patches: [],
    top: '',
    env: onHost ? HOST_ENV : ROOT_ENV,
    variables: {},
    shell: [],
    steps: [],
    milliseconds: Number.MAX_SAFE_INTEGER,
    capture: undefined,
  };
  return interact(world, work, {spec: () => ok(spec), resume: undefined, command});
}

const ROOT_ENV = {PATH: '/usr/bin:/usr/sbin:/bin:/sbin', HOME: '/root', TERM: 'linux'};
/** Programs at /sysroot find their libraries there: nothing of the host is in front of them. */
const HOST_ENV = {
  PATH: '/sysroot/usr/bin:/sysroot/usr/sbin:/usr/bin:/usr/sbin',
  LD_LIBRARY_PATH: '/sysroot/usr/lib',
  HOME: '/build',
  TERM: 'linux',
};

type Session = Omit<InteractiveSpec, 'scratch'>;

interface Wanted extends Omit<Session, 'spec'> {
  readonly spec: (context: RunContext) => Checked<JobSpec>;
}

async function interact(world: World, work: OpenWork, wanted: Wanted): Answer {
  const opened = await openRunContext(work, {
    host: world.host,
    listener: () => undefined,
    offline: isSet(world, 'offline'),
    wait: true,
    engine: engineVersion(),
    roots: ROOT_COMPOSER,
    owner: ownerFor(world.host.uid),
    terminal: true,
  });
  if (!opened.ok) return opened;
  try {
    const spec = wanted.spec(opened.value.context);
    if (!spec.ok) return spec;
    const session = {...wanted, spec: spec.value};
    const named = nameAll(opened.value.context, session);
    return named.ok ? await enter(world, opened.value, session) : named;
  } finally {
    await opened.value.close();
  }
}

/** gc keeps what the shell is made of, and the failed build it opens. */
function nameAll(context: RunContext, {spec, resume}: Session): Checked<undefined> {
  const {store} = context;
  const key = resume?.split('/').at(-1) ?? '';
  const roots = [
    ...rootsOfSpec(spec),
    ...(isDigest(key) ? [`key ${actionKey(key)}` as const] : []),
  ];
  const isThere = (): boolean => spec.layers.every(({tree}) => hasTree(store, tree));
  const there = guard(store.root, () => relyOn(context, roots, isThere));
  if (!there.ok) return there;
  if (there.value) return ok(undefined);
  const hint = `recipes build ${spec.label}`;
  return fail('target/not-built', 'gc has removed it from the store just now', {hint});
}

async function enter(world: World, {context}: OpenContext, wanted: Session): Answer {
  const worker = await context.worker.get();
  if (!worker.ok) return worker;
  const stop = new AbortController();
  // A Ctrl-C at the terminal is for the program inside, where that has the terminal.
  world.onInterrupt((signal) => {
    if (signal === 'SIGINT' && isatty(0)) return 'ignored';
    stop.abort();
    void context.worker.quit();
    return 'taken';
  });
  const scratch = `scratch/${context.run.id}/shell`;
  const status = await worker.value.interactive({...wanted, scratch});
  return stop.signal.aborted ? ok(1) : status;
}

/** The text runs where an interactive shell would be, with the same variables and `step`. */
function commandOf(world: World): readonly string[] | undefined {
  const text = textOption(world, 'command');
  return text === undefined ? undefined : ['bash', '-c', `. ${INSIDE.control}/rc\n${text}`];
}
