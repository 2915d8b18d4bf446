/** Declared host tools: found once, missing ones all told, and only for what must run. */
import test from 'ava';
import {realHost} from '../../../engine/base/host.ts';
import type {Label} from '../../../engine/base/label.ts';
import {closureOf, makePlan} from '../../../engine/run/plan.ts';
import {checkTools, missingTools, toolFinder} from '../../../engine/run/tools.ts';
import {StatCache} from '../../../store/stat-cache.ts';
import {emptyStore} from '../store/rig.ts';
import {bedOf, type Bed} from './rig.ts';

const NONE = 'no-such-program-1';
const NONE_EITHER = 'no-such-program-2';

test('what is there has a place and a print, what is missing a problem', (t) => {
  const {tools: find} = toolFinder(realHost(), StatCache.load(emptyStore(t)));
  const found = find(['sh', NONE, 'env', NONE_EITHER]);
  t.deepEqual(Object.keys(found.tools), ['sh', 'env']);
  t.regex(found.tools['sh'] ?? '', /^\/.*\/sh$/);
  t.regex(found.fingerprint['env'] ?? '', /[0-9a-f]{64}$/);
  t.is(found.fingerprint[NONE], 'missing');
  t.deepEqual(
    found.problems.map((one) => one.code),
    ['machine/missing-tool', 'machine/missing-tool'],
  );
  t.regex(found.problems[1]?.message ?? '', /no-such-program-2/);
});

test('no tools at all is an answer too', (t) => {
  const {tools: find} = toolFinder(realHost(), StatCache.load(emptyStore(t)));
  t.deepEqual(find([]), {tools: {}, fingerprint: {}, problems: []});
});

test('a tool is looked for once, whoever declares it', (t) => {
  const clock = {asked: 0};
  const host = {
    ...realHost(),
    now: () => {
      clock.asked += 1;
      return 1;
    },
  };
  const {tools: find} = toolFinder(host, StatCache.load(emptyStore(t)));
  const first = find(['sh', 'env']);
  const asked = clock.asked;
  t.true(asked > 0);
  t.deepEqual(find(['env', 'sh']).tools, first.tools);
  t.is(clock.asked, asked);
});

function toolBed(t: Parameters<typeof bedOf>[0]): Bed {
  const find = toolFinder(realHost(), StatCache.load(emptyStore(t)));
  return bedOf(
    t,
    {
      'x/stale': {in: 'host', tools: [NONE, 'sh']},
      'x/other': {in: 'host', tools: [NONE, NONE_EITHER], test: {}},
      'x/inside': {in: 'root', tools: ['no-such-program-3']},
      'x/fresh': {in: 'host', tools: ['env']},
    },
    {tools: find},
  );
}

function missing(bed: Bed, targets: readonly string[]): readonly string[] {
  const {graph, resolver, knowledge} = bed;
  const plan = makePlan(graph, resolver, closureOf(graph, targets as Label[]), new Set());
  return missingTools(graph, knowledge, plan).map(
    (one) => /no-such-program-\d/.exec(one.message)?.[0] ?? '',
  );
}

test('each missing tool is told once for all that must run; roots have none', (t) => {
  const bed = toolBed(t);
  t.deepEqual(missing(bed, ['x/stale', 'x/other', 'x/inside', 'x/fresh']), [NONE, NONE_EITHER]);
  t.deepEqual(missing(bed, ['x/other#test']), [NONE, NONE_EITHER]);
  t.deepEqual(missing(bed, ['x/inside', 'x/fresh']), []);
});

test('a tool that is gone makes its builds stale, and they say so', (t) => {
  const prints: Record<string, string> = {cc: '12.2 abc'};
  const bed = bedOf(
    t,
    {'x/a': {in: 'host', tools: ['cc']}, 'x/root': {}},
    {tools: {tools: () => ({tools: {}, fingerprint: {...prints}, problems: []})}},
  );
  bed.done(['x/a', 'x/root']);
  prints['cc'] = 'missing';
  const plan = makePlan(
    bed.graph,
    bed.resolver,
    closureOf(bed.graph, ['x/a', 'x/root'] as Label[]),
    new Set(),
  );
  t.like(plan.nodes.get('x/a' as Label), {verdict: 'run', reason: 'host.cc changed'});
  t.like(plan.nodes.get('x/root' as Label), {verdict: 'fresh'});
});

test('a tool may not be older than what is asked for', (t) => {
  const finder = toolFinder(realHost(), StatCache.load(emptyStore(t)));
  const versions = {bash: '3.2', tar: '99.1', [NONE]: '1.0', true: '1.0'};
  const states = checkTools(['bash', 'env', NONE, 'tar'], versions, finder);
  t.deepEqual(
    states.map(({name, state}) => [name, state]),
    [
      ['bash', 'ok'],
      ['env', 'ok'],
      [NONE, 'missing'],
      ['tar', 'old'],
    ],
  );
  t.regex(states[3]?.version ?? '', /^1\.\d+/);
  t.is(states[1]?.version, undefined, 'nobody asked');
  const old = {in: 'host', tools: ['tar'], toolVersions: {tar: '99.1'}} as const;
  const bed = bedOf(t, {'x/old': old, 'x/inside': {...old, in: 'root'}}, {tools: finder});
  const wanted = closureOf(bed.graph, ['x/old', 'x/inside'] as Label[]);
  const plan = makePlan(bed.graph, bed.resolver, wanted, new Set());
  const [problem, ...others] = missingTools(bed.graph, bed.knowledge, plan);
  t.deepEqual(others, []);
  t.is(problem?.code, 'machine/old-tool');
  t.regex(problem?.message ?? '', /^\/.*\/tar is version 1\.\d+.*, and 99\.1 is needed$/);
});
