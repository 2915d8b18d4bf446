import fs from 'node:fs';
import test from 'ava';
import {until} from '../../support/space.ts';
import {openRig, type Rig} from './rig.ts';

let rig: Rig | undefined;
let end: () => Promise<void> = () => Promise.resolve();

test.before(async (t) => {
  rig = await openRig(t, (close) => (end = close), {env: {RECIPES_LOG_LIMIT: '1000000'}});
});

test.after.always(() => end());

test('steps share one shell: variables, functions, the folder', async (t) => {
  if (rig === undefined) return t.pass();
  const {log} = await rig.build({
    variables: {
      package: 'it',
      'static-libs': 'true',
      configure: ['--a', "it's $HOME", ''],
      none: [],
    },
    steps: [
      {name: 'prepare', text: 'declare -A map=([k]=v); f() { echo "f $1"; }; mkdir sub; cd sub'},
      {
        name: 'compile',
        text: 'f "${map[k]}"; pwd; printf "<%s>" "${configure[@]}" "${none[@]}"; echo',
      },
      {name: 'install', text: 'echo "$package $static_libs $jobs"; env | grep -c package || :'},
    ],
    request: {jobs: 3},
  });
  t.is(log, "f v\n/build/it-1/sub\n<--a><it's $HOME><>\nit true 3\n0\n");
});

test('nothing of our environment is inside, and what is there is the same everywhere', async (t) => {
  if (rig === undefined) return t.pass();
  const {log} = await rig.build({env: {CFLAGS: '-O2', LC_ALL: 'C.UTF-8'}, script: 'env | sort'});
  const names = log.split('\n').map((line) => line.split('=')[0]);
  t.deepEqual(
    names.join(' ').trim(),
    [
      'CFLAGS DESTDIR HOME LC_ALL MAKEFLAGS OLDPWD PATH PWD PYTHONDONTWRITEBYTECODE SHELL SHLVL',
      'SOURCE_DATE_EPOCH SYSROOT TERM TMPDIR TZ _',
    ].join(' '),
  );
  t.regex(log, /^LC_ALL=C.UTF-8$/m);
});

interface Wrong {
  readonly script: string;
  readonly shell?: readonly string[];
  readonly code: string;
  readonly exit?: number | undefined;
  readonly signal?: string;
  readonly cwd?: string;
  readonly machine?: boolean;
  readonly says?: RegExp;
}

const WRONG: Readonly<Record<string, Wrong>> = {
  'a failing command': {
    script: 'mkdir -p a/b; cd a/b; false; echo never',
    ...{code: 'step/failed', exit: 1, cwd: '/build/it-1/a/b'},
    says: /step install failed with exit status 1/,
  },
  'the status of exit': {script: 'exit 37', code: 'step/failed', exit: 37},
  'the last status, without errexit': {
    ...{script: 'false; (exit 5)', shell: [], code: 'step/failed', exit: 5},
  },
  'an unset variable': {script: 'echo $nonesuch', code: 'step/failed', exit: 1},
  'a failing pipe': {script: 'false | cat', code: 'step/failed', exit: 1},
  'a mistake of syntax': {script: 'if true; then', code: 'step/failed'},
  'a signal': {
    script: 'sh -c "kill -SEGV \\$\\$"',
    code: 'step/failed',
    exit: 139,
    signal: 'SIGSEGV',
  },
  'killed by the machine': {
    ...{script: 'sh -c "kill -KILL \\$\\$"', code: 'step/killed', signal: 'SIGKILL', machine: true},
  },
  'exit 0 before the end': {script: 'exit 0', code: 'step/ended-early', exit: 0},
  'exec of something else': {script: 'exec true', code: 'step/ended-early', exit: 0},
  'exit 0 with a trap of its own': {script: 'trap : EXIT; exit 0', code: 'step/ended-early'},
  'a failure with a trap of its own': {script: 'trap : EXIT; false', code: 'step/failed', exit: 1},
  'a daemon': {
    script: 'setsid -f sleep 1000; (sleep 2000 &)',
    ...{code: 'step/left-processes', says: /still running: \d+ sleep 1000/},
  },
  'noglob, noclobber and IFS do not hide a daemon': {
    script: 'set -f -C; IFS=0; sleep 3000 &',
    ...{code: 'step/left-processes', says: /sleep 3000/},
  },
  'too long': {
    script: 'sleep 1000',
    ...{code: 'step/timeout', signal: 'SIGKILL', exit: undefined, machine: true},
    says: /step install was ended after 4 s/,
  },
  'a flood of output': {
    script: 'yes',
    ...{code: 'step/log-flood', signal: 'SIGKILL'},
  },
  'all processes killed': {
    script: 'sleep 9 & kill -9 -1 || :; exit 3',
    code: 'step/failed',
    exit: 3,
  },
};

for (const [title, wrong] of Object.entries(WRONG)) {
  test(`failing: ${title}`, async (t) => {
    if (rig === undefined) return t.pass();
    const {script, shell = ['errexit', 'nounset', 'pipefail']} = wrong;
    const milliseconds = wrong.code === 'step/timeout' ? 4000 : 60_000;
    const failed = await rig.failing({script, shell, milliseconds});
    t.is(failed.codes.join(), wrong.code, failed.log.slice(-500));
    t.is(failed.machine, wrong.machine ?? false);
    t.is(failed.step, 'install');
    if ('exit' in wrong) t.is(failed.exit, wrong.exit);
    if (wrong.signal !== undefined) t.is(failed.signal, wrong.signal);
    if (wrong.cwd !== undefined) t.is(failed.cwd, wrong.cwd);
    if (wrong.says !== undefined) t.regex(JSON.stringify(failed.diagnostics), wrong.says);
    t.false(failed.log.includes('never'));
  });
}

test('a process that ends soon after the last step is waited for', async (t) => {
  if (rig === undefined) return t.pass();
  const {log} = await rig.build({script: 'exec > >(cat; sleep 0.3; echo late) 2>&1; echo early'});
  t.is(log, 'early\nlate\n');
});

test('output to /dev/stderr does not empty the log', async (t) => {
  if (rig === undefined) return t.pass();
  const script = 'echo one; echo two >/dev/stderr; echo three >/dev/stdout; echo four';
  t.is((await rig.build({script})).log, 'one\ntwo\nthree\nfour\n');
});

test('the steps are told as they begin, and the time is counted', async (t) => {
  if (rig === undefined) return t.pass();
  const steps: string[] = [];
  const {result} = await rig.build({
    steps: [
      {name: 'compile', text: 'for ((i = 0; i < 200000; i++)); do :; done'},
      {name: 'install', text: 'sleep 0.5'},
    ],
    onReply: (reply) => {
      if (reply.type === 'step') steps.push(`${reply.phase} ${reply.step}`.trim());
    },
  });
  t.deepEqual(steps, ['running compile', 'running install', 'capturing']);
  t.true(result.usage.cpuMilliseconds >= 100);
  t.true(result.usage.milliseconds >= 500);
  t.true(result.usage.peakBytes > 1 << 20);
});

test('make gets its tokens, and gives them back when asked', async (t) => {
  if (rig === undefined) return t.pass();
  if (!fs.existsSync('/usr/bin/make')) {
    t.log('SKIPPED: make is missing');
    return t.pass();
  }
  const makefile = 'all: a b c\na b c:\n\t@echo start; while [ ! -e go ]; do sleep 0.05; done';
  let returned = 0;
  const started = rig.start({
    variables: {makefile},
    script: `echo "$makefile" >Makefile; make --no-print-directory`,
    request: {tokens: 1, jobs: 9},
    onReply: (reply) => {
      if (reply.type === 'tokens') returned += reply.count;
    },
  });
  const count = async (wanted: number): Promise<number> => {
    for (let tries = 0; tries < 400; tries++) {
      const log = fs.existsSync(started.log) ? fs.readFileSync(started.log, 'utf8') : '';
      const lines = log.split('start').length - 1;
      if (lines >= wanted) return lines;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return -1;
  };
  t.is(await count(2), 2);
  rig.worker.tokens(started.id, 1);
  t.is(await count(3), 3);
  rig.worker.tokens(started.id, -2);
  fs.writeFileSync(rig.inStore(`${started.scratch}/build/it-1/go`), '');
  const result = await started.result;
  t.true(result.ok && result.value.outcome === 'ok');
  t.true(returned <= 2);
});

test('a build can be killed, also while it is being prepared', async (t) => {
  if (rig === undefined) return t.pass();
  const running = rig.start({script: 'echo up; sleep 1000'});
  const at = rig.start({script: 'sleep 1000'});
  rig.worker.kill(at.id);
  const early = await at.result;
  while (!fs.existsSync(running.log) || fs.statSync(running.log).size === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  rig.worker.kill(running.id);
  const late = await running.result;
  for (const result of [early, late]) {
    const value = result.ok ? result.value : undefined;
    t.is(value?.outcome === 'failed' ? value.diagnostics[0]?.code : '', 'step/cancelled');
    t.true(value?.outcome === 'failed' && value.machine);
  }
});

test('a fork bomb reaches its limit and is ended', async (t) => {
  if (rig === undefined) return t.pass();
  const script = 'f() { f | f & }; ulimit -u; ulimit -c; ulimit -u 50; f; sleep 0.2; exit 9';
  const failed = await rig.failing({script, milliseconds: 5000});
  const [processes, core] = failed.log.split('\n');
  t.true(Number(processes) <= 4096);
  t.is(core, '0');
  const after = await rig.build({script: 'echo alive'});
  t.is(after.log, 'alive\n');
});

test('scratch folders are gone afterwards', async (t) => {
  if (rig === undefined) return t.pass();
  const started = rig.start({script: 'mkdir -p $DESTDIR/a; chmod 0 $DESTDIR/a'});
  await started.result;
  // Nobody waits for it but us.
  const scratch = rig.inStore(started.scratch);
  await until('the scratch folder is gone', () => !fs.existsSync(scratch));
  t.pass();
});
