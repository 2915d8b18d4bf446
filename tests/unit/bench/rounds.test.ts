/** The order of measuring: in turn, with patience, and without who fails. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {layered} from '../../bench/parts/layered.ts';
import {Project} from '../../bench/parts/project.ts';
import {measureAll, type Plan, type Samples} from '../../bench/parts/rounds.ts';
import {SCENARIOS} from '../../bench/parts/scenario.ts';
import {findPeers, PEER_NAMES, type Tool} from '../../bench/parts/tools.ts';

/** Makes `out` from what it is told to run; the one node of the graph is `n0`. */
function tool(name: string, command: string, more: Partial<Tool> = {}): Tool {
  return {
    name,
    program: undefined,
    note: '',
    alone: true,
    most: Infinity,
    takesPart: () => true,
    files: () => ({}),
    build: (cwd) => ({argv: ['sh', '-c', command], cwd}),
    clean: (folder) => fs.rmSync(path.join(folder, 'out'), {force: true}),
    read: (folder) => fs.readFileSync(path.join(folder, 'out'), 'utf8'),
    close: () => undefined,
    ...more,
  };
}

const TAKE = 'head -qc 16 src/n0.txt > out';

function measure(t: ExecutionContext, tools: readonly Tool[], plan: Partial<Plan> = {}) {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'recipes-test-'));
  t.teardown(() => fs.rmSync(parent, {recursive: true, force: true}));
  const told: string[] = [];
  const projects = tools.map((one) => new Project(one, layered(1), parent));
  const tell = (line: string): void => void told.push(line);
  return {
    samples: measureAll(projects, {pairs: 2, patience: 60, scenarios: SCENARIOS, tell, ...plan}),
    told,
  };
}

const runs = (samples: Samples, scenario: 'full' | 'noop' | 'changed'): [string, number][] =>
  [...(samples.get(scenario) ?? [])].map(([name, costs]) => [name, costs.length]);

test('tools begin in turn', (t) => {
  const {samples, told} = measure(t, [tool('a', TAKE), tool('b', TAKE)]);
  t.deepEqual(runs(samples, 'noop'), [
    ['a', 2],
    ['b', 2],
  ]);
  t.deepEqual(
    told.slice(0, 4).map((line) => line.replace(/: .*/, '')),
    ['full build, a', 'full build, b', 'full build, b', 'full build, a'],
  );
});

test('who is slow runs once, be it a peer or us', (t) => {
  const {samples} = measure(t, [tool('a', TAKE), tool('b', TAKE)], {patience: 0});
  t.deepEqual(runs(samples, 'changed'), [
    ['a', 1],
    ['b', 1],
  ]);
});

test('a peer that fails, or makes something else, is left out from there on', (t) => {
  const peers = [tool('b', 'exit 3'), tool('c', 'echo wrong > out')];
  const {samples, told} = measure(t, [tool('a', TAKE), ...peers]);
  for (const scenario of ['full', 'changed'] as const) {
    t.deepEqual(runs(samples, scenario), [['a', 2]]);
  }
  t.is(told.filter((line) => line.startsWith('FAILED')).length, 2);
  t.true(told.some((line) => line.includes('sh -c exit 3: exit 3')));
  t.throws(() => measure(t, [tool('a', 'exit 4')]), {message: /exit 4/});
});

test('what a tool does not take part in is not measured of it', (t) => {
  const peer = tool('b', TAKE, {takesPart: (scenario) => scenario === 'full'});
  const {samples} = measure(t, [tool('a', TAKE), peer]);
  t.deepEqual(runs(samples, 'full').length, 2);
  t.deepEqual(runs(samples, 'noop').length, 1);
});

test('work that is not asked for is done where other work stands on it, and not measured', (t) => {
  const {samples} = measure(t, [tool('a', TAKE)], {scenarios: ['noop', 'changed']});
  t.deepEqual([...samples.keys()], ['noop', 'changed']);
  t.deepEqual(runs(samples, 'changed'), [['a', 2]]);
});

test('peers that are not installed are known by name', (t) => {
  const {there, missing} = findPeers(PEER_NAMES, (program) =>
    program === 'ninja' ? '/usr/bin/ninja' : undefined,
  );
  t.deepEqual(
    there.map((one) => one.name),
    ['ninja'],
  );
  t.deepEqual(
    missing.map((one) => one.name),
    ['make', 'nix', 'nix-sandbox', 'bazel'],
  );
});
