/** What `build -n` prints, for people and as a record, and that it does nothing else. */
import {createHash} from 'node:crypto';
import test from 'ava';
import {
  joins,
  planOf,
  recipes,
  writes,
  type PlannedLine,
  type Sketch,
} from '../../support/recipes.ts';
import {storePrint} from '../../support/remains.ts';
import {Space} from '../../support/space.ts';

/** a ← b ← d, and c ← d. */
function project(): Space {
  return Space.create(
    recipes({
      't/a': {},
      't/b': {needs: ['a'], steps: joins('b', ['a'])},
      't/c': {steps: writes('c', 'some text')},
      't/d': {needs: ['b', 'c'], steps: joins('d', ['b', 'c'])},
    }),
  );
}

async function plan(space: Space, ...argv: readonly string[]): Promise<string[]> {
  const {stdout, stderr} = await space.expect(0, ['build', '-n', ...argv]);
  if (stderr !== '') throw new Error(stderr);
  return stdout.trimEnd().split('\n');
}

test.serial('a plan of what was never built', async (t) => {
  await using space = project();
  t.deepEqual(await plan(space), [
    'run    t/a  never built',
    'run    t/c  never built',
    'run    t/b  never built',
    'run    t/d  never built',
    '4 to run, 0 maybe, 0 fresh',
    'longest path: t/a → t/b → t/d',
  ]);
  t.deepEqual((await plan(space, 'b')).at(-2), '2 to run, 0 maybe, 0 fresh');
});

test.serial('a plan of a change: what runs, what may, and how long it took', async (t) => {
  await using space = project();
  await space.expect(0, ['build']);
  t.deepEqual(await plan(space), ['0 to run, 0 maybe, 4 fresh']);
  space.edit('recipes/t/a.yaml', "echo 'a'", "echo 'other'");
  const lines = await plan(space);
  t.is(lines.length, 6);
  t.regex(lines[0] ?? '', /^run {4}t\/a {2}steps\.install changed {2}about \d+\.\d s$/);
  t.regex(lines[1] ?? '', /^maybe {2}t\/b {2}below t\/a {2}about \d+\.\d s$/);
  t.regex(lines[2] ?? '', /^maybe {2}t\/d {2}below t\/[ab] {2}about \d+\.\d s$/);
  t.is(lines[3], '1 to run, 2 maybe, 1 fresh');
  t.regex(lines[4] ?? '', /^about 5 s with \d+ jobs?, \d+ B of disk$/);
  t.is(lines[5], 'longest path: t/a → t/b → t/d');
  t.true((await plan(space, '--explain')).includes('fresh  t/c'), 'fresh ones too');
  t.regex((await plan(space, '--force', 'c'))[0] ?? '', /^run {4}t\/c {2}forced {2}about/);
});

test.serial(
  'what was never built here is guessed from its units and the unit of this machine',
  async (t) => {
    const sized = (sbu: number): Sketch => ({build: {resources: {sbu, disk: '3GiB'}}});
    await using space = Space.create(
      recipes({'t/unit': sized(1), 't/big': sized(500), 't/none': {}}),
    );
    const before = await plan(space);
    t.deepEqual(before.slice(0, 3), [
      'run    t/big  never built',
      'run    t/none  never built',
      'run    t/unit  never built',
    ]);
    t.is(before.at(-1), '6.44 GB of disk', 'no build is the unit yet');
    space.write('recipes.config.yaml', 'estimates: {sbu: t/unit}\njobs: 1\n');
    await space.expect(0, ['build', 'unit']);
    const after = await plan(space);
    t.regex(after[0] ?? '', /^run {4}t\/big {2}never built {2}about \d+ (s|min) \(by SBU\)$/);
    t.is(after[1], 'run    t/none  never built', 'nobody knows');
    t.regex(after.at(-1) ?? '', /^about \d+ (s|min) with 1 job, 3.22 GB of disk$/);
    const {plan: record} = planOf(await space.expect(0, ['build', '-n', '--json']));
    const [big, none, unit] = ['t/big', 't/none', 't/unit'].map((label) =>
      record.find((one) => one.label === label),
    );
    t.like(big, {secondsFrom: 'sbu', diskBytes: 3 * 2 ** 30});
    t.like(none, {seconds: null, secondsFrom: null});
    t.is(unit?.secondsFrom, 'history');
    t.is(big?.seconds, Math.round((unit?.seconds ?? 0) * 1000 * 500) / 1000);
  },
);

test.serial('the record: every node with all that is known, null where nothing is', async (t) => {
  await using space = project();
  const first = planOf(await space.expect(0, ['build', '-n', '--json']));
  t.true(first.ok);
  t.deepEqual(first.missingTools, []);
  t.deepEqual(first.criticalPath, ['t/a', 't/b', 't/d']);
  const [a, , b] = first.plan;
  t.like(a, {label: 't/a', kind: 'build', verdict: 'run', reason: 'never built'});
  t.like(a, {seconds: null, downloadBytes: 0, diskBytes: null});
  t.regex(a?.key ?? '', /^[0-9a-f]{64}$/);
  t.like(b, {label: 't/b', key: null}, 'no key before its need is built');
  t.regex(b?.recipeKey ?? '', /^[0-9a-f]{64}$/);
  await space.expect(0, ['build']);
  space.edit('recipes/t/c.yaml', 'some text', 'more text');
  const second = planOf(await space.expect(0, ['build', '-n', '--json']));
  t.deepEqual(second.criticalPath, ['t/c', 't/d']);
  const c = second.plan.find((one) => one.label === 't/c');
  t.is(c?.diskBytes, 'some text\n'.length, 'what the last artifact took');
  t.is(typeof c?.seconds, 'number');
  const fresh = second.plan.find((one) => one.label === 't/a');
  t.like(fresh, {verdict: 'fresh', reason: null, diskBytes: 0, key: a?.key});
});

test.serial(
  'downloads: as long as what needs them, with the size where it is stated',
  async (t) => {
    await using space = project();
    const text = 'source\n';
    space.write('source.txt', text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    const source = {url: `file://${space.at('source.txt')}`, sha256, unpack: false};
    const sketches = {
      't/sized': {recipe: {sources: [{...source, size: text.length}]}},
      't/plain': {recipe: {sources: [source]}},
    };
    for (const [name, recipe] of Object.entries(recipes(sketches))) space.write(name, recipe);
    const planned = async (): Promise<PlannedLine[]> => {
      const record = planOf(await space.expect(0, ['build', '-n', '--json', 't/sized', 't/plain']));
      return record.plan.filter((one) => one.kind === 'fetch');
    };
    const [plain, sized] = await planned();
    t.like(plain, {label: 't/plain@source.txt', verdict: 'run', reason: 't/plain needs it'});
    t.like(plain, {downloadBytes: null, diskBytes: 0, key: null});
    t.like(sized, {label: 't/sized@source.txt', downloadBytes: text.length});
    await space.expect(0, ['build', 't/sized', 't/plain']);
    t.deepEqual(await planned(), []);
  },
);

test.serial('missing tools are named, and the plan is not well', async (t) => {
  await using space = Space.create(
    recipes({'t/a': {tools: ['no-such-tool-1', 'no-such-tool-2']}, 't/b': {}}),
  );
  const lines = await plan(space);
  t.is(lines.filter((line) => /^missing: .*no-such-tool-[12]/.test(line)).length, 2);
  const record = planOf(await space.expect(0, ['build', '-n', '--json']));
  t.false(record.ok);
  t.is(record.missingTools.length, 2);
  t.true(planOf(await space.expect(0, ['build', '-n', '--json', 'b'])).ok, 'only what is wanted');
});

test.serial('a plan changes nothing in the store', async (t) => {
  await using space = project();
  await space.expect(0, ['build', 'a']);
  await plan(space);
  const before = storePrint(space);
  await plan(space);
  await space.expect(0, ['build', '-n', '--json', '--force']);
  t.is(storePrint(space), before);
});

test.serial('a plan keeps its word: what is to run runs, what is fresh does not', async (t) => {
  await using space = project();
  await space.expect(0, ['build', 'b']);
  const {plan: nodes} = planOf(await space.expect(0, ['build', '-n', '--json']));
  const {stdout} = await space.expect(0, ['build', '--json']);
  const {executed, fresh} = JSON.parse(stdout) as Record<'executed' | 'fresh', string[]>;
  const having = (verdict: string): string[] =>
    nodes.filter((one) => one.verdict === verdict).map((one) => one.label);
  t.deepEqual([...executed].sort(), having('run').sort());
  t.deepEqual([...fresh].sort(), having('fresh').sort());
});
