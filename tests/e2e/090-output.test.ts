/** What stands on standard output and standard error, in which form, and with what exit code. */
import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import test from 'ava';
import {joins, planOf, recipes, resultOf} from '../support/recipes.ts';
import {processesOf, storePrint} from '../support/remains.ts';
import {MAIN, Space, cleanEnv, until} from '../support/space.ts';

function project(): Space {
  return Space.create(
    recipes({
      't/base': {},
      't/top': {needs: ['base'], steps: joins('top', ['base'])},
      't/bad': {steps: 'echo "\\033[31mred\\033[0m" | tr -d x; exit 3'},
    }),
  );
}

test.serial('usage errors: exit 2, and did you mean', async (t) => {
  await using space = project();
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['biuld'], /unknown command 'biuld'[\s\S]*Did you mean build/],
    [['build', '--kep-going'], /unknown option '--kep-going'[\s\S]*Did you mean --keep-going/],
    [['build', '-j', 'many'], /'many' is not a number/],
    [['build', '--progress', 'loud'], /Allowed choices are/],
    [['build', '-o', 'nothing'], /name=value/],
    [['show'], /missing required argument/],
    [['checkout', 'a'], /missing required argument/],
    [['config', 'shw'], /unknown command 'shw'/],
    [['build', 'topp'], /did you mean top\?/],
  ];
  for (const [argv, says] of cases) {
    const {stderr, stdout} = await space.expect(2, argv);
    t.regex(stderr, says, argv.join(' '));
    t.is(stdout, '');
  }
});

test.serial('--help and --version are data, exit 0', async (t) => {
  await using space = project();
  t.regex((await space.expect(0, ['--version'])).stdout, /^\d+\.\d+\.\d+\n/);
  t.regex((await space.expect(0, ['--help'])).stdout, /^Usage: recipes /);
  t.regex((await space.expect(0, ['help', 'build'])).stdout, /^Usage: recipes build /);
  t.regex((await space.expect(0, ['build', '--help'])).stdout, /Examples:/);
  const bare = await space.run([]);
  t.regex(bare.stdout + bare.stderr, /Usage: recipes/);
});

test.serial(
  'build --json: one record on standard output, people are told on standard error',
  async (t) => {
    await using space = project();
    const ran = await space.expect(1, ['build', '--json', '-k']);
    t.is(ran.stdout.split('\n').length, 2);
    const result = resultOf(ran);
    t.deepEqual(Object.keys(result), [
      'ok',
      'executed',
      'fresh',
      'failed',
      'skipped',
      'targets',
      'durationMs',
    ]);
    t.like(result, {
      ok: false,
      executed: ['t/base', 't/top'],
      failed: ['t/bad'],
      skipped: [],
      fresh: [],
    });
    const bad = result.targets.find((one) => one.label === 't/bad');
    t.is(bad?.tree, null);
    for (const one of result.targets.filter((each) => each !== bad)) {
      t.regex(one.key ?? '', /^[0-9a-f]{64}$/);
      t.regex(one.tree ?? '', /^[0-9a-f]{64}$/);
    }
    t.true(result.durationMs > 0);
    t.regex(ran.stderr, /1 failed, 2 built/);
  },
);

test.serial('build -n: the plan, and nothing is changed', async (t) => {
  await using space = project();
  await space.expect(0, ['build', 'top']);
  space.edit('recipes/t/base.yaml', "echo 'base'", 'echo other');
  await space.expect(0, ['build', '-n', 'top']);
  const before = storePrint(space);
  const {stdout} = await space.expect(0, ['build', '-n', 'top', 'bad']);
  t.regex(stdout, /^run +t\/base {2}steps\.install changed {2}about \d+\.\d s$/m);
  t.regex(stdout, /^maybe +t\/top {2}below t\/base/m);
  t.regex(stdout, /^run +t\/bad {2}never built$/m);
  t.regex(stdout, /^2 to run, 1 maybe, 0 fresh$/m);
  const plan = planOf(await space.expect(0, ['build', '-n', '--json', 'top']));
  t.deepEqual(Object.keys(plan), ['ok', 'plan', 'criticalPath', 'missingTools']);
  const [base, top] = plan.plan;
  t.deepEqual(Object.keys(base ?? {}), [
    ...['label', 'kind', 'verdict', 'recipeKey', 'key', 'reason', 'seconds'],
    ...['secondsFrom', 'downloadBytes', 'diskBytes'],
  ]);
  t.like(base, {label: 't/base', kind: 'build', verdict: 'run', downloadBytes: 0, diskBytes: 5});
  t.like(top, {label: 't/top', verdict: 'maybe', key: null});
  t.deepEqual(plan.criticalPath, ['t/base', 't/top']);
  t.is(storePrint(space), before);
});

test.serial('--quiet, --verbose, --progress', async (t) => {
  await using space = project();
  const quiet = await space.expect(0, ['build', '-q', 'top']);
  t.is(quiet.stdout + quiet.stderr, '');
  t.regex((await space.expect(1, ['build', '-q', 'bad'])).stderr, /t\/bad .*failed \(exit 3/);
  const verbose = await space.expect(0, ['build', '-v', 'top']);
  t.regex(verbose.stderr, /t\/base .*fresh/);
  const env = await space.expect(0, ['build', '--force', 'top'], {
    env: {RECIPES_PROGRESS: 'quiet'},
  });
  t.is(env.stderr, '');
  const plain = await space.expect(0, ['build', '--force', 'top', '--progress', 'plain']);
  t.notRegex(plain.stderr, /\x1b|\r/);
});

test.serial('--progress json: events, each a record, as the schema says', async (t) => {
  await using space = project();
  const {stderr} = await space.expect(1, ['build', '-k', '--progress', 'json']);
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as {type: string});
  t.is(events[0]?.type, 'run-started');
  t.is(events.at(-1)?.type, 'run-finished');
  const schema = JSON.parse((await space.expect(0, ['schema', 'print', 'events'])).stdout);
  const {Ajv} = await import('ajv');
  const ajv = new Ajv({strict: false});
  const validate = ajv.compile(schema);
  for (const event of events)
    t.true(validate(event), `${JSON.stringify(event)} ${ajv.errorsText(validate.errors)}`);
});

test.serial('colours: always, never, NO_COLOR', async (t) => {
  await using space = project();
  const env = {NO_COLOR: ''};
  const always = await space.expect(1, ['build', 'bad', '--color', 'always'], {env});
  t.regex(always.stderr, /\x1b\[31m/);
  const never = await space.expect(1, ['build', 'bad', '--color', 'never'], {env});
  t.notRegex(never.stderr, /\x1b/);
  t.notRegex((await space.expect(1, ['build', 'bad'], {env})).stderr, /\x1b/, 'no terminal');
});

test.serial('-C and --store', async (t) => {
  await using space = project();
  await space.expect(0, ['-C', space.root, '--store', 'other', 'build', 'base'], {cwd: '/'});
  t.true(space.exists('other/trees'));
  t.false(space.exists('.recipes'));
  await space.expect(0, ['build', 'base', '-C', 'recipes/t']);
  t.true(space.exists('.recipes'), 'the project is found from below');
  t.regex((await space.run(['list', '-C', '/nowhere/at/all'])).stderr, /nowhere/);
});

test.serial('--trace writes where it is told to', async (t) => {
  await using space = project();
  fs.mkdirSync(space.at('a folder'));
  await space.expect(0, ['build', 'top', '--trace', 'a folder/trace #1.json']);
  const trace = JSON.parse(space.read('a folder/trace #1.json')) as {
    readonly traceEvents: readonly {readonly name: string}[];
  };
  const names = trace.traceEvents.map((one) => one.name);
  t.true(names.includes('t/base') && names.includes('t/top'));
});

test.serial('a reader that goes away ends us quietly', async (t) => {
  await using space = project();
  const script = `'${process.execPath}' '${MAIN}' schema print recipe | head -c 10; echo "\${PIPESTATUS[0]}"`;
  const ran = spawnSync('bash', ['-c', script], {
    cwd: space.root,
    env: cleanEnv(),
    encoding: 'utf8',
  });
  t.is(ran.stderr, '');
  t.regex(ran.stdout, /^.{10}(0|141)\n$/s);
  const build = `'${process.execPath}' '${MAIN}' build top 2>&1 >/dev/null | true`;
  t.is(
    spawnSync('bash', ['-c', build], {cwd: space.root, env: cleanEnv(), encoding: 'utf8'}).stderr,
    '',
  );
  await until('all processes end', () => processesOf(space).length === 0);
});

test.serial('a terminal gets a live status, and its screen back', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) {
    t.log('skipped: script(1) is missing');
    t.pass();
    return;
  }
  await using space = project();
  const command = `'${process.execPath}' '${MAIN}' build -k`;
  const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
    cwd: space.root,
    env: {...cleanEnv(), NO_COLOR: '', TERM: 'xterm', COLUMNS: '80'},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const status = await new Promise((resolve) => child.once('close', resolve));
  t.is(status, 1, text);
  t.regex(text, /\x1b\[/);
  t.regex(text, /t\/bad/);
  t.is(text.split('\x1b[?25l').length, text.split('\x1b[?25h').length, 'the cursor is shown again');
  t.regex(text, /1 failed, 2 built · [\d.]+ s\s*(\x1b\[[^m]*m?)*\s*$/);
});
