/** What runs again after a change, what does not, and that the plan and the words say so. */
import fs from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {
  joins,
  planOf,
  recipes,
  resultOf,
  verdicts,
  writes,
  type Result,
} from '../support/recipes.ts';
import {Space} from '../support/space.ts';

/** base ← middle ← top, and other beside them. */
function chain(): Space {
  return Space.create(
    recipes({
      't/base': {},
      't/middle': {needs: ['base'], steps: joins('middle', ['base'])},
      't/top': {needs: ['middle'], steps: joins('top', ['middle'])},
      't/other': {},
    }),
  );
}

const ALL = ['t/base', 't/middle', 't/other', 't/top'];

async function build(space: Space, ...argv: string[]): Promise<Result> {
  return resultOf(await space.expect(0, ['build', '--json', ...argv]));
}

const sorted = (labels: readonly string[]): string[] => [...labels].sort();

/** Plans, then builds; the build must keep to the plan. */
async function planned(t: ExecutionContext, space: Space): Promise<Result> {
  const plan = verdicts(planOf(await space.expect(0, ['build', '-n', '--json'])));
  const result = await build(space);
  const ran = new Set(result.executed);
  t.deepEqual(
    plan.run.filter((one) => !ran.has(one)),
    [],
    'every run ran',
  );
  t.deepEqual(
    plan.fresh.filter((one) => ran.has(one)),
    [],
    'nothing fresh ran',
  );
  return result;
}

test.serial('a second build executes nothing and says so in one line', async (t) => {
  await using space = chain();
  t.deepEqual(sorted((await build(space)).executed), ALL);
  const again = await space.expect(0, ['build']);
  t.is(again.stdout, '');
  t.regex(again.stderr, /^4 fresh, nothing to do \(\d+\.\d\d s\)\n$/);
  t.deepEqual((await build(space)).executed, []);
});

test.serial('what is only for people is in no key', async (t) => {
  await using space = chain();
  await build(space);
  const file = 'recipes/t/base.yaml';
  space.write(file, `# a comment\n${space.read(file)}# and another\n`);
  t.deepEqual((await build(space)).executed, []);
  space.edit(file, 'summary: What base is', 'summary: Something else');
  space.edit(file, 'version', 'homepage: https://base.example/\nlicense: MIT\nversion');
  t.deepEqual((await build(space)).executed, []);
});

test.serial('a change runs exactly the nodes whose inputs changed', async (t) => {
  await using space = chain();
  await build(space);
  space.edit('recipes/t/base.yaml', "echo 'base'", "echo 'changed'");
  const plan = verdicts(planOf(await space.expect(0, ['build', '-n', '--json'])));
  t.deepEqual(plan, {run: ['t/base'], maybe: ['t/middle', 't/top'], fresh: ['t/other']});
  const result = await planned(t, space);
  t.deepEqual(sorted(result.executed), ['t/base', 't/middle', 't/top']);
  t.deepEqual(result.fresh, ['t/other']);
});

test.serial('an output that comes out the same ends the rebuilding there', async (t) => {
  await using space = chain();
  await build(space);
  space.edit('recipes/t/base.yaml', "echo 'base'", 'echo base');
  const result = await planned(t, space);
  t.deepEqual(result.executed, ['t/base']);
  t.deepEqual(sorted(result.fresh), ['t/middle', 't/other', 't/top']);
  space.edit('recipes/t/base.yaml', 'echo base', "printf '%s\\n' base");
  const shown = await space.expect(0, ['build', '-v']);
  t.regex(shown.stderr, /t\/middle .*(as before|unchanged|same)/);
});

interface Told {
  readonly type: string;
  readonly label?: string;
  readonly outcome?: string;
  readonly summary?: {readonly executed: readonly string[]; readonly fresh: readonly string[]};
}

test.serial(
  'each node tells its end once, also where many turn out to be fresh at once',
  async (t) => {
    const source = {recipe: {sources: [{path: '../../s.txt', unpack: false}]}};
    await using space = Space.create({
      ...recipes({
        ...{'t/base': source, 't/middle': {needs: ['base'], steps: joins('middle', ['base'])}},
        ...{'t/top': {needs: ['middle'], steps: joins('top', ['middle'])}, 't/other': {}},
      }),
      's.txt': 'one\n',
    });
    await build(space);
    for (const text of ['two\n', 'three\n']) {
      space.write('s.txt', text);
      const {stderr} = await space.expect(0, ['build', '--progress', 'json']);
      const events = stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);
      const ends = events.filter((one) => one.type === 'node-finished');
      t.deepEqual(
        ends.map(({label, outcome}) => `${label} ${outcome}`),
        ['t/other fresh', 't/base built', 't/middle cut', 't/top cut'],
      );
      const {summary} = events.at(-1) ?? {};
      t.deepEqual(summary?.executed, ['t/base']);
      t.deepEqual(summary?.fresh, ['t/other', 't/middle', 't/top']);
    }
  },
);

test.serial('a change taken back is fresh again at once', async (t) => {
  await using space = chain();
  await build(space);
  space.edit('recipes/t/base.yaml', "echo 'base'", "echo 'changed'");
  await build(space);
  space.edit('recipes/t/base.yaml', "echo 'changed'", "echo 'base'");
  t.deepEqual((await planned(t, space)).executed, []);
});

test.serial('the caller of the build is in no key', async (t) => {
  await using space = chain();
  const {targets} = await build(space);
  const env = {
    TZ: 'Asia/Tokyo',
    LANG: 'de_DE.UTF-8',
    HOME: '/nowhere',
    CFLAGS: '-O9',
    DESTDIR: '/x',
  };
  const again = await space.expect(0, ['build', '--json', '-j7'], {env});
  t.deepEqual(resultOf(again).executed, []);
  const forced = await space.expect(0, ['build', '--json', '--force'], {env});
  t.deepEqual(sorted(resultOf(forced).executed), ALL);
  t.deepEqual(resultOf(forced).targets, targets);
});

test.serial('--force runs the named targets alone', async (t) => {
  await using space = chain();
  await build(space);
  t.deepEqual((await build(space, '--force', 't/middle')).executed, ['t/middle']);
});

test.serial('explain names the field, the old and the new value', async (t) => {
  await using space = chain();
  t.regex((await space.expect(0, ['explain', 'top'])).stdout, /^t\/top must run: never built\n/);
  await build(space);
  t.regex((await space.expect(0, ['explain', 'top'])).stdout, /^t\/top is fresh: [0-9a-f]{8}\n/);
  space.edit('recipes/t/top.yaml', 'cat ', 'cat -u ');
  space.edit('recipes/t/top.yaml', 'in: host', 'in: host\n    env: {MODE: quick}');
  const {stdout} = await space.expect(0, ['explain', 'top']);
  t.regex(stdout, /^t\/top must run: .* changed {2}[0-9a-f]{8} → [0-9a-f]{8}\n/);
  t.regex(stdout, /env\.MODE +added: quick\n/);
  t.regex(stdout, /steps\.install/);
  t.regex(stdout, /cat -u/);
  t.regex(stdout, /unchanged: \d+ fields \(--all shows them\)/);
  const json = JSON.parse((await space.expect(0, ['explain', 'top', '--json'])).stdout) as {
    readonly verdict: string;
    readonly changes: readonly {readonly field: string}[];
  };
  t.is(json.verdict, 'run');
  t.deepEqual(json.changes.map((one) => one.field).sort(), ['env.MODE', 'steps.install']);
});

test.serial('explain of a dependent names the need whose tree changed', async (t) => {
  await using space = chain();
  await build(space);
  space.edit('recipes/t/base.yaml', "echo 'base'", "echo 'changed'");
  const below = await space.expect(0, ['explain', 'middle']);
  t.regex(below.stdout, /^t\/middle may have to run: below t\/base\n/);
  await build(space, 't/base');
  const {stdout} = await space.expect(0, ['explain', 'middle']);
  t.regex(stdout, /^t\/middle must run: needs\.t\/base changed/);
  t.regex(stdout, /needs\.t\/base +tree [0-9a-f]{8} → [0-9a-f]{8}\n/);
});

test.serial('what only may have to run says why once it runs', async (t) => {
  await using space = chain();
  await build(space);
  space.edit('recipes/t/base.yaml', "echo 'base'", "echo 'changed'");
  const {stderr} = await space.expect(0, ['build', '--progress', 'plain']);
  t.regex(stderr, /^t\/base: build \(steps\.install changed\)$/m);
  t.regex(stderr, /^t\/middle: build \(needs\.t\/base changed\)$/m);
});

test.serial('an option changes the builds that declare it', async (t) => {
  await using space = chain();
  space.edit(
    'recipes/t/other.yaml',
    'version:',
    'options: {loud: {type: bool, default: false, summary: Shouts}}\nversion:',
  );
  space.edit('recipes/t/other.yaml', "echo 'other'", 'echo "$loud"');
  await build(space);
  t.deepEqual((await build(space, '-o', 't/other.loud=true')).executed, ['t/other']);
  const {stdout} = await space.expect(0, ['explain', 'other', '-o', 'other.loud=true']);
  t.regex(stdout, /^t\/other is fresh/);
  t.deepEqual((await build(space)).executed, [], 'what was built before is still there');
  space.write('recipes.config.yaml', 'options: {t/other.loud: true}\n');
  t.deepEqual((await build(space)).executed, []);
});

test.serial('path sources: content, names and execute bits count, times do not', async (t) => {
  await using space = Space.create({
    'recipes/t/local/src/tool': 'one\n',
    'recipes/t/local/src/.git/HEAD': 'ref\n',
    ...recipes({
      't/local': {
        recipe: {sources: [{path: './local/src', ignore: ['*.swp']}]},
        steps:
          'mkdir -p "$DESTDIR/usr/bin"\ncp -p tool "$DESTDIR/usr/bin/"\nls -A > "$DESTDIR/usr/bin/all"\n',
      },
    }),
  });
  const tool = space.at('recipes/t/local/src/tool');
  const runs = async (): Promise<number> => (await build(space)).executed.length;
  t.is(await runs(), 1);
  t.is(await runs(), 0);
  fs.utimesSync(tool, 1, 1);
  t.is(await runs(), 0, 'touched only');
  space.write('recipes/t/local/src/.git/HEAD', 'changed\n');
  space.write('recipes/t/local/src/x.swp', 'changed\n');
  t.is(await runs(), 0, 'left out');
  space.write('recipes/t/local/src/tool', 'two\n');
  t.is(await runs(), 1, 'edited');
  fs.chmodSync(tool, 0o755);
  t.is(await runs(), 1, 'executable');
  fs.chmodSync(tool, 0o700);
  t.is(await runs(), 0, 'only whether it is executable counts');
  fs.renameSync(tool, `${tool}s`);
  space.edit('recipes/t/local.yaml', 'cp -p tool ', 'cp -p tools ');
  t.is(await runs(), 1, 'renamed');
});

test.serial('patches are applied, and their content counts', async (t) => {
  const patch = (to: string): string => `--- a/text\n+++ b/text\n@@ -1 +1 @@\n-one\n+${to}\n`;
  await using space = Space.create({
    'recipes/t/patched/src/text': 'one\n',
    'recipes/t/patched/fix.patch': patch('two'),
    ...recipes({
      't/patched': {
        recipe: {
          sources: [{path: './patched/src'}],
          patches: [{file: 'patched/fix.patch', strip: 1}],
        },
        steps: 'install -Dm644 text "$DESTDIR/usr/share/text"',
      },
    }),
  });
  await build(space);
  await space.expect(0, ['checkout', 'patched', 'one']);
  t.is(space.read('one/usr/share/text'), 'two\n');
  t.deepEqual((await build(space)).executed, []);
  space.write('recipes/t/patched/fix.patch', patch('three'));
  t.regex((await space.expect(0, ['explain', 'patched'])).stdout, /must run: patches?/);
  t.deepEqual((await build(space)).executed, ['t/patched']);
  space.write('recipes/t/patched/fix.patch', patch('four').replace('-one', '-other'));
  const failed = await space.expect(1, ['build']);
  t.regex(failed.stderr, /fix\.patch/);
});

test.serial('a project that was moved is as fresh as before', async (t) => {
  await using space = chain();
  await build(space);
  fs.mkdirSync(space.at('elsewhere/deep'), {recursive: true});
  for (const name of ['.recipes', 'recipes', 'recipes.config.yaml'])
    fs.renameSync(space.at(name), space.at(`elsewhere/deep/${name}`));
  t.deepEqual((await build(space, '-C', 'elsewhere/deep')).executed, []);
});

test.serial('tests run when they are asked for, and hold nothing back', async (t) => {
  await using space = Space.create(
    recipes({
      't/good': {test: {steps: {check: 'echo "PASS: one"'}}},
      't/bad': {
        test: {critical: true, steps: {check: 'echo "PASS: one"\necho "FAIL: two"\nexit 1'}},
      },
      't/user': {needs: ['bad', 'good'], steps: joins('user', ['bad', 'good'])},
    }),
  );
  t.deepEqual(sorted((await build(space)).executed), ['t/bad', 't/good', 't/user']);
  t.deepEqual((await build(space, '--tests', 'all', 't/good')).executed, ['t/good#test']);
  t.deepEqual((await build(space, '--tests', 'all', 't/good')).executed, []);
  const all = resultOf(await space.expect(1, ['build', '--json', '--tests', 'all', '-k']));
  t.deepEqual(all.failed, ['t/bad#test']);
  t.true(all.fresh.includes('t/user'));
  const critical = resultOf(
    await space.expect(1, ['build', '--json', '--tests', 'critical', 't/user']),
  );
  t.deepEqual(critical.failed, ['t/bad#test'], 'a failed test is never a hit');
  t.deepEqual(resultOf(await space.expect(0, ['test', '--json', 'good'])).fresh, [
    't/good',
    't/good#test',
  ]);
  t.regex((await space.expect(1, ['test', 'bad'])).stderr, /check failed \(exit 1/);
});

test.serial('known failures are excused, others are not', async (t) => {
  await using space = Space.create(
    recipes({
      't/flaky': {
        test: {known: ['two'], steps: {check: 'echo "FAIL: two"\nexit 1'}},
      },
    }),
  );
  t.deepEqual((await build(space, '--tests', 'all')).executed, ['t/flaky', 't/flaky#test']);
  space.edit('recipes/t/flaky.yaml', 'FAIL: two', 'FAIL: three');
  const failed = resultOf(await space.expect(1, ['build', '--json', '--tests', 'all']));
  t.deepEqual(failed.failed, ['t/flaky#test']);
});

test.serial('tests.gate: what needs a build waits for its test', async (t) => {
  await using space = Space.create({
    ...recipes({
      't/bad': {test: {steps: {check: 'exit 1'}}},
      't/user': {needs: ['bad'], steps: joins('user', ['bad'])},
    }),
    'recipes.config.yaml': 'tests: {gate: true}\n',
  });
  const gated = resultOf(await space.expect(1, ['build', '--json', '-k', '--tests', 'all']));
  t.deepEqual(gated.executed, ['t/bad']);
  t.deepEqual(gated.failed, ['t/bad#test']);
  t.deepEqual(gated.skipped, ['t/user']);
  t.deepEqual((await build(space)).executed, ['t/user'], 'without tests there is no gate');
});

test.serial('a test uses the build folder that was kept for it', async (t) => {
  await using space = Space.create(
    recipes({
      't/tested': {
        steps: {compile: 'echo compiled > result', install: writes('tested')},
        test: {steps: {check: 'grep compiled result'}},
      },
    }),
  );
  t.deepEqual((await build(space, '--tests', 'all')).executed, ['t/tested', 't/tested#test']);
  t.notRegex((await space.expect(0, ['log', 'tested#test'])).stdout, /error/);
  t.deepEqual(fs.readdirSync(space.at('.recipes/kept')), []);
  // Who has run the test was killed before he removed it.
  const [tested] = resultOf(await space.expect(0, ['build', '--json'])).targets;
  const kept = space.at(`.recipes/kept/${tested?.key ?? ''}`);
  fs.mkdirSync(kept);
  t.deepEqual((await build(space, '--tests', 'all')).executed, []);
  t.false(fs.existsSync(kept));
  // A test was killed that had taken what was in it: the build's steps run again.
  space.edit('recipes/t/tested.yaml', 'grep compiled', 'grep -q compiled');
  fs.mkdirSync(kept);
  t.deepEqual((await build(space, '--tests', 'all')).executed, ['t/tested#test']);
  t.false(fs.existsSync(kept));
});
