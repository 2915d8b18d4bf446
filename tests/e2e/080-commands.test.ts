/** Every command at least once, through the real command line. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import test from 'ava';
import {joins, recipes, writes} from '../support/recipes.ts';
import {processesOf, remains} from '../support/remains.ts';
import {MAIN, Space, cleanEnv, until} from '../support/space.ts';

/** lib ← app, with a test; a tool that runs; a variant of lib. */
function project(): Space {
  return Space.create({
    ...recipes({
      't/lib': {build: {env: {MODE: 'quick'}}, test: {steps: {check: 'true'}}},
      't/app': {
        needs: ['lib'],
        recipe: {version: '1.10', vars: {greeting: 'hello'}},
        steps: `${joins('app', ['lib'])}
mkdir -p "$DESTDIR/usr/bin"
printf '#!/bin/sh\\necho "app says $1"; exit "\${2:-0}"\\n' > "$DESTDIR/usr/bin/app"
chmod 755 "$DESTDIR/usr/bin/app"
ln -s app "$DESTDIR/usr/bin/alias"`,
      },
      'u/lib': {steps: writes('ulib')},
    }),
    'recipes.config.yaml': 'sets: {base: [t/lib, t/app]}\n',
  });
}

const lines = (text: string): string[] => text.trimEnd().split('\n');

test.serial('list, show, validate', async (t) => {
  await using space = project();
  const {stdout} = await space.expect(0, ['list']);
  t.deepEqual(lines(stdout), [
    't/app  1.10  What app is',
    't/lib  1  What lib is',
    'u/lib  1  What lib is',
    '@base  2 targets',
  ]);
  t.deepEqual(lines((await space.expect(0, ['list', '@base'])).stdout).length, 2);
  const listed = JSON.parse((await space.expect(0, ['list', '--json'])).stdout);
  t.deepEqual(listed.sets, {base: ['t/lib', 't/app']});
  t.deepEqual(listed.builds[0], {label: 't/app', version: '1.10', summary: 'What app is'});
  const before = JSON.parse((await space.expect(0, ['show', 'app', '--json'])).stdout);
  t.is(before.key, null);
  t.is(before.state, 'run');
  await space.expect(0, ['build', 'app']);
  const shown = JSON.parse((await space.expect(0, ['show', 'app', '--json'])).stdout);
  t.like(shown, {label: 't/app', state: 'fresh', needs: ['t/lib'], sources: []});
  for (const name of ['recipeKey', 'key', 'tree']) t.regex(shown[name], /^[0-9a-f]{64}$/, name);
  t.is(shown.recipeKey, before.recipeKey);
  t.regex((await space.expect(0, ['show', 'app'])).stdout, /^state {2,}fresh$/m);
  t.regex((await space.expect(0, ['validate'])).stderr, /^3 recipes with 3 builds, no mistakes\n$/);
});

test.serial('graph, why, deps, rdeps', async (t) => {
  await using space = project();
  const dot = await space.expect(0, ['graph', 'app']);
  t.regex(dot.stdout, /^digraph recipes \{[\s\S]*"t\/app" -> "t\/lib"[\s\S]*\}\n$/);
  const graph = JSON.parse((await space.expect(0, ['graph', '--format', 'json'])).stdout);
  t.true(JSON.stringify(graph).includes('t/lib'));
  const why = await space.expect(0, ['why', 'app', 't/lib']);
  t.regex(why.stdout, /^t\/app\n {2}both need t\/lib {2}\(recipes\/t\/app\.yaml:\d+:\d+\)\n$/);
  t.regex((await space.expect(1, ['why', 't/lib', 'app'])).stderr, /t\/lib does not need t\/app/);
  t.is((await space.expect(0, ['deps', 'app'])).stdout, 't/lib\n');
  t.is((await space.expect(0, ['rdeps', 't/lib', '--direct'])).stdout, 't/app\nt/lib#test\n');
  t.deepEqual(JSON.parse((await space.expect(0, ['deps', 'app', '--json'])).stdout), {
    labels: ['t/lib'],
  });
  const ambiguous = await space.expect(2, ['deps', 'lib']);
  t.regex(ambiguous.stderr, /t\/lib[\s\S]*u\/lib/);
  t.false(space.exists('.recipes'), 'no store is needed');
});

test.serial('checkout, files, owner', async (t) => {
  await using space = project();
  t.regex((await space.expect(1, ['checkout', 'app', 'out'])).stderr, /recipes build t\/app/);
  await space.expect(0, ['build']);
  await space.expect(0, ['checkout', 'app', 'out']);
  t.is(space.read('out/usr/share/app'), 'lib\n');
  t.true(fs.statSync(space.at('out/usr/share/app')).nlink > 1, 'linked to the store');
  t.is(fs.readlinkSync(space.at('out/usr/bin/alias')), 'app');
  t.false(space.exists('out/usr/share/lib'));
  t.regex((await space.expect(2, ['checkout', 'app', 'out'])).stderr, /out/);
  await space.expect(0, ['checkout', 'app', 'whole', '--with-run', '--copy']);
  t.is(space.read('whole/usr/share/lib'), 'lib\n');
  t.is(fs.statSync(space.at('whole/usr/share/app')).nlink, 1, 'a copy');
  fs.mkdirSync(space.at('empty'));
  const json = JSON.parse((await space.expect(0, ['checkout', 'app', 'empty', '--json'])).stdout);
  t.is(json.files, 2);
  const {stdout} = await space.expect(0, ['files', 'app']);
  t.deepEqual(lines(stdout), [
    '/usr/',
    '/usr/bin/',
    '/usr/bin/alias -> app',
    '/usr/bin/app',
    '/usr/share/',
    '/usr/share/app',
  ]);
  t.is((await space.expect(0, ['owner', '/usr/share/lib'])).stdout, 't/lib\n');
  t.is((await space.expect(0, ['owner', 'usr/share/lib', '--in', 'app'])).stdout, 't/lib\n');
  await space.expect(1, ['owner', '/usr/share/ulib', '--in', 'app']);
  t.regex(
    (await space.expect(1, ['owner', '/nothing'])).stderr,
    /nothing that is built has \/nothing/,
  );
});

test.serial('run: a command of a built target, its words and its exit status', async (t) => {
  await using space = project();
  t.regex((await space.expect(1, ['run', 'app', '--', 'app'])).stderr, /recipes build t\/app/);
  await space.expect(0, ['build', 'app']);
  const {stdout} = await space.expect(7, ['run', 'app', '--', 'app', 'two words', '7']);
  t.is(stdout, 'app says two words\n');
  t.is((await space.expect(0, ['run', 'app', 'app', '-v'])).stdout, 'app says -v\n');
  t.regex((await space.expect(2, ['run', 'app'])).stderr, /command/);
  t.deepEqual(remains(space), []);
});

test.serial('shell -c: the environment of a build before its first step', async (t) => {
  await using space = project();
  const script = 'pwd; cat /sysroot/usr/share/lib; echo "$greeting $version $DESTDIR"; exit 4';
  const {stdout} = await space.expect(4, ['shell', 'app', '-c', script]);
  t.is(stdout, '/build/app-1.10\nlib\nhello 1.10 /sysroot\n');
  t.is((await space.expect(0, ['shell', 't/lib', '-c', 'echo $MODE'])).stdout, 'quick\n');
  const show = JSON.parse((await space.expect(0, ['show', 'app', '--json'])).stdout);
  t.is(show.state, 'run', 'what it needs was built, not the target itself');
  t.deepEqual(remains(space), []);
});

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test.serial(`shell -c without a terminal: ${signal} ends it`, async (t) => {
    await using space = project();
    const running = space.start(['shell', 't/lib', '-c', 'echo begun; tail -f /dev/null']);
    await until('it has begun', () => running.output().includes('begun'));
    running.child.kill(signal);
    const ran = await running.ended;
    t.is(ran.status, status);
    t.is(ran.stderr, '');
    await until('all processes end', () => processesOf(space).length === 0);
    t.deepEqual(remains(space), []);
  });
}

test.serial('shell --root -c: a root of targets and what they need to run', async (t) => {
  await using space = Space.create({
    ...recipes({
      't/sh': {
        tools: ['ldd'],
        steps: `mkdir -p "$DESTDIR/usr/bin" "$DESTDIR/usr/lib"
cp -L /bin/bash "$DESTDIR/usr/bin/bash"; cp -L /bin/cat "$DESTDIR/usr/bin/cat"
for lib in $(ldd /bin/bash /bin/cat | grep -o '/[^ ]*'); do case $lib in *:) ;; *) cp -L "$lib" "$DESTDIR/usr/lib/" ;; esac; done
ln -s usr/lib "$DESTDIR/lib"; ln -s usr/lib "$DESTDIR/lib64"; ln -s usr/bin "$DESTDIR/bin"; ln -s bash "$DESTDIR/usr/bin/sh"`,
      },
      't/data': {needs: ['sh']},
    }),
  });
  await space.expect(0, ['build']);
  const script = 'cat /usr/share/data; echo /usr/bin/*; echo /usr/sbin/*';
  const {stdout} = await space.expect(0, ['shell', '--root', 't/data', '-c', script]);
  t.is(stdout, 'data\n/usr/bin/bash /usr/bin/cat /usr/bin/sh\n/usr/sbin/*\n');
  t.deepEqual(remains(space), []);
});

test.serial('doctor', async (t) => {
  await using space = project();
  const ran = await space.run(['doctor']);
  t.regex(ran.stdout, /^(ok|limited|missing) +/m);
  t.regex(ran.stdout, /store: [\d.]+ GiB/);
  const json = JSON.parse((await space.run(['doctor', '--json'])).stdout) as {
    readonly ok: boolean;
    readonly probes: readonly {readonly name: string; readonly state: string}[];
  };
  t.is(json.ok, ran.status === 0);
  t.true(json.probes.every((one) => one.name !== '' && one.state !== ''));
});

test.serial('init makes a project in which new recipes are valid', async (t) => {
  await using space = Space.create();
  const {stderr} = await space.expect(0, ['init', 'fresh']);
  t.regex(stderr, /next: recipes new/);
  await space.expect(0, ['-C', 'fresh', 'validate']);
  await space.expect(0, ['-C', 'fresh', 'new', 'hello', '--kind', 'script']);
  t.regex(space.read('fresh/recipes/local/hello.yaml'), /^# yaml-language-server: \$schema=/);
  t.regex((await space.expect(2, ['init', 'fresh'])).stderr, /there already/);
  t.is((await space.run(['-C', 'fresh', 'list'])).stdout.split(' ')[0], 'local/hello');
});

test.serial('config show --origin: what holds, and where it is from', async (t) => {
  await using space = Space.create({
    'recipes.config.yaml': 'jobs: 3\naliases: {gnu: https://gnu.example/}\n',
  });
  space.write('home/.config/recipes/config.yaml', 'jobs: 2\n');
  const {stdout} = await space.expect(0, ['config', 'show', '--origin', '--store', 'elsewhere']);
  t.regex(stdout, /^project\S*.*\tjobs = 3$|^.*recipes\.config\.yaml.*\tjobs = 3$/m);
  t.regex(stdout, /gnu/);
  t.regex(stdout, /^flag\S*.*\tstore\.path = /m);
  const env = await space.expect(0, ['config', 'show', '--origin'], {env: {RECIPES_JOBS: '5'}});
  t.regex(env.stdout, /^environment.*\tjobs = 5$|RECIPES_JOBS.*\tjobs = 5$/m);
  const json = JSON.parse((await space.expect(0, ['config', 'show', '--json'])).stdout);
  t.true(Array.isArray(json.settings));
});

test.serial('schema print', async (t) => {
  await using space = Space.create();
  for (const name of ['recipe', 'kind', 'config', 'generated', 'dialogue', 'events']) {
    const schema = JSON.parse((await space.expect(0, ['schema', 'print', name])).stdout);
    t.is(schema.$schema, 'http://json-schema.org/draft-07/schema#', name);
  }
  t.regex((await space.expect(2, ['schema', 'print', 'recipes'])).stderr, /recipe/);
});

test.serial('completion of bash completes commands, options and labels', async (t) => {
  await using space = project();
  const {stdout} = await space.expect(0, ['completion', 'bash']);
  space.write('complete.bash', stdout);
  space.write('bin/recipes', `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  fs.chmodSync(space.at('bin/recipes'), 0o755);
  const complete = (...words: string[]): string[] => {
    const script = `. ./complete.bash
COMP_WORDS=(${words.map((one) => `'${one}'`).join(' ')})
COMP_CWORD=${String(words.length - 1)}
COMP_LINE="\${COMP_WORDS[*]}"
COMP_POINT=\${#COMP_LINE}
spec=$(complete -p recipes); fn=\${spec#*-F }; fn=\${fn%% *}
$fn recipes
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ran = spawnSync('bash', ['-c', script], {
      cwd: space.root,
      env: {...cleanEnv(), PATH: `${space.at('bin')}:${process.env['PATH'] ?? ''}`},
      encoding: 'utf8',
    });
    return ran.stdout.split('\n').filter((line) => line !== '');
  };
  t.deepEqual(complete('recipes', 'expl'), ['explain']);
  t.true(
    complete('recipes', 'build', 't/').includes('t/app'),
    complete('recipes', 'build', 't/').join(),
  );
  t.true(complete('recipes', 'build', '@').includes('@base'));
  t.true(complete('recipes', 'build', '--keep').includes('--keep-going'));
  for (const shell of ['zsh', 'fish']) await space.expect(0, ['completion', shell]);
  await space.expect(2, ['completion', 'tcsh']);
});

test.serial('test: of a build that has none', async (t) => {
  await using space = project();
  t.regex((await space.expect(2, ['test', 'app'])).stderr, /there is no test/);
  await space.expect(0, ['test', 't/lib']);
});
