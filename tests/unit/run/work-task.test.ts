/** One build or test: what the worker is asked, and what becomes of its answer. */
import fs from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {fail, problem, warning, type Checked} from '../../../engine/base/diagnostic.ts';
import type {Event, Failure} from '../../../engine/base/event.ts';
import {blobDigest, sha256} from '../../../engine/base/hash.ts';
import {WorkerHolder} from '../../../engine/run/worker-holder.ts';
import {dropKept, work, type Job, type WorkEnd} from '../../../engine/run/work-task.ts';
import type {JobResult} from '../../../engine/sandbox/protocol.ts';
import {keptIn, logIn, treeIn} from '../../../store/layout.ts';
import {hasBlob, putBytes} from '../../../store/pool.ts';
import {at, label, remote, type Builds} from '../graph/values.ts';
import {emptyStore, folder} from '../store/rig.ts';
import {tar} from '../source/tar-bytes.ts';
import {
  badlyEnded,
  bedOf,
  contextFor,
  FakeWorker,
  holderOf,
  storedTree,
  wellEnded,
  type BedParts,
  type Bed,
  type Script,
} from './rig.ts';

const BUILDS: Builds = {'x/a': {test: {known: ['net']}}, 'x/b': ['a']};

interface Bench {
  readonly bed: Bed;
  readonly worker: FakeWorker;
  readonly events: Event[];
  run(name: string, more?: Partial<Job>, holder?: WorkerHolder): Promise<WorkEnd>;
}

/** A worker that writes `log` before it answers. */
function bench(
  t: ExecutionContext,
  builds: Builds = BUILDS,
  script: Script = () => wellEnded(undefined),
  parts: BedParts & {log?: string} = {},
): Bench {
  const bed = bedOf(t, builds, parts);
  const events: Event[] = [];
  const worker = new FakeWorker((job) => {
    fs.writeFileSync(path.join(bed.store.root, job.request.log), parts.log ?? 'the log\n');
    return script(job);
  });
  const run: Bench['run'] = (name, more, holder = holderOf(worker)) => {
    const node = bed.node(name);
    const build = node.kind === 'test' ? bed.build(node.of) : node;
    const hooks = {onStart: () => undefined, onReply: () => undefined, isPatient: () => false};
    const job = {node, build, known: bed.known(name), jobs: 2, keepBuild: false, ...hooks, ...more};
    return work(contextFor(bed, {events, worker: holder}), job);
  };
  return {bed, worker, events, run};
}

function failureOf(end: WorkEnd): Failure {
  if (end.ok) throw new Error('it ended well');
  return end.error;
}

const codes = (end: WorkEnd): string[] => failureOf(end).diagnostics.map((one) => one.code);

test('a build: what is asked, and its tree when it ends well', async (t) => {
  const {bed, worker, run} = bench(t, BUILDS, () => wellEnded(storedTree(bed.store, {a: '1'})));
  const started: unknown[] = [];
  const end = await run('x/a', {onStart: (by, id, log) => started.push(by, id, log), jobs: 3});
  t.deepEqual(end, {ok: true, value: storedTree(bed.store, {a: '1'})});
  const {key} = bed.known('x/a');
  const log = `x_a-${key.slice(0, 8)}-1.log`;
  t.deepEqual(started, [worker, 1, log]);
  const request = worker.jobs[0]?.request;
  t.like(request, {
    ...{log: `logs/${log}`, tokens: 2, jobs: 3, resume: undefined},
    keep: {always: false, folder: `failed/${key}`},
  });
  t.like(request?.spec, {label: label('x/a'), capture: {drop: bed.graph.generated}});
  t.regex(request?.scratch ?? '', /^scratch\/no-run\/\d+$/);
  t.true(bed.resolver.isDone(bed.node('x/a'), key));
});

test('no two jobs have one scratch folder or one log', async (t) => {
  const {worker, run} = bench(t, BUILDS, () => badlyEnded());
  await run('x/a');
  await run('x/a');
  const requests = worker.jobs.map((one) => one.request);
  t.is(new Set(requests.map((one) => one.scratch)).size, 2);
  t.is(new Set(requests.map((one) => one.log)).size, 2);
});

test('a build that fails: why, where, the end of its log', async (t) => {
  const lines = Array.from({length: 30}, (_, place) => `line ${place}\n`).join('');
  const diagnostics = [problem('step/failed', 'make ended with 2')];
  const {bed, run} = bench(t, BUILDS, () => badlyEnded({diagnostics}), {log: lines});
  const failure = failureOf(await run('x/a'));
  t.like(failure, {diagnostics, machine: false, step: 'install', exit: 2});
  t.is(failure.tail.length, 20);
  t.is(failure.tail.at(-1), 'line 29');
  t.is(failure.logFile, logIn(bed.store, bed.log.latest(label('x/a'))?.log ?? ''));
});

test('warnings of a build that ended well are told', async (t) => {
  const one = warning('sandbox/left-out', 'a socket was left out');
  const {bed, events, run} = bench(t, BUILDS, () =>
    wellEnded(storedTree(bed.store, {}), {warnings: [one]}),
  );
  await run('x/a');
  t.deepEqual(events, [{type: 'diagnostic', diagnostic: one}]);
});

const MACHINES: readonly (readonly [string, Checked<JobResult>, string | undefined])[] = [
  ['the worker is gone', fail('machine/worker', 'gone'), 'machine/worker'],
  ['no space is left', fail('store/full', 'full'), 'store/full'],
  [
    'it was killed',
    {ok: true, value: badlyEnded({machine: true, diagnostics: [problem('step/killed', 'killed')]})},
    'step/killed',
  ],
];

for (const [what, answer, code] of MACHINES) {
  test(`${what}: a failure of the machine, with its log, not remembered`, async (t) => {
    const {bed, worker, run} = bench(t, BUILDS, () => undefined);
    const ended = run('x/a');
    (await worker.job('x/a')).end(answer);
    const failure = failureOf(await ended);
    t.true(failure.machine);
    t.is(failure.diagnostics[0]?.code, code as never);
    t.is(fs.readFileSync(failure.logFile ?? '', 'utf8'), 'the log\n');
    t.is(bed.log.latest(label('x/a')), undefined);
  });
}

test('a machine without sandboxes: nothing is asked', async (t) => {
  const {run} = bench(t);
  const none = new WorkerHolder(() => Promise.resolve(fail('machine/sandbox', 'no namespaces')));
  const end = await run('x/a', {}, none);
  t.deepEqual(codes(end), ['machine/sandbox']);
  t.true(failureOf(end).machine);
});

test('a store that takes no record: the machine’s failure, though the build went well', async (t) => {
  const {bed, run} = bench(t, BUILDS, () => {
    fs.rmSync(path.join(bed.store.root, 'tmp'), {recursive: true});
    return wellEnded(undefined);
  });
  const end = await run('x/a');
  t.deepEqual(codes(end), ['store/unusable']);
  t.true(failureOf(end).machine);
});

// --- tests and what is kept for them -------------------------------------------------------------

test('a build whose test comes later is kept, the test begins there', async (t) => {
  const {bed, worker, run} = bench(t, BUILDS, () => wellEnded(undefined));
  bed.done(['x/a']);
  const {key} = bed.known('x/a');
  await run('x/a', {keepBuild: true});
  t.deepEqual(worker.jobs[0]?.request.keep, {always: true, folder: `kept/${key}`});
  const steps = (): readonly string[] =>
    worker.jobs.at(-1)?.request.spec.steps.map((one) => one.name) ?? [];
  await run('x/a#test', {keepBuild: true});
  t.deepEqual(steps(), ['install', 'check'], 'nothing is kept: it compiles again');
  t.is(worker.jobs.at(-1)?.request.resume, undefined);
  fs.mkdirSync(`${keptIn(bed.store, key)}/build`, {recursive: true});
  await run('x/a#test');
  t.deepEqual(steps(), ['check']);
  t.is(worker.jobs.at(-1)?.request.resume, `kept/${key}`);
  t.deepEqual(worker.jobs.at(-1)?.request.keep, {
    ...{always: false, folder: `failed/${bed.known('x/a#test').key}`},
  });
});

for (const [log, good] of [
  ['FAIL: net\n', true],
  ['FAIL: net\nFAIL: disk\n', false],
] as const) {
  test(`a test that printed ${JSON.stringify(log)} ends ${good ? 'well' : 'badly'}`, async (t) => {
    const {bed, run} = bench(t, BUILDS, () => badlyEnded(), {log});
    bed.done(['x/a']);
    t.is((await run('x/a#test')).ok, good);
  });
}

test('what was kept is removed by the worker, when there is any', async (t) => {
  const {bed, worker} = bench(t);
  const {key} = bed.known('x/a');
  const context = contextFor(bed, {worker: holderOf(worker)});
  await dropKept(context, key);
  t.deepEqual(worker.removed, []);
  fs.mkdirSync(keptIn(bed.store, key));
  await dropKept(context, key);
  t.deepEqual(worker.removed, [`kept/${key}`]);
});

// --- what is seen wrong before ------------------------------------------------------------------

/** A build of one patch whose file holds `now`, and whose key says `text`. */
function patched(t: ExecutionContext, now: string | undefined): Bench {
  const file = path.join(folder(t), 'fix.patch');
  if (now !== undefined) fs.writeFileSync(file, now);
  const patch = {file, name: 'fix.patch', strip: 1, at: at('a.yaml', 7)};
  const prints = {paths: new Map(), patches: new Map([[file, sha256('text')]])};
  return bench(t, {'x/a': {patches: [patch]}}, () => wellEnded(undefined), {prints});
}

test('patches lie in the store before they are applied', async (t) => {
  const {bed, worker, run} = patched(t, 'text');
  await run('x/a');
  t.not(hasBlob(bed.store, blobDigest(sha256('text'))), undefined);
  t.is(worker.jobs[0]?.request.spec.patches[0]?.blob, blobDigest(sha256('text')));
});

for (const [what, now, code] of [
  ['was changed', 'other', 'source/changed'],
  ['is gone', undefined, 'source/changed'],
] as const) {
  test(`a patch that ${what} since its key was made is not applied`, async (t) => {
    const {worker, run} = patched(t, now);
    t.deepEqual(codes(await run('x/a')), [code]);
    t.deepEqual(worker.labels, []);
  });
}

/** A build of an archive with these bytes. */
function archived(t: ExecutionContext, bytes: Buffer, unpack: 'auto' | false = 'auto'): Bench {
  const store = emptyStore(t);
  putBytes(store, bytes);
  const source = remote('a.tar', '0');
  const places = [{url: 'gnu:a', sha256: sha256(bytes), at: at('place', 1)}];
  const placed = {...source, places, placement: {...source.placement, unpack}};
  return bench(t, {'x/a': {sources: [placed]}}, () => wellEnded(undefined), {store});
}

for (const [what, bytes, unpack, expected] of [
  ['good', tar({name: 'a-1/x', content: 'x'}), 'auto', undefined],
  [
    'one that leaves its folder',
    tar({name: '../x', content: 'x'}),
    'auto',
    'source/archive-refused',
  ],
  [
    'one that is cut off',
    tar({name: 'x', content: 'x'.repeat(2000)}).subarray(0, 1200),
    'auto',
    'source/archive-damaged',
  ],
  ['a bad one that is not unpacked', tar({name: '../x'}), false, undefined],
] as const) {
  test(`an archive, ${what}: ${expected ?? 'built'}`, async (t) => {
    const {worker, run} = archived(t, bytes, unpack);
    const end = await run('x/a');
    if (expected === undefined) return t.deepEqual(worker.labels, ['x/a']);
    t.deepEqual(codes(end), [expected]);
    t.is(failureOf(end).diagnostics[0]?.at?.file, 'source.yaml');
    t.deepEqual(worker.labels, []);
  });
}

/** x/app over two layers that both have etc/conf. */
function layered(t: ExecutionContext, replaces: readonly string[]): Bench {
  const bench_ = bench(t, {'x/a': {}, 'x/b': {replaces}, 'x/app': ['a', 'b']});
  for (const name of ['x/a', 'x/b']) {
    const {bed} = bench_;
    bed.ended(name, wellEnded(storedTree(bed.store, {'etc/conf': name})));
    bed.resolver.isDone(bed.node(name), bed.known(name).key);
  }
  return bench_;
}

test('layers that clash are told at the build that needs both, unless one replaces', async (t) => {
  const clash = layered(t, []);
  const end = await clash.run('x/app');
  t.deepEqual(codes(end), ['build/conflict']);
  t.is(failureOf(end).diagnostics[0]?.at?.file, 'recipes/x/app.yaml');
  t.deepEqual(clash.worker.labels, []);
  const fine = layered(t, ['x/a']);
  t.true((await fine.run('x/app')).ok);
});

test('a layer that is gone from the store is told, not built over', async (t) => {
  const {bed, worker} = layered(t, ['x/a']);
  const {inputs} = bed.known('x/app');
  const known = {...bed.known('x/app'), inputs: {...inputs, layers: [...inputs.layers]}};
  const tree = inputs.layers[0]?.tree;
  if (tree === undefined) throw new Error('no layer');
  fs.rmSync(treeIn(bed.store, tree));
  // Another process: this one has the tree in memory.
  const fresh = bedOf(t, {'x/a': {}, 'x/b': {}, 'x/app': ['a', 'b']}, {store: {...bed.store}});
  const node = fresh.build('x/app');
  const hooks = {onStart: () => undefined, onReply: () => undefined, isPatient: () => false};
  const job: Job = {node, build: node, known, jobs: 1, keepBuild: false, ...hooks};
  const end = await work(contextFor(fresh, {worker: holderOf(worker)}), job);
  t.deepEqual(codes(end), ['store/damaged']);
  t.deepEqual(worker.labels, []);
});
