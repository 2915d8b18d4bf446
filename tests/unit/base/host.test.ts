/** The record of the world around: that it is the world this process is in. */
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import test from 'ava';
import {
  killProcess,
  nodeProgram,
  realHost,
  signalName,
  temporaryFolder,
} from '../../../engine/base/host.ts';

test('process and machine', (t) => {
  const host = realHost();
  const {uid, gid} = os.userInfo();
  t.deepEqual([host.uid, host.gid, host.pid], [uid, gid, process.pid]);
  t.is(host.cwd, process.cwd());
  t.is(host.env['PATH'], process.env['PATH']);
  t.is(host.arch, spawnSync('uname', ['-m'], {encoding: 'utf8'}).stdout.trim());
  t.true(Number.isInteger(host.cores) && host.cores >= 1);
  t.true(host.memoryBytes > 1e6);
});

test('cores are those this process may use', (t) => {
  const module = new URL('../../../engine/base/host.js', import.meta.url).href;
  const script = `const {realHost} = await import(${JSON.stringify(module)});
    console.log(realHost().cores)`;
  const allowed = /^Cpus_allowed_list:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  const one = ['-c', allowed?.[1] ?? '0', nodeProgram(), '--input-type=module', '-e', script];
  t.is(spawnSync('taskset', one, {encoding: 'utf8'}).stdout, '1\n');
});

test('clocks: one of the wall, one that only goes forward', (t) => {
  const host = realHost();
  t.true(Math.abs(host.now() - Date.now()) < 60_000);
  const first = host.tick();
  t.true(host.tick() >= first && first < process.uptime() * 1000 + 60_000);
});

test('outputs that are no terminals are 80 columns wide', (t) => {
  const module = new URL('../../../engine/base/host.js', import.meta.url).href;
  const script = `const {realHost} = await import(${JSON.stringify(module)});
    const {stdout, stderr} = realHost();
    stdout.write([stdout.isTerminal === true, stdout.columns].join());
    stderr.write('apart');`;
  const argv = ['--input-type=module', '-e', script];
  const {stdout, stderr} = spawnSync(nodeProgram(), argv, {encoding: 'utf8'});
  t.deepEqual({stdout, stderr}, {stdout: 'false,80', stderr: 'apart'});
});

/** A program that writes to its outputs, run with them closed or not. */
function writing(script: string): readonly string[] {
  const module = new URL('../../../engine/base/host.js', import.meta.url).href;
  const imports = `const {realHost, allIsWritten} = await import(${JSON.stringify(module)});
    const {stdout, stderr} = realHost();`;
  return ['--input-type=module', '-e', `${imports}${script}`];
}

test('what is written without a stream comes before what is written by one', (t) => {
  const script = `stderr.write('one '); stdout.write('first ');
    stderr.isTerminal; stdout.columns; stderr.write('two'); stdout.write('second');
    if (!allIsWritten()) process.exitCode = 3;`;
  const {status, stdout, stderr} = spawnSync(nodeProgram(), writing(script), {encoding: 'utf8'});
  t.deepEqual({status, stdout, stderr}, {status: 0, stdout: 'first second', stderr: 'one two'});
});

test('all of a long text is written, however slowly it is read', (t) => {
  const script = "stdout.write('x'.repeat(3_000_000) + 'end');";
  const words = ['-c', 'trap "" PIPE; "$@" | { sleep 0.3; wc -c; }', 'sh', nodeProgram()];
  const {stdout} = spawnSync('sh', [...words, ...writing(script)], {encoding: 'utf8'});
  t.is(stdout.trim(), '3000003');
});

test('a reader who went away ends the process quietly, with and without a stream', (t) => {
  for (const first of ['', 'stdout.isTerminal;']) {
    const script = `${first} for (;;) { stdout.write('x'.repeat(9999)); await null;
      await new Promise((resolve) => setImmediate(resolve)); }`;
    const words = ['-c', '{ "$@"; echo $? >&2; } | head -c 1', 'sh', nodeProgram()];
    const ran = spawnSync('sh', [...words, ...writing(script)], {encoding: 'utf8'});
    t.deepEqual([ran.stdout, ran.stderr], ['x', '0\n'], first);
  }
});

test('places of this machine', (t) => {
  t.is(nodeProgram(), process.execPath);
  t.is(temporaryFolder(), os.tmpdir());
});

test('killProcess ends at once, and says when there is none', async (t) => {
  const child = spawn('cat', {stdio: 'pipe'});
  await once(child, 'spawn');
  t.true(killProcess(child.pid ?? -1));
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  t.is(signal, 'SIGKILL');
  t.false(killProcess(child.pid ?? -1));
});

test('signals by their numbers', (t) => {
  for (const [number, name] of [
    [2, 'SIGINT'],
    [9, 'SIGKILL'],
    [11, 'SIGSEGV'],
    [15, 'SIGTERM'],
    [0, undefined],
    [200, undefined],
  ] as const) {
    t.is(signalName(number), name);
  }
});
