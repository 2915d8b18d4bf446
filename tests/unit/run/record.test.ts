/** What is written down of an end, and what never is. */
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {problem} from '../../../engine/base/diagnostic.ts';
import {record} from '../../../engine/run/record.ts';
import type {JobResult} from '../../../engine/sandbox/protocol.ts';
import {ActionLog} from '../../../store/action-log.ts';
import {readRecord, type ActionRecord} from '../../../store/records.ts';
import {label, local, remote} from '../graph/values.ts';
import {must} from '../store/rig.ts';
import {
  badlyEnded,
  bedOf,
  contextFor,
  fileOfRecord,
  ranOf,
  storedTree,
  wellEnded,
  type Bed,
} from './rig.ts';

const SOURCES = [remote('a.tar', '1'), local('code', '/code')];
const PRINTS = {
  paths: new Map([[label('x/a@code'), `tree ${'2'.repeat(64)}`]]),
  patches: new Map(),
};

function bed(t: ExecutionContext): Bed {
  return bedOf(
    t,
    {'x/a': {in: 'host', sources: SOURCES, test: {known: ['slow', 'net']}}, 'x/b': {}},
    {prints: PRINTS},
  );
}

/** Records an end; gives the outcome and what the store has of it now. */
async function recorded(
  one: Bed,
  name: string,
  result: JobResult,
  log = '',
): Promise<{outcome: string; record: ActionRecord | undefined; rows: number}> {
  const ran = ranOf(one, name, result, log);
  const outcome = await record(contextFor(one), ran);
  const found = must(readRecord(one.store, ran.known.key));
  return {outcome, record: found, rows: ActionLog.open(one.store).history(ran.node.label).length};
}

test('a good end: record and row say the same, for another process too', async (t) => {
  const one = bed(t);
  const tree = storedTree(one.store, {a: 'a'});
  const result = wellEnded(tree, {copiedRoot: true});
  const {record: made} = await recorded(one, 'x/a', result);
  const {key, manifest} = one.known('x/a');
  const recipeKey = one.resolver.recipeKeyOf(label('x/a'));
  t.deepEqual(made, {
    ...{key, recipeKey, label: label('x/a'), kind: 'build', outcome: 'ok', tree, manifest},
    provenance: {
      sources: [
        {name: 'a.tar', digest: '1'.repeat(64)},
        {name: 'code', digest: '2'.repeat(64)},
      ],
      ...{milliseconds: 1500, cpuMilliseconds: 2500, peakBytes: 4096, log: 'x_a-0.log'},
      ...{engine: '1.2.3', idMode: 'single', host: true, copiedRoot: true},
    },
    finishedAt: 1_700_000_000_000,
  } as unknown as ActionRecord);
  t.deepEqual(ActionLog.open(one.store).latest(label('x/a')), {
    ...{label: label('x/a'), key, recipeKey, outcome: 'ok', tree, milliseconds: 1500},
    ...{at: 1_700_000_000_000, log: 'x_a-0.log'},
  });
});

test('only builds in: host saw the host', async (t) => {
  const one = bed(t);
  const {record: made} = await recorded(one, 'x/b', wellEnded(storedTree(one.store, {})));
  t.false(made?.provenance.host);
});

test('a failure is kept with its place and its reasons, and is no hit', async (t) => {
  const one = bed(t);
  const diagnostics = [problem('step/failed', 'make ended with 2')];
  const {outcome, record: made} = await recorded(
    one,
    'x/b',
    badlyEnded({diagnostics, kept: 'failed/x'}),
  );
  t.is(outcome, 'failed');
  t.like(made, {
    outcome: 'failed',
    failure: {step: 'install', exit: 2, cwd: '/build/x-1', diagnostics, kept: 'failed/x'},
  });
  t.is(made?.tree, undefined);
  t.false(one.resolver.isDone(one.node('x/b'), one.known('x/b').key));
});

test('a failure of the machine leaves no trace, and an older good one stays', async (t) => {
  const one = bed(t);
  const machine = badlyEnded({machine: true, exit: undefined, signal: 'SIGKILL'});
  t.deepEqual(await recorded(one, 'x/b', machine), {
    outcome: 'machine',
    record: undefined,
    rows: 0,
  });
  one.done(['x/b']);
  const after = await recorded(one, 'x/b', machine);
  t.like(after, {outcome: 'machine', rows: 1, record: {outcome: 'ok'}});
});

const TESTS: readonly (readonly [string, JobResult, string, 'ok' | 'failed', object])[] = [
  ['all passed', wellEnded(undefined), 'PASS: a\n', 'ok', {passed: 1, failed: 0, skipped: 0}],
  [
    'a known one failed',
    badlyEnded(),
    'FAIL: net\nPASS: b\n',
    'ok',
    {passed: 1, failed: 1, skipped: 0},
  ],
  [
    'all known failed',
    badlyEnded(),
    'FAIL: net\nERROR: slow\n',
    'ok',
    {passed: 0, failed: 2, skipped: 0},
  ],
  [
    'one more failed',
    badlyEnded(),
    'FAIL: net\nFAIL: b\n',
    'failed',
    {passed: 0, failed: 2, skipped: 0},
  ],
  [
    'no test failed, make did',
    badlyEnded(),
    'PASS: a\n',
    'failed',
    {passed: 1, failed: 0, skipped: 0},
  ],
  [
    'it was killed on the way',
    badlyEnded({exit: undefined, signal: 'SIGSEGV'}),
    'FAIL: net\n',
    'failed',
    {failed: 1},
  ],
  ['nothing was printed', badlyEnded(), '', 'failed', {passed: 0, failed: 0, skipped: 0}],
];

for (const [what, result, log, outcome, counts] of TESTS) {
  test(`a test: ${what} → ${outcome}`, async (t) => {
    const one = bed(t);
    one.ended('x/a', wellEnded(storedTree(one.store, {})));
    one.resolver.isDone(one.node('x/a'), one.known('x/a').key);
    const made = await recorded(one, 'x/a#test', result, log);
    t.is(made.outcome, outcome);
    t.like(made.record, {kind: 'test', outcome, counts});
    t.is(made.record?.failure === undefined, outcome === 'ok');
    t.is(one.resolver.isDone(one.node('x/a#test'), one.known('x/a#test').key), outcome === 'ok');
  });
}

test('the words of a test suite mean nothing in a build', async (t) => {
  const one = bed(t);
  const {outcome, record: made} = await recorded(one, 'x/a', badlyEnded(), 'FAIL: net\n');
  t.is(outcome, 'failed');
  t.is(made?.counts, undefined);
});

test('a test whose log is gone is not recorded at all', async (t) => {
  const one = bed(t);
  one.done(['x/a']);
  const ran = ranOf(one, 'x/a#test', wellEnded(undefined));
  fs.unlinkSync(ran.logFile);
  await t.throwsAsync(record(contextFor(one), ran), {code: 'ENOENT'});
  t.false(fs.existsSync(fileOfRecord(one.store, ran.known.key)));
  t.is(one.log.latest(label('x/a#test')), undefined);
});

test('the row comes last: without the record there is no row', async (t) => {
  const one = bed(t);
  const ran = ranOf(one, 'x/b', wellEnded(storedTree(one.store, {})));
  fs.rmSync(`${one.store.root}/tmp`, {recursive: true});
  await t.throwsAsync(record(contextFor(one), ran), {code: 'ENOENT'});
  t.is(ActionLog.open(one.store).latest(label('x/b')), undefined);
});
