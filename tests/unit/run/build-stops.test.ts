/** Whole runs that are stopped, share tokens, or meet another process. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {Checked} from '../../../engine/base/diagnostic.ts';
import {ok} from '../../../engine/base/result.ts';
import {WorkerHolder} from '../../../engine/run/worker-holder.ts';
import type {Worker} from '../../../engine/sandbox/worker-process.ts';
import {claim, releaseClaim} from '../../../store/claims.ts';
import {label, type Builds} from '../graph/values.ts';
import {until} from '../../support/space.ts';
import {emptyStore} from '../store/rig.ts';
import {ends, good, play, treeOf} from './play.ts';
import {badlyEnded, bedOf, FakeWorker, runOf, settle, wellEnded, type FakeJob} from './rig.ts';

const CHAIN: Builds = {'x/a': {}, 'x/b': ['a'], 'x/c': ['b']};

// --- interrupts ----------------------------------------------------------------------------------

test('an interrupt kills what runs, starts nothing, keeps what is finished', async (t) => {
  const {start, run, worker, events, bed} = play(t, CHAIN, ['x/c'], {
    script: (job) => (job.label === label('x/a') ? good(bed, job) : undefined),
  });
  const done = start();
  const b = await worker.job('x/b');
  run.interrupt('SIGINT');
  t.true(b.killed);
  const summary = await done;
  t.like(
    events.find((one) => one.type === 'stopping'),
    {signal: 'SIGINT', running: 1},
  );
  t.deepEqual(ends(events).sort(), ['x/a built', 'x/b cancelled', 'x/c cancelled']);
  t.like(summary, {ok: false, interrupted: 'SIGINT', executed: [label('x/a')], failed: []});
  t.true(bed.resolver.isDone(bed.node('x/a'), bed.known('x/a').key));
});

test('an interrupt while the worker is being started: the build dies as it begins', async (t) => {
  const worker = new FakeWorker();
  let ready: () => void = () => undefined;
  const started = new Promise<Checked<Worker>>((resolve) => {
    ready = () => resolve(ok(worker));
  });
  const holder = new WorkerHolder(() => started);
  const {start, run} = play(t, {'x/a': {}}, ['x/a'], {context: {worker: holder}});
  const done = start();
  await settle();
  run.interrupt('SIGTERM');
  t.deepEqual(worker.labels, []);
  ready();
  t.like(await done, {interrupted: 'SIGTERM', cancelled: [label('x/a')]});
  t.true((await worker.job('x/a')).killed);
});

// --- tokens --------------------------------------------------------------------------------------

test('idle tokens go to the running build, are asked back, and come back at its end', async (t) => {
  const bed = bedOf(t, {'x/a': {}, 'x/b': {}, 'x/c': ['b']});
  const {start, worker} = play(t, {}, ['x/a', 'x/c'], {
    bed,
    options: {jobs: 4},
    script: (job) => (job.label === label('x/b') ? good(bed, job) : undefined),
  });
  const done = start();
  const a = await worker.job('x/a');
  const c = await worker.job('x/c');
  const lent = (job: FakeJob): number => job.tokens.reduce((sum, one) => sum + one, 0);
  await settle();
  t.deepEqual([a.request.tokens, a.request.jobs], [0, 1], 'one is its own');
  t.is(lent(a) + lent(c) + 2, 4);
  t.true(lent(a) >= 1 && lent(c) >= 1);
  c.end({ok: true, value: good(bed, c)});
  await until('all tokens are lent', () => lent(a) + 1 === 4);
  a.end({ok: true, value: good(bed, a)});
  await done;
});

test('tokens lent before the job has begun are handed on with it', async (t) => {
  const {start, worker, bed} = play(t, {'x/a': {}}, ['x/a'], {
    options: {jobs: 3},
    script: () => undefined,
  });
  const done = start();
  const a = await worker.job('x/a');
  await settle();
  t.deepEqual(a.tokens, [2]);
  a.end({ok: true, value: good(bed, a)});
  await done;
});

test('tokens lent to a build that still waits to begin are taken back at once', async (t) => {
  const resources = {cpu: 3, memoryBytes: 1, milliseconds: 1};
  const builds: Builds = {'x/a': {}, 'x/b': {}, 'x/wide': {needs: ['b'], resources}};
  const bed = bedOf(t, builds);
  const other = runOf(t, bed.store);
  claim(bed.store, other, bed.known('x/a').key);
  const {start, worker} = play(t, {}, ['x/a', 'x/wide'], {
    bed,
    options: {jobs: 4},
    script: (job) => (job.label === label('x/b') ? undefined : good(bed, job)),
  });
  const done = start();
  const b = await worker.job('x/b');
  await settle();
  t.deepEqual(b.tokens, [1], 'the other idle one is lent to x/a');
  b.end({ok: true, value: good(bed, b)});
  t.is((await worker.job('x/wide')).request.jobs, 3);
  t.deepEqual(worker.labels, ['x/b', 'x/wide']);
  other.release();
  t.like(await done, {ok: true});
});

test('a build that gives tokens back lets the next one start', async (t) => {
  const builds: Builds = {'x/a': {}, 'x/b': {}, 'x/c': {in: 'root', needs: ['b']}};
  const bed = bedOf(t, builds);
  const {start, worker} = play(t, {}, ['x/a', 'x/c'], {bed, script: () => undefined});
  const done = start();
  const [a, b] = [await worker.job('x/a'), await worker.job('x/b')];
  b.end({ok: true, value: good(bed, b)});
  const c = await worker.job('x/c');
  c.end({ok: true, value: good(bed, c)});
  await until('the other token is lent: nobody else wants it', () => a.tokens.length > 0);
  t.deepEqual(a.tokens, [1]);
  a.reply({type: 'tokens', id: a.id, count: 1});
  await settle();
  t.deepEqual(a.tokens, [1, 1], 'it is lent again at once');
  a.end({ok: true, value: good(bed, a)});
  await done;
});

// --- what is told --------------------------------------------------------------------------------

test('steps are told as they begin, and an estimate at most once a second', async (t) => {
  const first = play(t, CHAIN, ['x/c']);
  await first.start();
  t.deepEqual(
    first.events.filter((one) => one.type === 'estimate'),
    [],
  );
  const bed = bedOf(t, CHAIN, {store: first.bed.store});
  const forced = new Set(['x/a', 'x/b', 'x/c'].map(label));
  const {start, events, host} = play(t, {}, ['x/c'], {
    bed,
    options: {forced},
    script: (job) => {
      job.reply({type: 'step', id: job.id, phase: 'running', step: 'install'});
      host.move(job.label === label('x/a') ? 1000 : 10);
      return good(bed, job);
    },
  });
  await start();
  t.deepEqual(
    events.flatMap((one) =>
      one.type === 'node-phase' ? [`${one.label} ${one.phase} ${one.step}`] : [],
    ),
    ['x/a running install', 'x/b running install', 'x/c running install'],
  );
  // x/b and x/c are left when x/b starts; each took 1.5 s.
  t.deepEqual(
    events.flatMap((one) => (one.type === 'estimate' ? [one.milliseconds] : [])),
    [3000],
  );
});

// --- other processes -----------------------------------------------------------------------------

test('what another process builds is waited for, and not built again', async (t) => {
  const store = emptyStore(t);
  const other = runOf(t, store);
  const theirs = bedOf(t, {'x/a': {}}, {store});
  const {key} = theirs.known('x/a');
  t.is(claim(store, other, key), 'mine');
  const {start, worker, events} = play(t, {'x/a': {}}, ['x/a'], {parts: {store}});
  const done = start();
  await settle();
  theirs.ended('x/a', wellEnded(treeOf(theirs, 'x/a')));
  releaseClaim(store, other, key);
  t.like(await done, {ok: true, fresh: [label('x/a')], executed: []});
  t.deepEqual(worker.labels, []);
  t.deepEqual(ends(events), ['x/a fresh']);
});

test('where the other process failed, it is built here', async (t) => {
  const store = emptyStore(t);
  const other = runOf(t, store);
  const theirs = bedOf(t, {'x/a': {}}, {store});
  claim(store, other, theirs.known('x/a').key);
  const {start, worker} = play(t, {'x/a': {}}, ['x/a'], {parts: {store}});
  const done = start();
  await settle();
  theirs.ended('x/a', badlyEnded());
  other.release();
  t.like(await done, {ok: true, executed: [label('x/a')]});
  t.deepEqual(worker.labels, ['x/a']);
});

test('who does not want to wait is told who has it', async (t) => {
  const store = emptyStore(t);
  const other = runOf(t, store);
  claim(store, other, bedOf(t, {'x/a': {}}, {store}).known('x/a').key);
  const {start, run} = play(t, {'x/a': {}}, ['x/a'], {parts: {store}, context: {wait: false}});
  t.like(await start(), {failed: [label('x/a')]});
  const [problem] = run.failures.get(label('x/a'))?.diagnostics ?? [];
  t.is(problem?.code, 'store/locked');
  t.regex(problem?.message ?? '', /^x\/a is being built by another run \(pid \d+\)$/);
});

test('an interrupt ends the waiting for another process', async (t) => {
  const store = emptyStore(t);
  const other = runOf(t, store);
  claim(store, other, bedOf(t, {'x/a': {}}, {store}).known('x/a').key);
  const aborter = new AbortController();
  const {start, run, worker} = play(t, {'x/a': {}}, ['x/a'], {
    ...{parts: {store}, context: {signal: aborter.signal}},
  });
  const done = start();
  await settle();
  aborter.abort();
  run.interrupt('SIGINT');
  t.like(await done, {interrupted: 'SIGINT', cancelled: [label('x/a')]});
  t.deepEqual(worker.labels, []);
});

test('claims are given up as nodes end, whatever the end', async (t) => {
  const {start, bed} = play(
    t,
    {'x/bad': {}, 'x/above': ['bad'], 'x/other': {}},
    ['x/above', 'x/other'],
    {
      options: {onFailure: 'continue'},
      script: (job) => (job.label === label('x/bad') ? badlyEnded() : good(bed, job)),
    },
  );
  await start();
  t.deepEqual(fs.readdirSync(path.join(bed.store.root, 'claims')), []);
});
