/** Whole runs with a worker that runs nothing: order, freshness, failures, tests. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {fail} from '../../../engine/base/diagnostic.ts';
import {sha256} from '../../../engine/base/hash.ts';
import type {JobResult} from '../../../engine/sandbox/protocol.ts';
import {keptIn} from '../../../store/layout.ts';
import {label, remote, type Builds, type BuildText} from '../graph/values.ts';
import {folder} from '../store/rig.ts';
import {ends, good, play, treeOf} from './play.ts';
import {until} from '../../support/space.ts';
import {badlyEnded, bedOf, wellEnded, type FakeJob} from './rig.ts';

const CHAIN: Builds = {'x/a': {}, 'x/b': ['a'], 'x/c': ['b']};
const STEP: BuildText = {steps: [{name: 'install', text: 'other'}]};

test('everything runs once, in order; then nothing does, and the saved time is told', async (t) => {
  const first = play(t, CHAIN, ['x/c']);
  const summary = await first.start();
  t.deepEqual(first.worker.labels, ['x/a', 'x/b', 'x/c']);
  t.like(summary, {ok: true, executed: ['x/a', 'x/b', 'x/c'].map(label), fresh: [], failed: []});
  t.like(first.events[0], {type: 'run-started', nodes: 3, pending: 3, jobs: 2});
  t.like(first.events.at(-1), {type: 'run-finished', summary});
  const again = play(t, CHAIN, ['x/c'], {parts: {store: first.bed.store}});
  t.like(await again.start(), {ok: true, executed: [], savedMilliseconds: 4500});
  t.deepEqual(again.worker.labels, []);
  t.deepEqual(ends(again.events), ['x/a fresh', 'x/b fresh', 'x/c fresh']);
});

test('early cutoff: the same output below, and nothing above runs', async (t) => {
  const first = play(t, CHAIN, ['x/c']);
  await first.start();
  const second = play(t, {...CHAIN, 'x/a': STEP}, ['x/c'], {parts: {store: first.bed.store}});
  const summary = await second.start();
  t.deepEqual(ends(second.events), ['x/a built', 'x/b cut', 'x/c cut']);
  t.like(summary, {ok: true, executed: [label('x/a')], savedMilliseconds: 3000});
});

test('other output below: what is built with it runs, further up nothing does', async (t) => {
  const chain: Builds = {'x/a': {}, 'x/b': ['a build'], 'x/c': ['b']};
  const first = play(t, chain, ['x/c']);
  await first.start();
  const bed = bedOf(t, {...chain, 'x/a': STEP}, {store: first.bed.store});
  const script = (job: FakeJob): JobResult =>
    wellEnded(job.label === label('x/a') ? treeOf(bed, 'x/changed') : treeOf(bed, job.label));
  const second = play(t, {}, ['x/c'], {bed, script});
  await second.start();
  t.deepEqual(ends(second.events), ['x/a built', 'x/b built', 'x/c cut']);
  const [, b] = second.worker.jobs;
  t.is(b?.request.spec.layers[0]?.tree, treeOf(bed, 'x/changed'));
});

test('forced nodes run though they are there, others do not', async (t) => {
  const first = play(t, CHAIN, ['x/c']);
  await first.start();
  const forced = new Set([label('x/b')]);
  const second = play(t, CHAIN, ['x/c'], {parts: {store: first.bed.store}, options: {forced}});
  await second.start();
  t.deepEqual(ends(second.events), ['x/a fresh', 'x/b built', 'x/c cut']);
});

// --- failures ------------------------------------------------------------------------------------

const FORK: Builds = {'x/bad': {}, 'x/above': ['bad'], 'x/far': ['above'], 'x/other': {}};

for (const [onFailure, expected] of [
  [
    'continue',
    ['x/above skipped for x/bad', 'x/bad failed', 'x/far skipped for x/bad', 'x/other built'],
  ],
  [
    'finish',
    ['x/above skipped for x/bad', 'x/bad failed', 'x/far skipped for x/bad', 'x/other cancelled'],
  ],
] as const) {
  test(`after a failure: ${onFailure}`, async (t) => {
    const {run, start, events, bed} = play(t, FORK, ['x/far', 'x/other'], {
      options: {onFailure, jobs: 1},
      script: (job) => (job.label === label('x/bad') ? badlyEnded() : good(bed, job)),
    });
    const summary = await start();
    t.deepEqual(ends(events).sort(), [...expected]);
    t.like(summary, {ok: false, failed: [label('x/bad')], interrupted: null});
    t.is(run.failures.get(label('x/bad'))?.exit, 2);
  });
}

test('after a failure: kill ends what runs, which is no failure of its own', async (t) => {
  const {run, start, events, worker} = play(t, FORK, ['x/far', 'x/other'], {
    options: {onFailure: 'kill'},
    script: () => undefined,
  });
  const done = start();
  await worker.job('x/other');
  (await worker.job('x/bad')).end({ok: true, value: badlyEnded()});
  await done;
  t.true((await worker.job('x/other')).killed);
  t.deepEqual(ends(events).sort(), [
    'x/above skipped for x/bad',
    'x/bad failed',
    'x/far skipped for x/bad',
    'x/other cancelled',
  ]);
  t.deepEqual([...run.failures.keys()], [label('x/bad')]);
});

test('a failure of the machine fails the node and is not remembered', async (t) => {
  const {start, worker, bed, run} = play(t, {'x/a': {}}, ['x/a'], {script: () => undefined});
  const done = start();
  (await worker.job('x/a')).end(fail('machine/worker', 'the worker is gone'));
  t.like(await done, {ok: false, failed: [label('x/a')]});
  t.true(run.failures.get(label('x/a'))?.machine);
  t.is(bed.log.latest(label('x/a')), undefined);
});

test('a source that cannot be had skips what needs it, and that alone', async (t) => {
  const source = remote('a.tar', '1');
  const builds = {'x/a': {sources: [source]}, 'x/b': ['a'], 'x/other': {}};
  const {start, events, run} = play(t, builds, ['x/b', 'x/other'], {
    options: {onFailure: 'continue'},
  });
  await start();
  t.deepEqual(ends(events).sort(), [
    'x/a skipped for x/a@a.tar',
    'x/a@a.tar failed',
    'x/b skipped for x/a@a.tar',
    'x/other built',
  ]);
  t.is(run.failures.get(label('x/a@a.tar'))?.diagnostics[0]?.code, 'source/offline');
});

test('a source is fetched once for all that need it, and before them', async (t) => {
  const file = path.join(folder(t), 'notes.txt');
  fs.writeFileSync(file, 'notes');
  const one = remote('notes.txt', '0');
  const places = [{url: `file://${file}`, sha256: sha256('notes'), at: one.at}];
  const sources = [{...one, places}];
  const builds = {'x/a': {sources}, 'x/a:two': {sources}};
  const {start, events} = play(t, builds, ['x/a', 'x/a:two'], {context: {offline: false}});
  await start();
  t.deepEqual(ends(events), ['x/a@notes.txt built', 'x/a built', 'x/a:two built']);
});

test('downloads of what surely runs begin at once, while what comes first is built', async (t) => {
  const builds: Builds = {'x/low': {}, 'x/top': {needs: ['low'], sources: [remote('t.tar', '1')]}};
  const bed = bedOf(t, builds);
  const {start, worker, events} = play(t, {}, ['x/top'], {
    bed,
    options: {onFailure: 'continue'},
    script: () => undefined,
  });
  const done = start();
  const low = await worker.job('x/low');
  await until('its download has failed', () => ends(events).length > 0);
  t.deepEqual(ends(events), ['x/top@t.tar failed']);
  low.end({ok: true, value: good(bed, low)});
  await done;
  t.deepEqual(ends(events).slice(1), ['x/low built', 'x/top skipped for x/top@t.tar']);
});

// --- tests ---------------------------------------------------------------------------------------

test('a build is kept for its test in this run, and dropped after it', async (t) => {
  const bed = bedOf(t, {'x/a': {test: {}}, 'x/b': ['a']});
  const {start, worker, events} = play(t, {}, ['x/a#test', 'x/b'], {
    bed,
    options: {jobs: 1},
    script: (job) => {
      if (job.request.keep?.always === true)
        fs.mkdirSync(path.join(bed.store.root, job.request.keep.folder, 'build'), {
          recursive: true,
        });
      return good(bed, job);
    },
  });
  await start();
  t.deepEqual(ends(events).sort(), ['x/a built', 'x/a#test built', 'x/b built']);
  const {key} = bed.known('x/a');
  t.is((await worker.job('x/a#test')).request.resume, `kept/${key}`);
  t.deepEqual(worker.removed, [`kept/${key}`]);
  t.true(fs.existsSync(keptIn(bed.store, key)), 'it is the worker that removes');
});

test('a test that fails holds nobody back, with the gate it does', async (t) => {
  for (const testsGate of [false, true]) {
    const bed = bedOf(t, {'x/a': {test: {}}, 'x/b': ['a']}, {testsGate});
    const {start, events} = play(t, {}, ['x/a#test', 'x/b'], {
      bed,
      options: {onFailure: 'continue'},
      script: (job) => (job.label.endsWith('#test') ? badlyEnded() : good(bed, job)),
    });
    const summary = await start();
    t.false(summary.ok);
    const b = testsGate ? 'x/b skipped for x/a#test' : 'x/b built';
    t.deepEqual(ends(events).sort(), ['x/a built', 'x/a#test failed', b]);
  }
});
