/** Child processes: how they end, what they are given, what is read from them. */
import {once} from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import test from 'ava';
import {
  ended,
  minimalEnv,
  run,
  runSync,
  start,
  type Finished,
  type StartOptions,
} from '../../../engine/base/process.ts';

/** Node itself hands this on to every child. */
const COVERAGE = 'NODE_V8_COVERAGE';

type Runner = (argv: readonly string[], options?: StartOptions) => Finished | Promise<Finished>;
const RUNNERS: Readonly<Record<string, Runner>> = {run, runSync};
const sh = (script: string): string[] => ['bash', '-c', script];

for (const [name, runner] of Object.entries(RUNNERS)) {
  test(`${name}: status and both outputs`, async (t) => {
    t.deepEqual(await runner(sh('echo out; echo err >&2; exit 3')), {
      ...{status: 3, signal: null, stdout: 'out\n', stderr: 'err\n'},
    });
    t.deepEqual(await runner(['true']), {status: 0, signal: null, stdout: '', stderr: ''});
  });

  test(`${name}: an end by a signal`, async (t) => {
    const {status, signal} = await runner(sh('echo x; kill -TERM $$'));
    t.deepEqual({status, signal}, {status: null, signal: 'SIGTERM'});
  });

  test(`${name}: a program that is not there, or none, is status 127`, async (t) => {
    for (const argv of [['no-such-program-1'], ['/'], ['/etc/passwd']]) {
      const {status, signal, stderr} = await runner(argv);
      t.deepEqual({status, signal}, {status: 127, signal: null}, argv[0]);
      t.regex(stderr, /ENOENT|EACCES/, argv[0]);
    }
    const {status, stderr} = await runner(['true'], {cwd: '/no/such/folder'});
    t.is(status, 127);
    t.regex(stderr, /ENOENT/);
  });

  test(`${name}: the environment is the one given, else a minimal one`, async (t) => {
    const names = (text: string): string[] =>
      text
        .trim()
        .split('\n')
        .map((line) => line.replace(/=.*/, ''))
        .filter((one) => !['_', 'PWD', 'SHLVL', COVERAGE].includes(one))
        .sort();
    t.deepEqual(names((await runner(['env'])).stdout), ['LC_ALL', 'PATH']);
    const given = await runner(['/usr/bin/env'], {env: {ONLY: 'a b'}});
    t.deepEqual(names(given.stdout), ['ONLY']);
    t.true(given.stdout.includes('ONLY=a b\n'));
    t.is((await runner(sh('echo $HOME$USER$NODE_OPTIONS'))).stdout, '\n');
  });

  test(`${name}: arguments are words, never shell text`, async (t) => {
    const words = ['$HOME', '; exit 1', 'a  b', '*', "'", '"', ''];
    const {stdout} = await runner(['printf', '<%s>\\n', ...words]);
    t.is(stdout, words.map((word) => `<${word}>\n`).join(''));
  });

  test(`${name}: there is no input, the folder is the one given`, async (t) => {
    t.is((await runner(['cat'])).stdout, '');
    t.is((await runner(['pwd'], {cwd: '/'})).stdout, '/\n');
  });

  test(`${name}: long output is read to its end, as UTF-8 across the pieces`, async (t) => {
    const {stdout, status} = await runner([
      process.execPath,
      '-e',
      'process.stdout.write("ä".repeat(600_001))',
    ]);
    t.is(status, 0);
    t.is(stdout, 'ä'.repeat(600_001));
  });

  test(`${name}: outputs can go to files`, async (t) => {
    const folder = fs.mkdtempSync(`${os.tmpdir()}/recipes-process-`);
    t.teardown(() => fs.rmSync(folder, {recursive: true}));
    const fd = fs.openSync(`${folder}/out`, 'w');
    const {status, stdout} = await runner(['echo', 'x'], {stdio: ['ignore', fd, 'pipe']});
    fs.closeSync(fd);
    t.deepEqual({status, stdout}, {status: 0, stdout: ''});
    t.is(fs.readFileSync(`${folder}/out`, 'utf8'), 'x\n');
  });
}

test('start: a child to talk to, and to end', async (t) => {
  const child = start(['cat']);
  child.stdin?.write('hello\n');
  const [first] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  t.is(first.toString(), 'hello\n');
  const end = ended(child);
  child.kill('SIGKILL');
  t.deepEqual(await end, {status: null, signal: 'SIGKILL', stdout: '', stderr: ''});
});

test('start: a missing program is told by `ended`, not thrown', async (t) => {
  const {status} = await ended(start(['no-such-program-1']));
  t.is(status, 127);
});

test('detached: a process group of its own', async (t) => {
  const group = async (detached: boolean): Promise<boolean> => {
    const {stdout} = await run(sh('read -r -a stat < /proc/$$/stat; echo "$$ ${stat[4]}"'), {
      detached,
    });
    const [pid, leader] = stdout.trim().split(' ');
    return pid === leader;
  };
  t.true(await group(true));
  t.false(await group(false));
});

test('the minimal environment finds the tools of administrators too', (t) => {
  const {PATH = '', LC_ALL} = minimalEnv();
  t.is(LC_ALL, 'C');
  for (const folder of ['/usr/bin', '/usr/sbin', '/bin', '/sbin'])
    t.true(PATH.split(':').includes(folder), folder);
});
