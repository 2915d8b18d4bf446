/** The program as a process: exit codes, where its output goes, readers that go away. */
import {spawnSync} from 'node:child_process';
import test from 'ava';
import {recipes} from '../../support/recipes.ts';
import {cleanEnv, MAIN, Space} from '../../support/space.ts';

/** Arguments, exit code, what is on standard output, what is on standard error. */
const ENDS: readonly (readonly [readonly string[], number, RegExp, RegExp])[] = [
  [['--version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
  [['--help'], 0, /^Usage: recipes/, /^$/],
  [['help', 'build'], 0, /^Usage: recipes build/, /^$/],
  [[], 2, /^$/, /^Usage: recipes/],
  [['nonsense'], 2, /^$/, /unknown command 'nonsense'/],
  [['build', '-j', '0'], 2, /^$/, /'0' is not a number/],
  [['list'], 0, /t\/a/, /^$/],
  [['list', 'nope'], 2, /^$/, /target\/unknown/],
  [['-C', '/', 'list'], 3, /^$/, /config\/not-found/],
  [['files', 'a'], 1, /^$/, /target\/not-built/],
  [['-o', 't/a.x=1', 'list'], 2, /^$/, /usage\/bad-option/],
  [['schema', 'print', 'nope'], 2, /^$/, /there is no schema nope/],
];

test.serial('exit codes, and what goes where', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  for (const [argv, status, out, errors] of ENDS) {
    const ran = await space.expect(status, argv);
    t.regex(ran.stdout, out, argv.join(' '));
    t.regex(ran.stderr, errors, argv.join(' '));
  }
});

test.serial('RECIPES_PROGRESS is the usual of --progress; a wrong value is told', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  const json = await space.expect(0, ['build', '-n'], {env: {RECIPES_PROGRESS: 'json'}});
  t.is(json.stderr, '');
  const wrong = await space.expect(2, ['build', '-n'], {env: {RECIPES_PROGRESS: 'slow'}});
  t.regex(wrong.stderr, /RECIPES_PROGRESS[^]*Allowed choices/);
});

test.serial('a reader that went away ends the command without a word', async (t) => {
  await using space = Space.create(recipes({'t/a': {}}));
  const script = '"$0" "$1" graph | true; exit "${PIPESTATUS[0]}"';
  const ran = spawnSync('bash', ['-c', script, process.execPath, MAIN], {
    cwd: space.root,
    env: cleanEnv(),
    encoding: 'utf8',
  });
  t.like(ran, {status: 0, stdout: '', stderr: ''});
});
